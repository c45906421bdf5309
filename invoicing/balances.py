"""Balances of contracts as of a day: derived rows, made anew whenever the ledger changes.

Whoever changes the ledger writes the balances it touched in the same transaction
(`write_balances`).
The night (`nightly`) writes all of them. The two keep out of each other's way by one lock of the
whole database: writers share it, a part of the night has it alone for a moment. So whatever the
night did not see is written after it by whoever did it.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction

from eboks.feeds.dialect import Cursor, Params, create_temporary, drop_temporary, is_postgresql
from eboks.jobs.models import BALANCES_JOB, JobRun, JobState
from invoicing.balance_sql import COLUMNS, OF_RANGE, OF_WORK_TABLE, current, historical

_LOCK = 0x65424F4B_62616C61  # "eBOKbala"


@transaction.atomic
def refresh_balances(
    *, on: dt.date, at: dt.datetime, contract_ids: Iterable[int] | None = None
) -> int:
    """Write the balance of day `on` of all contracts, or of some. Returns how many rows.

    A balance of the same day is replaced. Safe to repeat.
    """
    with connection.cursor() as cursor:
        create_temporary(cursor, "ledger_contract", "id bigint PRIMARY KEY")
        if contract_ids is None:
            cursor.execute("INSERT INTO ledger_contract (id) SELECT id FROM contracts_contract")
        else:
            for contract_id in sorted(set(contract_ids)):
                cursor.execute("INSERT INTO ledger_contract (id) VALUES (%s)", [contract_id])
        written = write_balances(cursor, on=on, at=at)
        drop_temporary(cursor, "ledger_contract")
    return written


def write_balances(cursor: Cursor, *, on: dt.date, at: dt.datetime) -> int:
    """The balances of the contracts in `ledger_contract`: every currency they owe or overpaid,
    and a row of zeros in their own currency where there is nothing.

    Call it last in the transaction that changed the ledger. Where the night of a later day is
    finished already, that day's rows follow too: they are what is read.
    """
    if is_postgresql():
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    newest = published_day()
    if newest is not None and newest > on:
        _write(cursor, OF_WORK_TABLE, {"on": newest}, at=at, sql=current(OF_WORK_TABLE))
    return _write(cursor, OF_WORK_TABLE, {"on": on}, at=at, sql=current(OF_WORK_TABLE))


def write_range(
    cursor: Cursor, *, first: int, last: int, on: dt.date, at: dt.datetime, is_past: bool
) -> int:
    """The balances of day `on` of the contracts with ids from `first` to `last`; how many rows.

    While it runs nobody else writes balances. On PostgreSQL it waits for them as long as
    `lock_timeout` says, then raises OperationalError. `is_past`: as it stood at the end of `on`.
    """
    if is_postgresql():
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    select = historical(OF_RANGE) if is_past else current(OF_RANGE)
    return _write(cursor, OF_RANGE, {"on": on, "first": first, "last": last}, at=at, sql=select)


def published_day() -> dt.date | None:
    """The newest day whose night is finished: that of `Balance.objects.published()`."""
    nights = JobRun.objects.filter(job=BALANCES_JOB, state=JobState.DONE)
    return nights.order_by("-business_on").values_list("business_on", flat=True).first()


def _write(cursor: Cursor, contracts: str, params: Params, *, at: dt.datetime, sql: str) -> int:
    params = {**params, "at": connection.ops.adapt_datetimefield_value(at)}
    cursor.execute(
        f"DELETE FROM invoicing_balance WHERE as_of = %(on)s AND contract_id {contracts}", params
    )
    cursor.execute(f"INSERT INTO invoicing_balance {COLUMNS} {sql}", params)
    return max(int(cursor.rowcount), 0)
