"""Payments of the next months: every row of the schedules in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import LIVE_STATUSES, RowKind
from contracts.models import ScheduleRow
from eboks import clock
from eboks.documents.xlsx import ROW_LIMIT, Column, Kind, Sheet
from eboks.exports.registry import Order
from invoicing.reporting.table import Facts, Report, add_report

MONTHS = (3, 6, 12, 24, 36)
_CHUNK = 2_000


def register() -> None:
    add_report(
        Report(
            name="platnosci",
            title=gettext_lazy("Harmonogram płatności"),
            about=gettext_lazy("Raty, opłaty i wykupy najbliższych miesięcy, ze wszystkich umów."),
            page="invoicing:payments_ahead",
            icon="calendar-days",
            sheets=_sheets,
            facts=_facts,
            count=_count,
        )
    )


def chosen_months(params: Mapping[str, Any]) -> int:
    """How many months the address asks for; a year for anything odd."""
    return next((n for n in MONTHS if str(n) == params.get("miesiace")), 12)


def rows_ahead(rows: QuerySet[ScheduleRow], *, on: dt.date, months: int) -> QuerySet[ScheduleRow]:
    """Payments due from the day `on` to the end of the `months`-th month from it."""
    until = clock.add_months(on.replace(day=1), months)
    return rows.filter(
        version__is_current=True,
        version__contract__status__in=LIVE_STATUSES,
        effective_due_on__gte=on,
        effective_due_on__lt=until,
    )


def _rows(order: Order) -> QuerySet[ScheduleRow]:
    return rows_ahead(
        order.scoped(ScheduleRow.objects.all()),
        on=clock.today(order.at),
        months=chosen_months(order.params),
    )


def _count(order: Order) -> int:
    return _rows(order).order_by()[: ROW_LIMIT + 1].count()


def _facts(order: Order) -> Facts:
    return [
        (_("Firma"), ", ".join(company.name for company in order.companies)),
        (_("Miesięcy"), str(chosen_months(order.params))),
    ]


def _sheets(order: Order) -> Sequence[Sheet]:
    columns = [
        Column(_("Płatne do"), Kind.DATE),
        Column(_("Firma"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Rodzaj"), width=16),
        Column(_("Nr"), Kind.WHOLE),
        Column(_("Część kapitałowa"), Kind.MONEY, width=18, total=True),
        Column(_("Część odsetkowa"), Kind.MONEY, width=18, total=True),
        Column(_("Netto"), Kind.MONEY, total=True),
        Column("VAT", Kind.MONEY, total=True),
        Column(_("Brutto"), Kind.MONEY, total=True),
        Column(_("Waluta"), width=8),
    ]
    return [Sheet(_("Płatności"), columns, _values(_rows(order)), total_by=10)]


def _values(rows: QuerySet[ScheduleRow]) -> Iterator[Sequence[Any]]:
    found = rows.select_related("version__contract__company")
    ordered = found.order_by("effective_due_on", "version__contract__number", "n", "pk")
    for row in ordered.iterator(chunk_size=_CHUNK):
        contract = row.version.contract
        yield (
            row.effective_due_on,
            contract.company.name,
            contract.number,
            str(RowKind(row.kind).label),
            row.n,
            row.principal,
            row.interest,
            row.payment,
            row.vat,
            row.gross,
            contract.currency,
        )
