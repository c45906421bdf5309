"""Settlements: open items, what is paid and by what, payments and overpayments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from eboks import clock
from eboks.exports.answers import answer
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right, right_required
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from eboks.ui.periods import PERIODS
from invoicing import interest_panel, paying_panel, selectors
from invoicing import settlements as reading
from invoicing.hiding import without_others
from invoicing.models import Payment, ReceivableItem
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
    kept = kept_for(request, on=today)
    positions = reading.positions(items, payments, on=today)
    positions = interest_panel.with_run_up(positions, items, kept, on=today)
    accounts = reading.accounts_to_pay(items)
    shown: dict[str, Any]
    if filters.tab == "payments":
        shown = _payments(request, filters, payments, today)
    else:
        shown = _items(request, filters, items, today)
    if filters.tab == "open":
        paying_panel.with_said(shown["lines"])
        interest_panel.add_run_up(shown["lines"], on=today)
        shown |= paying_panel.panel(request)
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
        "contracts": contract_choices(request, filters.contract, kept),
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
    paid_by = without_others(paid_by, user=request.user)
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
    uses = without_others(uses, user=request.user)
    lines = [{"payment": payment, "uses": uses[payment.pk]} for payment in on_page]
    return {"page": page, "lines": lines}


@require_GET
@right_required(Right.EXPORT_REPORTS)
def settlements_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/rozrachunki/rozrachunki.xlsx`: the chosen tab with its filters, all pages."""
    return answer(request, "settlement_list")
