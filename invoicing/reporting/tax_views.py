"""The tax sheet on a page, and the page where a client says how vehicles are used."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from contracts.models import Asset
from eboks import clock
from eboks.feeds.selectors import freshness
from eboks.http import PortalRequest
from eboks.listing import clean_text
from eboks.tenancy.access import right_required
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from invoicing.enums import VatUse
from invoicing.models import AssetTaxUse, InvoiceRow
from invoicing.reporting import tax_report, tax_uses
from invoicing.reporting.tax_forms import UseForm
from invoicing.reporting.tax_sheet import VehicleSum, by_vehicle, lines_of
from invoicing.scope import scoped

MOST_ROWS = 5_000  # more are summed in the file, not on the page
_MOST_AT_ONCE = 5_000
_SUMS = (
    *("net", "principal", "interest", "vat", "vat_deducted"),
    *("deductible", "not_deductible"),
)


@require_GET
@right_required(Right.EXPORT_REPORTS)
def tax(request: PortalRequest) -> HttpResponse:
    """`/raporty/podatki/?rok=`: the year by vehicle, with what may be deducted and why."""
    at = timezone.now()
    on = clock.today(at)
    year = tax_report.chosen_year(request.GET.get("rok"), on)
    rows = tax_report.rows_of_year(
        scoped(request, InvoiceRow.objects.all(), right=Right.EXPORT_REPORTS), year
    )
    count = rows.order_by()[: MOST_ROWS + 1].count()
    sums = by_vehicle(lines_of(rows)) if count <= MOST_ROWS else []
    context = {
        "year": year,
        "years": tax_report.years(on),
        "count": count,
        "too_many": count > MOST_ROWS,
        "lines": [_shown(line) for line in sums],
        "total": _total(sums),
        "missing": sum(line.missing for line in sums),
        "fresh": freshness(at=at),
    }
    return render(request, "invoicing/tax.html", context)


def _shown(line: VehicleSum) -> dict[str, object]:
    return {
        "sum": line,
        "name": tax_report.name_of(line.asset) or _("bez przedmiotu"),
        "use": tax_report.use_words(line.use),
    }


def _total(sums: list[VehicleSum]) -> VehicleSum:
    total = VehicleSum(None, None)
    for line in sums:
        for name in _SUMS:
            setattr(total, name, getattr(total, name) + getattr(line, name))
    return total


@require_http_methods(["GET", "POST"])
@right_required(Right.EXPORT_REPORTS)
def vehicle_uses(request: PortalRequest) -> HttpResponse:
    """`/raporty/podatki/pojazdy/`: how each vehicle is used; ticked ones are set together."""
    at = timezone.now()
    on = clock.today(at)
    mine = scoped(request, Asset.objects.all(), right=Right.EXPORT_REPORTS)
    rows = tax_uses.with_use(mine, on=on).select_related("contract__company")
    q = clean_text(request.GET.get("q"))
    if q:
        rows = rows.filter(plate__icontains=q.replace(" ", "").upper())
    chosen: list[str] = []
    form = UseForm(initial={"valid_from": on.replace(month=1, day=1)})
    if request.method == "POST":
        chosen = request.POST.getlist("pojazd")[:_MOST_AT_ONCE]
        form = UseForm(request.POST)
        wanted = rows if request.POST.get("wszystkie") else rows.filter(public_id__in=_ids(chosen))
        assets = list(wanted.order_by("pk")[:_MOST_AT_ONCE])
        if form.is_valid() and not assets:
            form.add_error(None, _("Zaznacz przynajmniej jeden pojazd."))
        if form.is_valid():
            data = form.cleaned_data
            count = tax_uses.set_uses(
                assets=assets,
                is_passenger_car=data["is_passenger_car"],
                vat_use=VatUse(data["vat_use"] or VatUse.FULL),
                income_pct=data["income_pct"] or 100,
                valid_from=data["valid_from"],
                actor=request.user,
                at=at,
            )
            text = ngettext("Zapisano dla %(n)d pojazdu.", "Zapisano dla %(n)d pojazdów.", count)
            messages.success(request, text % {"n": count})
            return redirect(request.get_full_path())
    page = paginate(request, rows.order_by("plate", "pk"))
    vehicles = list(page.object_list)
    uses = AssetTaxUse.objects.for_user(request.user).in_bulk(
        [v.use_id for v in vehicles if v.use_id]
    )
    context = {
        "form": form,
        "page": page,
        "lines": [(v, uses.get(v.use_id), str(v.public_id) in chosen) for v in vehicles],
        "q": q,
    }
    return render(request, "invoicing/tax_uses.html", context)


def _ids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
