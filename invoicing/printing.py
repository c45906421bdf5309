"""An invoice, a correction or a note as a page, before it becomes a PDF (domain 1.6, 1.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string

from contracts.models import Asset
from eboks.documents.brand import Brand, lessor_brand
from eboks.money import ZERO
from invoicing.enums import InvoiceKind
from invoicing.issuing.corrections import RowState, states
from invoicing.models import InterestNoteLine, Invoice, InvoiceRow, UpfrontVat
from invoicing.words import fx_rate, transfer_title, vat_rate

TEMPLATE = "documents/pdf/invoice.html"
ASSETS = 5  # named on the document
_TITLES = {
    InvoiceKind.INVOICE: "Faktura",
    InvoiceKind.CORRECTION: "Faktura korygująca",
    InvoiceKind.INTEREST_NOTE: "Nota odsetkowa",
    InvoiceKind.COMPENSATION: "Nota o rekompensatę",
}
_NOTES = {InvoiceKind.INTEREST_NOTE, InvoiceKind.COMPENSATION}  # outside VAT


@dataclass(frozen=True, slots=True)
class RateSum:
    """Sums of one VAT rate, in the invoice's currency."""

    rate: str
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction does to one row."""

    before: RowState
    after: RowState
    difference: InvoiceRow
    rate: str


def html_of(
    invoice: Invoice,
    rows: Sequence[InvoiceRow],
    *,
    assets: Sequence[Asset] | None = None,
    brand: Brand | None = None,
) -> str:
    """The document of `invoice` with the rows given; every field of the invoice is escaped.

    Who prints many gives what they are of, and the brand; else both are looked up.
    """
    if assets is None:
        own = invoice.contract
        assets = list(own.assets.order_by("pk")[:ASSETS]) if own else []
    return render_to_string(TEMPLATE, _context(invoice, rows, assets, brand or lessor_brand()))


def _context(
    invoice: Invoice, rows: Sequence[InvoiceRow], assets: Sequence[Asset], brand: Brand
) -> dict[str, Any]:
    is_note = invoice.kind in _NOTES
    upfront = getattr(invoice, "upfront_vat", None)
    rates = list(rate_sums(rows, upfront))
    correction = getattr(invoice, "correction", None)
    return {
        "title": title_of(invoice),
        # From the snapshot, not from the clock: a second rendering gives the same bytes.
        "created": invoice.issued_on.isoformat(),
        "brand": brand,
        "invoice": invoice,
        "kind_title": _TITLES[InvoiceKind(invoice.kind)],
        "contract": invoice.contract,
        "assets": assets[:ASSETS],
        "rows": [(row, vat_rate(row.vat_code)) for row in rows],
        "changes": list(_changes(invoice)) if correction else [],
        # With one rate the line with the total is the summary of VAT.
        "rates": rates if not is_note and (len(rates) > 1 or upfront) else [],
        "only_rate": rates[0].rate if len(rates) == 1 and not upfront else "",
        "upfront": upfront,
        "reason": correction.reason if correction else "",
        "interest_lines": list(_interest_lines(invoice)) if is_note else [],
        "is_note": is_note,
        "is_credit": invoice.gross < 0,
        "credit": -invoice.gross,
        "in_currency": invoice.currency != "PLN",
        "fx_rate": fx_rate(invoice.fx_rate),
        "transfer_title": transfer_title(invoice),
    }


def _interest_lines(note: Invoice) -> QuerySet[InterestNoteLine]:
    return note.interest_lines.select_related("item").order_by("position", "pk")


def _changes(correction: Invoice) -> Iterator[Change]:
    """Each row that a correction issued here changes: as it stood, as it stands, the difference."""
    if correction.corrects is None:
        return
    stood = {row.position: row for row in states(correction.corrects, before=correction)}
    for row in correction.rows.order_by("position", "pk"):
        before = stood[row.position]
        after = replace(before.plus(row), description=row.description)
        yield Change(before, after, row, vat_rate(row.vat_code))


def rate_sums(rows: Sequence[InvoiceRow], upfront: UpfrontVat | None = None) -> Iterator[RateSum]:
    """The VAT summary: one entry per rate, in the order in which the rates first appear.

    VAT paid at once for a whole lease stands against its base, not against what is paid now.
    """
    if upfront is not None:
        vat = sum((row.vat for row in rows), ZERO)
        pct = f"{upfront.vat_pct.normalize():f}"
        yield RateSum(vat_rate(pct), upfront.base, vat, upfront.base + vat)
        return
    for code in dict.fromkeys(row.vat_code for row in rows):
        of_rate = [row for row in rows if row.vat_code == code]
        yield RateSum(
            vat_rate(code),
            sum((row.net for row in of_rate), ZERO),
            sum((row.vat for row in of_rate), ZERO),
            sum((row.gross for row in of_rate), ZERO),
        )


def title_of(invoice: Invoice) -> str:
    """`Faktura FP/2026/11/000001`: on the document and, made safe, its file's name."""
    return f"{_TITLES[InvoiceKind(invoice.kind)]} {invoice.number}"
