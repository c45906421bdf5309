"""The client's log of activity, and the end of a look through a client's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from eboks.accounts.models import User
from eboks.audit import reading
from eboks.audit.events import Group
from eboks.audit.filters import ActivityFilters
from eboks.audit.models import AuditEntry
from eboks.exports.answers import answer
from eboks.http import PortalRequest
from eboks.listing import query_string
from eboks.tenancy.access import right_required
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address of the page asks for, and the entries that answer it."""

    rows: QuerySet[AuditEntry]
    filters: ActivityFilters
    companies: Sequence[Company]
    people: Sequence[User]


def _selection(request: PortalRequest) -> Selection:
    companies = [
        membership.company
        for membership in request.memberships
        if Right.VIEW_ACTIVITY in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]
    people = reading.people_of(companies)
    filters = ActivityFilters.parse(request.GET, people, companies)
    rows = AuditEntry.objects.for_user(request.user).for_company(request.company)
    return Selection(filters.apply(rows).order_by("-at", "-pk"), filters, companies, people)


@require_GET
@right_required(Right.VIEW_ACTIVITY)
def activity(request: PortalRequest) -> HttpResponse:
    """`/firma/dziennik/`: who did what for the company and with its data, newest first."""
    chosen = _selection(request)
    page = paginate(request, chosen.rows.select_related("actor", "subject", "company"))
    context = {
        "page": page,
        "lines": [reading.line_of(entry) for entry in page.object_list],
        "filters": chosen.filters,
        "chips": chosen.filters.chips(chosen.people, chosen.companies),
        "people": chosen.people,
        "kinds": Group.choices,
        "companies": chosen.companies if len(chosen.companies) > 1 else [],
        "export_query": query_string(chosen.filters.as_params()),
    }
    return render(request, "audit/activity.html", context)


@require_GET
@right_required(Right.VIEW_ACTIVITY)
def activity_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/firma/dziennik/dziennik.xlsx`: exactly what the page shows with the same address."""
    return answer(request, "activity")
