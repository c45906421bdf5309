"""Night of balances against the one bare statement that computes and writes the same rows.

Works in a database of its own beside the one in DATABASE_URL, made and dropped here and filled by
SQL: 36 monthly items of each contract in the order of their months, the last one or two open, some
money not allocated, and the core system's figures of all contracts, a few of them other than ours.
`ratio` compares the whole night (parts, comparison, differences, report; the better of two days)
with the better of two runs of the bare statement on the same tables. All the time a reader looks at
what is published, and fails the benchmark if it ever sees anything but the old day or the new one.
"""
# ruff: noqa: S608 -- names of tables and columns come from code

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import resource
import threading
import time
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

CONTRACTS = {"small": 4_000, "mid": 70_000, "large": 300_000}
ITEMS = 36  # of each contract
AIM = 1.5
ON = dt.date(2026, 11, 20)
_DAY = dt.timedelta(days=1)


def run(size: str) -> None:
    """Fill a scratch database, measure both, and check that they say the same."""
    url = os.environ["DATABASE_URL"]
    scratch = f"{urlsplit(url).path.strip('/')}_bench_nightly"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{scratch}"')
        try:
            _measure(size, urlunsplit(urlsplit(url)._replace(path=f"/{scratch}")))
        finally:
            connection.execute(f'DROP DATABASE "{scratch}" WITH (FORCE)')


def _measure(size: str, url: str) -> None:
    start = time.perf_counter()
    _in_a_process_of_its_own(_fill, url, CONTRACTS[size])
    print(f"umów: {CONTRACTS[size]}, należności: {CONTRACTS[size] * ITEMS}")
    print(f"dane: {time.perf_counter() - start:.0f} s")
    bare, night = [], []
    memory = 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(2):
            day = ON + number * _DAY
            bare.append(_bare(connection, day))
            _core_figures(connection, day)
            connection.execute("VACUUM ANALYZE invoicing_balance, invoicing_corebalance")
            with _Reader(url, new=day) as reader:
                seconds, memory = _in_a_process_of_its_own(_night, url, day.isoformat())
            night.append(seconds)
            print(f"noc {day}: {seconds:.1f} s, zdanie: {bare[-1]:.1f} s, odczytów: {reader.reads}")
            _check(connection, day)
    print(
        f"bench nightly size={size} ratio={min(night) / min(bare):.2f} aim<={AIM:g}"
        f" memory_mb={memory:.0f} contracts_per_s={CONTRACTS[size] / min(night):.0f}"
        f" night_s={min(night):.1f} bare_s={min(bare):.1f}"
    )


def _bare(connection: psycopg.Connection[Any], day: dt.date) -> float:
    """The statement, into a table with the same keys, checks and references as the real one."""
    connection.execute("DROP TABLE IF EXISTS bare_balance")
    connection.execute(
        "CREATE TABLE bare_balance (LIKE invoicing_balance INCLUDING ALL,"
        " FOREIGN KEY (contract_id) REFERENCES contracts_contract (id)"
        " DEFERRABLE INITIALLY DEFERRED)"
    )
    connection.execute("SET work_mem = '64MB'")
    start = time.perf_counter()
    connection.execute(
        "INSERT INTO bare_balance (contract_id, as_of, currency, open_amount, overdue_amount,"
        " overpaid_amount, refreshed_at) SELECT contract_id, %(day)s, currency, SUM(o), SUM(d),"
        " SUM(p), now() FROM (SELECT contract_id, currency,"
        " CASE WHEN open_amount > 0 THEN open_amount ELSE 0 END AS o,"
        " CASE WHEN open_amount > 0 AND effective_due_on < %(day)s THEN open_amount ELSE 0 END"
        " AS d, CASE WHEN open_amount < 0 THEN -open_amount ELSE 0 END AS p"
        " FROM invoicing_receivableitem WHERE open_amount <> 0"
        " UNION ALL SELECT contract_id, currency, 0, 0, unallocated_amount FROM invoicing_payment"
        " WHERE unallocated_amount <> 0"
        " UNION ALL SELECT id, currency, 0, 0, 0 FROM contracts_contract) x"
        " GROUP BY contract_id, currency",
        {"day": day},
    )
    return time.perf_counter() - start


def _core_figures(connection: psycopg.Connection[Any], day: dt.date) -> None:
    """What the core system says: the same, except for every 10 000th contract."""
    connection.execute(
        "INSERT INTO invoicing_corebalance (contract_id, as_of, currency, open_amount,"
        " overpaid_amount) SELECT contract_id, as_of, currency,"
        " open_amount + CASE WHEN contract_id %% 10000 = 1 THEN 1 ELSE 0 END, overpaid_amount"
        " FROM bare_balance WHERE as_of = %s",
        [day],
    )


def _check(connection: psycopg.Connection[Any], day: dt.date) -> None:
    columns = "contract_id, currency, open_amount, overdue_amount, overpaid_amount"
    ours = f"SELECT {columns} FROM invoicing_balance WHERE as_of = '{day}'"
    bare = f"SELECT {columns} FROM bare_balance"
    for one, other in ((ours, bare), (bare, ours)):
        row = connection.execute(f"SELECT COUNT(*) FROM ({one} EXCEPT {other}) x").fetchone()
        assert row == (0,), f"{day}: {row} rows differ"
    waiting = connection.execute(
        "SELECT COUNT(*) FROM invoicing_balancedifference WHERE state = 'open'"
    ).fetchone()
    expected = connection.execute(
        "SELECT COUNT(*) FROM contracts_contract WHERE id % 10000 = 1"
    ).fetchone()
    assert waiting == expected, (waiting, expected)


class _Reader:
    """Looks at the published balances again and again: the old day whole, or the new one whole."""

    def __init__(self, url: str, *, new: dt.date) -> None:
        self._url, self._new = url, new
        self._stop = threading.Event()
        self._seen: dict[dt.date | None, set[Any]] = {}
        self._thread = threading.Thread(target=self._look)
        self.reads = 0

    def __enter__(self) -> _Reader:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        assert set(self._seen) <= {None, self._new - _DAY, self._new}, self._seen
        assert all(len(whole) == 1 for whole in self._seen.values()), self._seen

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.wait(0.25):
                day, *whole = connection.execute(
                    "SELECT MAX(as_of), COUNT(*), SUM(open_amount), SUM(overdue_amount)"
                    " FROM invoicing_balance WHERE as_of = (SELECT MAX(business_on) FROM"
                    " jobs_jobrun WHERE job = 'balances' AND state = 'done')"
                ).fetchone() or (None,)
                self._seen.setdefault(day, set()).add(tuple(whole))
                self.reads += 1


def _in_a_process_of_its_own(work: Any, url: str, argument: Any) -> tuple[float, float]:
    """(seconds, peak memory in MB) of the work, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(work, url, argument, send))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit(f"bench nightly: {work.__name__} failed")
    seconds, memory = receive.recv()
    return seconds, memory


def _timed(work: Any, url: str, argument: Any, send: Connection) -> None:
    os.environ["DATABASE_URL"] = url
    import django  # noqa: PLC0415 -- a fresh process

    django.setup()
    from django.db import connection  # noqa: PLC0415

    connection.ensure_connection()
    start = time.perf_counter()
    work(argument)
    seconds = time.perf_counter() - start
    send.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _night(day: str) -> None:
    from eboks.clock import WARSAW  # noqa: PLC0415 -- a fresh process
    from eboks.jobs import nights  # noqa: PLC0415
    from eboks.jobs.models import BALANCES_JOB  # noqa: PLC0415

    on = dt.date.fromisoformat(day)
    begun = time.monotonic()

    def now() -> dt.datetime:
        start = dt.datetime.combine(on, dt.time(4, 15), tzinfo=WARSAW)
        return start + dt.timedelta(seconds=time.monotonic() - begun)

    outcome = nights.attempt(nights.duty(BALANCES_JOB), on=on, now=now)
    assert outcome.result == nights.Result.DONE, outcome
    print(outcome.report)


def _fill(contracts: int) -> None:
    """Companies with three contracts each, 36 items and three payments of each contract."""
    from django.core.management import call_command  # noqa: PLC0415 -- a fresh process
    from django.db import connection  # noqa: PLC0415

    from contracts.models import Contract  # noqa: PLC0415
    from eboks.tenancy.models import Company  # noqa: PLC0415
    from invoicing.models import Payment, ReceivableItem  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    due = f"(date '{ON}' - (36 - m) * 30 + n % 28)"
    source = {"source_system": "'bench'", "as_of": f"date '{ON}'"}
    parts: list[tuple[Any, dict[str, str], str]] = [
        (
            Company,
            {"id": "n", "source_id": "n", "client_id": "'B' || n", "name": "'Firma ' || n"},
            f"generate_series(1, {contracts // 3 + 1}) n",
        ),
        (
            Contract,
            {
                "id": "n",
                "source_id": "n",
                "number": "'B/' || n",
                "company_id": "n / 3 + 1",
                "product": "'operating'",
                "status": "'active'",
                "rate_type": "'fixed'",
                "signed_on": f"date '{ON}'",
                "end_on": f"date '{ON}'",
                "net_value": "100000",
                "financed": "90000",
                "instalment_count": "36",
                "annual_rate_pct": "6.5",
                "day_count": "'30/360'",
            },
            f"generate_series(1, {contracts}) n",
        ),
        (
            ReceivableItem,
            {
                "source_id": "n || '/' || m",
                "label": "'FV/' || m || '/' || n",
                "company_id": "n / 3 + 1",
                "contract_id": "n",
                "kind": "'invoice'",
                "gross": "1000 + n % 977",
                "issued_on": f"{due} - 14",
                "nominal_due_on": due,
                "effective_due_on": due,
                "open_amount": "CASE WHEN m = 36 THEN 1000 + n % 977"
                " WHEN m = 35 AND n % 10 = 0 THEN 500.25 ELSE 0 END",
            },
            f"generate_series(1, {ITEMS}) m, generate_series(1, {contracts}) n ORDER BY m, n",
        ),
        (
            Payment,
            {
                "source_id": "n || '/' || m",
                "company_id": "n / 3 + 1",
                "contract_id": "n",
                "kind": "'transfer'",
                "booked_on": f"date '{ON}'",
                "amount": "1500",
                "unallocated_amount": "CASE WHEN m = 3 AND n % 20 = 0 THEN 12.34 ELSE 0 END",
            },
            f"generate_series(1, 3) m CROSS JOIN generate_series(1, {contracts}) n",
        ),
    ]
    with connection.cursor() as cursor:
        for model, values, rows in parts:
            table = model._meta.db_table
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")  # no references to check
            _insert(cursor, model, {**source, **values}, rows)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _insert(cursor: Any, model: Any, values: dict[str, str], rows: str) -> None:
    """INSERT .. SELECT; columns that are not named get their default."""
    from django.db.models import UUIDField  # noqa: PLC0415 -- a fresh process

    fixed: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if isinstance(field, UUIDField):
            values = {**values, column: "gen_random_uuid()"}
        elif column not in values and not field.null and not field.primary_key:
            fixed[column] = field.get_db_prep_save(field.get_default(), cursor.db)
    columns = [*values, *fixed]
    names = ", ".join(f'"{name}"' for name in columns)
    marks = [*values.values(), *("%s" for _ in fixed)]
    select = f"SELECT {', '.join(marks)} FROM {rows}".replace("% ", "%% ")
    cursor.execute(f"INSERT INTO {model._meta.db_table} ({names}) {select}", list(fixed.values()))
