"""Lists as Excel files: exactly what the page shows, all of its pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from eboks import clock
from eboks.documents.csv_files import table_writer
from eboks.documents.xlsx import About, Column, Kind, Sheet
from eboks.tenancy.models import Company
from invoicing import selectors
from invoicing.models import Allocation, Invoice, Payment, ReceivableItem
from invoicing.words import item_state

_CHUNK = 2_000


def invoice_list(
    rows: QuerySet[Invoice],
    *,
    conditions: Sequence[str],
    company: Company | None,
    at: dt.datetime,
    file_format: str = "xlsx",
) -> BinaryIO:
    """Invoices in their order as a workbook (or `csv`), one line each. Raises TooManyRowsError."""
    columns = [
        Column(_("Numer"), width=26),
        Column(_("Rodzaj"), width=18),
        Column(_("Wystawiono"), Kind.DATE),
        Column(_("Sprzedano"), Kind.DATE),
        Column(_("Termin płatności"), Kind.DATE, width=16),
        Column(_("Firma"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Rejestracja lub przedmiot"), width=26),
        Column(_("Stan"), width=30),
        Column(_("Zapłacono"), Kind.DATE),
        Column(_("Waluta"), width=8),
        Column(_("Netto"), Kind.MONEY, total=True),
        Column("VAT", Kind.MONEY, total=True),
        Column(_("Brutto"), Kind.MONEY, total=True),
        Column(_("Pozostało do zapłaty"), Kind.MONEY, width=21, total=True),
        Column(_("VAT w PLN"), Kind.MONEY, total=True),
        Column(_("Rachunek do zapłaty"), width=30),
        Column(_("Numer KSeF"), width=38),
    ]
    lines = _invoice_rows(rows, on=clock.today(at))
    return table_writer(file_format)(
        sheets=[Sheet(_("Faktury"), columns, lines, total_by=10)],
        about=About(_("Faktury"), at, facts(conditions=conditions, company=company, at=at)),
    )


def _invoice_rows(rows: QuerySet[Invoice], *, on: dt.date) -> Iterator[Sequence[Any]]:
    payments = (
        Allocation.objects.filter(item__invoice=OuterRef("pk"), amount__gt=0)
        .order_by()
        .values("item")
        .annotate(day=Max("payment__booked_on"))
    )
    found = selectors.for_file(rows).annotate(last_paid_on=Subquery(payments.values("day")[:1]))
    for row in found.iterator(chunk_size=_CHUNK):
        item = selectors.item_of(row)
        left = item.open_amount if item else None
        yield (
            row.number,
            str(row.get_kind_display()),
            row.issued_on,
            row.sold_on,
            item.effective_due_on if item else row.due_on,
            row.company.name,
            row.contract.number if row.contract else None,
            selectors.asset_label(row.contract) if row.contract else None,
            item_state(item, today=on).text,
            row.last_paid_on if left == 0 else None,
            row.currency,
            row.net,
            row.vat,
            row.gross,
            left,
            row.vat_pln,
            row.account or None,
            row.ksef_number or None,
        )


def item_list(
    rows: QuerySet[ReceivableItem],
    *,
    title: str,
    conditions: Sequence[str],
    company: Company | None,
    at: dt.datetime,
    file_format: str = "xlsx",
) -> BinaryIO:
    """Receivable items (open or paid) as a workbook (or `csv`). Raises TooManyRowsError."""
    on = clock.today(at)
    columns = [
        Column(_("Dokument"), width=26),
        Column(_("Rodzaj"), width=18),
        Column(_("Firma"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Wystawiono"), Kind.DATE),
        Column(_("Termin płatności"), Kind.DATE, width=16),
        Column(_("Dni po terminie"), Kind.WHOLE, width=16),
        Column(_("Stan"), width=30),
        Column(_("Waluta"), width=8),
        Column(_("Kwota"), Kind.MONEY, total=True),
        Column(_("Pozostało do zapłaty"), Kind.MONEY, width=21, total=True),
        Column(_("Rachunek do zapłaty"), width=30),
    ]
    lines = (
        (
            row.label,
            str(row.get_kind_display()),
            row.company.name,
            row.contract.number if row.contract else None,
            row.issued_on,
            row.effective_due_on,
            (on - row.effective_due_on).days
            if row.open_amount > 0 and row.effective_due_on < on
            else None,
            item_state(row, today=on).text,
            row.currency,
            row.gross,
            row.open_amount,
            row.account or None,
        )
        for row in rows.select_related("company", "contract").iterator(chunk_size=_CHUNK)
    )
    return table_writer(file_format)(
        sheets=[Sheet(title, columns, lines, total_by=8)],
        about=About(title, at, facts(conditions=conditions, company=company, at=at)),
    )


def payment_list(
    rows: QuerySet[Payment],
    *,
    conditions: Sequence[str],
    company: Company | None,
    at: dt.datetime,
    file_format: str = "xlsx",
) -> BinaryIO:
    """Payments as a workbook (or `csv`). Raises TooManyRowsError."""
    columns = [
        Column(_("Zaksięgowano"), Kind.DATE, width=14),
        Column(_("Rodzaj"), width=16),
        Column(_("Firma"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Wpłacający"), width=34),
        Column(_("Rachunek wpłacającego"), width=30),
        Column(_("Tytuł"), width=50),
        Column(_("Waluta"), width=8),
        Column(_("Kwota"), Kind.MONEY, total=True),
        Column(_("Nierozliczone"), Kind.MONEY, total=True),
    ]
    lines = (
        (
            row.booked_on,
            str(row.get_kind_display()),
            row.company.name,
            row.contract.number if row.contract else None,
            row.payer_name or None,
            row.payer_account or None,
            row.title or None,
            row.currency,
            row.amount,
            row.unallocated_amount,
        )
        for row in rows.select_related("company", "contract").iterator(chunk_size=_CHUNK)
    )
    title = _("Wpłaty")
    return table_writer(file_format)(
        sheets=[Sheet(title, columns, lines, total_by=7)],
        about=About(title, at, facts(conditions=conditions, company=company, at=at)),
    )


def facts(
    *, conditions: Sequence[str], company: Company | None, at: dt.datetime
) -> list[tuple[str, str | dt.date]]:
    """What every list says of itself on the sheet „Opis”."""
    return [
        (_("Firma"), company.name if company else _("wszystkie")),
        (_("Filtry"), ", ".join(conditions) or _("bez filtrów")),
        (_("Stan na dzień"), clock.today(at)),
    ]
