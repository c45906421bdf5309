"""Audit trail: fifty parallel writers, one row each with its entry, against the row alone.

Works in a database of its own beside the one in DATABASE_URL, made and dropped here. A writer is a
thread with a connection; every transaction inserts one row of business, and in the audited rounds
one entry into the chain of one of fifty companies. Rounds of both kinds take turns. `ratio`
compares the 95th percentiles, `added_ms` is their difference, `one_chain_ms` the difference when
all fifty write to the same chain.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg

WRITERS = 50
ENTRIES = {"small": 8, "mid": 30, "large": 100}  # of each writer in each round
ROUNDS = 4
PAUSE = 0.5  # seconds between two entries of a writer: a hundred a second of all
AIM_MS = 5.0
AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


def run(size: str) -> None:
    """Measure in a scratch database and verify that the chains are whole afterwards."""
    url = os.environ["DATABASE_URL"]
    scratch = f"{urlsplit(url).path.strip('/')}_bench_audit"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{scratch}"')
        connection.execute(f'CREATE DATABASE "{scratch}"')
        try:
            _measure(size, scratch)
        finally:
            connection.execute(f'DROP DATABASE "{scratch}" WITH (FORCE)')


def _measure(size: str, scratch: str) -> None:
    from django.core.management import call_command  # noqa: PLC0415 -- as below
    from django.db import connections  # noqa: PLC0415

    from eboks.audit.verification import verify  # noqa: PLC0415

    # Fifty threads of one Python take turns of 5 ms; the web's processes have few threads each.
    sys.setswitchinterval(0.0005)
    connections.close_all()
    connections.settings["default"]["NAME"] = scratch
    connections["default"].settings_dict["NAME"] = scratch
    call_command("migrate", verbosity=0, interactive=False)
    keys = _companies()
    with connections["default"].cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, what text, at timestamptz)")
    took: dict[str, list[float]] = {"bare": [], "audited": [], "one_chain": []}
    ways: dict[str, list[int | None]] = {
        "bare": [None] * WRITERS,
        "audited": list(keys),
        "one_chain": [keys[0]] * WRITERS,
    }
    for companies in ways.values():
        _round_of(companies, 1)  # makes the chains
    for _round in range(ROUNDS):
        for name, companies in ways.items():
            took[name] += _round_of(companies, ENTRIES[size])
    report = verify()
    assert not report.faults, report.faults
    expected = 2 * WRITERS * (1 + ROUNDS * ENTRIES[size])
    assert report.entries == expected, (report.entries, expected)
    p95 = {name: statistics.quantiles(times, n=20)[-1] * 1000 for name, times in took.items()}
    for name, value in p95.items():
        print(f"{name}: p95 {value:.1f} ms, median {statistics.median(took[name]) * 1000:.1f} ms")
    added = p95["audited"] - p95["bare"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"bench audit size={size} ratio={p95['audited'] / p95['bare']:.2f}"
        f" added_ms={added:.1f} aim<={AIM_MS:g} memory_mb={memory:.0f}"
        f" one_chain_ms={p95['one_chain'] - p95['bare']:.1f}"
    )
    connections.close_all()


def _companies() -> list[int]:
    from eboks.tenancy.models import Company  # noqa: PLC0415 -- needs the settings

    made = [
        Company(
            source_system="bench",
            source_id=str(n),
            as_of=AT.date(),
            client_id=f"B{n}",
            name=f"Firma {n}",
        )
        for n in range(WRITERS)
    ]
    return [company.pk for company in Company.objects.bulk_create(made)]


def _round_of(companies: list[int | None], entries: int) -> list[float]:
    """Seconds of each transaction of all writers; a writer without a company writes no entry."""
    took: list[float] = []
    start = threading.Barrier(len(companies))
    threads = [
        threading.Thread(target=_write, args=(company, n, entries, start, took.append))
        for n, company in enumerate(companies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == len(companies) * entries
    return took


def _write(
    key: int | None, n: int, entries: int, start: threading.Barrier, note: Callable[[float], None]
) -> None:
    from django.db import connection, transaction  # noqa: PLC0415 -- needs the settings

    from eboks.audit.services import record  # noqa: PLC0415
    from eboks.tenancy.models import Company  # noqa: PLC0415

    company = Company.objects.get(pk=key) if key else None
    connection.ensure_connection()
    start.wait()
    time.sleep(PAUSE * n / WRITERS)  # not all in the same instant
    for number in range(entries):
        begun = time.perf_counter()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO bare (what, at) VALUES (%s, %s)", [f"{n}", AT])
            if company is not None:
                record(
                    event="invoice_downloaded",
                    at=AT,
                    company=company,
                    object_kind="invoicing.Invoice",
                    object_ref=str(number),
                    facts={"number": f"FV/{n}/{number}"},
                )
        note(time.perf_counter() - begun)
        time.sleep(PAUSE)
    connection.close()
