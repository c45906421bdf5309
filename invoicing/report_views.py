"""The cost report: chosen on a page, previewed there, taken home as Excel."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from eboks import clock
from eboks.documents.xlsx import ROW_LIMIT
from eboks.exports.answers import answer
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.tenancy.access import right_required
from eboks.tenancy.rights import Right
from invoicing import reports
from invoicing.forms import DEFAULT_PERIOD, CostReportForm
from invoicing.models import InvoiceRow
from invoicing.scope import acting_companies, scoped


@require_GET
@vary_on_headers("HX-Request")
@right_required(Right.EXPORT_REPORTS)
def cost_report(request: PortalRequest) -> HttpResponse:
    """`/raporty/koszty/`: sums by month and kind of cost; the previous month until told."""
    at = timezone.now()
    form = _form(request)
    context = {
        "form": form,
        "with_company": "company" in form.fields,
        "more_open": any(
            form.data.get(name) for name in ("company", "contract", "vehicle", "kind")
        ),
        "fresh": freshness(at=at),
        "limit": ROW_LIMIT,
    }
    if form.is_valid():
        rows = _rows(request, form)
        sums = reports.grouped(rows, by=form.cleaned_data["group"] or "kind")
        shown = sums[: reports.PREVIEW_ROWS]
        count = reports.row_count(rows)
        context |= {
            "span": form.span,
            "months": reports.by_month(shown),
            "totals": reports.totals(shown, month=shown[0].month) if shown else [],
            "is_cut": len(sums) > reports.PREVIEW_ROWS,
            "most": reports.PREVIEW_ROWS,
            "count": count,
            "too_many": count > ROW_LIMIT,
        }
    template = "invoicing/cost_report.html" + ("#report" if request.htmx else "")
    return render(request, template, context)


@require_GET
@right_required(Right.EXPORT_REPORTS)
def cost_report_xlsx(request: PortalRequest) -> HttpResponseBase:
    """`/raporty/koszty/koszty.xlsx`: the report; back to the page when it was asked wrongly."""
    if not _form(request).is_valid():
        return cost_report(request)
    return answer(request, "cost_report")


def _form(request: PortalRequest) -> CostReportForm:
    # The form is always bound: an address without a period means the usual one.
    data = request.GET.copy()
    data.setdefault("period", DEFAULT_PERIOD)
    return CostReportForm(
        data,
        companies=acting_companies(request, Right.EXPORT_REPORTS),
        on=clock.today(timezone.now()),
    )


def _rows(request: PortalRequest, form: CostReportForm) -> QuerySet[InvoiceRow]:
    return form.rows(scoped(request, InvoiceRow.objects.all(), right=Right.EXPORT_REPORTS))
