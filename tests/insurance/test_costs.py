"""Premiums as a cost of vehicles: by day, to the grosz."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.fleet.costs import sources
from contracts.fleet.vehicles import fleet_vehicles
from eboks.tenancy.rights import Right
from insurance.costs import premiums, premiums_elsewhere
from insurance.enums import Placement, Verification
from tests.factories import AssetFactory, CompanyFactory
from tests.insurance import factories as i

pytestmark = pytest.mark.django_db
YEAR = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


def own(**fields):
    return i.PolicyFactory(placement=Placement.OWN, **fields)


def test_premium_of_all_days_is_the_premium_to_the_grosz():
    asset = AssetFactory()
    own(asset=asset, premium=Decimal("1234.57"))

    found = premiums(fleet_vehicles(), *YEAR)

    assert len(found) == 12
    assert sum(found.values()) == Decimal("1234.57")
    assert found[asset.pk, dt.date(2026, 1, 1)] == Decimal("104.85")  # 31 days of 365


def test_premium_over_two_years_is_split_between_them():
    asset = AssetFactory()
    days = {"valid_from": dt.date(2025, 7, 1), "valid_to": dt.date(2026, 6, 30)}
    own(asset=asset, **days, premium=Decimal("3600.00"))

    before = premiums(fleet_vehicles(), dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    after = premiums(fleet_vehicles(), *YEAR)

    assert sum(before.values()) == Decimal("1814.79")  # 184 days of 365
    assert sum(after.values()) == Decimal("1785.21")


def test_premium_in_a_leap_year_has_366_days():
    asset = AssetFactory()
    days = {"valid_from": dt.date(2028, 1, 1), "valid_to": dt.date(2028, 12, 31)}
    own(asset=asset, **days, premium=Decimal("366.00"))

    found = premiums(fleet_vehicles(), dt.date(2028, 2, 1), dt.date(2028, 2, 29))

    assert found == {(asset.pk, dt.date(2028, 2, 1)): Decimal("29.00")}


def test_policy_that_was_ended_costs_its_days_of_cover():
    asset = AssetFactory()
    own(asset=asset, premium=Decimal("365.00"), terminated_on=dt.date(2026, 1, 10))

    assert premiums(fleet_vehicles(), *YEAR) == {(asset.pk, dt.date(2026, 1, 1)): Decimal("10.00")}


def test_what_is_not_checked_or_another_lessees_does_not_count():
    asset = AssetFactory()
    own(asset=asset, verification=Verification.TO_VERIFY)
    own(asset=asset, premium=None)
    own(asset=asset, company=CompanyFactory())

    assert premiums(fleet_vehicles(), *YEAR) == {}


def test_premium_in_euro_stands_apart():
    asset = AssetFactory()
    own(asset=asset, currency="EUR", premium=Decimal("500.00"))

    assert premiums(fleet_vehicles(), *YEAR) == {}
    assert premiums_elsewhere(fleet_vehicles(), *YEAR) == {(asset.pk, "EUR"): Decimal("500.00")}


def test_premium_of_the_lessor_counts_only_when_it_is_recharged():
    inside, recharged = AssetFactory(), AssetFactory()
    i.PolicyFactory(asset=inside, placement=Placement.LESSOR, premium=Decimal("3600.00"))
    policy = i.PolicyFactory(
        asset=recharged, placement=Placement.LESSOR, premium=Decimal("1200.00")
    )
    for n, month in enumerate((1, 7), start=1):
        policy.instalments.create(n=n, due_on=dt.date(2026, month, 1), amount=Decimal("600.00"))

    found = premiums(fleet_vehicles(), *YEAR)

    assert {pk for pk, _month in found} == {recharged.pk}
    assert sum(found.values()) == Decimal("1200.00")


def test_premiums_need_the_right_to_see_money():
    (source,) = (source for source in sources() if source.name == "insurance")

    assert source.right == Right.VIEW_FINANCE


@pytest.mark.parametrize("count", [1, 3])
def test_premiums_take_one_query(count, django_assert_num_queries):
    for _n in range(count):
        own(asset=AssetFactory())

    with django_assert_num_queries(1):
        found = premiums(fleet_vehicles(), *YEAR)

    assert len(found) == 12 * count
