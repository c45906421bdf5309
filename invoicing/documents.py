"""The PDF of an invoice: made once from the stored snapshot, then only served."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from eboks.documents import pdf
from eboks.documents.brand import lessor_brand
from eboks.documents.models import Document
from eboks.documents.services import store
from eboks.money import ZERO
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice, InvoiceRow
from invoicing.words import fx_rate, transfer_title, vat_rate

logger = logging.getLogger(__name__)

TEMPLATE = "documents/pdf/invoice.html"
_NEWEST = 20_000
_TITLES = {
    InvoiceKind.INVOICE: "Faktura",
    InvoiceKind.CORRECTION: "Faktura korygująca",
    InvoiceKind.INTEREST_NOTE: "Nota odsetkowa",
}
# Two threads that open the same new invoice wait for one rendering. Other processes may render
# the same bytes a second time; the unique key of the stored document keeps one of them.
_turns = [threading.Lock() for _number in range(32)]


@dataclass(frozen=True, slots=True)
class RateSum:
    """Sums of one VAT rate, in the invoice's currency."""

    rate: str
    net: Decimal
    vat: Decimal
    gross: Decimal


def ensure_invoice_pdf(*, invoice_id: int, at: dt.datetime) -> Document:
    """The stored PDF of an invoice; the first call makes it.

    Safe to call twice and at once: one document remains. Raises eboks.documents.pdf.PdfError.
    """
    with _turns[invoice_id % len(_turns)]:
        invoice = Invoice.objects.select_related(
            "company", "contract", "corrects", "pdf", "item"
        ).get(pk=invoice_id)
        if invoice.pdf is not None:
            return invoice.pdf
        key = f"invoice:{invoice.public_id}"
        document = Document.objects.filter(key=key).first()
        if document is None:
            document = store(
                company=invoice.company,
                key=key,
                content=invoice_pdf(invoice),
                file_name=f"{_title(invoice)}.pdf",
                content_type="application/pdf",
                renderer=pdf.renderer(),
                at=at,
            )
        Invoice.objects.filter(pk=invoice_id, pdf=None).update(pdf=document)
        return document


def render_newest(*, at: dt.datetime, max_seconds: float, limit: int | None = None) -> int:
    """PDFs of the newest invoices that have none, newest first; returns how many were made.

    Looks at the last 20 000 invoices only: nobody waits for the paper of an old one. Stops after
    `max_seconds`, after `limit` documents, or when this machine cannot make PDFs.
    """
    stop = time.monotonic() + max_seconds
    newest = Invoice.objects.order_by("-pk").values_list("pk", flat=True)
    oldest = newest[_NEWEST - 1 : _NEWEST].first() or 0
    made = 0
    for invoice_id in newest.filter(pdf=None, pk__gte=oldest)[:limit]:
        if time.monotonic() >= stop:
            break
        try:
            ensure_invoice_pdf(invoice_id=invoice_id, at=at)
        except pdf.PdfUnavailableError:
            break
        except pdf.PdfError:
            logger.exception("invoice %s: no PDF", invoice_id)
            continue
        made += 1
    return made


def invoice_pdf(invoice: Invoice) -> bytes:
    """The PDF of `invoice`, in Polish whatever the page's language; the same bytes each time."""
    with translation.override("pl"):
        return pdf.render_pdf(invoice_html(invoice), title=_title(invoice))


def invoice_html(invoice: Invoice) -> str:
    """The document before it becomes a PDF; every field of the invoice is escaped."""
    return html_of(invoice, list(invoice.rows.order_by("position", "pk")))


def html_of(invoice: Invoice, rows: Sequence[InvoiceRow]) -> str:
    """The document of `invoice` with the rows given."""
    return render_to_string(TEMPLATE, _context(invoice, rows))


def _context(invoice: Invoice, rows: Sequence[InvoiceRow]) -> dict[str, Any]:
    contract = invoice.contract
    return {
        "title": _title(invoice),
        # From the snapshot, not from the clock: a second rendering gives the same bytes.
        "created": invoice.issued_on.isoformat(),
        "brand": lessor_brand(),
        "invoice": invoice,
        "kind_title": _TITLES[InvoiceKind(invoice.kind)],
        "contract": contract,
        "assets": list(contract.assets.order_by("pk")[:5]) if contract else [],
        "rows": [(row, vat_rate(row.vat_code)) for row in rows],
        "rates": list(rate_sums(rows)),
        "is_note": invoice.kind == InvoiceKind.INTEREST_NOTE,
        "is_credit": invoice.gross < 0,
        "credit": -invoice.gross,
        "in_currency": invoice.currency != "PLN",
        "fx_rate": fx_rate(invoice.fx_rate),
        "transfer_title": transfer_title(invoice),
    }


def rate_sums(rows: Sequence[InvoiceRow]) -> Iterator[RateSum]:
    """The VAT summary: one entry per rate, in the order in which the rates first appear."""
    for code in dict.fromkeys(row.vat_code for row in rows):
        of_rate = [row for row in rows if row.vat_code == code]
        yield RateSum(
            vat_rate(code),
            sum((row.net for row in of_rate), ZERO),
            sum((row.vat for row in of_rate), ZERO),
            sum((row.gross for row in of_rate), ZERO),
        )


def _title(invoice: Invoice) -> str:
    return f"{_TITLES[InvoiceKind(invoice.kind)]} {invoice.number}"
