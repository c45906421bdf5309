"""Vehicles without money: for those who drive them and those who look after a fleet."""

from __future__ import annotations

import uuid

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contracts.enums import LIVE_STATUSES, AssetCategory
from contracts.filters import ASSET_TEXT
from contracts.models import Asset
from contracts.vehicle_panels import panels
from eboks.http import PortalRequest
from eboks.listing import clean_text, spellings, words
from eboks.tenancy.access import has_right, has_right_in, right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate


@require_GET
@right_required(Right.VIEW_VEHICLES)
def vehicle_list(request: PortalRequest) -> HttpResponse:
    """`/pojazdy/`: what the person drives, or every vehicle of the companies they look after."""
    text = clean_text(request.GET.get("q"))
    rows = Asset.vehicles.for_user(request.user).for_company(request.company)
    if text:
        rows = rows.annotate(text=ASSET_TEXT).filter(_matching(text))
    page = paginate(
        request, rows.select_related("contract__company").order_by("plate", "make", "model", "pk")
    )
    context = {
        "page": page,
        "q": text,
        "drives": not has_right(request, Right.VIEW_CONTRACTS),
        "may_enter_mileage": has_right(request, Right.ENTER_MILEAGE),
        "several": request.company is None and len(request.memberships) > 1,
    }
    return render(request, "contracts/vehicles.html", context)


@require_GET
def vehicle(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/pojazdy/<id>/`: what the vehicle is, which contract it runs on, whom to call."""
    rows = Asset.vehicles.select_related("contract__company")
    found: Asset = scoped_or_404(rows, request.user, public_id=public_id)
    company_id = found.contract.company_id
    is_vehicle = found.category == AssetCategory.VEHICLE
    context = {
        "asset": found,
        "is_vehicle": is_vehicle,
        "contract": found.contract,
        "with_contract": has_right_in(request, company_id, Right.VIEW_CONTRACTS),
        "several": len(request.memberships) > 1,
        "may_enter_mileage": is_vehicle and has_right_in(request, company_id, Right.ENTER_MILEAGE),
        "with_costs": is_vehicle
        and found.contract.status in LIVE_STATUSES
        and has_right_in(request, company_id, Right.VIEW_FLEET),
        "panels": panels(request, found),
    }
    return render(request, "contracts/vehicle.html", context)


def _matching(text: str) -> Q:
    """Vehicles in which every word occurs: make, model, plate, VIN, or the contract's number.

    A plate typed with spaces („WGM 7H42”) is found too.
    """
    every_word = Q()
    for word in words(text):
        condition = Q()
        for spelling in spellings(word):
            condition |= Q(text__icontains=spelling) | Q(contract__number__icontains=spelling)
        every_word &= condition
    return every_word | Q(text__icontains=text.replace(" ", ""))
