"""The register of who used which vehicle, and when: third parties that the lessor agreed to."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right


class UserKind(models.TextChoices):
    PERSON = "person", _("osoba")
    COMPANY = "company", _("firma")


class Purpose(models.TextChoices):
    """How a vehicle is given away; each needs the lessor's consent."""

    LENDING = "lending", _("używanie bez zapłaty (użyczenie)")
    SUBLEASE = "sublease", _("używanie za opłatą (najem, dzierżawa, podleasing)")


def _first_day(on: dt.date) -> Greatest:
    """The first day, from `on`, of a use; one that ends before it is over."""
    return Greatest("from_on", models.Value(on, output_field=models.DateField()))


class VehicleUseQuerySet(CompanyScopedQuerySet["VehicleUse"]):
    contract_path = "asset__contract"
    right = Right.FILE_REQUESTS

    def within(self, from_on: dt.date, to_on: dt.date) -> Self:
        """Uses that last on any day from `from_on` to `to_on`, both included."""
        rows = self.with_last_day().filter(last_on__gte=F("from_on"))
        return rows.filter(from_on__lte=to_on, last_on__gte=from_on)

    def lasting(self, *, on: dt.date) -> Self:
        """Uses that last on the day `on` or begin later."""
        return self.with_last_day().filter(last_on__gte=_first_day(on))

    def over(self, *, on: dt.date) -> Self:
        """Uses that ended before the day `on`, or never began."""
        return self.with_last_day().filter(last_on__lt=_first_day(on))

    def with_last_day(self) -> Self:
        """With `last_on`: the day on which the use really ends."""
        return self.annotate(last_on=Coalesce("ended_on", "to_on"))


class VehicleUse(models.Model):
    """Who may use a vehicle from `from_on` to `to_on`; `ended_on` is an earlier last day.

    `identifier` is the NIP of a firm, or a PESEL of which the last four digits are left. A use that
    is given up before it starts ends before its first day: it was never in force.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.OneToOneField(
        "requests_app.Request",
        verbose_name=_("wniosek"),
        on_delete=models.PROTECT,
        related_name="vehicle_use",
    )
    # The lessee at that time: the vehicle may belong to somebody else's contract later.
    company = models.ForeignKey(
        Company, verbose_name=_("klient"), on_delete=models.PROTECT, related_name="vehicle_uses"
    )
    asset = models.ForeignKey(
        Asset, verbose_name=_("pojazd"), on_delete=models.PROTECT, related_name="uses"
    )
    user_kind = models.CharField(_("kto"), max_length=7, choices=UserKind)
    user_name = models.CharField(_("użytkownik"), max_length=120)
    identifier = models.CharField(_("PESEL (koniec) albo NIP"), max_length=11)
    purpose = models.CharField(_("cel"), max_length=8, choices=Purpose)
    from_on = models.DateField(_("od"))
    to_on = models.DateField(_("do"))
    ended_on = models.DateField(_("zakończone wcześniej"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("wpisano"))

    objects = VehicleUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("użytkownik pojazdu")
        verbose_name_plural = _("użytkownicy pojazdów")
        constraints = [
            models.CheckConstraint(
                name="vehicleuse_days_in_order",
                condition=Q(to_on__gte=F("from_on"))
                & (Q(ended_on__isnull=True) | Q(ended_on__lte=F("to_on"))),
            )
        ]
        indexes = [
            models.Index(fields=["asset", "from_on"], name="vehicleuse_of_asset"),
            models.Index(fields=["company", "-from_on"], name="vehicleuse_list"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.user_name} {self.from_on}"

    @property
    def last_day(self) -> dt.date:
        return self.ended_on or self.to_on

    @property
    def was_given_up(self) -> bool:
        """Ended before its first day."""
        return self.last_day < self.from_on
