"""Pages of the company's own data: address and contact, and whether two people sign."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from eboks.authorisation.registry import Refused
from eboks.authorisation.services import draft_of
from eboks.http import PortalRequest
from eboks.tenancy import company_data, people
from eboks.tenancy.acting import choose_company, company_with, sign
from eboks.tenancy.operations import COMPANY_CONTACT, TWO_PEOPLE
from eboks.tenancy.people_forms import ContactForm
from eboks.tenancy.proof import kept_form, proof_missing
from eboks.tenancy.rights import Right


@require_http_methods(["GET", "POST"])
def contact(request: PortalRequest) -> HttpResponse:
    """`/firma/dane/`: correspondence address and contact, changed by a signed instruction."""
    company = company_with(request, Right.SIGN)
    if company is None:
        return choose_company(request, Right.SIGN)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    draft = draft_of(
        user=request.user,
        operation=COMPANY_CONTACT,
        public_id=request.GET.get("dyspozycja"),
    )
    kept = kept_form(request) if request.method == "GET" else None
    initial = draft["values"] if draft else company_data.contact_values(company)
    form = ContactForm(request.POST or kept, company=company, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return sign(request, COMPANY_CONTACT, company, {"values": form.values}, form)
        except Refused as refused:
            form.add_error(None, str(refused))
    return render(request, "tenancy/contact.html", {"form": form, "company": company})


@require_http_methods(["GET", "POST"])
def two_people(request: PortalRequest) -> HttpResponse:
    """`/firma/dwie-osoby/`: switches the second signature on or off, by a signed instruction."""
    company = company_with(request, Right.MANAGE_PEOPLE)
    if company is None:
        return choose_company(request, Right.MANAGE_PEOPLE)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    on = not company.two_people_sign
    enough = not on or people.administrators(company).count() > 1
    if request.method == "POST":
        # The page says what its button does: a switch that somebody else has turned stays.
        if request.POST.get("on") != ("1" if on else "0"):
            messages.warning(request, _("Ktoś już to zmienił. Sprawdź, jak jest teraz."))
            return redirect("tenancy:two_people")
        if not enough:
            messages.error(request, company_data.too_few())
            return redirect("tenancy:two_people")
        try:
            return sign(request, TWO_PEOPLE, company, {"on": on})
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("tenancy:two_people")
    context = {"company": company, "on": on, "enough": enough, "form_key": uuid.uuid4()}
    return render(request, "tenancy/two_people.html", context)
