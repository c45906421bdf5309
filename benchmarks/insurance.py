"""Pages of insurance for a fleet of 3 000 vehicles, as a ratio to an empty logged-in page.

Makes one client of its own with this many insured vehicles (one in a hundred lacks something);
they stay in the database. Pages are opened in turn, as in `benchmarks.pages`.
"""

from __future__ import annotations

import datetime as dt
import gc
import resource
import statistics
import sys
import time
from decimal import Decimal

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from contracts.enums import AssetCategory, ContractStatus, DayCount, Product, RateType
from contracts.models import Asset, Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.tenancy.models import Company, LessorProfile, Membership
from eboks.tenancy.rights import Role
from insurance.enums import Placement, Risk, Verification
from insurance.models import Insurer, Policy, PolicyCover, Requirement

VEHICLES = {"small": 3_000, "mid": 3_000, "large": 10_000}
ROUNDS = 40
EMPTY = "/pusta/"
AIM = 4.0  # of the start page; 3 of a list
SOURCE = "bench-insurance"
_BATCH = 1_000


def run(size: str) -> None:
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    today = clock.today(timezone.now())
    company = _fleet(VEHICLES[size], today)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    asset = Asset.objects.filter(contract__company=company).order_by("pk")[0]
    paths = {
        "pusta strona": EMPTY,
        "ubezpieczenia": reverse("insurance:list"),
        "ubezpieczenia, braki": reverse("insurance:list") + "?state=missing",
        "ubezpieczenia, ostatnia strona": reverse("insurance:list") + "?strona=99999",
        "polisy": reverse("insurance:policies"),
        "przedmiot": reverse("insurance:asset", args=[asset.public_id]),
        "pulpit": reverse("portal:dashboard"),
    }
    with override_settings(ROOT_URLCONF="benchmarks.empty"):
        times = _measure(_client(company), paths)
    empty = statistics.median(times["pusta strona"])
    ratios = {name: statistics.median(taken) / empty for name, taken in times.items()}
    for name, ratio in ratios.items():
        print(f"{name:32}{statistics.median(times[name]):9.1f} ms{ratio:8.2f} ×")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"bench insurance size={size} ratio={max(ratios.values()):.2f} aim<={AIM:.0f}"
        f" memory_mb={memory:.0f}\n"
    )


def _measure(client: Client, paths: dict[str, str]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in paths}
    for name, path in paths.items():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200, path
        print(f"{name:32}{len(captured):5} zapytań")
    gc.collect()
    gc.disable()
    try:
        for _round in range(ROUNDS):
            for name, path in paths.items():
                start = time.perf_counter()
                client.get(path)
                times[name].append((time.perf_counter() - start) * 1000)
            gc.collect()
    finally:
        gc.enable()
    return times


def _client(company: Company) -> Client:
    user, _made = User.objects.update_or_create(
        username="bench-insurance", defaults={"email": "bench-insurance@example.com"}
    )
    Membership.objects.get_or_create(user=user, company=company, defaults={"role": Role.OWNER})
    client = Client()
    client.force_login(user)
    return client


def _fleet(vehicles: int, today: dt.date) -> Company:
    source = {"source_system": SOURCE, "as_of": today}
    if not LessorProfile.objects.exists():
        LessorProfile.objects.create(code="bench", name="Pomiar", short_name="Pomiar")
    company, made = Company.objects.get_or_create(
        client_id=f"BENCH-INS-{vehicles}",
        defaults={"name": "Flota do pomiaru", "source_id": f"c{vehicles}", **source},
    )
    if not made:
        return company
    for risk in (Risk.OC, Risk.AC):
        Requirement.objects.get_or_create(
            category=AssetCategory.VEHICLE,
            risk=risk,
            contract=None,
            valid_from=dt.date(2020, 1, 1),
            defaults={"sum_pct": Decimal(100 if risk == Risk.AC else 0)},
        )
    insurer, _made = Insurer.objects.get_or_create(code="bench", defaults={"name": "Pomiar TU"})
    contracts = Contract.objects.bulk_create(
        (_contract(company, n, vehicles, today, source) for n in range(vehicles)), _BATCH
    )
    assets = Asset.objects.bulk_create(
        (
            Asset(
                contract=contract,
                category=AssetCategory.VEHICLE,
                make="Scania",
                model="R450",
                net_price=Decimal(100_000),
                vin=f"YS2R4X20{vehicles % 100:02}{n:07}",
                plate=f"WGM{n:05}",
                source_id=f"a{vehicles}-{n}",
                **source,
            )
            for n, contract in enumerate(contracts)
        ),
        _BATCH,
    )
    policies = Policy.objects.bulk_create(
        (
            Policy(
                company=company,
                contract=asset.contract,
                asset=asset,
                insurer=insurer,
                number=f"POL/{n}/{year}",
                placement=Placement.LESSOR,
                policyholder="Pomiar",
                insured="Pomiar",
                valid_from=today + dt.timedelta(days=365 * year - 100 - n % 200),
                valid_to=today + dt.timedelta(days=365 * year + 264 - n % 200),
                verification=Verification.VERIFIED,
                source_id=f"p{vehicles}-{n}-{year}",
                **source,
            )
            for n, asset in enumerate(assets)
            for year in (-1, 0)
            if year < 0 or n % 100  # one in a hundred has none today
        ),
        _BATCH,
    )
    PolicyCover.objects.bulk_create(
        (
            PolicyCover(
                policy=policy,
                risk=risk,
                sum_insured=None if risk == Risk.OC else Decimal(100_000),
            )
            for policy in policies
            for risk in (Risk.OC, Risk.AC, Risk.NNW, Risk.ASS)
        ),
        _BATCH,
    )
    return company


def _contract(
    company: Company, n: int, vehicles: int, today: dt.date, source: dict[str, object]
) -> Contract:
    return Contract(
        company=company,
        number=f"BENCH/{vehicles}/{n}",
        product=Product.OPERATING,
        status=ContractStatus.ACTIVE,
        signed_on=today - dt.timedelta(days=500),
        handover_on=today - dt.timedelta(days=465),
        end_on=today + dt.timedelta(days=600),
        net_value=Decimal(100_000),
        financed=Decimal(90_000),
        instalment_count=35,
        rate_type=RateType.FIXED,
        day_count=DayCount.THIRTY_360,
        annual_rate_pct=Decimal("6.5"),
        source_id=f"k{vehicles}-{n}",
        **source,
    )
