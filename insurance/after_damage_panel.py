"""„Po szkodzie” on the page of a vehicle: whom to call, for its drivers too."""

from __future__ import annotations

from django.utils import timezone

from contracts.models import Asset
from contracts.vehicle_panels import Panel, add_panel
from eboks import clock
from eboks.http import PortalRequest
from insurance.contacts import contacts_of_vehicle


def register() -> None:
    """Called once, when the app is ready."""
    add_panel("after_damage", order=5, build=_build)


def _build(request: PortalRequest, asset: Asset) -> Panel | None:
    found = contacts_of_vehicle(asset, user=request.user, on=clock.today(timezone.now()))
    return Panel("insurance/_after_damage.html", {"found": found})
