"""`/e-faktury/`: what the consent says, and switching it on or off by a signed instruction."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from eboks import clock
from eboks.authorisation.registry import Refused
from eboks.http import PortalRequest
from eboks.tenancy.acting import choose_company, company_with, sign
from eboks.tenancy.rights import Right
from invoicing import consents, paper_invoices


@require_http_methods(["GET", "POST"])
def e_invoices(request: PortalRequest) -> HttpResponse:
    """One company's choice between e-invoices and paper."""
    company = company_with(request, Right.SIGN)
    if company is None:
        return choose_company(request, Right.SIGN)
    on = company.e_invoice_since is None  # what the button would do
    try:
        text = consents.text_in_force(clock.today(timezone.now()))
        if request.method == "POST":
            # A page that was open while somebody else decided does not turn it back.
            if request.POST.get("on") != ("1" if on else "0"):
                messages.warning(request, _("Ktoś już to zmienił. Sprawdź, jak jest teraz."))
                return redirect("invoicing:e_invoices")
            payload = consents.payload_of(on=on, text=text)
            return sign(request, consents.OPERATION, company, payload)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("portal:company")
    today = clock.today(timezone.now())
    context = {
        "company": company,
        "on": on,
        "text": text,
        "form_key": uuid.uuid4(),
        "saved": None if on else paper_invoices.saved(company, on=today),
        "monthly": paper_invoices.monthly_fee(company, on=today),
    }
    return render(request, "invoicing/e_invoices.html", context)
