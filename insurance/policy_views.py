"""Pages of policies: the list, and one policy."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from eboks import clock
from eboks.exports.answers import answer
from eboks.http import PortalRequest
from eboks.listing import query_string, without_empty
from eboks.tenancy.access import has_right, has_right_in, right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from insurance import own_policies
from insurance.asset_page import PolicyLine, policy_line
from insurance.enums import Placement, Risk
from insurance.filters import STATUSES, PolicyFilters, ordered
from insurance.models import Policy, PolicyCover
from insurance.words import MEANINGS

_SHOWN = (
    *("public_id", "number", "placement", "valid_from", "valid_to", "terminated_on"),
    *("verification", "replaced_by_id", "insurer__name", "company__name"),
    *("asset__make", "asset__model", "asset__plate", "asset__vin", "asset__serial_number"),
)


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.VIEW_INSURANCE)
def policy_list(request: PortalRequest) -> HttpResponse:
    """`/ubezpieczenia/polisy/`: every policy with its status of today, filtered and paged."""
    request.GET = without_empty(request.GET)  # type: ignore[assignment]
    today = clock.today(timezone.now())
    filters = PolicyFilters.parse(request.GET)
    rows = Policy.objects.for_user(request.user).for_company(request.company)
    rows = filters.apply(rows, today=today)
    # The place of a row is found without its columns: those of a page are read by their keys.
    page = paginate(request, ordered(rows).values_list("pk", flat=True))
    ids = list(page.object_list)
    found = (
        Policy.objects.for_user(request.user)
        .select_related("insurer", "asset", "company")
        .prefetch_related(Prefetch("covers", PolicyCover.objects.order_by("pk")))
        .only(*_SHOWN)
        .in_bulk(ids)
    )
    context = {
        "page": page,
        "lines": _lines([found[pk] for pk in ids if pk in found], today),
        "filters": filters,
        "chips": filters.chips(),
        "states": [(status.value, status.label) for status in STATUSES],
        "risks": Risk.choices,
        "placements": Placement.choices,
        "export_query": query_string(filters.as_params()),
        "may_export": has_right(request, Right.EXPORT_REPORTS),
        "several": len(request.memberships) > 1 and request.company is None,
        "view": "policies",
        "may_handle": has_right(request, Right.HANDLE_INSURANCE),
    }
    template = "insurance/policies.html" + ("#rows" if request.htmx else "")
    response = render(request, template, context)
    if request.htmx and not request.htmx.boosted:
        response["HX-Push-Url"] = f"{request.path}{query_string(filters.as_params())}"
    return response


def _lines(policies: list[Policy], today: dt.date) -> list[tuple[PolicyLine, str, str]]:
    """Each with who insures and its risks in words: Django would translate every choice anew."""
    placements, risks = ({k: str(v) for k, v in x.choices} for x in (Placement, Risk))
    return [
        (
            policy_line(policy, today=today),
            placements[policy.placement],
            ", ".join(risks[cover.risk] for cover in policy.covers.all()),
        )
        for policy in policies
    ]


@require_GET
@right_required(Right.EXPORT_REPORTS)
def policy_list_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/ubezpieczenia/polisy.xlsx`: exactly what the list of policies shows, all pages."""
    return answer(request, "insurance_policies")


@require_GET
def policy(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/ubezpieczenia/polisy/<id>/`: one policy; its premium only with the right to finance."""
    today = clock.today(timezone.now())
    rows = Policy.objects.select_related("insurer", "company", "contract", "asset", "replaced_by")
    found: Policy = scoped_or_404(rows, request.user, public_id=public_id)
    line = policy_line(found, today=today)
    with_finance = has_right_in(request, found.company_id, Right.VIEW_FINANCE)
    context = {
        "policy": found,
        "line": line,
        "meaning": MEANINGS.get(line.status, ""),
        "covers": found.covers.order_by("pk"),
        "own": own_policies.panel(request, found),
        "with_finance": with_finance,
        "instalments": found.instalments.order_by("n") if with_finance else [],
        "replacement_is_ours": found.replaced_by is not None
        and found.replaced_by.company_id == found.company_id,
        "several": len(request.memberships) > 1,
        "today": today,
    }
    return render(request, "insurance/policy.html", context)
