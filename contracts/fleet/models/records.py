"""Service visits, damages, tyres, replacement cars, tolls: each as domain 6 lists it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.fleet.enums import CoveredBy, Fault, Season, ServiceKind, TollKind
from contracts.fleet.models.base import DrivenRecordQuerySet, VehicleRecord
from eboks.fields import MoneyField


class ServiceVisit(VehicleRecord):
    """Drivers read when the next one is due (`of_vehicles`), never what it cost."""

    kind = models.CharField(_("rodzaj"), max_length=10, choices=ServiceKind)
    odometer_km = models.PositiveIntegerField(_("przebieg, km"), null=True, blank=True)
    workshop = models.CharField(_("warsztat"), max_length=120, blank=True)
    items = models.TextField(_("zakres"), blank=True)
    net = MoneyField(_("koszt netto"), default=0)
    covered_by = models.CharField(_("kto płaci"), max_length=8, choices=CoveredBy)
    next_due_km = models.PositiveIntegerField(
        _("następny przy przebiegu, km"), null=True, blank=True
    )
    next_due_on = models.DateField(_("następny do dnia"), null=True, blank=True)

    of_vehicles = DrivenRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("wizyta w serwisie")
        verbose_name_plural = _("wizyty w serwisie")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="servicevisit_source_unique"
            ),
            models.CheckConstraint(name="servicevisit_net_not_negative", condition=Q(net__gte=0)),
        ]
        indexes = [
            models.Index(fields=["asset", "-on"], name="servicevisit_of_asset"),
            models.Index(fields=["company", "-on"], name="servicevisit_list"),
        ]


class Damage(VehicleRecord):
    """A damage as the fleet manager's books have it: its cost, what the insurer paid."""

    claim_number = models.CharField(_("numer szkody"), max_length=60, blank=True)
    description = models.CharField(_("opis"), max_length=250)
    fault = models.CharField(_("wina"), max_length=8, choices=Fault, default=Fault.UNKNOWN)
    net = MoneyField(_("koszt netto"), default=0)
    deductible = MoneyField(_("udział własny"), default=0)
    payout = MoneyField(_("odszkodowanie"), default=0)
    downtime_days = models.PositiveSmallIntegerField(_("dni postoju"), default=0)

    class Meta:
        verbose_name = _("uszkodzenie pojazdu")
        verbose_name_plural = _("uszkodzenia pojazdów")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="damage_source_unique"
            ),
            models.CheckConstraint(
                name="damage_amounts_not_negative",
                condition=Q(net__gte=0, deductible__gte=0, payout__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["asset", "-on"], name="damage_of_asset"),
            models.Index(fields=["company", "-on"], name="damage_list"),
        ]


class TyreSet(VehicleRecord):
    """A set of tyres; `on` is when it was mounted last (or taken into storage)."""

    set_id = models.CharField(_("numer kompletu"), max_length=40)
    season = models.CharField(_("sezon"), max_length=8, choices=Season)
    size = models.CharField(_("rozmiar"), max_length=30)
    storage_place = models.CharField(_("gdzie leży"), max_length=120, blank=True)
    depth_mm = models.DecimalField(
        _("bieżnik, mm"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    mounted_on = models.DateField(_("założone"), null=True, blank=True)
    removed_on = models.DateField(_("zdjęte"), null=True, blank=True)
    net = MoneyField(_("koszt netto"), default=0)

    class Meta:
        verbose_name = _("komplet opon")
        verbose_name_plural = _("komplety opon")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="tyreset_source_unique"
            ),
            models.CheckConstraint(name="tyreset_net_not_negative", condition=Q(net__gte=0)),
        ]
        indexes = [
            models.Index(fields=["asset", "-on"], name="tyreset_of_asset"),
            models.Index(fields=["company", "-on"], name="tyreset_list"),
        ]


class ReplacementCar(VehicleRecord):
    """A car instead of `asset`, from `on` to `to_on` (both included; None: still in use)."""

    car_class = models.CharField(_("klasa"), max_length=40)
    plate = models.CharField(_("numer rejestracyjny"), max_length=10, blank=True)
    to_on = models.DateField(_("do"), null=True, blank=True)
    reason = models.CharField(_("powód"), max_length=120)
    limit_days = models.PositiveSmallIntegerField(_("limit dni"), null=True, blank=True)

    class Meta:
        verbose_name = _("pojazd zastępczy")
        verbose_name_plural = _("pojazdy zastępcze")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="replacementcar_source_unique"
            ),
            models.CheckConstraint(
                name="replacementcar_days_in_order",
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("on")),
            ),
        ]
        indexes = [
            models.Index(fields=["asset", "-on"], name="replacementcar_of_asset"),
            models.Index(fields=["company", "-on"], name="replacementcar_list"),
        ]


class Toll(VehicleRecord):
    """A toll, a parking fee, or a fine. `amount` is gross in `currency`, `net` what it costs."""

    kind = models.CharField(_("rodzaj"), max_length=8, choices=TollKind)
    provider = models.CharField(_("dostawca"), max_length=80, blank=True)
    at = models.DateTimeField(_("kiedy"), null=True, blank=True)
    place = models.CharField(_("miejsce"), max_length=120, blank=True)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")
    net = MoneyField(_("netto"))
    amount = MoneyField(_("brutto"))

    class Meta:
        verbose_name = _("opłata drogowa, parking lub mandat")
        verbose_name_plural = _("opłaty drogowe, parkingi i mandaty")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="toll_source_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["asset", "-on"], name="toll_of_asset"),
            models.Index(fields=["company", "-on"], name="toll_list"),
        ]
