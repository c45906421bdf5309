"""Settlements: open items, what is paid and by what, payments and overpayments."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from eboks import clock
from eboks.documents.responses import XLSX, file_response, unavailable
from eboks.documents.xlsx import TooManyRowsError
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right, right_required
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from invoicing import exports, selectors
from invoicing import settlements as reading
from invoicing.models import Payment, ReceivableItem
from invoicing.periods import PERIODS
from invoicing.scope import scoped
from invoicing.settlements import TABS, SettlementFilters
from invoicing.totals import kept_for
from invoicing.views import contract_choices
from invoicing.words import item_state


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.VIEW_FINANCE)
def settlements(request: PortalRequest) -> HttpResponse:
    """`/rozrachunki/`: what is owed and overpaid, then open items, paid ones or payments."""
    at = timezone.now()
    today = clock.today(at)
    filters = SettlementFilters.parse(request.GET)
    items = scoped(request, ReceivableItem.objects.all(), right=Right.VIEW_FINANCE)
    payments = scoped(request, Payment.objects.all(), right=Right.VIEW_FINANCE)
    positions = reading.positions(items, payments, on=today)
    accounts = reading.accounts_to_pay(items)
    shown: dict[str, Any]
    if filters.tab == "payments":
        shown = _payments(request, filters, payments, today)
    else:
        shown = _items(request, filters, items, today)
    context = shown | {
        "positions": positions,
        "main": positions[0],
        "others": positions[1:],
        "accounts": accounts,
        "account": accounts[0] if len(accounts) == 1 else None,
        "filters": filters,
        "chips": filters.chips(on=today),
        "tabs": [
            (name, label, "" if name == "open" else name, name == filters.tab)
            for name, label in TABS.items()
        ],
        "periods": PERIODS.items(),
        "contracts": contract_choices(request, filters.contract, kept_for(request, on=today)),
        "several_companies": request.company is None and len(request.memberships) > 1,
        "may_export": has_right(request, Right.EXPORT_REPORTS),
        "today": today,
        "fresh": freshness(at=at),
    }
    template = "invoicing/settlements.html" + ("#list" if request.htmx else "")
    return render(request, template, context)


def _items(
    request: PortalRequest, filters: SettlementFilters, items: Any, today: dt.date
) -> dict[str, Any]:
    rows = filters.of_items(items, on=today).select_related("invoice", "contract", "company")
    page = paginate(request, rows)
    on_page = list(page.object_list)
    paid_by = selectors.settlements_of([item.pk for item in on_page])
    lines = []
    for item in on_page:
        payments = paid_by[item.pk]
        last = max((p.on for p in payments if p.allocation and p.amount > 0), default=None)
        state = item_state(item, today=today, paid_on=last)
        lines.append({"item": item, "state": state, "settlements": payments})
    return {"page": page, "lines": lines}


def _payments(
    request: PortalRequest, filters: SettlementFilters, payments: Any, today: dt.date
) -> dict[str, Any]:
    rows = filters.of_payments(payments, on=today).select_related("contract", "company")
    page = paginate(request, rows)
    on_page = list(page.object_list)
    uses = reading.uses_of([payment.pk for payment in on_page])
    lines = [{"payment": payment, "uses": uses[payment.pk]} for payment in on_page]
    return {"page": page, "lines": lines}


@require_GET
@right_required(Right.EXPORT_REPORTS)
def settlements_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/rozrachunki/rozrachunki.xlsx`: the chosen tab with its filters, all pages."""
    at = timezone.now()
    filters = SettlementFilters.parse(request.GET)
    try:
        file = _workbook(request, filters, at)
    except TooManyRowsError as error:
        return unavailable(request, str(error))
    name = {"open": "do-zaplaty", "paid": "zaplacone", "payments": "wplaty"}[filters.tab]
    return file_response(
        file, file_name=f"rozrachunki-{name}-{clock.today(at)}.xlsx", content_type=XLSX
    )


def _workbook(request: PortalRequest, filters: SettlementFilters, at: dt.datetime) -> BinaryIO:
    today = clock.today(at)
    conditions = [chip.label for chip in filters.chips(on=today)]
    if filters.tab == "payments":
        payments = scoped(request, Payment.objects.all(), right=Right.EXPORT_REPORTS)
        return exports.payment_list(
            filters.of_payments(payments, on=today),
            conditions=conditions,
            company=request.company,
            at=at,
        )
    items = scoped(request, ReceivableItem.objects.all(), right=Right.EXPORT_REPORTS)
    return exports.item_list(
        filters.of_items(items, on=today),
        title=str(TABS[filters.tab]),
        conditions=conditions,
        company=request.company,
        at=at,
    )
