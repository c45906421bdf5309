"""For which company a page acts, and handing what was typed to the gate."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from eboks import origin
from eboks.authorisation import services as gate
from eboks.http import PortalRequest
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right


def companies_with(request: PortalRequest, right: Right) -> list[Company]:
    """Companies over all of which the person has `right`; the chosen one alone, if any."""
    return [
        membership.company
        for membership in request.memberships
        if right in membership.rights
        and not membership.has_limits
        and (request.company is None or membership.company_id == request.company.pk)
    ]


def company_with(request: PortalRequest, right: Right) -> Company | None:
    """The one company that the page is about; None when one has to be chosen first.

    Raises PermissionDenied when the person has `right` in none.
    """
    companies = companies_with(request, right)
    if not companies:
        raise PermissionDenied
    return companies[0] if len(companies) == 1 else None


def choose_company(request: PortalRequest, right: Right) -> HttpResponse:
    """Asks which company, and comes back."""
    context = {"companies": companies_with(request, right), "next": request.get_full_path()}
    return render(request, "tenancy/choose_company.html", context)


def sign(
    request: PortalRequest,
    operation: str,
    company: Company,
    payload: dict[str, Any],
    form: forms.Form | None = None,
) -> HttpResponse:
    """Stores what is to be signed and leads to its summary. Raises `Refused`.

    A refused form takes a new key: sent again it is a new instruction.
    """
    key = form.cleaned_data["form_key"] if form else _key(request.POST.get("form_key"))
    if form is not None:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["form_key"] = str(uuid.uuid4())  # type: ignore[index]
    instruction = gate.prepare(
        operation=operation,
        user=request.user,
        company=company,
        payload=payload,
        form_key=key,
        session=origin.current().session,
        at=timezone.now(),
    )
    return redirect("authorisation:check", instruction.public_id)


def _key(typed: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(str(typed))
    except ValueError:
        return uuid.uuid4()
