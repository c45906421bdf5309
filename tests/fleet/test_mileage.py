"""Mileage against the limit (domain 6), worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from contracts.fleet.mileage import driven, km_on, last_reading, standing
from contracts.fleet.readings import all_points, fleet_readings
from contracts.fleet.vehicles import fleet_vehicles
from tests.factories import AssetFactory, CompanyFactory
from tests.fleet.factories import MileageReadingFactory, MileageTermsFactory

# 1 January 2026 to 31 December 2028: 1 095 days, of which 200 on 20 July 2026.
DAY_200 = dt.date(2026, 7, 20)


def terms(**kwargs):
    return MileageTermsFactory.build(asset=None, **kwargs)


def test_standing_over_the_limit():
    # allowed 90 000 * 200 / 1 095 = 16 438.36; forecast 20 000 / 200 * 1 095 = 109 500
    found = standing(terms=terms(), km=20_000, on=DAY_200)

    assert found.driven_km == 20_000
    assert found.allowed_km == 16_438
    assert found.over_km == 3_562
    assert found.forecast_km == 109_500
    assert found.limit_km == 90_000
    assert found.expected_charge == Decimal("7800.00")  # 19 500 km * 0.40


def test_standing_under_the_limit_gives_a_refund():
    found = standing(terms=terms(start_km=5_000), km=15_000, on=DAY_200)

    assert (found.reading_km, found.driven_km, found.over_km) == (15_000, 10_000, 0)
    assert found.forecast_km == 54_750
    assert found.expected_charge == Decimal("-3525.00")  # 35 250 km * 0.10


@pytest.mark.parametrize("on", [dt.date(2025, 12, 1), dt.date(2026, 1, 1)])
def test_standing_before_a_day_has_passed_forecasts_nothing(on):
    found = standing(terms=terms(), km=50, on=on)

    assert (found.allowed_km, found.over_km) == (0, 50)
    assert (found.forecast_km, found.expected_charge) == (None, None)


def test_standing_after_the_end_is_that_of_the_end():
    found = standing(terms=terms(), km=95_000, on=dt.date(2029, 3, 1))

    assert (found.allowed_km, found.forecast_km, found.over_km) == (90_000, 95_000, 5_000)
    assert found.expected_charge == Decimal("2000.00")


def test_standing_exactly_at_the_limit_costs_nothing():
    assert standing(terms=terms(), km=90_000, on=dt.date(2028, 12, 31)).expected_charge == Decimal(
        "0.00"
    )


def test_standing_without_a_limit_has_a_forecast_alone():
    found = standing(terms=terms(limit_km=None), km=20_000, on=DAY_200)

    assert (found.allowed_km, found.over_km, found.limit_km) == (None, 0, None)
    assert (found.forecast_km, found.expected_charge) == (109_500, None)


def test_standing_with_a_clock_behind_the_beginning_drove_nothing():
    assert standing(terms=terms(start_km=100), km=40, on=DAY_200).driven_km == 0


def test_standing_counts_the_leap_day():
    # 2028 has 366 days: from 1 January 2028 to 1 January 2029; 60 of them on 1 March.
    row = terms(start_on=dt.date(2028, 1, 1), end_on=dt.date(2029, 1, 1), limit_km=36_600)

    assert standing(terms=row, km=0, on=dt.date(2028, 3, 1)).allowed_km == 6_000


# --- kilometres of a period -----------------------------------------------------------------
POINTS = [
    (dt.date(2025, 10, 21), 10_000),
    (dt.date(2025, 11, 10), 12_000),
    (dt.date(2026, 10, 21), 40_000),
    (dt.date(2026, 11, 10), 42_000),
]
YEAR = {"first": dt.date(2025, 11, 1), "last": dt.date(2026, 10, 31)}


def test_km_on_goes_along_the_line_between_readings():
    assert km_on(POINTS, dt.date(2025, 10, 31)) == 11_000
    assert km_on(POINTS, dt.date(2025, 11, 10)) == 12_000
    assert km_on(POINTS, dt.date(2026, 11, 11)) is None


def test_driven_takes_both_ends_from_neighbouring_readings():
    assert driven(POINTS, **YEAR) == 30_000


def test_driven_of_months_adds_up():
    first_half = driven(POINTS, first=dt.date(2025, 11, 1), last=dt.date(2026, 4, 30))
    second_half = driven(POINTS, first=dt.date(2026, 5, 1), last=dt.date(2026, 10, 31))

    assert (first_half or 0) + (second_half or 0) == 30_000


@pytest.mark.parametrize(
    "points",
    [
        [],
        POINTS[:1],
        POINTS[:2],  # nine days of a year
        [(day, 7_000) for day, _km in POINTS],  # it stood
        list(zip([day for day, _km in POINTS], [9, 8, 7, 6], strict=True)),  # it went back
    ],
)
def test_driven_of_too_few_readings_is_not_known(points):
    assert driven(points, **YEAR) is None


def test_driven_of_a_vehicle_that_came_in_the_year():
    points = [(dt.date(2026, 8, 1), 10), (dt.date(2026, 10, 31), 9_010)]

    assert driven(points, **YEAR) is None
    assert driven(points, **YEAR, since=dt.date(2026, 8, 1)) == 9_000


# --- readings of the database ---------------------------------------------------------------
@pytest.mark.django_db
def test_last_reading_is_the_latest_day_and_the_highest_there():
    asset = AssetFactory()
    assert last_reading(asset) is None

    MileageReadingFactory(asset=asset, on=dt.date(2026, 11, 1), km=50_000)
    best = MileageReadingFactory(asset=asset, on=dt.date(2026, 11, 10), km=31_000)
    MileageReadingFactory(asset=asset, on=dt.date(2026, 11, 10), km=30_000)
    MileageReadingFactory(
        asset=asset, on=dt.date(2026, 11, 12), km=99_000, withdrawn_at=timezone.now()
    )
    MileageReadingFactory(
        asset=asset, company=CompanyFactory(), on=dt.date(2026, 11, 20), km=88_000
    )

    assert last_reading(asset) == best


@pytest.mark.django_db
def test_fleet_readings_find_the_latest_and_those_around_a_period():
    asset, other = AssetFactory(), AssetFactory()
    for day, km in [(dt.date(2025, 1, 1), 5), (dt.date(2026, 3, 3), 20_000), *POINTS]:
        MileageReadingFactory(asset=asset, on=day, km=km)
    MileageReadingFactory(asset=asset, on=dt.date(2026, 11, 10), km=41_999)
    MileageReadingFactory(asset=asset, on=dt.date(2026, 11, 20), km=7, withdrawn_at=timezone.now())
    MileageReadingFactory(asset=other, on=dt.date(2026, 5, 5), km=1_234)

    found = fleet_readings(fleet_vehicles(), **YEAR)

    assert found[asset.pk].latest == (dt.date(2026, 11, 10), 42_000)
    assert driven(found[asset.pk].points, **YEAR) == 30_000
    assert found[other.pk].latest == (dt.date(2026, 5, 5), 1_234)
    assert all_points(asset)[-1] == (dt.date(2026, 11, 10), 42_000)
