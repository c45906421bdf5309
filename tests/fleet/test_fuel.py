"""Consumption and the rules of outliers (domain 6)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.enums import Propulsion
from contracts.fleet.enums import Product, Unit
from contracts.fleet.fuel import (
    Fill,
    Holds,
    Outlier,
    Rule,
    figure,
    fleet_fuel,
    look_through,
    monthly_consumption,
)
from contracts.fleet.vehicles import fleet_vehicles
from tests.factories import AssetFactory, CompanyFactory
from tests.fleet.factories import FuelTransactionFactory, MileageTermsFactory

DIESEL = Holds(Propulsion.DIESEL, Decimal(70))
START = dt.date(2026, 9, 1)


def fill(n, quantity, km, product=Product.DIESEL, unit=Unit.LITRE):
    return Fill(n, 1, START + dt.timedelta(days=10 * n), product, unit, Decimal(quantity), km)


def rules(fills, holds=DIESEL):
    return [(row.fill.pk, row.rule) for row in look_through(fills, holds).outliers]


def test_consumption_is_of_the_kilometres_since_the_fill_before():
    found = look_through([fill(1, 50, 10_000), fill(2, 40, 10_500), fill(3, 60, 11_500)], DIESEL)

    assert [(row.distance_km, row.per_100) for row in found.consumption] == [
        (500, Decimal(8)),
        (1_000, Decimal(6)),
    ]
    assert found.medians == {}  # of two there is no usual one yet


def test_consumption_is_not_guessed_over_a_fill_without_an_odometer():
    found = look_through([fill(1, 50, 10_000), fill(2, 40, None), fill(3, 60, 11_500)], DIESEL)

    assert found.consumption == []
    assert found.outliers == []


def test_consumption_of_a_month_is_litres_over_kilometres():
    found = look_through([fill(0, 50, 10_000), fill(1, 40, 10_500), fill(2, 60, 11_500)], DIESEL)

    (key, value), *_rest = monthly_consumption(found.consumption).items()
    assert key == (dt.date(2026, 9, 1), Unit.LITRE)
    assert figure(value) == "6,7"  # 100 l on 1 500 km


def test_median_is_the_middle_one():
    found = look_through(
        [fill(1, 1, 0), fill(2, 60, 1_000), fill(3, 65, 2_000), fill(4, 95, 3_000)],
        Holds(Propulsion.DIESEL),
    )

    assert found.medians == {Unit.LITRE: Decimal("6.5")}


def test_plugin_hybrid_has_two_consumptions():
    holds = Holds(Propulsion.PLUGIN_HYBRID, Decimal(40), Decimal(12))
    power = {"product": Product.ELECTRICITY, "unit": Unit.KWH}
    fuel = {"product": Product.PETROL}
    found = look_through(
        [
            fill(1, 30, 1_000, **fuel),
            fill(2, 10, 1_100, **power),
            fill(3, 10, 1_200, **power),
            fill(4, 30, 2_000, **fuel),
        ],
        holds,
    )

    assert [(row.fill.pk, row.per_100) for row in found.consumption] == [
        (3, Decimal(10)),
        (4, Decimal(3)),
    ]
    assert found.outliers == []


@pytest.mark.parametrize(("quantity", "is_outlier"), [("73.5", False), ("73.501", True)])
def test_more_than_the_tank_and_five_percent_is_an_outlier(quantity, is_outlier):
    expected = [(1, Rule.TANK)] if is_outlier else []

    assert rules([fill(1, quantity, 100)]) == expected


def test_tank_that_is_not_known_bounds_nothing():
    assert rules([fill(1, 900, 100)], Holds(Propulsion.DIESEL)) == []


@pytest.mark.parametrize("km", [10_000, 9_000])
def test_no_distance_is_an_outlier(km):
    found = look_through([fill(1, 50, 10_000), fill(2, 50, km)], DIESEL)

    (outlier,) = found.outliers
    assert outlier.rule == Rule.DISTANCE
    assert f"{km // 1000}\u00a0000" in outlier.words
    assert found.consumption == []


@pytest.mark.parametrize(("litres", "is_outlier"), [(60, False), (61, True)])
def test_consumption_above_one_and_a_half_of_the_median(litres, is_outlier):
    # Usual 8 l/100 km; 60 l on 500 km are exactly 12.
    fills = [fill(n, 40, 500 * n) for n in range(1, 6)] + [fill(6, litres, 3_000)]

    assert rules(fills) == ([(6, Rule.CONSUMPTION)] if is_outlier else [])


def test_wrong_product_is_an_outlier_and_no_fill():
    found = look_through(
        [fill(1, 40, 500), fill(2, 30, 700, product=Product.PETROL), fill(3, 40, 1_000)], DIESEL
    )

    (outlier,) = found.outliers
    assert outlier.rule == Rule.PRODUCT
    assert outlier.words == "zatankowano: benzyna"
    assert [row.distance_km for row in found.consumption] == [500]


def test_vehicle_without_a_propulsion_may_drive_on_anything():
    assert rules([fill(1, 40, 500, product=Product.LPG)], Holds()) == []


def test_words_name_the_figures():
    tank = Outlier(fill(1, 90, 1), Rule.TANK, Decimal(90), Decimal(70))
    much = Outlier(fill(1, 90, 1), Rule.CONSUMPTION, Decimal("14.25"), Decimal(8))

    assert tank.words == "90,0 l, a mieści się 70,0 l"
    assert much.words == "14,3 l/100 km, zwykle 8,0 l/100 km"


# --- of the database ------------------------------------------------------------------------
@pytest.mark.django_db
def test_fleet_fuel_reads_fills_of_the_present_lessee_alone(django_assert_num_queries):
    one = AssetFactory(propulsion=Propulsion.DIESEL)
    two = AssetFactory(propulsion=Propulsion.DIESEL)
    MileageTermsFactory(asset=one)
    for asset in (one, two):
        for n in range(4):
            day = START + dt.timedelta(days=7 * n)
            km = 1_000 * (n + 1)
            FuelTransactionFactory(asset=asset, on=day, odometer_km=km, card=f"…{asset.pk:04d}")
    rest = {"asset": one, "on": START + dt.timedelta(days=30)}
    FuelTransactionFactory(**rest, quantity=Decimal(10), product=Product.ADBLUE, odometer_km=9)
    FuelTransactionFactory(**rest, quantity=Decimal(-50), odometer_km=9)
    FuelTransactionFactory(**rest, quantity=Decimal(51), odometer_km=9, company=CompanyFactory())
    FuelTransactionFactory(**rest, quantity=Decimal(80), odometer_km=5_000)

    with django_assert_num_queries(2):
        found = dict(fleet_fuel(fleet_vehicles(), first=START, last=dt.date(2026, 12, 31)))

    assert [row.rule for row in found[one.pk].outliers] == [Rule.TANK, Rule.CONSUMPTION]
    assert found[one.pk].medians == {Unit.LITRE: Decimal(5)}
    assert len(found[two.pk].consumption) == 3
    assert found[two.pk].outliers == []
