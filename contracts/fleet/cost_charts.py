"""Charts of the fleet pages: costs by month, and readings against the limit of kilometres."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.translation import gettext as _

from contracts.fleet.mileage import Point, km_on, whole
from contracts.fleet.models import MileageTerms
from contracts.fleet.overview_list import Kinds
from eboks.money import ZERO
from eboks.ui import words
from eboks.ui.charts import AxisLabel, BarChart, monthly_bars

_FINANCE = ("lease", "vat", "insurance")
_WIDTH, _LEFT, _RIGHT = 760.0, 64.0, 14.0
_TOP, _BASE = 14.0, 180.0
_STEPS = (1, 2, 5, 10)
_LEAST_TOP = 1_000


def cost_bars(kinds: Kinds, *, title: str) -> BarChart | None:
    """Costs by month in three parts; None when there were none. A part that came out below zero
    (payouts, a residual gain) is not drawn: the table beside it has every kind."""
    groups = [
        (_("Raty, VAT i składki"), [n for n in kinds.names if n in _FINANCE]),
        (_("Paliwo i ładowanie"), [n for n in kinds.names if n == "fuel"]),
        (
            _("Serwis, opony i pozostałe"),
            [n for n in kinds.names if n not in (*_FINANCE, "fuel")],
        ),
    ]
    groups = [(label, names) for label, names in groups if names]
    rows = [
        (
            month,
            [
                max(sum((amounts[kinds.names.index(name)] for name in names), ZERO), ZERO)
                for _label, names in groups
            ],
        )
        for month, amounts in kinds.months
    ]
    if not groups or not any(any(amounts) for _month, amounts in rows):
        return None
    return monthly_bars(
        id="fleet-costs", title=title, parts=[label for label, _names in groups], months=rows
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class MileageChart:
    """Two lines: what was driven, and what the contract allows. The same figures in `table`."""

    id: str
    title: str
    description: str
    view_box: str
    left: str
    right: str
    grid: list[AxisLabel]
    driven: str
    allowed: str  # empty without a limit
    labels: list[AxisLabel]
    names: list[AxisLabel]  # of the lines, at their ends
    table: list[tuple[str, str, str]]  # day, on the clock, allowed by then


def mileage_chart(points: Sequence[Point], terms: MileageTerms | None) -> MileageChart | None:
    """The clock of a vehicle by its readings, and the clock that its limit allows from the first to
    the last day of the contract. None for fewer than two days."""
    if len(points) < 2:
        return None
    line: list[Point] = []
    if terms is not None and terms.limit_km is not None:
        line = [
            (terms.start_on, terms.start_km),
            (terms.end_on, terms.start_km + terms.limit_km),
        ]
    first = min(day for day, _km in [*points, *line])
    last = max(day for day, _km in [*points, *line])
    step, top = _scale(max(km for _day, km in [*points, *line]))

    def x(day: dt.date) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - first).days / (last - first).days

    def y(km: int) -> float:
        return _BASE - (_BASE - _TOP) * km / top

    return MileageChart(
        id="mileage",
        title=_("Licznik i limit kilometrów"),
        description=_describe(points, line),
        view_box=f"0 0 {_WIDTH:.0f} {_BASE + 32:.0f}",
        left=_number(_LEFT),
        right=_number(_WIDTH - _RIGHT),
        grid=[
            AxisLabel(words.number(km), _number(_LEFT - 8), _number(y(km)), "end")
            for km in range(0, top + 1, step)
        ],
        driven=_path(points, x, y),
        allowed=_path(line, x, y) if line else "",
        labels=[
            AxisLabel(_axis(first), _number(x(first)), _number(_BASE + 8), "start"),
            AxisLabel(_axis(last), _number(x(last)), _number(_BASE + 8), "end"),
        ],
        names=[
            AxisLabel(name, _number(x(day) - 6), _number(y(km) - 10), "end")
            for name, (day, km) in [
                (_("licznik"), points[-1]),
                *((_("limit"), end) for end in line[1:]),
            ]
        ],
        table=[
            (words.short_date(day), words.number(km), _allowed(line, day)) for day, km in points
        ],
    )


def _path(points: Sequence[Point], x: Callable[[dt.date], float], y: Callable[[int], float]) -> str:
    return "M" + "L".join(f"{_number(x(day))} {_number(y(km))}" for day, km in points)


def _allowed(line: Sequence[Point], day: dt.date) -> str:
    if not line:
        return "–"
    inside = min(max(day, line[0][0]), line[1][0])
    return words.number(km_on(line, inside) or 0)


def _scale(highest: int) -> tuple[int, int]:
    """The step between lines and a round figure above the highest."""
    highest = max(highest, _LEAST_TOP)
    rough = Decimal(highest) / 4
    power = Decimal(10) ** rough.adjusted()
    step = next(n * power for n in _STEPS if n * power >= rough)
    return int(step), whole((highest / step).to_integral_value(ROUND_CEILING) * step)


def _axis(day: dt.date) -> str:
    return f"{words.month_short(day)} {day.year}"


def _describe(points: Sequence[Point], line: Sequence[Point]) -> str:
    (first, first_km), (last, last_km) = points[0], points[-1]
    text = _("Od %(first_km)s km (%(first)s) do %(last_km)s km (%(last)s).") % {
        "first_km": words.number(first_km),
        "first": words.long_date(first),
        "last_km": words.number(last_km),
        "last": words.long_date(last),
    }
    if not line:
        return text
    limit = _("Limit pozwala na %(km)s km do %(day)s.") % {
        "km": words.number(line[1][1]),
        "day": words.long_date(line[1][0]),
    }
    return f"{text} {limit}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
