"""The confirmation of a balance on paper: parties, open items, the answer and who gave it."""

from __future__ import annotations

import datetime as dt
import io
from typing import BinaryIO

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from eboks.documents import pdf
from eboks.documents.brand import lessor_brand
from eboks.documents.models import Document
from eboks.documents.services import open_checked, store
from eboks.retention import telling
from invoicing.balance_page import rows_of, totals_of
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation

KEY = "balance"
TEMPLATE = "invoicing/balance_pdf.html"


def confirmation_file(*, confirmation: BalanceConfirmation, at: dt.datetime) -> BinaryIO:
    """The PDF. Once answered it is made a last time and kept; before, it is made when asked for.

    Raises PdfError and DocumentDamagedError.
    """
    if confirmation.answer == ConfirmationAnswer.WAITING:
        return io.BytesIO(confirmation_pdf(confirmation))
    return open_checked(_kept(confirmation, at=at))


def _kept(confirmation: BalanceConfirmation, *, at: dt.datetime) -> Document:
    """Safe to call twice and at once: one document remains."""
    if confirmation.document is not None:
        return confirmation.document
    key = f"{KEY}:{confirmation.public_id}"
    if telling.is_gone(key):
        raise pdf.PdfError(_("Ten dokument usunęliśmy po okresie przechowywania."))
    document = store(
        company=confirmation.company,
        key=key,
        content=confirmation_pdf(confirmation),
        file_name=file_name(confirmation),
        content_type="application/pdf",
        renderer=pdf.renderer(),
        at=at,
    )
    rows = BalanceConfirmation.objects.filter(pk=confirmation.pk, document=None)
    rows.update(document=document)
    return document


def confirmation_pdf(confirmation: BalanceConfirmation) -> bytes:
    """In Polish, whatever the page's language; the same bytes each time."""
    with translation.override("pl"):
        title = f"Potwierdzenie salda na dzień {confirmation.as_of:%d.%m.%Y}"
        html = render_to_string(
            TEMPLATE,
            {
                "title": title,
                "brand": lessor_brand(),
                "created": (confirmation.answered_at or confirmation.created_at).isoformat(),
                "confirmation": confirmation,
                "company": confirmation.company,
                "rows": rows_of(confirmation),
                "totals": totals_of(confirmation),
            },
        )
        return pdf.render_pdf(html, title=title)


def file_name(confirmation: BalanceConfirmation) -> str:
    return f"potwierdzenie-salda {confirmation.as_of}.pdf"
