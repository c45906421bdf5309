"""Who uses which vehicle with the lessor's consent: now, later and in the past."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Q, Value
from django.db.models.functions import Replace, Upper
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from eboks import clock
from eboks.http import PortalRequest
from eboks.listing import clean_choice, clean_text
from eboks.tenancy.access import has_right, right_required, scoped_or_404
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate
from requests_app import vehicle_uses
from requests_app.catalogue import RequestError
from requests_app.models.vehicle_uses import VehicleUse

_PAST = "zakonczone"


@require_GET
@right_required(Right.FILE_REQUESTS)
def vehicle_users(request: PortalRequest) -> HttpResponse:
    """`/wnioski/uzytkownicy/`: uses that last or will begin; `?stan=zakonczone` those over;
    `?q=` a plate or a name."""
    today = clock.today(timezone.now())
    text = clean_text(request.GET.get("q"))
    state = clean_choice(request.GET.get("stan"), {_PAST})
    rows = VehicleUse.objects.for_user(request.user).for_company(request.company)
    rows = rows.over(on=today) if state else rows.lasting(on=today)
    if text:
        plate = Replace(Upper("asset__plate"), Value(" "), Value(""))
        by_plate = Q(squeezed__contains=text.upper().replace(" ", ""))
        rows = rows.annotate(squeezed=plate).filter(by_plate | Q(user_name__icontains=text))
    rows = rows.select_related("asset", "company", "request")
    page = paginate(request, rows.order_by("-from_on", "-pk"))
    context = {
        "page": page,
        "q": text,
        "state": state,
        "today": today,
        "several": request.company is None and len(request.memberships) > 1,
        "may_sign": has_right(request, Right.SIGN),
    }
    return render(request, "requests_app/vehicle_users.html", context)


@require_POST
def end_vehicle_use(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """The vehicle is back: today is the last day, and the consent is void."""
    rows = VehicleUse.objects.select_related("asset", "company", "request")
    use = scoped_or_404(rows, request.user, public_id=public_id)
    try:
        vehicle_uses.end(use=use, actor=request.user, at=timezone.now())
        messages.success(request, _("Używanie zakończone. Zgoda na nie już nie jest ważna."))
    except RequestError as error:
        messages.error(request, str(error))
    return redirect("requests_app:vehicle_users")
