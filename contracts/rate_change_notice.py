"""The notice of a change of the rate: a document with what its page shows, made and kept once."""

from __future__ import annotations

import datetime as dt

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from contracts.models import RateChange
from contracts.rate_change_page import page_of
from eboks.documents import pdf
from eboks.documents.brand import lessor_brand
from eboks.documents.models import Document
from eboks.documents.services import store
from eboks.retention.telling import is_gone

KEY = "rate_change"
TEMPLATE = "contracts/rate_change_pdf.html"


def ensure_notice(*, change: RateChange, at: dt.datetime) -> Document:
    """The stored notice about `change`; the first call makes it. Raises eboks.documents.PdfError,
    also for a notice that was removed when its time was over.

    Safe to call twice and at once: one document remains. In Polish, whatever the page's language.
    """
    key = f"{KEY}:{change.public_id}"
    earlier = Document.objects.filter(key=key).first()
    if earlier is not None:
        return earlier
    if is_gone(key):
        raise pdf.PdfError(_("Ten dokument usunęliśmy po okresie przechowywania."))
    with translation.override("pl"):
        title = notice_title(change)
        content = pdf.render_pdf(notice_html(change), title=title)
    return store(
        company=change.contract.company,
        key=key,
        content=content,
        file_name=f"{title} {change.effective_on}.pdf",
        content_type="application/pdf",
        renderer=pdf.renderer(),
        at=at,
    )


def notice_html(change: RateChange) -> str:
    """The document before it becomes a PDF."""
    contract = change.contract
    return render_to_string(
        TEMPLATE,
        {
            "title": notice_title(change),
            "brand": lessor_brand(),
            # Of the change, not of the clock: a second rendering gives the same bytes.
            "created": change.created_at.isoformat(),
            "change": change,
            "contract": contract,
            "assets": list(contract.assets.order_by("pk")[:5]),
            "page": page_of(change, contract=contract),
        },
    )


def notice_title(change: RateChange) -> str:
    return _("Zawiadomienie o zmianie oprocentowania umowy %s") % change.contract.number
