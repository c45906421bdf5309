"""TCO of a vehicle (domain 6): every part by hand, to the grosz."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from contracts.enums import AssetCategory, RowKind
from contracts.fleet.cost_sources import lease
from contracts.fleet.costs import costs_of, per_km, shares, sources, spread, whole_year_before
from contracts.fleet.enums import CoveredBy
from contracts.fleet.overview import RIGHTS, work_out
from contracts.fleet.vehicle_costs import vehicle_page
from contracts.fleet.vehicles import fleet_vehicles
from contracts.models import LesseePeriod
from eboks.tenancy.rights import Right
from insurance.enums import Placement
from invoicing.enums import VatUse
from invoicing.models import AssetTaxUse
from tests.factories import (
    AssetFactory,
    CompanyFactory,
    ContractFactory,
    InvoiceFactory,
    InvoiceRowFactory,
    ScheduleRowFactory,
    ScheduleVersionFactory,
    UserFactory,
)
from tests.fleet import factories as f
from tests.fleet.test_mileage import POINTS
from tests.insurance.factories import PolicyFactory

TODAY = dt.date(2026, 11, 22)
FIRST, LAST = dt.date(2025, 11, 1), dt.date(2026, 10, 31)
IN_YEAR = dt.date(2026, 3, 5)


def test_whole_year_before_is_twelve_whole_months():
    assert whole_year_before(TODAY) == (FIRST, LAST)
    assert whole_year_before(dt.date(2024, 3, 1)) == (dt.date(2023, 3, 1), dt.date(2024, 2, 29))


def test_spread_gives_the_whole_amount_to_the_grosz():
    days = dt.date(2024, 1, 15), dt.date(2025, 1, 14)  # with a leap day: 366 days
    found = spread(Decimal("1000.00"), days=days, within=days)

    assert sum(found.values()) == Decimal("1000.00")
    assert len(found) == 13
    assert found[dt.date(2024, 1, 1)] == Decimal("46.45")  # 17 days of 366
    assert found[dt.date(2024, 2, 1)] == Decimal("79.23")  # to day 46: 125.68


def test_spread_counts_days_of_the_period_alone():
    days = dt.date(2026, 1, 1), dt.date(2026, 12, 31)

    assert spread(Decimal(365), days=days, within=(IN_YEAR, IN_YEAR)) == {
        dt.date(2026, 3, 1): Decimal(1)
    }
    assert spread(Decimal(365), days=days, within=(LAST, FIRST)) == {}


def test_shares_add_up_to_the_grosz():
    assert shares(Decimal("100.00"), [Decimal(1)] * 3) == [
        Decimal("33.33"),
        Decimal("33.34"),
        Decimal("33.33"),
    ]
    assert sum(shares(Decimal("0.05"), [Decimal(0), Decimal(0)])) == Decimal("0.05")


@pytest.mark.parametrize("km", [None, 0])
def test_cost_per_km_is_never_divided_by_nothing(km):
    assert per_km(Decimal(100), km) is None


def worked_example():
    """A car with a cost of every kind, and beside each one that must not count."""
    asset = AssetFactory(co2_g_km=150)
    contract = asset.contract
    before = CompanyFactory()
    version = ScheduleVersionFactory(contract=contract)
    amounts = {"payment": Decimal("2000.00"), "principal": Decimal("1512.50")}
    for n, (day, kind) in enumerate(
        [
            (dt.date(2026, 1, 10), RowKind.INSTALMENT),
            (dt.date(2026, 2, 10), RowKind.INSTALMENT),
            (dt.date(2025, 10, 31), RowKind.INSTALMENT),  # the day before
            (dt.date(2026, 11, 1), RowKind.INSTALMENT),  # the day after
            (dt.date(2025, 12, 10), RowKind.INITIAL_FEE),
        ]
    ):
        ScheduleRowFactory(
            version=version,
            n=n,
            kind=kind,
            nominal_due_on=day,
            effective_due_on=day,
            gross=Decimal("2644.87"),
            **amounts,
        )
    AssetTaxUse.objects.create(
        asset=asset,
        valid_from=dt.date(2026, 1, 1),
        vat_use=VatUse.MIXED,
        set_at=timezone.now(),
        set_by=UserFactory(),
    )
    InvoiceRowFactory(invoice=InvoiceFactory(contract=contract, issued_on=dt.date(2026, 1, 16)))
    InvoiceRowFactory(invoice=InvoiceFactory(contract=contract, issued_on=dt.date(2025, 12, 16)))
    f.FuelTransactionFactory(asset=asset, on=IN_YEAR, card="…0001")
    f.FuelTransactionFactory(asset=asset, on=IN_YEAR, card="…0002")
    f.FuelTransactionFactory(
        asset=asset, on=IN_YEAR, card="…0003", currency="EUR", net=Decimal("100.00")
    )
    f.FuelTransactionFactory(asset=asset, on=IN_YEAR, card="…0004", company=before)
    f.ServiceVisitFactory(asset=asset, on=IN_YEAR)
    f.ServiceVisitFactory(asset=asset, on=IN_YEAR, covered_by=CoveredBy.CFM)
    f.TyreSetFactory(asset=asset, on=IN_YEAR, net=Decimal("1200.00"))
    f.DamageFactory(asset=asset, on=IN_YEAR)
    f.TollFactory(asset=asset, on=IN_YEAR)
    f.TollFactory(asset=asset, on=TODAY)
    PolicyFactory(asset=asset, placement=Placement.OWN)
    f.MileageTermsFactory(
        asset=asset,
        start_on=dt.date(2025, 1, 1),
        end_on=dt.date(2027, 12, 31),
        residual_gain=Decimal("3650.00"),
    )
    for day, km in POINTS:
        f.MileageReadingFactory(asset=asset, on=day, km=km)
    return asset


EXPECTED = {
    "lease": Decimal("4000.00"),  # two instalments
    "vat": Decimal("322.43"),  # 644.87 less 322.44, half of it rounded up
    "insurance": Decimal("2998.36"),  # 3 600 * 304 days of 365
    "fuel": Decimal("520.00"),
    "service": Decimal("850.00"),
    "tyres": Decimal("1200.00"),
    "damages": Decimal("500.00"),  # 2 000 less 1 500
    "tolls": Decimal("81.30"),
    "residual": Decimal("-1216.67"),  # 3 650 * (669 - 304 days) of 1 095: 2 230.00 - 1 013.33
}


@pytest.mark.django_db
def test_worked_example_of_every_part():
    asset = worked_example()

    costs = costs_of(fleet_vehicles(), first=FIRST, last=LAST, rights=RIGHTS)

    assert costs.by_asset() == {asset.pk: EXPECTED}
    assert costs.foreign["fuel"] == {(asset.pk, "EUR"): Decimal("100.00")}
    assert costs.by_month()[dt.date(2026, 2, 1)]["lease"] == Decimal("2000.00")


@pytest.mark.django_db
def test_worked_example_per_kilometre():
    asset = worked_example()

    (line,), _costs, _outliers = work_out(fleet_vehicles(), on=TODAY)
    page = vehicle_page(asset, on=TODAY, with_finance=True)
    limited = vehicle_page(asset, on=TODAY, with_finance=False)

    assert line.km == 30_000
    assert line.cost + line.finance_cost == Decimal("9255.42")
    assert line.finance_cost == Decimal("7320.79")
    assert line.co2_tonnes == Decimal("4.5")
    assert (page.total, page.cost_per_km) == (Decimal("9255.42"), Decimal("0.31"))
    assert (limited.total, limited.cost_per_km) == (Decimal("1934.63"), Decimal("0.06"))
    assert "lease" not in limited.kinds.names
    assert [part.amount for part in page.parts] == [EXPECTED[source.name] for source in sources()]


@pytest.mark.django_db
def test_costs_ask_for_nothing_that_needs_another_right():
    worked_example()

    costs = costs_of(fleet_vehicles(), first=FIRST, last=LAST, rights=[Right.VIEW_FLEET])

    assert set(costs.parts) == set(EXPECTED) - {"lease", "vat", "insurance"}


@pytest.mark.django_db
def test_lease_of_two_assets_is_shared_by_price():
    contract = ContractFactory()
    car = AssetFactory(contract=contract, net_price=Decimal("75000.00"))
    AssetFactory(
        contract=contract,
        category=AssetCategory.MACHINE,
        serial_number="M1",
        vin="",
        net_price=Decimal("25000.00"),
    )
    version = ScheduleVersionFactory(contract=contract)
    ScheduleRowFactory(version=version, n=1, nominal_due_on=IN_YEAR)

    assert lease(fleet_vehicles(), FIRST, LAST) == {
        (car.pk, dt.date(2026, 3, 1)): Decimal("2102.84")  # 2 803.79 * 0.75
    }


@pytest.mark.django_db
def test_lease_before_the_present_lessee_is_not_theirs():
    asset = AssetFactory()
    version = ScheduleVersionFactory(contract=asset.contract)
    for n, day in enumerate([dt.date(2026, 3, 10), dt.date(2026, 4, 10)]):
        ScheduleRowFactory(version=version, n=n, nominal_due_on=day)
    LesseePeriod.objects.create(
        contract=asset.contract,
        company=asset.contract.company,
        from_on=dt.date(2026, 4, 1),
        as_of=TODAY,
    )

    assert list(lease(fleet_vehicles(), FIRST, LAST)) == [(asset.pk, dt.date(2026, 4, 1))]


@pytest.mark.django_db
def test_vehicle_without_readings_has_costs_but_no_cost_per_km():
    asset = AssetFactory()
    f.TollFactory(asset=asset, on=IN_YEAR)

    page = vehicle_page(asset, on=TODAY, with_finance=True)

    assert (page.total, page.cost_per_km) == (Decimal("81.30"), None)
