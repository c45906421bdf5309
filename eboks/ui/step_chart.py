"""A step line of a rate over time: it holds from its day until the next one.

Coordinates are worked out here, as in `charts`; a template draws. The same figures are in `table`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.utils.translation import gettext as _

from eboks.ui import words
from eboks.ui.charts import AxisLabel

_WIDTH, _LEFT, _RIGHT = 760.0, 56.0, 14.0
_TOP, _BASE = 14.0, 150.0
_LABEL_ROOM = 96.0
_STEPS = tuple(map(Decimal, ("0.05", "0.1", "0.2", "0.25", "0.5", "1", "2", "5", "10", "20")))
_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class Dot:
    x: str
    y: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepChart:
    id: str
    title: str
    description: str
    view_box: str
    left: str
    right: str
    grid: list[AxisLabel]
    path: str  # `d` of the line
    dots: list[Dot]  # values that the page speaks of
    labels: list[AxisLabel]
    table: list[tuple[str, str, bool]]  # day, value, whether it has a dot


def rate_steps(
    *,
    id: str,  # noqa: A002 -- the attribute's own name
    title: str,
    points: Sequence[tuple[dt.date, Decimal]],
    marked: Collection[dt.date] = (),
) -> StepChart:
    """`points` (day, percent a year) in order of days, drawn as steps; `marked` days get a dot.

    Raises ValueError for fewer than two points.
    """
    if len(points) < 2:
        raise ValueError("a line needs two points")
    first, last = points[0][0], points[-1][0]
    values = [value for _day, value in points]
    low, high, step = _scale(min(values), max(values))
    days = (last - first).days

    def x(day: dt.date) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - first).days / days

    def y(value: Decimal) -> float:
        return _BASE - (_BASE - _TOP) * float((value - low) / (high - low))

    path = f"M{_number(x(first))} {_number(y(values[0]))}"
    for day, value in points[1:]:
        path += f"H{_number(x(day))}V{_number(y(value))}"
    lines = int((high - low) / step) + 1
    return StepChart(
        id=id,
        title=title,
        description=_describe(points),
        view_box=f"0 0 {_WIDTH:.0f} {_BASE + 32:.0f}",
        left=_number(_LEFT),
        right=_number(_WIDTH - _RIGHT),
        grid=[
            AxisLabel(
                words.rate(low + n * step), _number(_LEFT - 8), _number(y(low + n * step)), "end"
            )
            for n in range(lines)
        ],
        path=path,
        dots=[Dot(_number(x(day)), _number(y(value))) for day, value in points if day in marked],
        labels=_labels([day for day, _value in points], x),
        table=[(words.short_date(day), words.rate(value), day in marked) for day, value in points],
    )


def _scale(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Round ends around the values and the step between lines; a flat line gets room too."""
    spread = max(high - low, Decimal("0.1"))
    step = next((step for step in _STEPS if spread / step <= _MOST_LINES - 1), spread)
    bottom = (low / step).to_integral_value(ROUND_FLOOR) * step
    top = (high / step).to_integral_value(ROUND_CEILING) * step
    return (bottom, top, step) if top > bottom else (bottom, bottom + step, step)


def _labels(days: Sequence[dt.date], x: Callable[[dt.date], float]) -> list[AxisLabel]:
    """The first and the last day, and others where there is room."""
    y = _number(_BASE + 8)

    def text(day: dt.date) -> str:
        return f"{words.month_short(day)} {day.year}"

    end = x(days[-1])
    labels = [AxisLabel(text(days[0]), _number(x(days[0])), y, "start")]
    here = x(days[0])
    for day in days[1:-1]:
        place = x(day)
        if min(place - here, end - place - _LABEL_ROOM / 2) < _LABEL_ROOM:
            continue
        labels.append(AxisLabel(text(day), _number(place), y, "start", minor=True))
        here = place
    return [*labels, AxisLabel(text(days[-1]), _number(end), y, "end")]


def _describe(points: Sequence[tuple[dt.date, Decimal]]) -> str:
    (first_day, first), (last_day, last) = points[0], points[-1]
    return _("Od %(first)s (%(first_on)s) do %(last)s (%(last_on)s).") % {
        "first": words.rate(first),
        "first_on": words.long_date(first_day),
        "last": words.rate(last),
        "last_on": words.long_date(last_day),
    }


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
