"""Contracts, what they finance, and their schedules."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from contracts.enums import (
    LIVE_STATUSES,
    AssetCategory,
    BuyoutTiming,
    ContractStatus,
    DayCount,
    IndexMethod,
    PaymentPattern,
    PaymentRounding,
    Product,
    Propulsion,
    RateType,
    RowKind,
)
from eboks.fields import MoneyField, RateField, adds_up
from eboks.tenancy.identifiers import validate_nrb, validate_vin
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership, SourcedModel
from eboks.tenancy.rights import Right, Role


class ContractQuerySet(CompanyScopedQuerySet["Contract"]):
    contract_path = "pk"

    def live(self) -> Self:
        """Contracts that are not over: signed, handed over, running, or awaiting buyout."""
        return self.filter(status__in=LIVE_STATUSES)


class Contract(SourcedModel):
    """A lease or leasing loan with every parameter its schedule rests on (domain 1.2-1.7)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="contracts")
    number = models.CharField(_("numer umowy"), max_length=40, unique=True)
    product = models.CharField(_("rodzaj"), max_length=10, choices=Product)
    status = models.CharField(_("stan"), max_length=24, choices=ContractStatus)
    currency = models.CharField(_("waluta"), max_length=3, default="PLN")

    signed_on = models.DateField(_("podpisana"))
    handover_on = models.DateField(_("odbiór przedmiotu"), null=True, blank=True)
    end_on = models.DateField(_("koniec umowy"))

    net_value = MoneyField(_("wartość netto przedmiotu"))
    initial_fee_pct = RateField(_("opłata wstępna, %"), default=0)
    initial_fee = MoneyField(_("opłata wstępna"), default=0)
    financed = MoneyField(_("kapitał do finansowania"))
    instalment_count = models.PositiveSmallIntegerField(_("liczba rat"))
    buyout_pct = RateField(_("wykup, %"), default=0)
    buyout = MoneyField(_("wykup netto"), default=0)
    buyout_timing = models.CharField(
        _("termin wykupu"), max_length=10, choices=BuyoutTiming, default=BuyoutTiming.WITH_LAST
    )
    in_advance = models.BooleanField(_("raty z góry"), default=False)
    frequency_months = models.PositiveSmallIntegerField(_("rata co ile miesięcy"), default=1)
    due_day = models.PositiveSmallIntegerField(_("dzień płatności"), default=1)
    pattern = models.CharField(
        _("układ rat"), max_length=16, choices=PaymentPattern, default=PaymentPattern.ANNUITY
    )
    payment_rounding = models.CharField(
        _("zaokrąglenie raty"),
        max_length=8,
        choices=PaymentRounding,
        default=PaymentRounding.GROSZ,
    )

    rate_type = models.CharField(_("oprocentowanie"), max_length=8, choices=RateType)
    day_count = models.CharField(_("baza odsetkowa"), max_length=8, choices=DayCount)
    index = models.CharField(_("stopa bazowa"), max_length=20, blank=True)
    index_value = RateField(_("wartość stopy bazowej, %"), null=True, blank=True)
    index_fixed_on = models.DateField(_("dzień ustalenia stopy"), null=True, blank=True)
    margin_pp = RateField(_("marża, p.p."), default=0)
    annual_rate_pct = RateField(_("oprocentowanie roczne, %"))
    reset_months = models.PositiveSmallIntegerField(_("zmiana stopy co ile miesięcy"), default=0)
    fixing_rule = models.CharField(_("reguła ustalania stopy"), max_length=40, blank=True)
    effective_rule = models.CharField(_("od kiedy działa nowa stopa"), max_length=40, blank=True)
    index_method = models.CharField(
        _("przeliczenie po zmianie stopy"),
        max_length=16,
        choices=IndexMethod,
        default=IndexMethod.REANNUITISE,
    )
    threshold_pp = RateField(_("próg zmiany, p.p."), default=0)
    floor_pct = RateField(_("najniższa stopa, %"), null=True, blank=True)
    fallback_index = models.CharField(_("stopa zastępcza"), max_length=20, blank=True)
    csa_pp = RateField(_("korekta stopy zastępczej, p.p."), default=0)

    vat_code = models.CharField(_("kod VAT"), max_length=8, default="23")
    vat_pct = models.DecimalField(_("VAT, %"), max_digits=5, decimal_places=2, default=23)
    virtual_account = models.CharField(
        _("rachunek do wpłat"), max_length=26, blank=True, validators=[validate_nrb]
    )
    owul_version = models.CharField(_("wersja ogólnych warunków"), max_length=20, blank=True)

    # Where the contract stands, worked out from its schedule in force by `contracts.positions`, so
    # that a list of thousands can be summed and sorted. Empty until first worked out, and behind
    # for some minutes after a day has passed: pages read `positions.standing`.
    capital_left = MoneyField(_("kapitał do spłaty"), null=True, blank=True, editable=False)
    next_due_on = models.DateField(_("następna płatność"), null=True, blank=True, editable=False)
    # Only on rows from `positions.standing`.
    left_now: Decimal | None
    due_now: dt.date | None

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("umowa")
        verbose_name_plural = _("umowy")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="contract_source_unique"
            ),
            models.CheckConstraint(
                name="contract_net_value_positive", condition=Q(net_value__gt=0)
            ),
            models.CheckConstraint(
                name="contract_financed_not_negative", condition=Q(financed__gte=0)
            ),
            models.CheckConstraint(name="contract_buyout_not_negative", condition=Q(buyout__gte=0)),
            models.CheckConstraint(
                name="contract_has_instalments", condition=Q(instalment_count__gt=0)
            ),
            models.CheckConstraint(
                name="contract_end_after_signing", condition=Q(end_on__gte=F("signed_on"))
            ),
            models.CheckConstraint(
                name="contract_due_day_of_month", condition=Q(due_day__gte=1, due_day__lte=31)
            ),
            models.CheckConstraint(
                name="contract_floating_has_index",
                condition=Q(rate_type=RateType.FIXED) | ~Q(index=""),
            ),
        ]
        indexes = [
            models.Index(fields=["company", "status", "end_on"], name="contract_company_list"),
            models.Index(fields=["end_on"], name="contract_end"),
            models.Index(fields=["company", "next_due_on", "id"], name="contract_next_payment"),
            models.Index(
                fields=["company"], name="contract_not_placed", condition=Q(capital_left=None)
            ),
        ]

    def __str__(self) -> str:
        return self.number


class AssetQuerySet(CompanyScopedQuerySet["Asset"]):
    company_path = "contract__company"
    contract_path = "contract"


class VehicleQuerySet(AssetQuerySet):
    """Vehicles as the page of vehicles shows them: without money, and to drivers too."""

    right = Right.VIEW_VEHICLES

    def _limited_ways(
        self, mine: models.QuerySet[Membership]
    ) -> Iterable[models.QuerySet[Membership]]:
        """Drivers reach the vehicles that they were given, and nothing else."""
        given = mine.filter(role=Role.DRIVER, assigned_assets__asset=OuterRef("pk"))
        return [*super()._limited_ways(mine), given]


class Asset(SourcedModel):
    """What a contract finances. Vehicles and machines; real estate is not leased here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="assets")
    category = models.CharField(_("rodzaj"), max_length=8, choices=AssetCategory)
    make = models.CharField(_("marka"), max_length=60)
    model = models.CharField(_("model"), max_length=80)
    year = models.PositiveSmallIntegerField(_("rok produkcji"), null=True, blank=True)
    net_price = MoneyField(_("cena netto"))
    vin = models.CharField("VIN", max_length=17, blank=True, validators=[validate_vin])
    plate = models.CharField(_("numer rejestracyjny"), max_length=10, blank=True)
    serial_number = models.CharField(_("numer seryjny"), max_length=60, blank=True)
    first_registered_on = models.DateField(_("pierwsza rejestracja"), null=True, blank=True)
    power_kw = models.PositiveIntegerField(_("moc, kW"), null=True, blank=True)
    co2_g_km = models.PositiveSmallIntegerField(_("CO₂, g/km"), null=True, blank=True)
    propulsion = models.CharField(_("napęd"), max_length=14, choices=Propulsion, blank=True)
    mileage_km = models.PositiveIntegerField(_("przebieg, km"), null=True, blank=True)
    mileage_on = models.DateField(_("przebieg z dnia"), null=True, blank=True)
    garage_address = models.CharField(_("miejsce postoju"), max_length=200, blank=True)

    objects = AssetQuerySet.as_manager()
    vehicles = VehicleQuerySet.as_manager()

    class Meta:
        verbose_name = _("przedmiot")
        verbose_name_plural = _("przedmioty")
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_id"], name="asset_source_unique"
            ),
            models.CheckConstraint(
                name="asset_vehicle_has_vin", condition=~Q(category="vehicle") | ~Q(vin="")
            ),
            models.CheckConstraint(
                name="asset_machine_has_serial",
                condition=~Q(category="machine") | ~Q(serial_number=""),
            ),
        ]
        indexes = [
            models.Index(fields=["vin"], name="asset_vin"),
            models.Index(fields=["plate"], name="asset_plate"),
            models.Index(fields=["serial_number"], name="asset_serial"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.make, self.model, self.plate]))

    @property
    def sign(self) -> str:
        """What tells it from others: the plate, else the VIN, else the serial number."""
        return self.plate or self.vin or self.serial_number


class ScheduleVersionQuerySet(CompanyScopedQuerySet["ScheduleVersion"]):
    company_path = "contract__company"
    contract_path = "contract"


class ScheduleVersion(SourcedModel):
    """A schedule as it was set on a day. Append-only: a new index makes a new version."""

    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="schedule_versions"
    )
    number = models.PositiveSmallIntegerField(_("wersja"))
    is_current = models.BooleanField(_("obowiązuje"), default=True)
    valid_from = models.DateField(_("obowiązuje od"))
    reason = models.CharField(_("powód"), max_length=120, blank=True)
    index_value = RateField(_("stopa bazowa, %"), null=True, blank=True)
    index_fixed_on = models.DateField(_("stopa z dnia"), null=True, blank=True)
    annual_rate_pct = RateField(_("oprocentowanie, %"))

    objects = ScheduleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("harmonogram")
        verbose_name_plural = _("harmonogramy")
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "number"], name="scheduleversion_number_unique"
            ),
            models.UniqueConstraint(
                fields=["contract"],
                condition=Q(is_current=True),
                name="scheduleversion_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract} v{self.number}"


class ScheduleRowQuerySet(CompanyScopedQuerySet["ScheduleRow"]):
    company_path = "version__contract__company"
    contract_path = "version__contract"


class ScheduleRow(models.Model):
    """One payment of a schedule: amounts in the contract's currency, net unless named."""

    version = models.ForeignKey(
        ScheduleVersion,
        on_delete=models.PROTECT,
        related_name="rows",
        db_index=False,  # both composite indexes below begin with it
    )
    n = models.PositiveSmallIntegerField(_("nr"))
    kind = models.CharField(_("rodzaj"), max_length=12, choices=RowKind)
    nominal_due_on = models.DateField(_("termin umowny"))
    effective_due_on = models.DateField(_("płatne do"))
    payment = MoneyField(_("rata netto"))
    interest = MoneyField(_("część odsetkowa"))
    principal = MoneyField(_("część kapitałowa"))
    balance = MoneyField(_("kapitał do spłaty"))
    vat = MoneyField("VAT")
    gross = MoneyField(_("brutto"))

    objects = ScheduleRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("wiersz harmonogramu")
        verbose_name_plural = _("wiersze harmonogramu")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "kind", "n"], name="schedulerow_place_unique"
            ),
            models.CheckConstraint(
                name="schedulerow_payment_adds_up",
                condition=adds_up("payment", "interest", "principal"),
            ),
            models.CheckConstraint(
                name="schedulerow_gross_adds_up", condition=adds_up("gross", "payment", "vat")
            ),
        ]
        indexes = [
            models.Index(fields=["nominal_due_on"], name="schedulerow_due"),
            models.Index(fields=["version", "effective_due_on"], name="schedulerow_ahead"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.kind} {self.n}"


class _LimitQuerySet(CompanyScopedQuerySet[Any]):
    company_path = "membership__company"
    right = Right.MANAGE_PEOPLE


class AllowedContract(models.Model):
    """A contract that a limited membership reaches (`Membership.is_limited`)."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="allowed_contracts"
    )
    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="+")

    objects = _LimitQuerySet.as_manager()

    class Meta:
        verbose_name = _("dostępna umowa")
        verbose_name_plural = _("dostępne umowy")
        constraints = [
            models.UniqueConstraint(fields=["membership", "contract"], name="allowedcontract_once")
        ]

    def __str__(self) -> str:
        return str(self.contract)


class AssignedAsset(models.Model):
    """A vehicle that a driver uses: all that a driver sees."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="assigned_assets"
    )
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")

    objects = _LimitQuerySet.as_manager()

    class Meta:
        verbose_name = _("przypisany pojazd")
        verbose_name_plural = _("przypisane pojazdy")
        constraints = [
            models.UniqueConstraint(fields=["membership", "asset"], name="assignedasset_once")
        ]

    def __str__(self) -> str:
        return str(self.asset)
