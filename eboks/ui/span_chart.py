"""Bands of days, one row for each thing: what lasts when, where it breaks, where it is doubled.

Coordinates are worked out here, as in `charts`; a template draws. A kind is told by its pattern and
its word, not by colour alone, and the same spans are in `table`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from eboks.ui import words
from eboks.ui.charts import AxisLabel

KINDS = ("full", "double", "gap", "open")  # how a span may be drawn
_WIDTH, _LEFT, _RIGHT = 760.0, 2.0, 2.0
_HEAD = 22.0  # room of the word „today”
_ROW, _LABEL, _BAND = 66.0, 32.0, 22.0
_ROOM = 84.0  # a month with its year, in the small letters
_PHONE_ROOM = 190.0
_WORD = 7.5  # a letter of a word inside a band, at most
_NARROWEST = 2.0


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included. `word` stands in the drawing where it fits."""

    first: dt.date
    last: dt.date
    kind: str
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    kind: str
    x: str
    y: str
    width: str
    word: str
    middle: str
    title: str


@dataclass(frozen=True, slots=True)
class Band:
    label: str
    y: str
    spans: list[Drawn]


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanChart:
    id: str
    title: str
    description: str
    view_box: str
    left: str
    right: str
    base: str
    band: str  # the height of one
    bands: list[Band]
    labels: list[AxisLabel]
    today: AxisLabel | None
    legend: list[tuple[str, str]]
    table: list[tuple[str, Span]]


def spans(
    *,
    id: str,  # noqa: A002 -- the attribute's own name
    title: str,
    description: str,
    rows: Sequence[tuple[str, Sequence[Span]]],
    first: dt.date,
    last: dt.date,
    today: dt.date,
    legend: Sequence[tuple[str, str]],
) -> SpanChart:
    """`rows` (a name, its spans in order) between the days `first` and `last`.

    Spans reach no further than these days. `legend` names the kinds that occur. Raises ValueError
    for no rows, for days in the wrong order, or for an unknown kind.
    """
    if not rows or last < first:
        raise ValueError("a chart needs rows and days; show an empty state instead")
    days = (last - first).days + 1

    def x(day: dt.date) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - first).days / days

    def drawn(row: int, span: Span) -> Drawn:
        if span.kind not in KINDS:
            raise ValueError(f"no such kind of span: {span.kind}")
        start, end = x(span.first), x(span.last + dt.timedelta(days=1))
        width = max(end - start, _NARROWEST)
        fits = len(span.word) * _WORD < width and span.kind != "full"
        return Drawn(
            span.kind,
            _number(start),
            _number(_HEAD + row * _ROW + _LABEL),
            _number(width),
            span.word if fits else "",
            _number(start + width / 2),
            _said(span),
        )

    base = _HEAD + len(rows) * _ROW
    mark = x(today)
    return SpanChart(
        id=id,
        title=title,
        description=description,
        view_box=f"0 0 {_WIDTH:.0f} {base + 34:.0f}",
        left=_number(_LEFT),
        right=_number(_WIDTH - _RIGHT),
        base=_number(base),
        band=_number(_BAND),
        bands=[
            Band(name, _number(_HEAD + n * _ROW + _LABEL - 7), [drawn(n, span) for span in row])
            for n, (name, row) in enumerate(rows)
        ],
        labels=_labels(first, last, x, _number(base + 8)),
        today=AxisLabel(_("dziś"), _number(mark), "12", "end" if mark > _WIDTH / 2 else "start")
        if first <= today <= last
        else None,
        legend=list(legend),
        table=[(name, span) for name, row in rows for span in row],
    )


def _labels(
    first: dt.date, last: dt.date, x: Callable[[dt.date], float], y: str
) -> list[AxisLabel]:
    """First days of months where there is room for their names."""
    months = (last.year - first.year) * 12 + last.month - first.month
    found: list[AxisLabel] = []
    here = phone = -_PHONE_ROOM
    for n in range(months + 1):
        year, month = divmod(first.month - 1 + n, 12)
        day = max(dt.date(first.year + year, month + 1, 1), first)
        place = x(day)
        if place - here < _ROOM or place > _WIDTH - _ROOM:
            continue
        minor = place - phone < _PHONE_ROOM or place > _WIDTH - _PHONE_ROOM
        text = f"{words.month_short(day)} {day.year}"
        found.append(AxisLabel(text, _number(place), y, "start", minor))
        here, phone = place, phone if minor else place
    return found


def _said(span: Span) -> str:
    text = f"{words.short_date(span.first)} – {words.short_date(span.last)}: {span.word}"
    return f"{text}, {span.detail}" if span.detail else text


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
