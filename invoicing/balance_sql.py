"""What contracts owe and have overpaid, as SQL: now from what is left open, or on an earlier day
from everything that was written until then.

Open: what is left of items in plus. Overdue: the part whose effective due date has passed.
Overpaid: money of the contract's payments that is not allocated, and what is left of corrections
in minus. A payment belongs to the contract it names, or else to that of the item it indicates;
one without either stays an overpayment of the company, outside any contract's balance.

Every contract has a row in its own currency, and one in each currency it owes or overpaid.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from eboks.feeds.dialect import exact, is_postgresql, money

COLUMNS = (
    "(contract_id, as_of, currency, open_amount, overdue_amount, overpaid_amount, refreshed_at)"
)
LARGEST = 99_999_999_999_999  # hundredths: what a column of money holds

# Which contracts: conditions over a column that holds the id of one.
OF_WORK_TABLE = "IN (SELECT id FROM ledger_contract)"
OF_RANGE = "BETWEEN %(first)s AND %(last)s"


def current(contracts: str) -> str:
    """SELECT of the rows of `COLUMNS` for day %(on)s, from what is left of items and payments.

    What has nothing left is never read: nine rows in ten of a long history.
    """
    left, unused = exact("open_amount"), exact("unallocated_amount")
    return _summed(
        f"SELECT contract_id, currency, CASE WHEN open_amount > 0 THEN {left} ELSE 0 END AS open,"
        f" CASE WHEN open_amount > 0 AND effective_due_on < %(on)s THEN {left} ELSE 0 END"
        f" AS overdue, CASE WHEN open_amount < 0 THEN -{left} ELSE 0 END AS overpaid"
        f" FROM invoicing_receivableitem WHERE open_amount <> 0 AND contract_id {contracts}"
        f" UNION ALL SELECT contract_id, currency, 0, 0, {unused} FROM invoicing_payment"
        f" WHERE unallocated_amount <> 0 AND contract_id {contracts}",
        contracts,
    )


def historical(contracts: str) -> str:
    """The same as it stood at the end of day %(on)s, from rows that are only ever added."""
    item = "i.id, i.contract_id, i.currency, i.effective_due_on"
    mine = f"i.contract_id {contracts}"
    items = (
        f"SELECT {item}, {exact('i.gross')} AS amount FROM invoicing_receivableitem i"
        f" WHERE {mine} AND i.issued_on <= %(on)s"
        f" UNION ALL SELECT {item}, -{exact('x.amount')} FROM invoicing_allocation x"
        f" JOIN invoicing_receivableitem i ON i.id = x.item_id"
        f" WHERE {mine} AND x.allocated_on <= %(on)s"
        f" UNION ALL SELECT {item}, -{exact('x.amount')} FROM invoicing_setoff x"
        " JOIN invoicing_receivableitem i ON i.id = x.debit_item_id"
        f" WHERE {mine} AND x.set_off_on <= %(on)s"
        f" UNION ALL SELECT {item}, {exact('x.amount')} FROM invoicing_setoff x"
        " JOIN invoicing_receivableitem i ON i.id = x.credit_item_id"
        f" WHERE {mine} AND x.set_off_on <= %(on)s"
    )
    payment = "i.contract_id, i.currency, 0 AS open, 0 AS overdue"
    return _summed(
        "SELECT contract_id, currency, CASE WHEN amount > 0 THEN amount ELSE 0 END AS open,"
        " CASE WHEN amount > 0 AND effective_due_on < %(on)s THEN amount ELSE 0 END AS overdue,"
        " CASE WHEN amount < 0 THEN -amount ELSE 0 END AS overpaid FROM ("
        " SELECT id, contract_id, currency, effective_due_on, SUM(amount) AS amount"
        f" FROM ({items}) moves GROUP BY id, contract_id, currency, effective_due_on) stood"
        f" UNION ALL SELECT {payment}, {exact('i.amount')} FROM invoicing_payment i"
        f" WHERE {mine} AND i.booked_on <= %(on)s"
        f" UNION ALL SELECT {payment}, -{exact('x.amount')} FROM invoicing_allocation x"
        f" JOIN invoicing_payment i ON i.id = x.payment_id"
        f" WHERE {mine} AND x.allocated_on <= %(on)s"
        f" UNION ALL SELECT {payment}, -{exact('x.amount')} FROM invoicing_setoff x"
        f" JOIN invoicing_payment i ON i.id = x.credit_payment_id"
        f" WHERE {mine} AND x.set_off_on <= %(on)s"
        f" UNION ALL SELECT {payment}, {exact('x.amount')} FROM invoicing_setoff x"
        f" JOIN invoicing_payment i ON i.id = x.debit_payment_id"
        f" WHERE {mine} AND x.set_off_on <= %(on)s",
        contracts,
    )


def _summed(parts: str, contracts: str) -> str:
    sums = ", ".join(_sum(name) for name in ("open", "overdue", "overpaid"))
    return (
        f"SELECT contract_id, %(on)s, currency, {sums}, %(at)s FROM ({parts}"
        " UNION ALL SELECT id, currency, 0, 0, 0 FROM contracts_contract"
        f" WHERE id {contracts}) parts GROUP BY contract_id, currency"
        " ORDER BY contract_id, currency"
    )


def _sum(name: str) -> str:
    """A sum that does not fit is refused; PostgreSQL's column says so by itself."""
    if is_postgresql():
        return f"SUM({name})"
    return f"CASE WHEN ABS(SUM({name})) <= {LARGEST} THEN {money(f'SUM({name})')} END"
