"""The PDF of an invoice: made once from the stored snapshot, then only served."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

from django.utils import translation
from django.utils.translation import gettext as _

from eboks.documents import pdf
from eboks.documents.models import Document
from eboks.documents.services import store
from eboks.jobs.models import JobFailure
from eboks.retention import telling
from invoicing.models import Invoice
from invoicing.printing import html_of, title_of

JOB = "invoice_pdf"  # under which failures are noted, by the key of the invoice
# Two threads that open the same new invoice wait for one rendering. Other processes may render
# the same bytes a second time; the unique key of the stored document keeps one of them.
_turns = [threading.Lock() for _number in range(32)]


class InvoiceGoneError(pdf.PdfError):
    """The PDF was removed when its time was over; it is not made again."""


def ensure_invoice_pdf(*, invoice_id: int, at: dt.datetime) -> Document:
    """The stored PDF of an invoice; the first call makes it.

    Safe to call twice and at once: one document remains. Raises eboks.documents.pdf.PdfError,
    also for an invoice that has failed so often that it was set aside.
    """
    with _turns[invoice_id % len(_turns)]:
        invoice = Invoice.objects.select_related(
            *("company", "contract", "corrects", "pdf", "upfront_vat", "correction")
        ).get(pk=invoice_id)
        if invoice.pdf is not None:
            return invoice.pdf
        document = Document.objects.filter(key=key_of(invoice)).first()
        if document is not None:
            Invoice.objects.filter(pk=invoice_id, pdf=None).update(pdf=document)
            return document
        if telling.is_gone(key_of(invoice)):
            raise InvoiceGoneError(_("Ten dokument usunęliśmy po okresie przechowywania."))
        failures = JobFailure.objects.filter(job=JOB, object_ref=str(invoice_id))
        if failures.filter(is_set_aside=True).exists():
            raise pdf.PdfError(_("Nie udało się utworzyć pliku PDF. Obsługa już o tym wie."))
        return keep(invoice, lambda: invoice_pdf(invoice), at=at)


def keep(invoice: Invoice, render: Callable[[], bytes], *, at: dt.datetime) -> Document:
    """Store what `render` makes as the PDF of `invoice`, and link it."""
    document = store(
        company=invoice.company,
        key=key_of(invoice),
        content=render(),
        file_name=f"{title_of(invoice)}.pdf",
        content_type="application/pdf",
        renderer=pdf.renderer(),
        at=at,
    )
    Invoice.objects.filter(pk=invoice.pk, pdf=None).update(pdf=document)
    return document


def key_of(invoice: Invoice) -> str:
    """`Document.key` of the PDF of `invoice`."""
    return f"invoice:{invoice.public_id}"


def invoice_pdf(invoice: Invoice) -> bytes:
    """The PDF of `invoice`, in Polish whatever the page's language; the same bytes each time."""
    with translation.override("pl"):
        return pdf.render_pdf(invoice_html(invoice), title=title_of(invoice))


def invoice_html(invoice: Invoice) -> str:
    """The document before it becomes a PDF; every field of the invoice is escaped."""
    return html_of(invoice, list(invoice.rows.order_by("position", "pk")))
