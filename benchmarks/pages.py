"""Server time of the main pages for a fleet client, as a ratio to an empty logged-in page.

Uses the portfolio that is in the database; into an empty one it imports a made-up portfolio of the
size asked for. Every page is opened in turn, over and over, in one process and with the whole
middleware, so that noise of the machine hits all of them alike. The last line tells of the page
that is furthest from its aim.
"""

from __future__ import annotations

import datetime as dt
import gc
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from benchmarks.filling import fill
from contracts import positions
from contracts.enums import LIVE_STATUSES
from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role
from invoicing.models import Invoice

CONTRACTS = {"small": 4_000, "mid": 70_000, "large": 300_000}
ROUNDS = 60
EMPTY = "/pusta/"
LIST_AIM, DASHBOARD_AIM = 3.0, 4.0


@dataclass
class Page:
    name: str
    path: str
    aim: float | None  # times the empty page; None: shown, not judged
    first_ms: float = 0.0
    queries: int = 0
    queries_of_small: int = 0
    bytes: int = 0
    times: list[float] = field(default_factory=list)

    def p(self, share: int) -> float:
        return statistics.quantiles(self.times, n=100)[share - 1]


def run(size: str) -> None:
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["*"]
    fill(CONTRACTS[size])
    positions.refresh(on=clock.today(timezone.now()))  # as beat does
    fleet, small = _companies()
    fleet_user, small_user = _person("bench-fleet", fleet), _person("bench-small", small)
    count = Contract.objects.filter(company=fleet).count()
    print(f"klient flotowy: {count} umów z {Contract.objects.count()}")
    with override_settings(ROOT_URLCONF="benchmarks.empty"):
        _report(size, _measure(_pages(fleet), fleet_user, _pages(small), small_user))


def _companies() -> tuple[Company, Company]:
    """The client with the most contracts, and one with a single live contract and an invoice."""
    fleet = Company.objects.annotate(n=Count("contracts")).order_by("-n", "pk")[0]
    live = Contract.objects.filter(company=OuterRef("pk"), status__in=LIVE_STATUSES)
    billed = Invoice.objects.filter(company=OuterRef("pk"))
    single = Company.objects.annotate(n=Count("contracts")).filter(
        Exists(live), Exists(billed), n=1
    )
    return fleet, single.order_by("pk")[0]


def _person(username: str, company: Company) -> User:
    user, _made = User.objects.update_or_create(
        username=username,
        defaults={
            "email": f"{username}@example.com",
            "first_name": "Anna",
            "previous_visit_at": timezone.now() - dt.timedelta(days=7),
        },
    )
    Membership.objects.get_or_create(user=user, company=company, defaults={"role": Role.OWNER})
    return user


def _pages(company: Company) -> list[Page]:
    contract = (
        Contract.objects.filter(company=company, status__in=LIVE_STATUSES, invoices__isnull=False)
        .order_by("-instalment_count", "pk")
        .first()
    )
    invoice = Invoice.objects.filter(company=company).order_by("-issued_on", "-pk").first()
    assert contract
    assert invoice
    one, lists = [contract.public_id], LIST_AIM
    return [
        Page("pusta strona", EMPTY, None),
        Page("pulpit", reverse("portal:dashboard"), DASHBOARD_AIM),
        Page("umowy", reverse("contracts:list"), lists),
        Page(
            "umowy, trwające, wg kapitału",
            reverse("contracts:list") + "?state=live&sort=-left",
            lists,
        ),
        Page("umowy, ostatnia strona", reverse("contracts:list") + "?strona=99999", lists),
        Page("umowy, szukanie", reverse("contracts:list") + "?q=scania", None),
        Page("umowa", reverse("contracts:detail", args=one), lists),
        Page("umowa, harmonogram", reverse("contracts:schedule", args=one), lists),
        Page("umowa, faktury", reverse("portal:contract_invoices", args=one), lists),
        Page("umowa, przedmiot", reverse("contracts:asset", args=one), lists),
        Page("umowa, dokumenty", reverse("portal:contract_documents", args=one), lists),
        Page("faktury", reverse("invoicing:invoice_list"), lists),
        Page("faktura", reverse("invoicing:invoice_detail", args=[invoice.public_id]), lists),
        Page("rozrachunki", reverse("invoicing:settlements"), lists),
        Page("szukaj: VIN", reverse("portal:search") + "?q=WVWZZZ", None),
        Page("szukaj: kwota", reverse("portal:search") + "?q=3448,66", None),
        Page("firma", reverse("portal:company"), lists),
    ]


def _measure(
    pages: Sequence[Page], user: User, small_pages: Sequence[Page], small_user: User
) -> Sequence[Page]:
    client, small_client = Client(), Client()
    client.force_login(user)
    small_client.force_login(small_user)
    for page, small in zip(pages, small_pages, strict=True):
        small_client.get(small.path)
        page.queries_of_small = _queries(small_client, small.path)
        page.first_ms = _time(client, page)
        page.queries = _queries(client, page.path)
    gc.collect()
    gc.disable()
    try:
        for _round in range(ROUNDS):
            for page in pages:
                page.times.append(_time(client, page))
            gc.collect()
    finally:
        gc.enable()
    return pages


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)


def _time(client: Client, page: Page) -> float:
    start = time.perf_counter()
    response = client.get(page.path)
    taken = (time.perf_counter() - start) * 1000
    assert response.status_code == 200, f"{page.path}: {response.status_code}"
    page.bytes = len(response.content)
    return taken


def _report(size: str, pages: Sequence[Page]) -> None:
    empty = pages[0]
    print(
        f"{'strona':32}{'1. raz':>9}{'p50 ms':>9}{'p95 ms':>9}{'× p50':>7}{'× p95':>7}"
        f"{'cel':>5}{'zapytań':>9}{'1 umowa':>9}{'kB':>6}"
    )
    for page in pages:
        print(
            f"{page.name:32}{page.first_ms:9.1f}{page.p(50):9.1f}{page.p(95):9.1f}"
            f"{page.p(50) / empty.p(50):7.2f}{page.p(95) / empty.p(95):7.2f}"
            f"{page.aim or 0:5.0f}{page.queries:9}{page.queries_of_small:9}{page.bytes / 1000:6.0f}"
        )
    judged = [page for page in pages if page.aim]
    worst = max(judged, key=lambda page: page.p(50) / (page.aim or 1))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"bench pages size={size} ratio={worst.p(50) / empty.p(50):.2f} aim<={worst.aim:.0f}"
        f" memory_mb={memory:.0f}\n"
    )
