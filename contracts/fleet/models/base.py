"""What the records of a vehicle have in common: whose they are, and who may read them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership, SourcedModel
from eboks.tenancy.rights import Right, Role


class VehicleRecordQuerySet(CompanyScopedQuerySet[Any]):
    """Records with money in them: for those who look after the fleet, not for drivers."""

    contract_path = "asset__contract"
    right = Right.VIEW_FLEET

    def within(self, first: dt.date, last: dt.date) -> Self:
        """Of the days from `first` to `last`, both included."""
        return self.filter(on__gte=first, on__lte=last)


class DrivenRecordQuerySet(VehicleRecordQuerySet):
    """Records without money: drivers read those of their own vehicles, too."""

    right = Right.VIEW_VEHICLES

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        given = mine.filter(role=Role.DRIVER, assigned_assets__asset=OuterRef("asset_id"))
        return [*super()._limited_ways(mine), given]


class VehicleRecord(SourcedModel):
    """Something that happened to a vehicle on the day `on`, while `company` was its lessee.

    A later lessee of the same vehicle never reads it. Amounts are net in PLN unless named.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="+"
    )
    asset = models.ForeignKey(
        Asset, verbose_name=_("pojazd"), on_delete=models.PROTECT, related_name="%(class)ss"
    )
    on = models.DateField(_("dzień"))

    objects: ClassVar[Any] = VehicleRecordQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.asset_id} {self.on:%Y-%m-%d}"
