"""Balances of contracts as of a day: derived rows, made anew whenever the ledger changes.

Open: what is left of items in plus. Overdue: the part whose effective due date has passed.
Overpaid: money of the contract's payments that is not allocated, and what is left of corrections
in minus. A payment belongs to the contract it names, or else to that of the item it indicates;
one without either stays an overpayment of the company, outside any contract's balance.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction

from eboks.feeds.dialect import Cursor, cents, create_temporary, drop_temporary, money, whole


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
    and a row of zeros in their own currency where there is nothing."""
    params = {"on": on, "at": connection.ops.adapt_datetimefield_value(at)}
    cursor.execute(
        "DELETE FROM invoicing_balance WHERE as_of = %(on)s"
        " AND contract_id IN (SELECT id FROM ledger_contract)",
        params,
    )
    sums = ", ".join(money(whole(f"SUM({name})")) for name in ("open", "overdue", "overpaid"))
    left = cents("open_amount")
    # Rows with nothing open are left out before the join: nine in ten of a long history.
    cursor.execute(
        "INSERT INTO invoicing_balance (contract_id, as_of, currency, open_amount,"
        " overdue_amount, overpaid_amount, refreshed_at)"
        f" SELECT contract_id, %(on)s, currency, {sums}, %(at)s FROM ("
        " SELECT contract_id, currency,"
        f" CASE WHEN open_amount > 0 THEN {left} ELSE 0 END AS open,"
        f" CASE WHEN open_amount > 0 AND effective_due_on < %(on)s THEN {left} ELSE 0 END"
        f" AS overdue, CASE WHEN open_amount < 0 THEN -{left} ELSE 0 END AS overpaid"
        " FROM invoicing_receivableitem t JOIN ledger_contract c ON c.id = t.contract_id"
        " WHERE open_amount <> 0"
        f" UNION ALL SELECT contract_id, currency, 0, 0, {cents('unallocated_amount')}"
        " FROM invoicing_payment p JOIN ledger_contract c ON c.id = p.contract_id"
        " WHERE unallocated_amount <> 0"
        " UNION ALL SELECT k.id, k.currency, 0, 0, 0 FROM contracts_contract k"
        " JOIN ledger_contract c ON c.id = k.id) parts GROUP BY contract_id, currency",
        params,
    )
    return max(int(cursor.rowcount), 0)
