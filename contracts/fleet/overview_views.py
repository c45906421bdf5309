"""The fleet page, its outliers of fuel, and the costs and mileage of one vehicle."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.fleet.attention import NeedKind
from contracts.fleet.cost_charts import cost_bars
from contracts.fleet.costs import whole_year_before
from contracts.fleet.fuel import Outlier, Rule
from contracts.fleet.lists import list_links
from contracts.fleet.models import FuelTransaction
from contracts.fleet.overview import company_fleets, company_outliers, remembered
from contracts.fleet.overview_list import (
    ANY,
    DEFAULT_SORT,
    SORTS,
    FleetFilters,
    Screen,
    answer_of,
    foreign_of,
    kinds_of,
    months_of,
    ordered,
    shown,
)
from contracts.fleet.vehicle_costs import vehicle_page
from contracts.fleet.vehicles import fleet_vehicles
from eboks import clock
from eboks.exports.answers import answer
from eboks.feeds.selectors import Freshness, freshness
from eboks.http import PortalRequest
from eboks.listing import Sort, clean_choice, query_string, without_empty
from eboks.tenancy.access import has_right_in, right_required, scoped_or_404
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from eboks.ui.paging import PAGE, page_size, paginate

_WHOLE = re.compile("-?[0-9]{1,100}")
_LAST_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whose fleets the person looks at, and those whose rates, VAT and premiums they may see."""

    companies: Sequence[Company]
    finance: frozenset[int]
    fresh: Freshness
    at: dt.datetime

    @property
    def ids(self) -> list[int]:
        return [company.pk for company in self.companies]

    @property
    def rights(self) -> list[Right]:
        return [Right.VIEW_FLEET, *([Right.VIEW_FINANCE] if self.finance else [])]

    @property
    def all_finance(self) -> bool:
        return self.finance >= set(self.ids)


def _seen(request: PortalRequest) -> _Seen:
    at = timezone.now()
    mine = [
        membership
        for membership in request.memberships
        if Right.VIEW_FLEET in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]
    finance = frozenset(m.company_id for m in mine if Right.VIEW_FINANCE in m.rights)
    return _Seen([m.company for m in mine], finance, freshness(at=at), at)


def _screen(request: PortalRequest, seen: _Seen, filters: FleetFilters, sort: Sort) -> Screen:
    """What the address asks for, worked out or kept."""
    size = page_size(request)
    number = _number(request)

    def make() -> Screen:
        fleets = company_fleets(
            user=request.user, companies=seen.ids, at=seen.at, stamp=seen.fresh.run_id
        )
        rows = shown(fleets, finance=seen.finance)
        found = ordered(filters.apply(rows, seen.companies), sort)
        return Screen(
            answer_of(rows),
            len(found),
            list(Paginator(found, size).get_page(number).object_list),
            months_of(fleets, finance=seen.finance),
            foreign_of(fleets, finance=seen.finance),
        )

    if filters.q:  # there is no end of what may be searched for
        return make()
    return remembered(
        user=request.user,
        companies=seen.ids,
        at=seen.at,
        stamp=seen.fresh.run_id,
        about=["fleet", sorted(seen.finance), filters, sort, size, number],
        make=make,
    )


def _number(request: PortalRequest) -> int:
    """The page asked for; odd texts are the first, so that what is kept of a list has an end."""
    typed = request.GET.get(PAGE, "")
    return max(0, min(int(typed), _LAST_PAGE)) if _WHOLE.fullmatch(typed) else 1


def _page(request: PortalRequest, rows: list[Any], count: int) -> Page[Any]:
    """The page of a list of `count`, of which only the `rows` of that page are at hand."""
    page = paginate(request, [], total=count)
    page.object_list = rows
    return page


@require_GET
@right_required(Right.VIEW_FLEET)
def overview(request: PortalRequest) -> HttpResponse:
    """`/flota/`: how the fleet stands, what needs attention, what it costs."""
    request.GET = without_empty(request.GET)  # type: ignore[assignment]  # links are made from it
    seen = _seen(request)
    today = clock.today(seen.at)
    filters = FleetFilters.parse(request.GET, seen.companies)
    sort = Sort.parse(request.GET.get("sort"), SORTS, DEFAULT_SORT)
    screen = _screen(request, seen, filters, sort)
    keep = {} if sort == DEFAULT_SORT else {"sort": str(sort)}
    kinds = kinds_of(screen.months, on=today, rights=seen.rights)
    first, last = whole_year_before(today)
    context = {
        "page": _page(request, screen.rows, screen.found),
        "answer": screen.answer,
        "filters": filters,
        "sort": keep.get("sort", ""),
        "default_sort": str(DEFAULT_SORT),
        "export_query": query_string(filters.as_params() | keep),
        "chips": filters.chips(seen.companies, keep),
        "needs": [(ANY, _("wszystko, co wymaga uwagi")), *NeedKind.choices],
        "companies": seen.companies if len(seen.companies) > 1 else [],
        "kinds": kinds,
        "chart": cost_bars(kinds, title=_("Koszty floty według miesięcy")),
        "foreign": screen.foreign,
        "all_finance": seen.all_finance,
        "first": first,
        "last": last,
        "fresh": seen.fresh,
        "lists": list_links(),
    }
    return render(request, "fleet/overview.html", context)


@require_GET
@right_required(Right.VIEW_FLEET)
def overview_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/flota/flota.xlsx`: exactly what the table shows with the same address, all pages."""
    return answer(request, "fleet_overview")


@require_GET
@right_required(Right.VIEW_FLEET)
def outliers(request: PortalRequest) -> HttpResponse:
    """`/flota/odstepstwa/`: fills of the last twelve months that deserve a look, and why."""
    seen = _seen(request)
    rule = clean_choice(request.GET.get("rule"), Rule.values)
    size, number = page_size(request), _number(request)

    def make() -> tuple[int, list[Outlier]]:
        by_company = company_outliers(
            user=request.user, companies=seen.ids, at=seen.at, stamp=seen.fresh.run_id
        )
        found = [
            row for rows in by_company.values() for row in rows if not rule or row.rule == rule
        ]
        found.sort(key=lambda row: (row.fill.on, row.fill.pk), reverse=True)
        return len(found), list(Paginator(found, size).get_page(number).object_list)

    count, on_page = remembered(
        user=request.user,
        companies=seen.ids,
        at=seen.at,
        stamp=seen.fresh.run_id,
        about=["outliers", rule, size, number],
        make=make,
    )
    page = _page(request, on_page, count)
    fills = (
        FuelTransaction.objects.for_user(request.user)
        .select_related("asset", "company")
        .in_bulk([row.fill.pk for row in on_page])
    )
    context = {
        "page": page,
        # A row that was taken back since the sums were made is simply not shown.
        "rows": [(row, fills[row.fill.pk]) for row in on_page if row.fill.pk in fills],
        "rules": Rule.choices,
        "rule": rule,
        "several": len(seen.companies) > 1,
        "fresh": seen.fresh,
    }
    return render(request, "fleet/outliers.html", context)


@require_GET
def vehicle(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/flota/pojazd/<id>/`: what is due, kilometres against the limit, consumption, costs."""
    at = timezone.now()
    rows = fleet_vehicles().select_related("contract__company")
    asset = scoped_or_404(rows, request.user, public_id=public_id)
    with_finance = has_right_in(request, asset.contract.company_id, Right.VIEW_FINANCE)
    context = {
        "asset": asset,
        "several": len(request.memberships) > 1,
        "with_finance": with_finance,
        "shown": vehicle_page(asset, on=clock.today(at), with_finance=with_finance),
        "today": clock.today(at),
        "fresh": freshness(at=at),
    }
    return render(request, "fleet/vehicle.html", context)
