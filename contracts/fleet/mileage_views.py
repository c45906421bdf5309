"""A driver enters the mileage, takes it back, and looks at the photo of the odometer."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.enums import AssetCategory
from contracts.fleet import mileage_entry
from contracts.fleet.mileage import last_reading
from contracts.fleet.mileage_entry import MileageError, UnlikelyError
from contracts.fleet.mileage_forms import MileageForm
from contracts.fleet.models import MileageReading
from contracts.models import Asset
from eboks import clock
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from eboks.http import PortalRequest
from eboks.onboarding.limits import too_often
from eboks.tenancy.access import has_right_in, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.words import number


@require_http_methods(["GET", "POST"])
def enter(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/pojazdy/<id>/przebieg/`: what the odometer shows, the day, and a photo if there is one."""
    asset = scoped_or_404(
        Asset.vehicles.filter(category=AssetCategory.VEHICLE).select_related("contract__company"),
        request.user,
        public_id=public_id,
    )
    if not has_right_in(request, asset.contract.company_id, Right.ENTER_MILEAGE):
        raise PermissionDenied
    if (limited := too_often(request, "request_begun")) is not None:
        return limited
    at = timezone.now()
    today = clock.today(at)
    form = MileageForm(
        request.POST or None, request.FILES or None, today=today, initial={"on": today}
    )
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            reading = mileage_entry.enter(
                asset=asset,
                author=request.user,
                km=typed["km"],
                on=typed["on"],
                form_key=typed["form_key"],
                at=at,
                confirmed=typed["confirmed"],
                picture=typed["photo"],
                file_name=form.photo_name,
            )
        except UnlikelyError as error:
            form.ask_to_confirm(str(error))
        except MileageError as error:
            form.add_error("km", str(error))
        else:
            messages.success(
                request,
                _("Przebieg zapisany: %s km. Pomyłkę wycofasz niżej, w części „Przebieg”.")
                % number(reading.km),
            )
            return redirect("vehicles:detail", reading.asset.public_id)
        if form.errors and typed["photo"]:
            form.add_error("photo", _("Dodaj zdjęcie jeszcze raz: przeglądarka go nie pamięta."))
    if not (form.asks or request.POST.get("confirmed")):
        del form.fields["confirmed"]
    context = {"asset": asset, "form": form, "last": last_reading(asset)}
    return render(request, "contracts/fleet/mileage_form.html", context)


@require_POST
def withdraw(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """A reading that was a slip."""
    reading = scoped_or_404(
        MileageReading.objects.select_related("asset", "company"), request.user, public_id=public_id
    )
    if not has_right_in(request, reading.company_id, Right.ENTER_MILEAGE):
        raise PermissionDenied
    try:
        mileage_entry.withdraw(reading=reading, actor=request.user, at=timezone.now())
        messages.success(request, _("Odczyt wycofany."))
    except MileageError as error:
        messages.error(request, str(error))
    return redirect("vehicles:detail", reading.asset.public_id)


@require_GET
def photo(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/pojazdy/przebieg/<id>/zdjecie/`: the photo of an odometer, once it has been scanned."""
    reading = scoped_or_404(
        MileageReading.objects.select_related("asset", "company", "photo"),
        request.user,
        public_id=public_id,
    )
    if reading.photo is None or reading.scan != Scan.CLEAN:
        raise Http404
    mileage_entry.note_photo(reading, actor=request.user, at=timezone.now())
    return document_response(request, reading.photo)
