"""„Wniosek o nadanie dostępu do Portalu Klienta” on paper, to be signed by hand."""

from __future__ import annotations

import datetime as dt

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from eboks.documents.brand import lessor_brand
from eboks.documents.pdf import render_pdf
from eboks.onboarding.applications import ApplicationData

FILE_NAME = "wniosek-o-dostep.pdf"


def form_pdf(*, data: ApplicationData | None, on: dt.date) -> bytes:
    """The form as a tagged PDF, empty without `data`. Raises PdfError."""
    title = _("Wniosek o nadanie dostępu do Portalu Klienta")
    context = {
        "title": title,
        "created": on.isoformat(),
        "brand": lessor_brand(),
        "company": _rows(data, ("company_name", "nip", "client_id")),
        "person": _rows(data, ("first_name", "last_name", "email", "phone")),
    }
    html = render_to_string("onboarding/application_pdf.html", context)
    return render_pdf(html, title=title)


def _rows(data: ApplicationData | None, names: tuple[str, ...]) -> list[tuple[str, str]]:
    labels = {
        "company_name": _("Nazwa firmy"),
        "nip": _("NIP"),
        "client_id": _("Identyfikator klienta (jeśli znany)"),
        "first_name": _("Imię"),
        "last_name": _("Nazwisko"),
        "email": _("E-mail"),
        "phone": _("Telefon komórkowy (polski)"),
    }
    return [(labels[name], getattr(data, name) if data else "") for name in names]
