"""Charts as plain data: pure functions that work out every coordinate, templates that draw it.

Amounts are `Decimal` in one currency (PLN unless told). Coordinates come as strings, ready for an
attribute, so that no locale puts a comma into them. The same figures stand in `table`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from eboks.money import format_money
from eboks.ui import words

_WIDTH = 760.0
_BASE = 190.0  # y of the zero line
_UNDER = "198"  # y of the words under it
_TOP = 10.0
_LEFT = 46.0
_ROOM = 62.0  # a month with its year
_PHONE_ROOM = 118.0  # the same in the larger letters of a phone
_PARTS = 3
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_THOUSAND = Decimal(1000)

Rows = Sequence[tuple[dt.date, Sequence[Decimal]]]


@dataclass(frozen=True, slots=True)
class Segment:
    css: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    past: bool
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class AxisLabel:
    text: str
    x: str
    y: str
    anchor: str = "middle"
    minor: bool = False  # left out on a phone


@dataclass(frozen=True, slots=True)
class TableRow:
    label: str
    amounts: list[Decimal]
    total: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class BarChart:
    id: str
    title: str
    description: str
    view_box: str
    left: str
    right: str
    base: str
    grid: list[AxisLabel]  # horizontal lines: the y of each and its figure
    bars: list[Bar]
    labels: list[AxisLabel]
    today: AxisLabel | None
    legend: list[tuple[str, str]]
    unit: str
    column: str
    parts: list[str]
    table: list[TableRow]
    totals: TableRow

    @property
    def drawing(self) -> SafeString:
        """The bars as SVG. Made here, not in the template: a schedule has hundreds of rectangles.

        Nothing of it was typed by anybody: names of classes and numbers made by this module.
        """
        return mark_safe("".join(map(_drawn, self.bars)))  # noqa: S308


def _drawn(bar: Bar) -> str:
    rectangles = "".join(
        f'<rect class="{part.css}" x="{part.x}" y="{part.y}"'
        f' width="{part.width}" height="{part.height}"/>'
        for part in bar.segments
    )
    return f'<g class="past">{rectangles}</g>' if bar.past else f"<g>{rectangles}</g>"


@dataclass(frozen=True, slots=True)
class Ring:
    done: int
    total: int
    label: str
    share: str  # percent of the circle, for stroke-dasharray


def monthly_bars(
    *,
    id: str,  # noqa: A002 -- the attribute's own name
    title: str,
    parts: Sequence[str],
    months: Rows,
    currency: str = "PLN",
) -> BarChart:
    """Amounts by month, one on another: what will I pay, and of what is it made.

    `months` holds (any day of the month, an amount for each of `parts`). Raises ValueError for no
    months, more than three parts, a row of another length, or an amount below zero.
    """
    _check(parts, months)
    plot = _Plot(len(months), gap=0.42, left=_LEFT)
    scale = _Scale(max(_total(amounts) for _day, amounts in months))
    return BarChart(
        id=id,
        title=title,
        description=_describe(months, words.month_year, currency),
        view_box=f"0 0 {_WIDTH:.0f} {_BASE + 36:.0f}",
        left=_number(_LEFT),
        right=_number(_WIDTH),
        base=_number(_BASE),
        grid=scale.grid(_LEFT),
        bars=[Bar(False, _stack(plot, i, a, scale)) for i, (_d, a) in enumerate(months)],
        labels=[
            AxisLabel(
                words.month_short(day),
                _number(plot.middle(i)),
                _number(_BASE + 8),
                minor=i % 2 == 1,
            )
            for i, (day, _amounts) in enumerate(months)
        ],
        today=None,
        legend=_legend(parts),
        unit=scale.unit(currency, _("miesięcznie")),
        column=_("Miesiąc"),
        parts=list(parts),
        table=[_row(words.month_year(day), amounts) for day, amounts in months],
        totals=_sum_row(months),
    )


def schedule_bars(
    *,
    id: str,  # noqa: A002 -- the attribute's own name
    title: str,
    parts: Sequence[str],
    rows: Rows,
    today: dt.date,
    currency: str = "PLN",
) -> BarChart:
    """Instalments in order of their due day, the past ones pale, a mark where today is.

    Raises as `monthly_bars` does.
    """
    _check(parts, rows)
    plot = _Plot(len(rows), gap=0.15, left=_LEFT)
    scale = _Scale(max(_total(amounts) for _day, amounts in rows))
    past = sum(day < today for day, _amounts in rows)
    mark = plot.edge(past)
    return BarChart(
        id=id,
        title=title,
        description=_describe(rows, words.long_date, currency),
        view_box=f"0 -22 {_WIDTH:.0f} {_BASE + 58:.0f}",
        left=_number(_LEFT),
        right=_number(_WIDTH),
        base=_number(_BASE),
        grid=scale.grid(_LEFT),
        bars=[Bar(day < today, _stack(plot, i, a, scale)) for i, (day, a) in enumerate(rows)],
        labels=_year_labels(plot, [day for day, _amounts in rows]),
        today=AxisLabel(
            _("dziś"),
            _number(mark),
            "-6",
            anchor="end" if mark > _WIDTH - 60 else "start",
        ),
        legend=_legend(parts),
        unit=scale.unit(currency, ""),
        column=_("Termin"),
        parts=list(parts),
        table=[_row(words.short_date(day), amounts) for day, amounts in rows],
        totals=_sum_row(rows),
    )


def ring(*, done: int, total: int, label: str) -> Ring:
    """How much of a contract is behind: `done` of `total` (0 of 0 is an empty ring)."""
    if not 0 <= done <= total:
        raise ValueError(f"{done} of {total} is no share")
    return Ring(done, total, label, _number(100 * done / total if total else 0))


# --- arithmetic of the drawing --------------------------------------------------------------
class _Plot:
    """Where bars stand between the axis and the right edge."""

    def __init__(self, count: int, *, gap: float, left: float) -> None:
        self.left = left
        self.step = (_WIDTH - left) / count
        self.width = min(self.step * (1 - gap), 64.0)

    def x(self, index: int) -> float:
        return self.middle(index) - self.width / 2

    def middle(self, index: int) -> float:
        return self.left + self.step * (index + 0.5)

    def edge(self, index: int) -> float:
        """Half way between bar `index - 1` and bar `index`."""
        return self.left + self.step * index


class _Scale:
    """From zero to a round figure above the highest bar, in złote or in thousands."""

    def __init__(self, highest: Decimal) -> None:
        highest = max(highest, Decimal(1))
        rough = highest / 4
        power = Decimal(10) ** (rough.adjusted())
        self.step = next(s * power for s in _STEPS if s * power >= rough)
        self.top = (highest / self.step).to_integral_value(ROUND_CEILING) * self.step
        self.thousands = highest >= 10 * _THOUSAND

    def y(self, value: Decimal) -> float:
        return _BASE - float(value / self.top) * (_BASE - _TOP)

    def grid(self, left: float) -> list[AxisLabel]:
        values = [self.step * n for n in range(int(self.top / self.step) + 1)]
        return [
            AxisLabel(self._figure(value), _number(left - 8), _number(self.y(value)), "end")
            for value in values
        ]

    def _figure(self, value: Decimal) -> str:
        shown = value / _THOUSAND if self.thousands else value
        if shown == shown.to_integral_value():
            return words.number(int(shown))
        return f"{shown.normalize():f}".replace(".", ",")

    def unit(self, currency: str, suffix: str) -> str:
        sign = format_money(Decimal(0), currency).split(words.NBSP)[-1]
        text = _("tys. %(currency)s") % {"currency": sign} if self.thousands else sign
        return f"{text} {suffix}".strip()


def _stack(plot: _Plot, index: int, amounts: Sequence[Decimal], scale: _Scale) -> list[Segment]:
    segments, below = [], Decimal(0)
    for number, value in enumerate(amounts, start=1):
        bottom, below = scale.y(below), below + value
        height = bottom - scale.y(below)
        if height <= 0:
            continue
        seam = 1.0 if height > 2 else 0.0  # a hair of ground between parts
        segments.append(
            Segment(
                f"c{number}",
                _number(plot.x(index)),
                _number(bottom - height),
                _number(plot.width),
                _number(height - seam),
            )
        )
    return segments


def _year_labels(plot: _Plot, days: Sequence[dt.date]) -> list[AxisLabel]:
    """The first and the last instalment, and each first one of a year where there is room."""
    y = _UNDER

    def text(day: dt.date) -> str:
        return f"{words.month_short(day)} {day.year}"

    last = len(days) - 1
    end = plot.x(last) + plot.width
    labels = [AxisLabel(text(days[0]), _number(plot.x(0)), y, "start")]
    here = major = plot.x(0)
    for i in range(1, last):
        x = plot.x(i)
        if days[i].year == days[i - 1].year or min(x - here, end - x - _ROOM) < _ROOM:
            continue
        minor = min(x - major, end - x - _PHONE_ROOM) < _PHONE_ROOM
        labels.append(AxisLabel(text(days[i]), _number(x), y, "start", minor))
        here, major = x, major if minor else x
    if end - plot.x(0) >= 2 * _PHONE_ROOM and last:
        labels.append(AxisLabel(text(days[last]), _number(end), y, "end"))
    return labels


def _check(parts: Sequence[str], rows: Rows) -> None:
    if not rows:
        raise ValueError("a chart needs rows; show an empty state instead")
    if not 1 <= len(parts) <= _PARTS:
        raise ValueError("one to three parts can be told apart")
    for day, amounts in rows:
        if len(amounts) != len(parts):
            raise ValueError(f"{day}: {len(amounts)} amounts for {len(parts)} parts")
        if any(value < 0 for value in amounts):
            raise ValueError(f"{day}: an amount below zero cannot be stacked")


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _describe(rows: Rows, when: Callable[[dt.date], str], currency: str) -> str:
    totals = [(_total(amounts), day) for day, amounts in rows]
    most, least = max(totals), min(totals)
    total = format_money(_total(value for value, _day in totals), currency)
    if most[0] == least[0]:
        return _("Za każdym razem %(amount)s. Razem %(total)s.") % {
            "amount": format_money(most[0], currency),
            "total": total,
        }
    return _(
        "Najwięcej: %(most)s, %(most_when)s. Najmniej: %(least)s, %(least_when)s. Razem %(total)s."
    ) % {
        "most": format_money(most[0], currency),
        "most_when": when(most[1]),
        "least": format_money(least[0], currency),
        "least_when": when(least[1]),
        "total": total,
    }


def _row(label: str, amounts: Sequence[Decimal]) -> TableRow:
    return TableRow(label, list(amounts), _total(amounts))


def _sum_row(rows: Rows) -> TableRow:
    columns = [_total(column) for column in zip(*(a for _day, a in rows), strict=True)]
    return _row(_("Razem"), columns)


def _legend(parts: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"l{number}", label) for number, label in enumerate(parts, start=1)]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
