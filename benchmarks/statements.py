"""Bank statement: importing 70 000 entries against reading the same file alone.

Works in a database of its own beside the one in DATABASE_URL, made and dropped here: as many
contracts as entries, each with three items to be paid. Most entries come to individual accounts;
the others are told by an invoice in the title, a contract, a known payer with the exact amount, or
not at all; some are fees and reversals. `ratio` is the whole import (reading, recognising, posting
with allocation and balances, storing) over reading alone.
"""
# ruff: noqa: S608 -- names of tables come from models, values are our own

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import resource
import time
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.core.management import call_command

ENTRIES = {"small": 7_000, "mid": 70_000, "large": 70_000}
AIM = 3.0
NUMBER = "91116022020000000123456789"
DAY = dt.date(2026, 11, 20)
AT = dt.datetime(2026, 11, 21, 5, 0, tzinfo=dt.UTC)
# Of a hundred entries: by what they are recognised.
KINDS = ["account"] * 84 + ["invoice"] * 6 + ["contract"] * 3 + ["payer"] * 3
KINDS += ["unknown"] * 2 + ["fee", "reversal"]


def run(size: str) -> None:
    """Make the clients, import one statement, and compare."""
    url = os.environ["DATABASE_URL"]
    scratch = f"{urlsplit(url).path.strip('/')}_bench_statements"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{scratch}"')
        connection.execute(f'CREATE DATABASE "{scratch}"')
        try:
            own = urlunsplit(urlsplit(url)._replace(path=f"/{scratch}"))
            parse, whole, memory, found = _in_a_process_of_its_own(ENTRIES[size], own)
        finally:
            connection.execute(f'DROP DATABASE "{scratch}"')
    count = ENTRIES[size]
    print(f"odczyt pliku: {parse:.1f} s; cały import: {whole:.1f} s")
    print(", ".join(f"{name}: {number}" for name, number in sorted(found.items())))
    print(
        f"bench statements size={size} ratio={whole / parse:.2f} aim<={AIM:g}"
        f" memory_mb={memory:.0f} entries_per_s={count / whole:.0f}"
        f" read_per_s={count / parse:.0f}"
    )


def _in_a_process_of_its_own(count: int, url: str) -> tuple[float, float, float, dict[str, int]]:
    """(seconds of reading, seconds of the import, peak memory in MB, entries by state)."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_import, args=(count, url, send))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit("bench statements: the import failed")
    measured: tuple[float, float, float, dict[str, int]] = receive.recv()
    return measured


def _import(count: int, url: str, send: Connection) -> None:
    os.environ["DATABASE_URL"] = url
    import django  # noqa: PLC0415 -- a fresh process

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    from django.db import connection  # noqa: PLC0415

    from invoicing.bank.importing import import_file  # noqa: PLC0415
    from invoicing.bank.reading import Raw, read  # noqa: PLC0415

    with connection.cursor() as cursor:
        _make_clients(cursor, count)
    # The first statement warms up what every process loads once.
    import_file(raw=Raw.of("first.sta", _statement(20, number=1)), at=AT)
    raw = Raw.of("bench.sta", _statement(count, number=2))
    parse = min(_seconds(lambda: read(raw, on=DAY)) for _round in range(2))
    start = time.perf_counter()
    outcome = import_file(raw=raw, at=AT)
    whole = time.perf_counter() - start
    assert not outcome.problems, outcome.problems
    found = {str(state): number for state, number in outcome.counts().items()}
    send.send((parse, whole, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found))


def _seconds(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _account(n: int) -> str:
    return f"{n % 97:02d}11602202{n:016d}"


def _make_clients(cursor: Any, count: int) -> None:
    """One contract each with three items to be paid; every third client has two contracts."""
    from invoicing.models import BankDialect, LessorAccount  # noqa: PLC0415
    from tests import factories as f  # noqa: PLC0415

    dialect = BankDialect.objects.get(code="tilde-cp1250")
    LessorAccount.objects.create(number=NUMBER, title="Główny", dialect=dialect)
    item = f.ReceivableItemFactory(account="", invoice__account="")
    payment = f.PaymentFactory(company=item.company, unallocated_amount=0)
    company = f"{_BASE} + n - CASE WHEN n % 3 = 0 THEN 1 ELSE 0 END"
    bill = f"{_BASE} + 3 * n + k"
    gross = {"net": "1000 + n % 500", "vat": "0", "vat_pln": "0", "gross": "1000 + n % 500"}
    number = "'FV/L/2026/' || lpad((9 + k)::text, 2, '0') || '/' || lpad(n::text, 6, '0')"
    one = f"generate_series(1, {count}) n"
    three = f"{one}, generate_series(0, 2) k"
    for row, source, values in (
        (
            item.company,
            one,
            {"id": f"{_BASE} + n", "client_id": "'KL' || n", "source_id": "'K' || n"},
        ),
        (
            item.contract,
            one,
            {
                "id": f"{_BASE} + n",
                "company_id": company,
                "number": "'OL/2026/' || lpad(n::text, 6, '0')",
                "virtual_account": "lpad((n % 97)::text, 2, '0') || '11602202'"
                " || lpad(n::text, 16, '0')",
                "source_id": "'U' || n",
            },
        ),
        (
            item.invoice,
            three,
            {
                "id": bill,
                "company_id": company,
                "contract_id": f"{_BASE} + n",
                "number": number,
                "source_id": "'F' || n || '.' || k",
                **gross,
            },
        ),
        (
            item,
            three,
            {
                "id": bill,
                "company_id": company,
                "contract_id": f"{_BASE} + n",
                "invoice_id": bill,
                "label": number,
                "source_id": "'F' || n || '.' || k",
                "gross": gross["gross"],
                "open_amount": gross["gross"],
                "effective_due_on": "make_date(2026, 9 + k, 10)",
            },
        ),
        (
            payment,
            one,
            {
                "id": f"{_BASE} + n",
                "company_id": company,
                "amount": "1",
                "payer_account": "'10114010' || lpad(n::text, 18, '0')",
                "source_id": "'W' || n",
            },
        ),
    ):
        _multiply(cursor, row, source, values)
    cursor.execute("ANALYZE")


_BASE = 1_000_000  # ids of what is made here


def _multiply(cursor: Any, row: Any, source: str, values: dict[str, str]) -> None:
    """Copies of a row, with some columns told by SQL over `source`."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    told = {"public_id": "gen_random_uuid()", **values}
    chosen = ", ".join(told.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} t, {source}"
        f" WHERE t.id = {row.pk}"
    )


def _payer(n: int) -> str:
    return f"10114010{n:018d}"


def _statement(count: int, *, number: int) -> bytes:
    """An MT940 file that holds together, each contract paid once."""
    draw = random.Random(2026)
    total = 100_000_000 if number == 1 else _closing(_statement(20, number=1))
    opening = f"{total // 100},{total % 100:02d}"
    lines = [":20:BENCH", f":25:PL{NUMBER}", f":28C:{number:05d}/001"]
    lines.append(f":60F:C{DAY:%y%m%d}PLN{opening}")
    last = (0, "")
    for n in range(1, count + 1):
        kind = draw.choice(KINDS)
        grosze, mark, code, account = (1000 + n % 500) * 100, "C", "NTRF", ""
        title, payer = f"rata leasingu {n % 12 + 1}/2026", _payer(n)
        if kind == "account":
            account = _account(n)
            if n % 2:
                title = f"FV/L/2026/09/{n:06d} rata"
            last = (grosze, f"B{number}{n:011d}")
        elif kind == "invoice":
            title = f"zaplata fv/l/2026/09/{n}"
        elif kind == "contract":
            title = f"umowa OL/2026/{n:06d}"
        elif kind == "unknown":
            title, payer = "wplata", _payer(10**9 + n)
        elif kind == "fee":
            grosze, mark, code, title = 1250, "D", "NCHG", "prowizja"
        elif kind == "reversal" and last[0]:
            grosze, mark, title = last[0], "RC", f"zwrot ref {last[1]}"
            last = (0, "")
        total += grosze if mark == "C" else -grosze
        amount = f"{grosze // 100},{grosze % 100:02d}"
        lines.append(f":61:{DAY:%y%m%d%m%d}{mark}{amount}{code}NONREF//B{number}{n:011d}")
        lines.append(f":86:034~00PRZELEW PRZYCHODZACY~10{n:06d}~20{title[:27]}")
        if title[27:]:
            lines.append(f"~21{title[27:]}")
        lines.append(f"~29{account}~30{payer[2:10]}~31{payer[10:]}~32FIRMA {n}")
        lines.append(f"~38PL{payer}")
    lines += [f":62F:C{DAY:%y%m%d}PLN{total // 100},{total % 100:02d}", "-", ""]
    return "\r\n".join(lines).encode("cp1250")


def _closing(content: bytes) -> int:
    """The closing balance of a file made here, in grosze."""
    line = next(row for row in content.decode("cp1250").split("\r\n") if row.startswith(":62F:"))
    return int(line[15:].replace(",", ""))
