"""How the demo's known clients use their vehicles, so that the tax sheet has something to count."""

from __future__ import annotations

import datetime as dt

from contracts.enums import AssetCategory
from contracts.models import Asset
from eboks.accounts.models import User
from eboks.portal.demo.catalogue import CARS, VANS
from eboks.portal.demo.people import FLEET_COMPANY, OWNER_COMPANY
from invoicing.enums import VatUse
from invoicing.reporting.tax_uses import set_uses

_SINCE = dt.date(2020, 1, 1)  # before any contract of the demo
# The owner's Partner is registered as a passenger car, and dearer than the limit.
_CARS = {(kind.make, kind.model) for kind in (*CARS, VANS[5])}


def load_tax_uses(*, at: dt.datetime) -> None:
    """Cars are driven for private ends as well, what carries goods is not. Of the owner's newest
    vehicle nobody has said anything yet."""
    own, fleet = _vehicles(OWNER_COMPANY), _vehicles(FLEET_COMPANY)
    for vehicles, username in ((own[:-1], "demo-wlasciciel"), (fleet, "demo-finanse")):
        actor = User.objects.get(username=username)
        for is_car in (True, False):
            set_uses(
                assets=[one for one in vehicles if ((one.make, one.model) in _CARS) == is_car],
                is_passenger_car=is_car,
                vat_use=VatUse.MIXED,
                income_pct=75,
                valid_from=_SINCE,
                actor=actor,
                at=at,
            )


def _vehicles(source_id: str) -> list[Asset]:
    rows = Asset.objects.filter(
        contract__company__source_id=source_id, category=AssetCategory.VEHICLE
    )
    return list(rows.select_related("contract").order_by("contract__signed_on", "pk"))
