"""Pages of cover: every asset at a glance, one asset over time, the tab of a contract."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts.models import Asset
from contracts.views import contract_or_404, frame
from eboks import clock
from eboks.exports.answers import answer
from eboks.http import PortalRequest
from eboks.listing import query_string, without_empty
from eboks.tenancy.access import (
    companies_with,
    has_right,
    has_right_in,
    right_required,
    scoped_or_404,
)
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from insurance.asset_page import pages
from insurance.cover import Attention
from insurance.enums import Placement, Risk
from insurance.filters import CoverFilters
from insurance.loading import InsuredAssetQuerySet, insured_assets
from insurance.standing import Standing, company_standing, covers_of
from insurance.words import ATTENTION, risk_tags

_SHOWN = (
    *("public_id", "make", "model", "plate", "vin", "serial_number"),
    *("contract__number", "contract__company__name"),
)


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.VIEW_INSURANCE)
def cover_list(request: PortalRequest) -> HttpResponse:
    """`/ubezpieczenia/`: is everything insured, and if not, what; by asset, filtered and paged."""
    request.GET = without_empty(request.GET)  # type: ignore[assignment]
    today = clock.today(timezone.now())
    companies = companies_with(request, Right.VIEW_INSURANCE)
    stands = company_standing(user=request.user, companies=companies, today=today)
    filters = CoverFilters.parse(request.GET)
    every = insured_assets().for_user(request.user).for_company(request.company).on_lease()
    rows = filters.apply(every, today=today)
    if filters.state:
        rows = rows.filter(pk__in=stands.ids(filters.state, filters.risk))
    # The place of a row is found without its columns: those of a page are read by their keys.
    page = paginate(
        request,
        stands.ordered(rows).values_list("pk", flat=True),
        total=None if filters else stands.total,
    )
    context = {
        "page": page,
        "lines": _lines(every, list(page.object_list), stands, today),
        "wrong": len(stands.wrong),
        "total": stands.total,
        "counts": [(a.value, ATTENTION[a], stands.counts[a]) for a in Attention],
        "filters": filters,
        "chips": filters.chips(),
        "states": [(a.value, ATTENTION[a]) for a in Attention],
        "risks": Risk.choices,
        "placements": Placement.choices,
        "export_query": query_string(filters.as_params()),
        "may_export": has_right(request, Right.EXPORT_REPORTS),
        "several": len(request.memberships) > 1 and request.company is None,
        "today": today,
        "view": "cover",
        "may_handle": has_right(request, Right.HANDLE_INSURANCE),
    }
    template = "insurance/list.html" + ("#rows" if request.htmx else "")
    response = render(request, template, context)
    if request.htmx and not request.htmx.boosted:
        response["HX-Push-Url"] = f"{request.path}{query_string(filters.as_params())}"
    return response


def _lines(
    scoped: InsuredAssetQuerySet, ids: list[int], stands: Standing, today: dt.date
) -> list[dict[str, Any]]:
    """The assets of a page with their tags."""
    assets = scoped.select_related("contract__company").only(*_SHOWN).in_bulk(ids)
    covers = covers_of(ids, rules=stands.rules, today=today) if ids else {}
    return [
        {
            "asset": assets[pk],
            "tags": risk_tags(covers[pk]),
            "returned": bool(covers[pk].returned),
            "to_verify": bool(covers[pk].to_verify),
        }
        for pk in ids
        if pk in covers and pk in assets
    ]


@require_GET
@right_required(Right.EXPORT_REPORTS)
def cover_list_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/ubezpieczenia/przedmioty.xlsx`: exactly what the list shows at the same address."""
    return answer(request, "insurance_cover")


@require_GET
def asset(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/ubezpieczenia/przedmiot/<id>/`: what is covered today, over time, and every policy."""
    today = clock.today(timezone.now())
    rows = insured_assets().select_related("contract__company")
    found: Asset = scoped_or_404(rows, request.user, public_id=public_id)
    (shown,) = pages([found], company=found.contract.company, today=today)
    context = {
        "shown": shown,
        "asset": found,
        "contract": found.contract,
        "may_handle": has_right_in(request, found.contract.company_id, Right.HANDLE_INSURANCE),
        "several": len(request.memberships) > 1,
        "today": today,
    }
    return render(request, "insurance/asset.html", context)


@require_GET
def contract(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/ubezpieczenie/`: the insurance of what the contract finances."""
    today = clock.today(timezone.now())
    found = contract_or_404(request, public_id)
    if not has_right_in(request, found.company_id, Right.VIEW_INSURANCE):
        raise PermissionDenied
    context = frame(request, found, "insurance", ledger=None) | {
        "shown": pages(list(found.assets.all()), company=found.company, today=today),
        "may_handle": has_right_in(request, found.company_id, Right.HANDLE_INSURANCE),
        "today": today,
    }
    return render(request, "insurance/contract.html", context)
