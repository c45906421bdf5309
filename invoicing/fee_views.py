"""`/tabela-oplat/`: what everything costs, for everybody, on any day so far."""

from __future__ import annotations

import datetime as dt
import io

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from eboks import clock
from eboks.documents.pdf import PdfError
from eboks.documents.responses import file_response, unavailable
from eboks.listing import clean_text
from eboks.onboarding.limits import too_often
from eboks.ui.periods import clean_day
from invoicing import fee_page


def _chosen(request: HttpRequest) -> fee_page.Choice:
    today = clock.today(timezone.now())
    asked = clean_day(request.GET.get("dzien"))
    day = dt.date.fromisoformat(asked) if asked else today
    version = clean_text(request.GET.get("wersja"), 20)
    return fee_page.choose(day=day, version=version, today=today)


@login_not_required
@require_safe
def fee_table(request: HttpRequest) -> HttpResponse:
    """The table in force today, or on the day asked for; the others of that day beside."""
    today = clock.today(timezone.now())
    chosen = _chosen(request)
    context = {
        "chosen": chosen,
        "table": chosen.table,
        "rows": fee_page.rows_of(chosen.table) if chosen.table else [],
        "past": fee_page.past_tables(today=today),
        "today": today,
    }
    return render(request, "invoicing/fee_table.html", context)


@login_not_required
@require_safe
def fee_table_pdf(request: HttpRequest) -> HttpResponseBase:
    """The same table as a file to keep."""
    limited = too_often(request, "access_pdf", reads=True)
    if limited is not None:
        return limited
    table = _chosen(request).table
    if table is None:
        raise Http404
    try:
        content = fee_page.pdf(table, on=clock.today(timezone.now()))
    except PdfError as error:
        return unavailable(request, str(error))
    return file_response(
        io.BytesIO(content),
        file_name=f"tabela-oplat-{table.version}.pdf",
        content_type="application/pdf",
    )
