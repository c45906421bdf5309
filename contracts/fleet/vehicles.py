"""Vehicles of the fleet pages: whose costs a person may see."""

from __future__ import annotations

from contracts.enums import LIVE_STATUSES, AssetCategory
from contracts.models import Asset
from contracts.models.contract import AssetQuerySet
from eboks.tenancy.rights import Right


class FleetVehicleQuerySet(AssetQuerySet):
    """Vehicles of contracts that are not over, to those who look after the fleet."""

    right = Right.VIEW_FLEET


def fleet_vehicles() -> FleetVehicleQuerySet:
    """Every vehicle under a live contract: begin with `for_user` or `scoped_or_404`."""
    rows = FleetVehicleQuerySet(Asset)
    return rows.filter(category=AssetCategory.VEHICLE, contract__status__in=LIVE_STATUSES)
