"""Consents that travel with a vehicle: whoever drives it may open them, and no other paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import OuterRef, Q

from eboks.tenancy.models import CompanyScopedQuerySet, Membership
from eboks.tenancy.rights import Right, Role

# Kinds of requests whose papers a driver shows on the road.
CARRIED = ("travel-consent", "sublease")


class VehiclePaperQuerySet(CompanyScopedQuerySet[Any]):
    """Papers of requests about a vehicle, for those who may see the vehicle. The request itself
    stays with those who file requests."""

    company_path = "request__company"
    contract_path = "request__contract"
    right = Right.VIEW_VEHICLES

    def carried(self, *, on: dt.date) -> Self:
        """Consents of a vehicle that are valid on the day `on` and can be opened."""
        return self.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on),
            request__kind__in=CARRIED,
            request__asset__isnull=False,
            valid_from__lte=on,
            revoked_at=None,
            document__isnull=False,
        )

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        given = mine.filter(role=Role.DRIVER, assigned_assets__asset=OuterRef("request__asset_id"))
        return [*super()._limited_ways(mine), given]
