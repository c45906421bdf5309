"""The panel „Ubezpieczenie” on the page of a vehicle: what covers it today, to its drivers too."""

from __future__ import annotations

from django.db.models import Prefetch
from django.utils import timezone

from contracts.models import Asset
from contracts.vehicle_panels import Panel, add_panel
from eboks import clock
from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in
from eboks.tenancy.rights import Right
from insurance.models import Policy, PolicyCover


def build(request: PortalRequest, asset: Asset) -> Panel:
    """Checked policies of today: insurer, number, until when, risks. No premiums."""
    company_id = asset.contract.company_id
    rows = (
        Policy.of_vehicles.for_user(request.user)
        .on_day(clock.today(timezone.now()))
        .filter(asset=asset, company=company_id)
        .select_related("insurer")
        .prefetch_related(Prefetch("covers", PolicyCover.objects.order_by("pk")))
        .order_by("valid_to", "pk")
    )
    return Panel(
        "insurance/vehicle_panel.html",
        {
            "policies": list(rows),
            "with_page": has_right_in(request, company_id, Right.VIEW_INSURANCE),
        },
    )


def register() -> None:
    """Called once, when the app is ready."""
    add_panel("insurance", order=20, build=build)
