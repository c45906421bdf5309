"""Repricing of every floating contract, as a ratio to the engine alone on the same schedules.

Works in a copy of the database in DATABASE_URL, made and dropped here; into an empty database it
first imports a made-up portfolio of the size asked for, which stays. Each index gets a new value,
so that every contract with a reset changes. The engine alone: the very calls of the run, made once
more with the schedules already in memory, without the database.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import psycopg
from django.db import connection, connections
from django.db.models import Max

from benchmarks.filling import fill
from contracts import schedule
from contracts.fixing_book import FixingBook
from contracts.models import Contract, IndexFixing, ReferenceRate
from contracts.rate_terms import RateTerms
from contracts.repricing import reprice_due
from contracts.repricing_batches import Batches, Inline
from contracts.repricing_work import work_out
from eboks import clock

CONTRACTS = {"small": 4_000, "mid": 70_000, "large": 300_000}
AIM = 2.0
_NEW_VALUES = {"WIBOR": "3.77", "POLSTR": "3.61", "EURIBOR": "2.04"}


def run(size: str) -> None:
    """Fill the database if it is empty, copy it, and reprice the copy."""
    fill(CONTRACTS[size])
    with _copy():
        on = _new_values()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        at = dt.datetime.combine(on, dt.time(4, 45), tzinfo=clock.WARSAW)
        book = FixingBook.read(through=on)
        batches = Batches(on, book, lambda: at, lease=None, writer=Inline())
        engine = sum(_engine_alone(batch, on, book) for batch in batches.everything(()))
        print(f"sam silnik: {engine:.1f} s")
        start = time.perf_counter()
        report = reprice_due(on=on, at=at)
        seconds = time.perf_counter() - start
        done = sum(report.outcomes.values())
        print(f"przeliczenie: {seconds:.1f} s, {dict(report.outcomes)}, błędy {len(report.failed)}")
        for line in report.failed[:5]:
            print(f"  {line}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"bench reprice size={size} ratio={seconds / engine:.2f} aim<={AIM:g}"
        f" memory_mb={memory:.0f} contracts={done} contracts_per_s={done / seconds:.0f}"
    )


@contextmanager
def _copy() -> Iterator[None]:
    """A copy of the database, in which Django works meanwhile."""
    url = os.environ["DATABASE_URL"]
    name = urlsplit(url).path.strip("/")
    scratch = f"{name}_bench_reprice"
    connections.close_all()
    with psycopg.connect(url.replace(f"/{name}", "/postgres"), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{scratch}"')
        server.execute(f'CREATE DATABASE "{scratch}" TEMPLATE "{name}"')
        connection.settings_dict["NAME"] = scratch
        try:
            yield
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = name
            server.execute(f'DROP DATABASE "{scratch}"')


def _new_values() -> dt.date:
    """A new value of each index, and the day of the reset that takes it."""
    last = Contract.objects.aggregate(last=Max("as_of"))["last"]
    on = clock.add_months(last.replace(day=1), 1)
    while on.month % 3 != 1:  # contracts that are reset every three months, too
        on = clock.add_months(on, 1)
    day = clock.previous_working_day(on)
    at = dt.datetime.combine(day, dt.time(12), tzinfo=clock.WARSAW)
    for rate in ReferenceRate.objects.exclude(kind="fixed").order_by("pk"):
        value = _NEW_VALUES[rate.code.partition("_")[0]]
        IndexFixing.objects.get_or_create(
            rate=rate, on=day, defaults={"value": value, "source": "pomiar", "entered_at": at}
        )
    return on


def _engine_alone(contracts: list[RateTerms], on: dt.date, book: FixingBook) -> float:
    """Seconds of the engine's calls for these contracts."""
    calls: list[tuple[Any, dict[str, Any]]] = []
    reprice = schedule.reprice

    def noted(given: Any, **options: Any) -> Any:
        calls.append((given, options))
        return reprice(given, **options)

    with mock.patch.object(schedule, "reprice", noted):
        work_out(contracts, on=on, book=book)
    start = time.perf_counter()
    for given, options in calls:
        reprice(given, **options)
    return time.perf_counter() - start
