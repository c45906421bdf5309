"""Pages of contracts: the list, and one contract's overview, schedule and asset.

Its invoices and documents join the floor above; their pages are in `eboks.portal`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts import exports, selectors, words
from contracts.ending import is_near_end
from contracts.enums import OVER_STATUSES, Product
from contracts.filters import CURRENCIES, ENDS_WITHIN, STATES, ContractFilters
from contracts.lines import list_lines, schedule_lines
from contracts.models import Asset, Contract, ScheduleVersion
from contracts.positions import standing
from contracts.rate_change_page import recent_change
from contracts.schedule_page import Ledger, SchedulePage, ledger_of, schedule_page
from eboks import clock
from eboks.audit.services import record
from eboks.documents.pdf import PdfError
from eboks.documents.responses import XLSX, file_response, unavailable
from eboks.exports.answers import answer
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.listing import Sort, query_string, without_empty
from eboks.tenancy.access import has_right, has_right_in, right_required, scoped_or_404
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate


# --- the list -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Selection:
    """What the address of the list asks for, and the rows that answer it."""

    rows: QuerySet[Contract]
    filters: ContractFilters
    sort: Sort
    companies: Sequence[Company]
    today: dt.date


def _selection(request: PortalRequest) -> Selection:
    """Rows that the person may read and that the filters leave."""
    today = clock.today(timezone.now())
    companies = [
        membership.company
        for membership in request.memberships
        if request.company is None or membership.company_id == request.company.pk
    ]
    rows = Contract.objects.for_user(request.user).for_company(request.company)
    rows = standing(rows, on=today)
    filters = ContractFilters.parse(request.GET, companies)
    return Selection(
        filters.apply(rows, companies=companies, on=today),
        filters,
        Sort.parse(request.GET.get("sort"), selectors.SORTS, selectors.DEFAULT_SORT),
        companies,
        today,
    )


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.VIEW_CONTRACTS)
def contract_list(request: PortalRequest) -> HttpResponse:
    """`/umowy/`: contracts of the chosen company (or all of them), filtered, summed, paged."""
    # The links of the page are made from it.
    request.GET = without_empty(request.GET)  # type: ignore[assignment]
    chosen = _selection(request)
    totals = selectors.list_totals(chosen.rows)
    page = paginate(
        request,
        selectors.for_list(selectors.ordered(chosen.rows, chosen.sort)),
        total=sum(total.count for total in totals),
    )
    on_page = list(page.object_list)
    selectors.with_assets(on_page)
    keep_sort = {} if chosen.sort == selectors.DEFAULT_SORT else {"sort": str(chosen.sort)}
    context = {
        "page": page,
        "lines": list_lines(
            on_page,
            selectors.next_rows_of(on_page),
            several_currencies=len(totals) > 1,
            several_companies=len(chosen.companies) > 1,
        ),
        "totals": totals,
        "filters": chosen.filters,
        "sort": keep_sort.get("sort", ""),
        "default_sort": str(selectors.DEFAULT_SORT),
        "export_query": query_string(chosen.filters.as_params() | keep_sort),
        "one_currency": totals[0].currency if len(totals) == 1 else "",
        "chips": chosen.filters.chips(chosen.companies, keep_sort),
        "products": Product.choices,
        "states": [(key, label) for key, (label, _statuses) in STATES.items()],
        "ends_within": ENDS_WITHIN.items(),
        "currencies": CURRENCIES,
        "companies": chosen.companies if len(chosen.companies) > 1 else [],
        "may_export": has_right(request, Right.EXPORT_REPORTS),
        "today": chosen.today,
        "fresh": freshness(at=timezone.now()),
    }
    if not request.htmx:
        return render(request, "contracts/list.html", context)
    response = render(request, "contracts/list.html#rows", context)
    if not request.htmx.boosted:  # the form sends empty fields too; the address shows none
        address = query_string(chosen.filters.as_params() | keep_sort)
        response["HX-Push-Url"] = f"{request.path}{address}"
    return response


@require_GET
@right_required(Right.EXPORT_REPORTS)
def contract_list_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/umowy/umowy.xlsx`: exactly what the list shows with the same address, all pages."""
    return answer(request, "contract_list")


# --- one contract ---------------------------------------------------------------------------
def contract_or_404(request: PortalRequest, public_id: uuid.UUID) -> Contract:
    """The contract with its company and assets; 404 for a stranger, 403 without the right."""
    rows = Contract.objects.select_related("company").prefetch_related(
        Prefetch("assets", Asset.objects.order_by("pk"))
    )
    return scoped_or_404(rows, request.user, public_id=public_id)


def frame(
    request: PortalRequest, contract: Contract, tab: str, *, ledger: Ledger | None
) -> dict[str, object]:
    """What the head of each of a contract's pages shows. `ledger` None: the arrears are unsaid."""
    assets = list(contract.assets.all())
    return {
        "contract": contract,
        "assets": assets,
        "asset_name": selectors.asset_name(assets),
        "state": words.contract_state(contract, overdue=ledger.overdue if ledger else None),
        "free_of_arrears": ledger is not None and not ledger.overdue,
        "tab": tab,
        "with_finance": has_right_in(request, contract.company_id, Right.VIEW_FINANCE),
        "with_insurance": has_right_in(request, contract.company_id, Right.VIEW_INSURANCE),
        "may_file": has_right_in(request, contract.company_id, Right.FILE_REQUESTS),
        "several_companies": len(request.memberships) > 1,
    }


def _ledger(request: PortalRequest, contract: Contract, on: dt.date) -> Ledger | None:
    if not has_right_in(request, contract.company_id, Right.VIEW_FINANCE):
        return None
    return ledger_of(contract, on=on)


def _current_page(contract: Contract, ledger: Ledger | None, on: dt.date) -> SchedulePage | None:
    version = contract.schedule_versions.filter(is_current=True).first()
    if version is None:
        return None
    return schedule_page(version, contract=contract, ledger=ledger, on=on)


@require_GET
def overview(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/`: what comes next, and everything that was agreed."""
    at = timezone.now()
    today = clock.today(at)
    contract = contract_or_404(request, public_id)
    ledger = _ledger(request, contract, today)
    schedule_now = _current_page(contract, ledger, today)
    context = frame(request, contract, "overview", ledger=ledger) | {
        "schedule": schedule_now,
        "next": schedule_now.next_line if schedule_now else None,
        "capital_left": schedule_now.capital_left if schedule_now else None,
        **_progress(schedule_now),
        "rate_change": recent_change(contract, on=today),
        "is_over": contract.status in OVER_STATUSES,
        "is_near_end": is_near_end(contract, on=today),
        "may_export": has_right_in(request, contract.company_id, Right.EXPORT_REPORTS),
        "index_name": words.index_name(contract.index),
        "fallback_name": words.index_name(contract.fallback_index),
        "today": today,
        "fresh": freshness(at=at),
    }
    return render(request, "contracts/overview.html", context)


def _progress(page: SchedulePage | None) -> dict[str, object]:
    """How many instalments are behind, in words and in whole percent."""
    if page is None or not page.instalments:
        return {}
    done, total = page.instalments_behind, page.instalments
    label = _("%(done)d z %(total)d terminów rat minęło") % {"done": done, "total": total}
    return {"behind_label": label, "behind_percent": 100 * done // total}


@require_GET
def schedule(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/harmonogram/`: every payment; `?wersja=` shows an older schedule."""
    at = timezone.now()
    today = clock.today(at)
    contract = contract_or_404(request, public_id)
    ledger = _ledger(request, contract, today)
    versions = list(contract.schedule_versions.order_by("-number", "-pk"))
    version = _chosen_version(versions, request.GET.get("wersja", ""))
    shown = version and schedule_page(version, contract=contract, ledger=ledger, on=today)
    context = frame(request, contract, "schedule", ledger=ledger) | {
        "versions": versions,
        "version": version,
        "schedule": shown,
        "lines": schedule_lines(shown, today=today, with_finance=ledger is not None)
        if shown
        else [],
        "rate_changes": contract.rate_changes.order_by("-effective_on", "-pk"),
        "chart": shown and exports.schedule_chart(shown, contract=contract, today=today),
        "today": today,
        "fresh": freshness(at=at),
    }
    return render(request, "contracts/schedule.html", context)


def _chosen_version(versions: Sequence[ScheduleVersion], number: str) -> ScheduleVersion | None:
    """The version asked for; the one in force for anything else."""
    asked = next((version for version in versions if str(version.number) == number), None)
    in_force = next((version for version in versions if version.is_current), None)
    return asked or in_force or next(iter(versions), None)


def _version_to_export(request: PortalRequest, contract: Contract, at: dt.datetime) -> SchedulePage:
    versions = list(contract.schedule_versions.order_by("-number", "-pk"))
    version = _chosen_version(versions, request.GET.get("wersja", ""))
    if version is None:
        raise Http404
    today = clock.today(at)
    ledger = _ledger(request, contract, today)
    return schedule_page(version, contract=contract, ledger=ledger, on=today)


def _note_download(request: PortalRequest, contract: Contract, at: dt.datetime) -> None:
    record(
        event="schedule_downloaded",
        at=at,
        actor=request.user,
        company=contract.company,
        object_kind="contract",
        object_ref=contract.number,
        facts={"number": contract.number},
    )


@require_GET
def schedule_xlsx(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    at = timezone.now()
    contract = contract_or_404(request, public_id)
    page = _version_to_export(request, contract, at)
    file = exports.schedule_workbook(
        page,
        contract=contract,
        with_finance=has_right_in(request, contract.company_id, Right.VIEW_FINANCE),
        at=at,
    )
    name = exports.schedule_file_name(contract, page.version, "xlsx")
    _note_download(request, contract, at)
    return file_response(file, file_name=name, content_type=XLSX)


@require_GET
def schedule_pdf(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The schedule on paper; a page that says why (503) when PDFs cannot be made here."""
    at = timezone.now()
    contract = contract_or_404(request, public_id)
    page = _version_to_export(request, contract, at)
    try:
        file = exports.schedule_document(page, contract=contract, at=at)
    except PdfError as error:
        return unavailable(request, str(error))
    name = exports.schedule_file_name(contract, page.version, "pdf")
    _note_download(request, contract, at)
    return file_response(file, file_name=name, content_type="application/pdf", inline=True)


@require_GET
def asset(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/przedmiot/`: the vehicle or machine."""
    contract = contract_or_404(request, public_id)
    ledger = _ledger(request, contract, clock.today(timezone.now()))
    context = frame(request, contract, "asset", ledger=ledger)
    return render(request, "contracts/asset.html", context)
