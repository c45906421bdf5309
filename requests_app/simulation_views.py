"""The what-if page of a contract: it counts and changes nothing."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.models import Contract
from eboks import clock
from eboks.http import PortalRequest
from eboks.onboarding.limits import too_often
from eboks.tenancy.access import has_right_in, scoped_or_404
from eboks.tenancy.rights import Right
from requests_app.catalogue import About
from requests_app.simulating import WhatIfForm, compared, counted, saved_in_words


@require_GET
def simulation(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/wnioski/symulacja/<id>/`: the schedule now and after an extra payment or in another term.

    What is asked stands in the address, so that a result can be kept or sent on.
    """
    limited = too_often(request, "schedule_counted", reads=True)
    if limited is not None:
        return limited
    rows = Contract.objects.select_related("company")
    contract: Contract = scoped_or_404(rows, request.user, public_id=public_id)
    if not has_right_in(request, contract.company_id, Right.VIEW_FINANCE):
        raise PermissionDenied
    about = About(
        user=request.user,
        company=contract.company,
        contract=contract,
        asset=None,
        on=clock.today(timezone.now()),
    )
    form = WhatIfForm(request.GET if "wish" in request.GET else None, about=about)
    context = {"contract": contract, "form": form, "result": None}
    if form.is_bound and form.is_valid():
        result = form.cleaned_data["result"]
        context |= {
            "result": result,
            "compared": compared(result, contract.currency),
            "counted": counted(result, contract.currency),
            "saved": saved_in_words(result, contract.currency),
            "may_ask": has_right_in(request, contract.company_id, Right.SIGN),
        }
    return render(request, "requests_app/simulation.html", context)
