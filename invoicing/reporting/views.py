"""Reports: the page with all of them, their own pages, and their files."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.ahead import payments_ahead as sums_ahead
from contracts.models import ScheduleRow
from eboks import clock
from eboks.exports.answers import answer
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.tenancy.access import right_required
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from eboks.ui.periods import PERIODS
from invoicing.models import Charge, InvoiceRow
from invoicing.reporting import accounting as layouts
from invoicing.reporting import ahead, costs
from invoicing.reporting.costs import Costs
from invoicing.reporting.table import Report, reports
from invoicing.reports import row_count
from invoicing.scope import acting_companies, scoped

_RIGHT = Right.EXPORT_REPORTS


@require_GET
@right_required(_RIGHT)
def report_index(request: PortalRequest) -> HttpResponse:
    """`/raporty/`: every report with a sentence about it."""
    lines = [(report, reverse(report.page)) for report in reports()]
    return render(request, "invoicing/reports.html", {"lines": lines})


def report_file(report: Report, ending: str) -> Callable[[PortalRequest], HttpResponseBase]:
    """The view that answers with a report's Excel or CSV."""

    @require_GET
    @right_required(_RIGHT)
    def file(request: PortalRequest) -> HttpResponseBase:
        return answer(request, f"{report.name}_{ending}")

    return file


@require_GET
@right_required(_RIGHT)
def payments_ahead(request: PortalRequest) -> HttpResponse:
    """`/raporty/platnosci/`: what the schedules ask for, month by month, and each payment."""
    at = timezone.now()
    on = clock.today(at)
    months = ahead.chosen_months(request.GET)
    rows = ahead.rows_ahead(
        scoped(request, ScheduleRow.objects.all(), right=_RIGHT), on=on, months=months
    )
    page = paginate(
        request,
        rows.select_related("version__contract__company").order_by("effective_due_on", "pk"),
    )
    fresh = freshness(at=at)
    sums = sums_ahead(
        user=request.user,
        companies=[company.pk for company in acting_companies(request, _RIGHT)],
        first=on.replace(day=1),
        months=months,
        stamp=fresh.run_id,
    )
    context = {
        "months": months,
        "choices": ahead.MONTHS,
        "sums": sums,
        "page": page,
        "several_companies": len(acting_companies(request, _RIGHT)) > 1,
        "fresh": fresh,
    }
    return render(request, "invoicing/payments_ahead.html", context)


@require_GET
@right_required(_RIGHT)
def extra_fees(request: PortalRequest) -> HttpResponse:
    """`/raporty/oplaty/`: fees and notes on invoices, and what is charged but not invoiced yet."""
    return _costs(request, costs.FEES)


@require_GET
@right_required(_RIGHT)
def insurance_costs(request: PortalRequest) -> HttpResponse:
    """`/raporty/ubezpieczenia/`: premiums on invoices, and those that wait for one."""
    return _costs(request, costs.INSURANCE)


def _costs(request: PortalRequest, asked: Costs) -> HttpResponse:
    at = timezone.now()
    on = clock.today(at)
    name, span = costs.span_of(request.GET, on)
    rows = costs.narrowed(
        scoped(request, InvoiceRow.objects.all(), right=_RIGHT), kinds=asked.kinds, span=span
    )
    found = rows.select_related("invoice__contract", "invoice__company")
    page = paginate(request, found.order_by("-invoice__issued_on", "-invoice_id", "position", "pk"))
    waiting = scoped(request, Charge.objects.all(), right=_RIGHT).filter(
        invoice_row=None, cancelled_at=None, cost_kind__in=asked.kinds
    )
    charges = waiting.select_related("company", "contract", "fee_line__table")
    context = {
        "report": asked,
        "xlsx_url": reverse(f"invoicing:report_{asked.name}_xlsx"),
        "csv_url": reverse(f"invoicing:report_{asked.name}_csv"),
        "periods": PERIODS.items(),
        "period": name,
        "span": span,
        "totals": costs.totals_of(rows),
        "count": row_count(rows),
        "page": page,
        "several_companies": len(acting_companies(request, _RIGHT)) > 1,
        "fresh": freshness(at=at),
        "charges": charges.order_by("-charged_on", "-pk")[:100],
    }
    return render(request, "invoicing/costs.html", context)


@require_GET
@right_required(_RIGHT)
def accounting(request: PortalRequest) -> HttpResponse:
    """`/raporty/ksiegowosc/`: choose a layout and a period, take the file."""
    at = timezone.now()
    on = clock.today(at)
    name, span = costs.span_of(request.GET, on)
    rows = costs.narrowed(scoped(request, InvoiceRow.objects.all(), right=_RIGHT), span=span)
    chosen = layouts.chosen_layout(request.GET)
    context = {
        "layouts": layouts.LAYOUTS.items(),
        "chosen": chosen,
        "layout": layouts.LAYOUTS[chosen],
        "periods": PERIODS.items(),
        "period": name,
        "span": span,
        "count": row_count(rows),
        "empty": _("W tym okresie nie ma faktur."),
        "fresh": freshness(at=at),
    }
    return render(request, "invoicing/accounting.html", context)
