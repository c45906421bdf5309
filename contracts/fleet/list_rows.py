"""Rows of a fleet list, worded for the page before the template: a page shows up to a hundred."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import ngettext

from contracts.fleet.listing import Col, RecordList, Total
from eboks.documents.xlsx import Kind
from eboks.money import format_money
from eboks.ui import words

DASH = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell, and where it goes on a phone's card (`place`)."""

    text: str
    place: str = ""
    look: str = ""  # CSS classes
    small: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class TotalLine:
    """A total row: its words over the first `span` columns, then a cell for each column left."""

    text: str
    span: int
    cells: Sequence[Cell]


def list_lines(
    wanted: RecordList, rows: Iterable[Any], *, one_currency: bool, several_companies: bool
) -> list[list[Cell]]:
    """A line of cells for each row. With several companies the vehicle's cell names its lessee."""
    return [
        [
            _cell(column, row, one_currency=one_currency, several=several_companies)
            for column in wanted.on_page
        ]
        for row in rows
    ]


def total_lines(wanted: RecordList, totals: Sequence[Total]) -> list[TotalLine]:
    """The total rows of the page. Without a column to sum, the row says the count alone."""
    columns = wanted.on_page
    span = next((n for n, column in enumerate(columns) if column.total), len(columns))
    one = len(totals) == 1
    return [
        TotalLine(
            _count_of(total, with_currency=not one),
            span,
            [_total_cell(column, total, one_currency=one) for column in columns[span:]],
        )
        for total in totals
    ]


def _count_of(total: Total, *, with_currency: bool) -> str:
    text = ngettext("Razem %(n)s pozycja", "Razem %(n)s pozycje", total.count) % {
        "n": words.number(total.count)
    }
    return f"{text}, {total.currency}" if with_currency else text


def _cell(column: Col, row: Any, *, one_currency: bool, several: bool) -> Cell:
    value = column.value(row)
    currency = row.currency if column.currency and not one_currency else ""
    small = str((column.small(row) if column.small else None) or "")
    if several and column.key == "vehicle":
        small = f"{small} · {row.company.name}"
    text = _worded(column, value, currency)
    if column.unit and value is not None:
        text = f"{text}{words.NBSP}{column.unit(row)}"
    return Cell(
        text,
        column.cell,
        _look(column),
        small,
        (column.href(row) if column.href and value is not None else "") or "",
    )


def _total_cell(column: Col, total: Total, *, one_currency: bool) -> Cell:
    if not column.total:
        return Cell("")
    currency = total.currency if column.currency and not one_currency else ""
    place = "amount" if column.cell == "amount" else ""
    return Cell(_worded(column, total.sums[column.key], currency), place, _look(column))


def _look(column: Col) -> str:
    if column.is_figure:
        return "r num"
    return "num" if column.code or column.kind in {Kind.DATE, Kind.MOMENT} else ""


def _worded(column: Col, value: Any, currency: str) -> str:
    if value is None or value == "":
        return DASH
    if column.kind is Kind.MONEY:
        return format_money(Decimal(value), currency or "PLN", with_currency=bool(currency))
    word = _WORDS.get(column.kind)
    return word(value) if word else str(value)


def _decimal(value: Decimal) -> str:
    """`48,5`: no idle zeros."""
    return words.rate(value, sign="")


_WORDS: dict[Kind, Callable[[Any], str]] = {
    Kind.DATE: words.short_date,
    Kind.MOMENT: words.short_date,
    Kind.WHOLE: lambda value: words.number(int(value)),
    Kind.RATE: _decimal,
}
