"""Reporting a damage, and the page that says what happens next."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contracts.models import Asset
from eboks import clock
from eboks.http import PortalRequest
from eboks.onboarding.limits import too_often
from eboks.tenancy.access import right_required, scoped_or_404
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from insurance import claims
from insurance.claim_errors import ClaimError
from insurance.claim_forms import ClaimForm
from insurance.claim_words import NEXT
from insurance.contacts import contact_of_claim
from insurance.enums import ClaimStatus
from insurance.models import Claim


@require_http_methods(["GET", "POST"])
@right_required(Right.HANDLE_INSURANCE)
def claim_new(request: PortalRequest) -> HttpResponse:
    """`/ubezpieczenia/szkody/nowa/?przedmiot=<id>`: one page; 112 comes before everything."""
    if request.method == "POST" and (limited := too_often(request, "request_begun")) is not None:
        return limited
    now = timezone.now()
    assets = (
        Asset.objects.for_user(request.user)
        .for_company(request.company)
        .filter(contract__company__in=_companies(request))
        .select_related("contract__company")
    )
    asset = _asked(request, assets)
    form = ClaimForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        assets=assets,
        asset=asset,
        now=now,
        initial={
            "contact_name": request.user.get_full_name(),
            "contact_phone": request.user.phone,
            "happened_on": clock.today(now),
        },
    )
    if form.is_bound and form.is_valid():
        try:
            claim = claims.report(
                asset=form.cleaned_data["asset"],
                author=request.user,
                facts=form.facts(),
                form_key=form.cleaned_data["form_key"],
                at=now,
                files=form.cleaned_data["pictures"],
            )
            return redirect("insurance:claim_reported", claim.public_id)
        except ClaimError as error:
            form.add_error(None, str(error))
    context = {"form": form, "asset": asset, "has_assets": asset is not None or assets.exists()}
    return render(request, "insurance/claim_form.html", context)


@require_GET
def claim_reported(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/ubezpieczenia/szkody/<id>/zgloszona/`: the number, whom to call, what happens next."""
    rows = Claim.objects.select_related("asset", "policy", "insurer", "company")
    claim: Claim = scoped_or_404(rows, request.user, public_id=public_id)
    who, what = NEXT[ClaimStatus(claim.status)]
    context = {
        "claim": claim,
        "who": who,
        "what": what,
        "contact": contact_of_claim(claim, on=clock.today(timezone.now())),
        "files": claim.files.count(),
    }
    return render(request, "insurance/claim_reported.html", context)


def _companies(request: PortalRequest) -> list[Company]:
    return [
        membership.company
        for membership in request.memberships
        if Right.HANDLE_INSURANCE in membership.rights
    ]


def _asked(request: PortalRequest, assets: QuerySet[Asset]) -> Asset | None:
    """The asset that the address names, or the only one that there is."""
    try:
        asked = uuid.UUID(request.GET.get("przedmiot", ""))
    except ValueError:
        found = list(assets.order_by("pk")[:2])
        return found[0] if len(found) == 1 else None
    return assets.filter(public_id=asked).first()
