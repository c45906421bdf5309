"""Pages of the fleet's lists: one view for every kind of record, and its file."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts.fleet.list_rows import list_lines, total_lines
from contracts.fleet.listing import DEFAULT_SORT, RecordFilters, totals
from contracts.fleet.lists import LISTS, list_links
from eboks import clock
from eboks.exports.answers import answer
from eboks.http import PortalRequest
from eboks.listing import Sort, query_string, without_empty
from eboks.tenancy.access import right_required
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from eboks.ui.periods import PERIODS


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.VIEW_FLEET)
def records(request: PortalRequest, name: str) -> HttpResponse:
    """`/flota/<list>/`: filtered, summed, paged."""
    # The links of the page are made from it.
    request.GET = without_empty(request.GET)  # type: ignore[assignment]
    wanted = LISTS[name]
    today = clock.today(timezone.now())
    companies = _companies(request)
    filters = RecordFilters.parse(request.GET, companies, wanted.choice)
    rows = wanted.rows().for_user(request.user)  # type: ignore[attr-defined]
    rows = filters.apply(rows.filter(company__in=companies), choice=wanted.choice, on=today)
    sort = Sort.parse(request.GET.get("sort"), wanted.sorts, DEFAULT_SORT)
    sums = totals(wanted, rows)
    page = paginate(request, wanted.ordered(rows, sort), total=sum(t.count for t in sums))
    keep_sort = {} if sort == DEFAULT_SORT else {"sort": str(sort)}
    several = len(companies) > 1
    address = query_string(filters.as_params() | keep_sort)
    context = {
        "wanted": wanted,
        "lists": list_links(),
        "file_url": reverse(f"fleet:{name}_file"),
        "page": page,
        "columns": wanted.on_page,
        "lines": list_lines(
            wanted,
            page.object_list,
            one_currency=len(sums) == 1,
            several_companies=several,
        ),
        "totals": total_lines(wanted, sums),
        "one_currency": sums[0].currency if len(sums) == 1 and _has_money(name) else "",
        "filters": filters,
        "chips": filters.chips(companies, keep_sort, choice=wanted.choice, on=today),
        "sort": keep_sort.get("sort", ""),
        "default_sort": str(DEFAULT_SORT),
        "periods": PERIODS.items(),
        "options": wanted.choice.options.items(),
        "companies": companies if several else [],
        "export_query": address,
        "export_kind": f"fleet_{name}",
    }
    if not request.htmx:
        return render(request, "contracts/fleet/records.html", context)
    response = render(request, "contracts/fleet/records.html#rows", context)
    if not request.htmx.boosted:  # the form sends empty fields too; the address shows none
        response["HX-Push-Url"] = f"{request.path}{address}"
    return response


@require_GET
@right_required(Right.VIEW_FLEET)
def records_file(request: PortalRequest, name: str) -> HttpResponseBase:
    """Exactly what the list shows with the same address, all pages; `?format=csv` for a CSV."""
    return answer(request, f"fleet_{name}")


def _companies(request: PortalRequest) -> list[Company]:
    """Of the person's companies those in which they look after the fleet, within the chosen one."""
    return [
        membership.company
        for membership in request.memberships
        if Right.VIEW_FLEET in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]


def _has_money(name: str) -> bool:
    return any(column.key in {"net", "amount", "gross"} for column in LISTS[name].columns)
