"""How far a vehicle has gone, and how far it may."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from contracts.fleet.enums import ReadingSource
from contracts.fleet.models.base import DrivenRecordQuerySet, VehicleRecord
from contracts.models import Asset
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.fields import MoneyField
from eboks.tenancy.models import CompanyScopedQuerySet, Membership, SourcedModel
from eboks.tenancy.rights import Right, Role


class MileageReadingQuerySet(DrivenRecordQuerySet):
    """Without money: those who drive a vehicle read its mileage."""


class MileageReading(VehicleRecord):
    """What the odometer showed on the day `on`. One that was entered by mistake is withdrawn."""

    km = models.PositiveIntegerField(_("przebieg, km"))
    source = models.CharField(_("źródło"), max_length=10, choices=ReadingSource)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("wpisał(a)"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    form_key = models.UUIDField(null=True, blank=True, editable=False)
    recorded_at = models.DateTimeField(_("wpisano"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("wycofano"), null=True, blank=True)
    photo = models.ForeignKey(
        Document,
        verbose_name=_("zdjęcie licznika"),
        on_delete=models.PROTECT,
        related_name="mileage_readings",
        null=True,
        blank=True,
    )
    scan = models.CharField(_("kontrola"), max_length=8, choices=Scan, default=Scan.CLEAN)

    objects: ClassVar[Any] = MileageReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("odczyt licznika")
        verbose_name_plural = _("odczyty licznika")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="mileagereading_source_unique"
            ),
            models.UniqueConstraint(
                fields=["author", "form_key"],
                condition=Q(form_key__isnull=False),
                name="mileagereading_form_once",
            ),
        ]
        indexes = [
            models.Index(fields=["asset", "-on"], name="mileagereading_of_asset"),
            models.Index(fields=["company", "-on"], name="mileagereading_list"),
            models.Index(
                fields=["id"], name="mileagereading_to_scan", condition=Q(scan=Scan.WAITING)
            ),
        ]

    @property
    def document(self) -> Document | None:
        """The photo, under the name by which `eboks.documents.antivirus` knows files."""
        return self.photo


class MileageTermsQuerySet(CompanyScopedQuerySet["MileageTerms"]):
    company_path = "asset__contract__company"
    contract_path = "asset__contract"
    right = Right.VIEW_VEHICLES

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        given = mine.filter(role=Role.DRIVER, assigned_assets__asset=OuterRef("asset_id"))
        return [*super()._limited_ways(mine), given]


class MileageTerms(SourcedModel):
    """What the contract says of a vehicle's use: the limit of kilometres from `start_on` (with
    `start_km` on the clock) to `end_on`, net rates in PLN per km over and under it, and what the
    tank or battery holds. `has_cfm`: the lessor looks after service, tyres and damages."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    asset = models.OneToOneField(
        Asset, verbose_name=_("pojazd"), on_delete=models.PROTECT, related_name="mileage_terms"
    )
    has_cfm = models.BooleanField(_("obsługa floty (CFM)"), default=False)
    limit_km = models.PositiveIntegerField(_("limit kilometrów"), null=True, blank=True)
    start_km = models.PositiveIntegerField(_("przebieg na początku, km"), default=0)
    start_on = models.DateField(_("początek"))
    end_on = models.DateField(_("koniec"))
    rate_over = models.DecimalField(
        _("stawka za km ponad limit, zł netto"), max_digits=8, decimal_places=4, default=0
    )
    rate_under = models.DecimalField(
        _("zwrot za km poniżej limitu, zł netto"), max_digits=8, decimal_places=4, default=0
    )
    tank_litres = models.DecimalField(
        _("zbiornik, l"), max_digits=6, decimal_places=1, null=True, blank=True
    )
    battery_kwh = models.DecimalField(
        _("bateria, kWh"), max_digits=6, decimal_places=1, null=True, blank=True
    )
    residual_gain = MoneyField(_("zysk z wartości końcowej netto"), default=0)

    objects = MileageTermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("warunki przebiegu")
        verbose_name_plural = _("warunki przebiegu")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="mileageterms_source_unique"
            ),
            models.CheckConstraint(
                name="mileageterms_days_in_order", condition=Q(end_on__gt=F("start_on"))
            ),
            models.CheckConstraint(
                name="mileageterms_rates_not_negative",
                condition=Q(rate_over__gte=0, rate_under__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return str(self.asset)
