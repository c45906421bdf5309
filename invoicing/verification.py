"""Is the ledger what its entries say? (REL-01, REL-02; docs/ledger.md)

Each check is one set-based question about the whole ledger; an answer names the row that is wrong.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from eboks.audit import triggers
from eboks.feeds.dialect import Cursor, Params, cents, whole
from invoicing import entry_checks
from invoicing.balance_sql import COLUMNS, OF_RANGE, current
from invoicing.balances import published_day
from invoicing.enums import ItemKind
from invoicing.models import Balance

MOST = 1_000  # mismatches of one check that are named


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something in the ledger that does not add up."""

    check: str
    row: str
    stored: str
    expected: str

    def __str__(self) -> str:
        return f"{self.check}: {self.row}: {self.stored}, expected {self.expected}"


def verify() -> list[Mismatch]:
    """Everything that does not add up, at most MOST rows of each check; an empty list is good."""
    with transaction.atomic(), connection.cursor() as cursor:
        _one_moment(cursor)
        return [
            *_triggers(),
            *_open_amounts(cursor),
            *_unallocated_amounts(cursor),
            *_entries(cursor),
            *_write_offs(cursor),
            *_conservation(cursor),
            *_balances(cursor),
        ]


def _one_moment(cursor: Cursor) -> None:
    """All questions see the same rows, whatever is posted meanwhile."""
    if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _triggers() -> Iterator[Mismatch]:
    """Without them rows could have been changed behind everybody's back."""
    for name in (*triggers.missing(connection), *entry_checks.missing(connection)):
        yield Mismatch("trigger", name, "missing", "standing")


def _open_amounts(cursor: Cursor) -> Iterator[Mismatch]:
    """Of each item: open = gross - allocations - set-offs against it + set-offs it gave."""
    taken = (
        ("invoicing_allocation", "item_id", ""),
        ("invoicing_setoff", "debit_item_id", ""),
        ("invoicing_setoff", "credit_item_id", "-"),
    )
    yield from _kept_sums(cursor, "open amount", "receivableitem", "gross", "open_amount", taken)


def _unallocated_amounts(cursor: Cursor) -> Iterator[Mismatch]:
    """Of each payment: unallocated = amount - allocations - set-offs it gave + those against it."""
    taken = (
        ("invoicing_allocation", "payment_id", ""),
        ("invoicing_setoff", "credit_payment_id", ""),
        ("invoicing_setoff", "debit_payment_id", "-"),
    )
    yield from _kept_sums(
        cursor, "unallocated amount", "payment", "amount", "unallocated_amount", taken
    )


def _kept_sums(
    cursor: Cursor,
    check: str,
    table: str,
    whole_amount: str,
    left: str,
    taken: tuple[tuple[str, str, str], ...],
) -> Iterator[Mismatch]:
    every = " UNION ALL ".join(
        f"SELECT {key} AS id, {sign}{cents('amount')} AS cents FROM {entries}"
        f" WHERE {key} IS NOT NULL"
        for entries, key, sign in taken
    )
    expected = f"{cents(f't.{whole_amount}')} - COALESCE(s.cents, 0)"
    rows = _ask(
        cursor,
        f"SELECT t.id, {cents(f't.{left}')}, {expected} FROM invoicing_{table} t LEFT JOIN"
        f" (SELECT id, {whole('SUM(cents)')} AS cents FROM ({every}) e GROUP BY id) s"
        f" ON s.id = t.id WHERE {cents(f't.{left}')} <> {expected}",
    )
    for pk, stored, wanted in rows:
        yield Mismatch(check, f"{table} {pk}", _money(stored), _money(wanted))


def _entries(cursor: Cursor) -> Iterator[Mismatch]:
    """Every entry sums to zero; what the triggers refuse, asked of what is there."""
    for table, wrong in (
        ("allocation", entry_checks.wrong_allocations),
        ("setoff", entry_checks.wrong_set_offs),
    ):
        for (pk,) in _ask(cursor, f"SELECT id FROM ({wrong(f'invoicing_{table}')}) w"):
            yield Mismatch("entry", f"{table} {pk}", "two sides or a reversal that differ", "zero")


def _write_offs(cursor: Cursor) -> Iterator[Mismatch]:
    """A write-off closes its own item and no other; an item is marked while one of it stands."""
    closed = (
        "SELECT x.debit_item_id AS id, c.side_of_id AS side,"
        f" {whole('SUM(' + cents('x.amount') + ')')} AS cents FROM invoicing_setoff x"
        " JOIN invoicing_receivableitem c ON c.id = x.credit_item_id"
        " JOIN invoicing_receivableitem d ON d.id = x.debit_item_id"
        f" WHERE c.kind = '{ItemKind.WRITE_OFF}' AND d.kind <> '{ItemKind.WRITE_OFF}'"
        " GROUP BY x.debit_item_id, c.side_of_id HAVING SUM(x.amount) > 0.001"
    )
    rows = _ask(
        cursor,
        "SELECT t.id, t.written_off_on, w.cents FROM invoicing_receivableitem t"
        f" LEFT JOIN ({closed}) w ON w.id = t.id"
        " WHERE (t.written_off_on IS NOT NULL) <> (w.id IS NOT NULL) OR w.side <> t.id",
    )
    for pk, marked, written_off in rows:
        wanted = "its own write-off" if written_off is None else _money(written_off)
        yield Mismatch("write-off", f"receivableitem {pk}", f"marked {marked}", wanted)


def _conservation(cursor: Cursor) -> Iterator[Mismatch]:
    """Of each client and currency: what is open less what is overpaid = what was charged less
    what was paid. Allocations and set-offs move money and make none.
    """
    rows = _ask(
        cursor,
        f"SELECT company_id, currency, {whole('SUM(left_over)')}, {whole('SUM(posted)')} FROM ("
        f" SELECT company_id, currency, {cents('open_amount')} AS left_over,"
        f" {cents('gross')} AS posted FROM invoicing_receivableitem"
        f" UNION ALL SELECT company_id, currency, -{cents('unallocated_amount')},"
        f" -{cents('amount')} FROM invoicing_payment) every"
        " GROUP BY company_id, currency HAVING SUM(left_over) <> SUM(posted)",
    )
    for company, currency, stored, wanted in rows:
        row = f"company {company} {currency}"
        yield Mismatch("conservation", row, _money(stored), _money(wanted))


def _balances(cursor: Cursor) -> Iterator[Mismatch]:
    """The newest balance of each contract is what its open items and unallocated money add up to.

    The newest is of the last finished night, or of a later day when something was posted since.
    """
    first = published_day() or Balance.objects.aggregate(day=Max("as_of"))["day"]
    if first is None:
        return
    days = Balance.objects.filter(as_of__gte=first).order_by("as_of").values_list("as_of")
    for (day,) in days.distinct():
        yield from _balances_of(cursor, day)


def _balances_of(cursor: Cursor, day: dt.date) -> Iterator[Mismatch]:
    names = ("open_amount", "overdue_amount", "overpaid_amount")
    stored = ", ".join(cents(f"b.{name}") for name in names)
    wanted = ", ".join(cents(f"w.{name}") for name in names)
    differ = " OR ".join(f"{cents(f'b.{name}')} <> {cents(f'w.{name}')}" for name in names)
    params: Params = {"on": day, "first": 0, "last": 2**62, "at": None}
    rows = _ask(
        cursor,
        f"WITH w {COLUMNS} AS ({current(OF_RANGE)})"
        f" SELECT b.contract_id, b.currency, {stored}, {wanted} FROM invoicing_balance b"
        " JOIN w ON w.contract_id = b.contract_id AND w.currency = b.currency"
        f" WHERE b.as_of = %(on)s AND ({differ}) AND NOT EXISTS (SELECT 1 FROM invoicing_balance n"
        " WHERE n.contract_id = b.contract_id AND n.as_of > b.as_of)",
        params,
    )
    for contract, currency, *amounts in rows:
        row = f"contract {contract} {currency} {day}"
        have = "/".join(map(_money, amounts[:3]))
        yield Mismatch("balance", row, have, "/".join(map(_money, amounts[3:])))


def _ask(cursor: Cursor, sql: str, params: Params | None = None) -> list[tuple[Any, ...]]:
    cursor.execute(f"{sql} LIMIT {MOST}", params or {})
    return list(cursor.fetchall())


def _money(hundredths: Any) -> str:
    return f"{Decimal(int(hundredths)) / 100:.2f}"
