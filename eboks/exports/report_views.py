"""Favourite reports: save, list, rename, send by itself, order now, delete."""

from __future__ import annotations

import copy
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from eboks import clock
from eboks.exports import favourites, services
from eboks.exports.answers import too_many
from eboks.exports.forms import ReportForm, SaveReportForm
from eboks.exports.models import Frequency, SavedReport
from eboks.exports.registry import exports
from eboks.http import PortalRequest
from eboks.tenancy.access import scoped_or_404
from eboks.ui.paging import paginate


@require_GET
def report_list(request: PortalRequest) -> HttpResponse:
    """`/moje-pliki/raporty/`: favourites by name."""
    rows = SavedReport.objects.for_user(request.user).select_related("company")
    page = paginate(request, rows.order_by("name", "pk"))
    titles = {export.name: export.title for export in exports()}
    lines = [
        {
            "report": report,
            "kind": titles.get(report.kind, report.kind),
            "address": favourites.address(report) if report.kind in titles else "",
        }
        for report in page.object_list
    ]
    several = len(request.memberships) > 1
    context = {"page": page, "lines": lines, "several_companies": several}
    return render(request, "exports/reports.html", context)


@require_POST
def save(request: PortalRequest) -> HttpResponse:
    """From the page of a report: its filters under a name. Leads to the list of favourites."""
    form = SaveReportForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Podaj nazwę raportu, najwyżej 80 znaków."))
        return redirect("exports:reports")
    try:
        favourites.save(
            owner=request.user,
            company=request.company,
            kind=form.cleaned_data["kind"],
            params=form.params(),
            name=form.cleaned_data["name"],
            at=timezone.now(),
        )
    except favourites.SavedReportError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Raport zapisany. Możesz też włączyć jego wysyłkę."))
    return redirect("exports:reports")


@require_http_methods(["GET", "POST"])
def edit(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/moje-pliki/raporty/<id>/`: its name and how often it is made by itself."""
    rows = SavedReport.objects.select_related("company")
    report = scoped_or_404(rows, request.user, public_id=public_id)
    stored = copy.copy(report)  # a form leaves what was typed in its row
    form = ReportForm(request.POST or None, instance=report)
    if request.method == "POST" and form.is_valid():
        try:
            favourites.change(
                report=stored,
                name=form.cleaned_data["name"],
                frequency=Frequency(form.cleaned_data["frequency"]),
                on=clock.today(timezone.now()),
            )
        except favourites.SavedReportError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Zapisano zmiany."))
            return redirect("exports:reports")
    context = {"form": form, "report": stored, "name": stored.name}
    return render(request, "exports/report.html", context)


@require_POST
def order(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    rows = SavedReport.objects.select_related("company")
    report = scoped_or_404(rows, request.user, public_id=public_id)
    try:
        services.order(
            user=request.user,
            company=report.company,
            kind=report.kind,
            params=report.params,
            title=report.name,
            at=timezone.now(),
        )
    except services.LimitError as error:
        return too_many(request, error)
    except services.ExportFileError as error:
        messages.error(request, str(error))
        return redirect("exports:reports")
    messages.success(request, _("Przygotowujemy plik. Damy znać, gdy będzie gotowy."))
    return redirect("exports:list")


@require_POST
def delete(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    report = scoped_or_404(SavedReport.objects.all(), request.user, public_id=public_id)
    favourites.delete(report=report)
    messages.success(request, _("Raport usunięty z ulubionych."))
    return redirect("exports:reports")
