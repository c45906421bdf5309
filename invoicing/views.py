"""Invoices: the list with filters and totals, one invoice, its PDF."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts.models import Contract
from eboks import clock
from eboks.audit.services import record
from eboks.documents import pdf
from eboks.documents.responses import document_response, unavailable
from eboks.exports.answers import answer, params_of
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.listing import Sort
from eboks.money import ZERO
from eboks.tenancy.access import has_right, right_required, scoped_or_404
from eboks.tenancy.models import Company, has_limits
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from eboks.ui.periods import PERIODS
from invoicing import documents, interest_panel, paying_panel, selectors
from invoicing.enums import InvoiceKind
from invoicing.filters import STATES, InvoiceFilters, newer_than
from invoicing.hiding import without_others
from invoicing.list_exports import with_last_visit
from invoicing.models import Invoice
from invoicing.pack_views import pack_context, picked_ids
from invoicing.scope import acting_companies, scoped
from invoicing.totals import WORTH_KEEPING, Kept, kept_for
from invoicing.words import State, fx_rate, item_state, vat_rate

MOST_CONTRACTS = 50  # more than these do not fit a list to choose from; search finds them


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address of the list asks for, and the rows that answer it."""

    rows: QuerySet[Invoice]
    filters: InvoiceFilters
    sort: Sort
    companies: Sequence[Company]
    today: dt.date


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list."""

    invoice: Invoice
    state: State
    asset: str
    left: Decimal | None
    is_new: bool

    @property
    def is_partly(self) -> bool:
        """Some of it is paid, some is not."""
        return self.left is not None and self.left not in {ZERO, self.invoice.gross}


def _selection(request: PortalRequest, *, right: Right, at: dt.datetime) -> Selection:
    today = clock.today(at)
    companies = acting_companies(request, right)
    filters = InvoiceFilters.parse(request.GET, companies)
    rows = filters.apply(
        scoped(request, Invoice.objects.all(), right=right),
        companies=companies,
        on=today,
        last_visit=request.user.previous_visit_at,
    )
    sort = Sort.parse(request.GET.get("sort"), selectors.SORTS, selectors.DEFAULT_SORT)
    return Selection(rows, filters, sort, companies, today)


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.VIEW_FINANCE)
def invoice_list(request: PortalRequest) -> HttpResponse:
    """`/faktury/`: invoices of the chosen company (or all of them), filtered, summed, paged."""
    at = timezone.now()
    chosen = _selection(request, right=Right.VIEW_FINANCE, at=at)
    last_visit = request.user.previous_visit_at
    all_rows = scoped(request, Invoice.objects.all(), right=Right.VIEW_FINANCE)
    kept = kept_for(request, on=chosen.today)
    totals = kept.value(
        f"invoices {chosen.filters.as_params()} {last_visit if chosen.filters.new else ''}",
        lambda: selectors.list_totals(chosen.rows),
        rows=lambda found: sum(total.count for total in found),
    )
    new_count = kept.value(
        f"new {last_visit}",
        lambda: all_rows.filter(newer_than(last_visit)).count() if last_visit else 0,
        rows=lambda found: WORTH_KEEPING if last_visit else 0,  # it looks at every invoice
    )
    page = paginate(
        request,
        selectors.for_page(selectors.ordered(chosen.rows, chosen.sort)),
        total=sum(total.count for total in totals),
    )
    keep_sort = {} if chosen.sort == selectors.DEFAULT_SORT else {"sort": str(chosen.sort)}
    picked = picked_ids(request)
    context = {
        "page": page,
        "lines": _lines(list(page.object_list), today=chosen.today, last_visit=last_visit),
        "totals": totals,
        "one_currency": totals[0].currency if len(totals) == 1 else "",
        "filters": chosen.filters,
        "sort": keep_sort.get("sort", ""),
        "default_sort": str(selectors.DEFAULT_SORT),
        "chips": chosen.filters.chips(chosen.companies, keep_sort, on=chosen.today),
        "more_open": chosen.filters.uses_more,
        "periods": PERIODS.items(),
        "states": STATES.items(),
        "kinds": InvoiceKind.choices,
        "contracts": contract_choices(request, chosen.filters.contract, kept),
        "companies": chosen.companies if len(chosen.companies) > 1 else [],
        "new_count": new_count,
        "last_visit": last_visit,
        "may_export": has_right(request, Right.EXPORT_REPORTS),
        "picked": picked,
        "pack": pack_context(picked, request.GET),
        "fresh": freshness(at=at),
    }
    template = "invoicing/list.html" + ("#list" if request.htmx else "")
    return render(request, template, context)


def _lines(
    invoices: Sequence[Invoice], *, today: dt.date, last_visit: dt.datetime | None
) -> list[Line]:
    items = [selectors.item_of(invoice) for invoice in invoices]
    paid_on = selectors.paid_on(items)
    return [
        Line(
            invoice,
            item_state(item, today=today, paid_on=paid_on.get(item.pk) if item else None),
            selectors.asset_label(invoice.contract) if invoice.contract else "",
            item.open_amount if item else None,
            last_visit is not None and invoice.received_at > last_visit,
        )
        for invoice, item in zip(invoices, items, strict=True)
    ]


def contract_choices(request: PortalRequest, chosen: str, kept: Kept) -> list[str]:
    """Numbers for the filter, when they are few enough to choose from."""
    rows = Contract.objects.for_user(request.user).for_company(request.company)
    numbers = kept.value(
        "contract numbers",
        lambda: list(
            rows.order_by("number").values_list("number", flat=True)[: MOST_CONTRACTS + 1]
        ),
        rows=lambda found: WORTH_KEEPING if len(found) > MOST_CONTRACTS else 0,
    )
    if len(numbers) > MOST_CONTRACTS:
        return [chosen] if chosen else []
    return numbers


@require_GET
@right_required(Right.EXPORT_REPORTS)
def invoice_list_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/faktury/faktury.xlsx`: exactly what the list shows with the same address, all pages."""
    params = with_last_visit(params_of(request.GET), request.user)
    return answer(request, "invoice_list", params=params)


@require_GET
def invoice_detail(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/faktury/<id>/`: what to pay and where, the rows, how it was paid, the PDF."""
    at = timezone.now()
    today = clock.today(at)
    rows = Invoice.objects.select_related("company", "contract", "item", "corrects", "pdf")
    invoice = scoped_or_404(rows, request.user, public_id=public_id)
    item = selectors.item_of(invoice)
    settled = selectors.settlements_of([item.pk]) if item else {}
    settlements = without_others(settled, user=request.user)[item.pk] if item else []
    last = max((s.on for s in settlements if s.allocation and s.amount > 0), default=None)
    contract = invoice.contract
    context = {
        "invoice": invoice,
        "item": item,
        "state": item_state(item, today=today, paid_on=last),
        "paid": item.gross - item.open_amount if item else None,
        "late_days": max((today - item.effective_due_on).days, 0) if item else 0,
        "rows": [(row, vat_rate(row.vat_code)) for row in invoice.rows.order_by("position", "pk")],
        "settlements": settlements,
        "corrects": _readable(request, invoice.corrects),
        "corrections": list(invoice.corrections.for_user(request.user).order_by("issued_on", "pk")),
        "assets": list(contract.assets.order_by("pk")) if contract else [],
        "contract_link": _contract_link(invoice),
        "fx_rate": fx_rate(invoice.fx_rate),
        **paying_panel.of_invoice(request, invoice, item, on=today),
        **interest_panel.of_invoice(invoice, item, on=today),
        "with_pdf": invoice.pdf_id is not None or pdf.is_available(),
        "kept_until": invoice.pdf.last_day if invoice.pdf else None,
        "today": today,
        "fresh": freshness(at=at),
    }
    return render(request, "invoicing/detail.html", context)


def _readable(request: PortalRequest, invoice: Invoice | None) -> Invoice | None:
    """`invoice` unless it is of a contract that the person may not see."""
    if invoice is None or not has_limits(request.user):
        return invoice
    return Invoice.objects.for_user(request.user).filter(pk=invoice.pk).first()


def _contract_link(invoice: Invoice) -> str:
    """To the contract's page; empty when the contract went to another company (cession)."""
    contract = invoice.contract
    if contract is None or contract.company_id != invoice.company_id:
        return ""
    return reverse("contracts:detail", args=[contract.public_id])


@require_GET
def invoice_pdf(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/faktury/<id>/pdf/`: shown in the browser; a page of this portal may frame it."""
    return _pdf(request, public_id, inline=True)


@require_GET
def invoice_download(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/faktury/<id>/pobierz/`: the same file to keep."""
    return _pdf(request, public_id, inline=False)


def _pdf(request: PortalRequest, public_id: uuid.UUID, *, inline: bool) -> HttpResponseBase:
    """The stored PDF; made here, once, when the person is quicker than the worker."""
    at = timezone.now()
    rows = Invoice.objects.select_related("company")
    invoice = scoped_or_404(rows, request.user, public_id=public_id)
    try:
        document = documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=at)
    except pdf.PdfError as error:
        return unavailable(request, str(error))
    response = document_response(request, document, inline=inline)
    if response.status_code == HTTPStatus.OK:
        record(
            event="invoice_viewed" if inline else "invoice_downloaded",
            at=at,
            actor=request.user,
            company=invoice.company,
            object_kind="invoice",
            object_ref=invoice.number,
            facts={"number": invoice.number},
        )
    return response
