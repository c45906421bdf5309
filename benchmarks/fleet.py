"""Server time of the fleet page of a company with thousands of vehicles and a year of fuel, as a
ratio to an empty logged-in page.

The company is made inside a transaction that is rolled back at the end: 3 000 vehicles (small) with
mileage terms, a reading a month, a fill a week, a schedule row a month and visits. The first answer
works everything out and is shown apart; later ones come from what is kept until something changes,
as for a person who sorts, filters and pages.
"""

from __future__ import annotations

import datetime as dt
import gc
import resource
import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import Max
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from contracts.enums import (
    AssetCategory,
    ContractStatus,
    DayCount,
    Propulsion,
    RateType,
    RowKind,
)
from contracts.enums import Product as LeaseProduct
from contracts.fleet.enums import CoveredBy, Product, ReadingSource, ServiceKind, Unit
from contracts.fleet.models import FuelTransaction, MileageReading, MileageTerms, ServiceVisit
from contracts.models import Asset, Contract, ScheduleRow, ScheduleVersion
from eboks import clock
from eboks.accounts.models import User
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role

VEHICLES = {"small": 3_000, "mid": 10_000, "large": 30_000}
ROUNDS = 30
AIM = 3.0
EMPTY = "/pusta/"
PAGES = {
    "flota": "/flota/",
    "flota, wg kosztu 1 km": "/flota/?sort=-tco",
    "flota, uwagi, ostatnia strona": "/flota/?need=any&strona=99999",
    "flota, szukanie": "/flota/?q=scania",
    "odstępstwa": "/flota/odstepstwa/",
}
_BATCH = 2_000


def run(size: str) -> None:
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    with transaction.atomic(), override_settings(ROOT_URLCONF="benchmarks.empty"):
        start = time.perf_counter()
        user = _fleet(VEHICLES[size], clock.today(timezone.now()))
        print(f"pojazdów: {VEHICLES[size]}, dane: {time.perf_counter() - start:.0f} s")
        worst = _measure(user)
        transaction.set_rollback(True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"bench fleet size={size} ratio={worst:.2f} aim<={AIM:.0f} memory_mb={memory:.0f}")


def _measure(user: User) -> float:
    client = Client()
    client.force_login(user)
    client.get(EMPTY)
    empty = [_time(client, EMPTY) for _round in range(ROUNDS)]
    base = statistics.median(empty)
    print(f"{'strona':34}{'1. raz':>9}{'p50 ms':>9}{'× p50':>7}")
    ratios = []
    for name, path in PAGES.items():
        first = _time(client, path)
        client.get(path)
        gc.collect()
        middle = statistics.median(_time(client, path) for _round in range(ROUNDS))
        ratios.append(middle / base)
        print(f"{name:34}{first:9.1f}{middle:9.1f}{middle / base:7.2f}")
    print(f"{'pusta strona':34}{'':9}{base:9.1f}{1:7.2f}")
    return max(ratios)


def _time(client: Client, path: str) -> float:
    start = time.perf_counter()
    response = client.get(path)
    taken = (time.perf_counter() - start) * 1000
    assert response.status_code == 200, f"{path}: {response.status_code}"
    return taken


# --- the company ----------------------------------------------------------------------------
def _fleet(count: int, today: dt.date) -> User:
    sourced: dict[str, Any] = {"source_system": "bench", "as_of": today}
    company = Company.objects.create(
        **sourced, source_id="fleet", client_id="BENCH-FLEET", name="Flota", city="Kalisz"
    )
    user = User.objects.create(username="bench-cfm", email="bench-cfm@example.com")
    Membership.objects.create(user=user, company=company, role=Role.OWNER)
    start = clock.add_months(today, -13)
    contracts = _made(Contract, (_contract(n, company, start, sourced) for n in range(count)))
    assets = _made(
        Asset,
        (
            Asset(
                **sourced,
                source_id=f"A{n}",
                contract=contract,
                category=AssetCategory.VEHICLE,
                make="Scania" if n % 3 else "Ford",
                model="R450",
                net_price=Decimal(100_000),
                vin=f"YS2R4X2000{n:07d}",
                plate=f"WB {n:05d}",
                propulsion=Propulsion.DIESEL,
                co2_g_km=150,
            )
            for n, contract in enumerate(contracts)
        ),
    )
    versions = _made(
        ScheduleVersion,
        (
            ScheduleVersion(
                **sourced,
                source_id=f"V{n}",
                contract=contract,
                number=1,
                valid_from=start,
                annual_rate_pct=Decimal("6.5"),
            )
            for n, contract in enumerate(contracts)
        ),
    )
    _made(ScheduleRow, (row for version in versions for row in _rows(version, start)))
    own: dict[str, Any] = sourced | {"company": company}
    _made(
        MileageTerms,
        (
            MileageTerms(
                **sourced,
                source_id=f"T{n}",
                asset=asset,
                limit_km=90_000,
                start_on=start,
                end_on=clock.add_months(start, 36),
                rate_over=Decimal("0.4"),
                tank_litres=Decimal(70),
            )
            for n, asset in enumerate(assets)
        ),
    )
    _made(
        MileageReading,
        (
            MileageReading(
                **own,
                source_id=f"R{n}-{month}",
                asset=asset,
                on=clock.add_months(start, month),
                km=(2_000 + n % 900) * month,
                source=ReadingSource.SERVICE,
            )
            for n, asset in enumerate(assets)
            for month in range(14)
        ),
    )
    _made(
        FuelTransaction,
        (_fill(n, week, asset, today, own) for n, asset in enumerate(assets) for week in range(52)),
    )
    _made(
        ServiceVisit,
        (
            ServiceVisit(
                **own,
                source_id=f"S{n}",
                asset=asset,
                on=start,
                kind=ServiceKind.INSPECTION,
                net=Decimal(850),
                covered_by=CoveredBy.CLIENT,
                next_due_on=today + dt.timedelta(days=n % 400),
            )
            for n, asset in enumerate(assets)
        ),
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return user


def _made(model: type[models.Model], rows: Iterator[Any]) -> list[Any]:
    """Stores `rows` in batches and gives them back in order."""
    rows_of = model._default_manager
    before = rows_of.aggregate(last=Max("pk"))["last"] or 0
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            rows_of.bulk_create(batch, batch_size=500)
            batch = []
    rows_of.bulk_create(batch, batch_size=500)
    if model in {Contract, Asset, ScheduleVersion}:
        return list(rows_of.filter(pk__gt=before).order_by("pk"))
    return []


def _contract(n: int, company: Company, start: dt.date, sourced: dict[str, Any]) -> Contract:
    return Contract(
        **sourced,
        source_id=f"C{n}",
        company=company,
        number=f"BENCH/{n:06d}",
        product=LeaseProduct.OPERATING,
        status=ContractStatus.ACTIVE,
        signed_on=start,
        handover_on=start,
        end_on=clock.add_months(start, 36),
        net_value=Decimal(100_000),
        financed=Decimal(90_000),
        instalment_count=36,
        rate_type=RateType.FIXED,
        day_count=DayCount.THIRTY_360,
        annual_rate_pct=Decimal("6.5"),
    )


def _rows(version: ScheduleVersion, start: dt.date) -> Iterator[ScheduleRow]:
    for n in range(1, 37):
        day = clock.add_months(start, n)
        yield ScheduleRow(
            version=version,
            n=n,
            kind=RowKind.INSTALMENT,
            nominal_due_on=day,
            effective_due_on=day,
            payment=Decimal("2803.79"),
            interest=Decimal("487.50"),
            principal=Decimal("2316.29"),
            balance=Decimal(0),
            vat=Decimal("644.87"),
            gross=Decimal("3448.66"),
        )


def _fill(n: int, week: int, asset: Asset, today: dt.date, own: dict[str, Any]) -> FuelTransaction:
    day = today - dt.timedelta(days=7 * (51 - week))
    return FuelTransaction(
        **own,
        source_id=f"F{n}-{week}",
        asset=asset,
        card=f"…{n:05d}",
        on=day,
        at=dt.datetime.combine(day, dt.time(12), clock.WARSAW),
        product=Product.DIESEL,
        quantity=Decimal(40 + (n * 7 + week * 3) % 20 + (40 if (n + week) % 97 == 0 else 0)),
        unit=Unit.LITRE,
        net=Decimal("260.00"),
        vat=Decimal("59.80"),
        gross=Decimal("319.80"),
        odometer_km=500 * (week + 1),
    )
