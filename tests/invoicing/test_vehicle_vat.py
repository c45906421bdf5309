"""VAT that is not deducted as a cost of vehicles."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from contracts.fleet.costs import sources
from contracts.fleet.vehicles import fleet_vehicles
from eboks.tenancy.rights import Right
from invoicing.enums import CostKind, VatUse
from invoicing.models import AssetTaxUse
from invoicing.vehicle_vat import not_deducted
from tests.factories import (
    AssetFactory,
    CompanyFactory,
    ContractFactory,
    InvoiceFactory,
    InvoiceRowFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
YEAR = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
NOVEMBER = dt.date(2026, 11, 1)


def say(asset, vat_use=VatUse.MIXED, *, since=dt.date(2026, 1, 1), **kwargs):
    AssetTaxUse.objects.create(
        asset=asset,
        valid_from=since,
        vat_use=vat_use,
        set_at=timezone.now(),
        set_by=UserFactory(),
        **kwargs,
    )


def billed(asset, **kwargs):
    return InvoiceRowFactory(invoice=InvoiceFactory(contract=asset.contract, **kwargs))


def test_half_of_the_vat_of_a_mixed_car_is_a_cost():
    asset = AssetFactory()
    say(asset)
    row = billed(asset)
    InvoiceRowFactory(
        invoice=row.invoice,
        position=2,
        cost_kind=CostKind.FEE,
        net=Decimal("100.00"),
        vat=Decimal("23.00"),
        gross=Decimal("123.00"),
        principal=0,
        interest=0,
    )

    # 644.87 - 322.44 + 11.50
    assert not_deducted(fleet_vehicles(), *YEAR) == {(asset.pk, NOVEMBER): Decimal("333.93")}


def test_vat_that_is_deducted_or_of_unknown_use_is_no_cost():
    full, van, unknown = AssetFactory(), AssetFactory(), AssetFactory()
    say(full, VatUse.FULL)
    say(van, VatUse.FULL, is_passenger_car=False)
    for asset in (full, van, unknown):
        billed(asset)

    assert not_deducted(fleet_vehicles(), *YEAR) == {}


def test_use_counts_from_its_day():
    asset = AssetFactory()
    say(asset, since=dt.date(2026, 10, 1))
    say(asset, VatUse.FULL, since=dt.date(2026, 12, 1))
    for month in (9, 10, 12):
        billed(asset, issued_on=dt.date(2026, month, 16))

    assert list(not_deducted(fleet_vehicles(), *YEAR)) == [(asset.pk, dt.date(2026, 10, 1))]


def test_invoices_of_an_earlier_lessee_or_another_year_do_not_count():
    asset = AssetFactory()
    say(asset)
    billed(asset, company=CompanyFactory())
    billed(asset, issued_on=dt.date(2027, 1, 16))

    assert not_deducted(fleet_vehicles(), *YEAR) == {}


def test_buyout_is_a_purchase():
    asset = AssetFactory()
    say(asset)
    InvoiceRowFactory(invoice=InvoiceFactory(contract=asset.contract), cost_kind=CostKind.BUYOUT)

    assert not_deducted(fleet_vehicles(), *YEAR) == {}


def test_vat_of_two_cars_of_a_contract_is_shared_by_price():
    contract = ContractFactory()
    one, two = AssetFactory(contract=contract), AssetFactory(contract=contract)
    say(one)
    say(two, VatUse.FULL)
    billed(one)

    # 644.87 in two parts: 322.44 and 322.43; half of the first is 161.22
    assert not_deducted(fleet_vehicles(), *YEAR) == {(one.pk, NOVEMBER): Decimal("161.22")}


def test_euro_counts_at_the_rate_of_the_invoice():
    asset = AssetFactory()
    say(asset)
    billed(asset, currency="EUR", fx_rate=Decimal("4.30"))

    # 644.87 * 4.30 = 2 772.94; half of it
    assert not_deducted(fleet_vehicles(), *YEAR) == {(asset.pk, NOVEMBER): Decimal("1386.47")}


def test_vat_needs_the_right_to_see_money():
    (source,) = (source for source in sources() if source.name == "vat")

    assert source.right == Right.VIEW_FINANCE


def test_queries_do_not_grow_with_vehicles(django_assert_max_num_queries):
    for _n in range(3):
        asset = AssetFactory()
        say(asset)
        billed(asset)

    with django_assert_max_num_queries(5):
        assert len(not_deducted(fleet_vehicles(), *YEAR)) == 3
