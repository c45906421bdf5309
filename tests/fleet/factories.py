"""Rows of the fleet: each factory makes the least that is valid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory

from contracts.fleet import models
from contracts.fleet.enums import (
    CoveredBy,
    Product,
    ReadingSource,
    Season,
    ServiceKind,
    TollKind,
    Unit,
)
from eboks.clock import WARSAW
from tests.factories import AssetFactory, Sourced

DAY = dt.date(2026, 11, 10)


class _Record(Sourced):
    class Meta:
        abstract = True

    asset = factory.SubFactory(AssetFactory)
    company = factory.SelfAttribute("asset.contract.company")
    on = DAY


class ServiceVisitFactory(_Record):
    class Meta:
        model = models.ServiceVisit

    kind = ServiceKind.INSPECTION
    odometer_km = 30_000
    workshop = "Serwis Kalisz"
    net = Decimal("850.00")
    covered_by = CoveredBy.CLIENT


class DamageFactory(_Record):
    class Meta:
        model = models.Damage

    description = "Zderzak"
    net = Decimal("2000.00")
    payout = Decimal("1500.00")


class TyreSetFactory(_Record):
    class Meta:
        model = models.TyreSet

    set_id = factory.Sequence(lambda n: f"K{n:04d}")
    season = Season.WINTER
    size = "225/65 R16"


class ReplacementCarFactory(_Record):
    class Meta:
        model = models.ReplacementCar

    car_class = "C"
    reason = "naprawa"


class TollFactory(_Record):
    class Meta:
        model = models.Toll

    kind = TollKind.TOLL
    net = Decimal("81.30")
    amount = Decimal("100.00")


class FuelTransactionFactory(_Record):
    class Meta:
        model = models.FuelTransaction

    card = "…4417"
    at = factory.LazyAttribute(lambda row: dt.datetime.combine(row.on, dt.time(12), WARSAW))
    product = Product.DIESEL
    quantity = Decimal("50.000")
    unit = Unit.LITRE
    net = Decimal("260.00")
    vat = Decimal("59.80")
    gross = Decimal("319.80")


class MileageReadingFactory(_Record):
    class Meta:
        model = models.MileageReading

    km = 30_000
    source = ReadingSource.DRIVER


class MileageTermsFactory(Sourced):
    class Meta:
        model = models.MileageTerms

    asset = factory.SubFactory(AssetFactory)
    has_cfm = True
    limit_km = 90_000
    start_on = dt.date(2026, 1, 1)
    end_on = dt.date(2028, 12, 31)
    rate_over = Decimal("0.40")
    rate_under = Decimal("0.10")
    tank_litres = Decimal("70.0")
