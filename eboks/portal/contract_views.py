"""Two pages of a contract that join it with the floor above: its invoices and its documents."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.models import Contract
from contracts.schedule_page import ledger_of
from contracts.views import contract_or_404, frame
from eboks import clock
from eboks.documents.pdf import is_available
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from invoicing.models import Invoice
from invoicing.words import State, item_state


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    invoice: Invoice
    state: State


@require_GET
def invoices(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/faktury/`: invoices of one contract, newest first."""
    at = timezone.now()
    today = clock.today(at)
    contract = contract_or_404(request, public_id)
    if not has_right_in(request, contract.company_id, Right.VIEW_FINANCE):
        raise PermissionDenied
    page = paginate(request, _invoices(request, contract).select_related("item"))
    lines = [
        InvoiceLine(invoice, item_state(getattr(invoice, "item", None), today=today))
        for invoice in page.object_list
    ]
    context = frame(request, contract, "invoices", ledger=ledger_of(contract, on=today)) | {
        "page": page,
        "lines": lines,
        "today": today,
        "fresh": freshness(at=at),
    }
    return render(request, "contracts/invoices.html", context)


@require_GET
def documents(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/umowy/<id>/dokumenty/`: schedules and, for who may see finance, invoices, as files."""
    today = clock.today(timezone.now())
    contract = contract_or_404(request, public_id)
    with_finance = has_right_in(request, contract.company_id, Right.VIEW_FINANCE)
    page = None
    if with_finance:
        page = paginate(request, _invoices(request, contract).select_related("pdf"))
    ledger = ledger_of(contract, on=today) if with_finance else None
    context = frame(request, contract, "documents", ledger=ledger) | {
        "versions": contract.schedule_versions.order_by("-number", "-pk"),
        "page": page,
        "pdf_available": is_available(),
        "may_export": has_right_in(request, contract.company_id, Right.EXPORT_REPORTS),
    }
    return render(request, "contracts/documents.html", context)


def _invoices(request: PortalRequest, contract: Contract) -> QuerySet[Invoice]:
    return (
        Invoice.objects.for_user(request.user)
        .filter(contract=contract)
        .order_by("-issued_on", "-pk")
    )
