"""What pays what: payments to items, corrections and refunds to what they take back.

The order is `matching`'s. Everything is SQL over temporary tables, in whole hundredths (SQLite
keeps decimals as binary floats): what is open is copied there, matched, and the matches are
written as rows that are never changed again.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from eboks.feeds.dialect import (
    Cursor,
    cents,
    create_temporary,
    create_temporary_as,
    drop_temporary,
    greater,
    insert_rows,
    money,
    whole,
)
from invoicing import matching
from invoicing.enums import AllocationRule, ItemKind
from invoicing.locking import lock_companies, lock_ledger

_TABLES = (
    *("ledger_company", "ledger_item", "ledger_payment", "ledger_match", "ledger_touched"),
    *matching.WORK,
)


@dataclass(frozen=True, slots=True)
class Allocated:
    """How many rows the matching wrote."""

    allocations: int
    set_offs: int


@transaction.atomic
def allocate_open(*, company_ids: Iterable[int] | None = None) -> Allocated:
    """Allocate whatever money is left to whatever is open; of all companies, or of some.

    Writes allocations and set-offs and keeps `open_amount` and `unallocated_amount` equal to the
    sums. Doing it twice writes nothing the second time.
    """
    with connection.cursor() as cursor:
        if company_ids is None:
            lock_ledger()
            create_work(cursor)
            cursor.execute("INSERT INTO ledger_company (id) SELECT id FROM tenancy_company")
        else:
            company_ids = set(company_ids)
            lock_companies(company_ids)
            create_work(cursor)
            name_companies(cursor, company_ids)
        written = allocate(cursor)
        drop_work(cursor)
    return written


def name_companies(cursor: Cursor, company_ids: Iterable[int]) -> None:
    """Whose ledgers are to be worked on."""
    insert_rows("ledger_company", ["id"], [[one] for one in sorted(set(company_ids))])


def allocate(cursor: Cursor) -> Allocated:
    """Allocate what is stored of the companies in `ledger_company`."""
    take_open(cursor)
    match(cursor)
    written = write_matches(cursor)
    settle_stored(cursor)
    return written


def match(cursor: Cursor) -> None:
    """Match the work tables by the lessor's policy."""
    matching.match(cursor, settings.ALLOCATION_POLICY)


def create_work(cursor: Cursor) -> None:
    """Empty work tables: companies concerned, their open items and money, the matches, and the
    contracts whose stored rows they changed."""
    create_temporary(cursor, "ledger_company", "id bigint PRIMARY KEY")
    create_temporary(
        cursor,
        "ledger_item",
        "id bigint, company_id bigint, contract_id bigint, currency varchar(3), cents bigint,"
        " issued_on date, due_on date, corrected_item_id bigint, is_new boolean,"
        " side_of_id bigint, main_id bigint, main_due_on date, main_issued_on date,"
        # Only of new items, which a feed is about to insert:
        " gross_cents bigint, nominal_due_on date, invoice_id bigint, kind varchar(16),"
        " label varchar(60), account varchar(26), source_id varchar(64)",
    )
    create_temporary(
        cursor,
        "ledger_payment",
        "id bigint, company_id bigint, contract_id bigint, currency varchar(3), cents bigint,"
        " booked_on date, indicated_item_id bigint, reverses_id bigint, is_new boolean,"
        # Only of new payments, likewise:
        " amount_cents bigint, kind varchar(16), payer_name varchar(150),"
        " payer_account varchar(34), account varchar(26), title varchar(200),"
        " bank_reference varchar(60), source_id varchar(64)",
    )
    create_temporary(
        cursor,
        "ledger_match",
        "credit_item bigint, credit_payment bigint, debit_item bigint, debit_payment bigint,"
        " company_id bigint, cents bigint, matched_on date, rule varchar(10), phase smallint",
    )
    create_temporary(cursor, "ledger_touched", "contract_id bigint")


def drop_work(cursor: Cursor) -> None:
    drop_temporary(cursor, *_TABLES)


def take_open(cursor: Cursor) -> None:
    """Add the stored open items and money of the companies in `ledger_company`."""
    cursor.execute(
        "INSERT INTO ledger_item (id, company_id, contract_id, currency, cents, issued_on, due_on,"
        " corrected_item_id, side_of_id, is_new)"
        " SELECT t.id, t.company_id, t.contract_id, t.currency, "
        f" {cents('t.open_amount')}, t.issued_on, t.effective_due_on,"
        f" CASE WHEN t.kind = '{ItemKind.WRITE_OFF}' THEN t.side_of_id ELSE o.id END,"
        " t.side_of_id, FALSE"
        " FROM invoicing_receivableitem t JOIN ledger_company c ON c.id = t.company_id"
        " LEFT JOIN invoicing_invoice v ON v.id = t.invoice_id AND v.corrects_id IS NOT NULL"
        " LEFT JOIN invoicing_receivableitem o ON o.invoice_id = v.corrects_id"
        " WHERE t.open_amount <> 0"
    )
    cursor.execute(
        "INSERT INTO ledger_payment (id, company_id, contract_id, currency, cents, booked_on,"
        " indicated_item_id, reverses_id, is_new)"
        " SELECT t.id, t.company_id, t.contract_id, t.currency,"
        f" {cents('t.unallocated_amount')}, t.booked_on, t.indicated_item_id, t.reverses_id, FALSE"
        " FROM invoicing_payment t JOIN ledger_company c ON c.id = t.company_id"
        " WHERE t.unallocated_amount <> 0"
    )


def undo(cursor: Cursor) -> None:
    """Take back every match of the stored payments in `ledger_undone` (id, undone_on).

    Each row is reversed by a row of its own, on that day but not before its own: money may have
    paid an item of a later day. The amounts left open follow.
    """
    mine = (
        " WHERE x.reverses_id IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM {table} r WHERE r.reverses_id = x.id)"
    )
    create_temporary_as(
        cursor,
        "ledger_items_touched",
        "SELECT x.item_id AS id FROM invoicing_allocation x"
        " JOIN ledger_undone u ON u.id = x.payment_id"
        " UNION SELECT x.credit_item_id FROM invoicing_setoff x"
        " JOIN ledger_undone u ON u.id = x.debit_payment_id WHERE x.credit_item_id IS NOT NULL",
    )
    create_temporary_as(
        cursor,
        "ledger_payments_touched",
        "SELECT id FROM ledger_undone"
        " UNION SELECT x.debit_payment_id FROM invoicing_setoff x"
        " JOIN ledger_undone u ON u.id = x.credit_payment_id WHERE x.debit_payment_id IS NOT NULL"
        " UNION SELECT x.credit_payment_id FROM invoicing_setoff x"
        " JOIN ledger_undone u ON u.id = x.debit_payment_id WHERE x.credit_payment_id IS NOT NULL",
    )
    cursor.execute(
        "INSERT INTO invoicing_allocation"
        " (payment_id, item_id, amount, allocated_on, rule, reverses_id)"
        f" SELECT x.payment_id, x.item_id, -x.amount, {greater('x.allocated_on', 'u.undone_on')},"
        " x.rule, x.id"
        " FROM invoicing_allocation x JOIN ledger_undone u ON u.id = x.payment_id"
        + mine.format(table="invoicing_allocation")
    )
    cursor.execute(
        "INSERT INTO invoicing_setoff (company_id, credit_item_id, credit_payment_id,"
        " debit_item_id, debit_payment_id, amount, set_off_on, reverses_id)"
        " SELECT x.company_id, x.credit_item_id, x.credit_payment_id, x.debit_item_id,"
        f" x.debit_payment_id, -x.amount, {greater('x.set_off_on', 'u.undone_on')}, x.id"
        " FROM invoicing_setoff x"
        " JOIN (SELECT y.id, MAX(v.undone_on) AS undone_on FROM invoicing_setoff y"
        " JOIN ledger_undone v ON v.id = y.credit_payment_id OR v.id = y.debit_payment_id"
        " GROUP BY y.id) u ON u.id = x.id" + mine.format(table="invoicing_setoff")
    )
    _settle(cursor)


def write_matches(cursor: Cursor) -> Allocated:
    """Write the answer as allocations (payment to item) and set-offs (the rest)."""
    cursor.execute(
        "INSERT INTO invoicing_allocation (payment_id, item_id, amount, allocated_on, rule)"
        f" SELECT payment, item, {money('cents')}, matched_on, '{AllocationRule.INDICATED}'"
        " FROM ledger_paid WHERE cents > 0"
        f" UNION ALL SELECT credit_payment, debit_item, {money('cents')}, matched_on, rule"
        " FROM ledger_match WHERE credit_payment IS NOT NULL AND debit_item IS NOT NULL"
    )
    allocations = cursor.rowcount
    cursor.execute(
        "INSERT INTO invoicing_setoff (company_id, credit_item_id, credit_payment_id,"
        " debit_item_id, debit_payment_id, amount, set_off_on)"
        " SELECT company_id, credit_item, credit_payment, debit_item, debit_payment,"
        f" {money('cents')}, matched_on FROM ledger_match"
        " WHERE credit_payment IS NULL OR debit_item IS NULL"
    )
    return Allocated(max(allocations, 0), max(cursor.rowcount, 0))


def settle_stored(cursor: Cursor) -> None:
    """Bring the stored rows that got a match in line with the sums."""
    for kind in ("item", "payment"):
        stored = f"(SELECT id FROM ledger_{kind} WHERE NOT is_new)"
        every = " UNION ".join(
            f"SELECT {column} AS id FROM {table} WHERE {column} IN {stored}"
            for table, column in (
                ("ledger_paid", kind),
                ("ledger_match", f"credit_{kind}"),
                ("ledger_match", f"debit_{kind}"),
            )
        )
        create_temporary_as(cursor, f"ledger_{kind}s_touched", every)
    _settle(cursor)


def _settle(cursor: Cursor) -> None:
    """Open and unallocated amounts of the touched rows, from the sums of what is written."""
    for table, left, all_of_it, touched, parts in (
        (
            "receivableitem",
            "open_amount",
            "gross",
            "ledger_items_touched",
            (
                ("allocation", "item_id", ""),
                ("setoff", "debit_item_id", ""),
                ("setoff", "credit_item_id", "-"),
            ),
        ),
        (
            "payment",
            "unallocated_amount",
            "amount",
            "ledger_payments_touched",
            (
                ("allocation", "payment_id", ""),
                ("setoff", "credit_payment_id", ""),
                ("setoff", "debit_payment_id", "-"),
            ),
        ),
    ):
        # Whatever is touched has such rows, if only rows that reverse each other.
        used = " UNION ALL ".join(
            f"SELECT {column} AS id, {sign}{cents('amount')} AS cents FROM invoicing_{entries}"
            f" WHERE {column} IN (SELECT id FROM {touched})"
            for entries, column, sign in parts
        )
        cursor.execute(
            f"UPDATE invoicing_{table} AS t"
            f" SET {left} = {money('(' + cents(f't.{all_of_it}') + ' - m.cents)')}"
            f" FROM (SELECT id, {whole('SUM(cents)')} AS cents FROM ({used}) used GROUP BY id) m"
            " WHERE m.id = t.id"
        )
    for kind, table in (("items", "receivableitem"), ("payments", "payment")):
        cursor.execute(
            f"INSERT INTO ledger_touched (contract_id) SELECT contract_id FROM invoicing_{table}"
            f" WHERE id IN (SELECT id FROM ledger_{kind}_touched) AND contract_id IS NOT NULL"
        )
        drop_temporary(cursor, f"ledger_{kind}_touched")
