"""The fleet's lists as exports: at once, in the background, or by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contracts.fleet.listing import DEFAULT_SORT, RecordFilters, RecordList
from contracts.fleet.lists import LISTS
from eboks import clock
from eboks.documents.csv_files import table_writer
from eboks.documents.xlsx import ROW_LIMIT, About, Column, Kind, Sheet
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.listing import Sort
from eboks.tenancy.rights import Right

_CHUNK = 2_000


def register() -> None:
    """Called once, when the app is ready: an export for each list. Whoever sees the list may take
    it; a fleet manager has no right to the reports of finance."""
    for wanted in LISTS.values():
        _add(wanted)


def _add(wanted: RecordList) -> None:
    def measure(order: Order) -> Extent:
        filters, rows = _rows(wanted, order)
        return Extent(
            rows.order_by()[: ROW_LIMIT + 1].count(),
            words=", ".join(_conditions(wanted, filters, order))[:150],
        )

    add_export(
        Export(
            name=f"fleet_{wanted.name}",
            title=wanted.title,
            right=Right.VIEW_FLEET,
            build=lambda order: _build(wanted, order),
            measure=measure,
            page=f"fleet:{wanted.name}",
        )
    )


def _rows(wanted: RecordList, order: Order) -> tuple[RecordFilters, QuerySet[Any]]:
    filters = RecordFilters.parse(order.query(), order.companies, wanted.choice)
    rows = order.scoped(wanted.rows())  # type: ignore[type-var]
    return filters, filters.apply(rows, choice=wanted.choice, on=clock.today(order.at))


def _conditions(wanted: RecordList, filters: RecordFilters, order: Order) -> list[str]:
    on = clock.today(order.at)
    chips = filters.chips(order.companies, {}, choice=wanted.choice, on=on)
    return [chip.label for chip in chips]


def _build(wanted: RecordList, order: Order) -> None:
    """Raises TooManyRowsError."""
    filters, rows = _rows(wanted, order)
    sort = Sort.parse(order.params.get("sort"), wanted.sorts, DEFAULT_SORT)
    today = clock.today(order.at)
    title = str(wanted.title)
    order.file_name = f"{wanted.slug}-{today}.{order.file_format}"
    order.progress(0, order.total or rows.order_by()[: ROW_LIMIT + 1].count())
    facts: list[tuple[str, str | dt.date]] = [
        (_("Firma"), order.company.name if order.company else _("wszystkie")),
        (_("Filtry"), ", ".join(_conditions(wanted, filters, order)) or _("bez filtrów")),
        (_("Stan na dzień"), today),
    ]
    keys = [column.key for column in wanted.columns]
    sheet = Sheet(
        title,
        [Column(str(c.title), c.kind, width=c.width, total=bool(c.total)) for c in wanted.columns],
        _values(wanted, wanted.ordered(rows, sort)),
        total_by=keys.index("currency") if "currency" in keys else None,
    )
    write = table_writer(order.file_format)
    order.take(write(sheets=[sheet], about=About(title, order.at, facts)))
    order.narrow(filters.company)


def _values(wanted: RecordList, rows: QuerySet[Any]) -> Iterator[Sequence[Any]]:
    moments = [column.kind is Kind.MOMENT for column in wanted.columns]
    for row in rows.iterator(chunk_size=_CHUNK):
        values = [column.value(row) for column in wanted.columns]
        yield [
            _as_moment(value) if is_moment else value
            for value, is_moment in zip(values, moments, strict=True)
        ]


def _as_moment(value: Any) -> Any:
    """A day whose hour is not known stands at its beginning, for the column holds moments."""
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time(), clock.WARSAW)
