"""What pays what: payments to items, corrections and refunds to what they take back.

The policy is `indicated_then_oldest` (art. 451 KC; domain spec 3.3), in this order:

0. a reversal closes the payment it reverses; rows that reverse them undo what that one paid;
1. a correction in minus closes the item of the invoice it corrects;
2. a payment pays the item it indicates, earlier payments first;
3. a refund takes the oldest money that is left (payments first, then corrections in minus);
4. what is left pays the oldest effective due date first, within a company and a currency,
   ties by id.

Everything is SQL over temporary tables, in whole hundredths (SQLite keeps decimals as binary
floats). Matching in first-in-first-out order is a merge of two lists of running sums, so a client
with 100 000 items costs one sort.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from eboks.feeds.dialect import (
    Cursor,
    analyze,
    cents,
    create_temporary,
    create_temporary_as,
    drop_temporary,
    greater,
    lesser,
    money,
    whole,
)
from invoicing.enums import AllocationRule

_TABLES = (
    "ledger_company",
    "ledger_item",
    "ledger_payment",
    "ledger_match",
    "ledger_paid",
    "ledger_credit",
    "ledger_debit",
    "ledger_left_item",
    "ledger_left_payment",
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
        create_work(cursor)
        if company_ids is None:
            cursor.execute("INSERT INTO ledger_company (id) SELECT id FROM tenancy_company")
        else:
            for company_id in sorted(set(company_ids)):
                cursor.execute("INSERT INTO ledger_company (id) VALUES (%s)", [company_id])
        take_open(cursor)
        match(cursor)
        written = write_matches(cursor)
        settle_stored(cursor)
        drop_work(cursor)
    return written


def create_work(cursor: Cursor) -> None:
    """Empty work tables: companies concerned, their open items and money, and the matches."""
    create_temporary(cursor, "ledger_company", "id bigint PRIMARY KEY")
    create_temporary(
        cursor,
        "ledger_item",
        "id bigint, company_id bigint, contract_id bigint, currency varchar(3), cents bigint,"
        " issued_on date, due_on date, corrected_item_id bigint, is_new boolean,"
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
        " company_id bigint, cents bigint, matched_on date, rule varchar(10)",
    )


def drop_work(cursor: Cursor) -> None:
    for table in _TABLES:
        drop_temporary(cursor, table)


def take_open(cursor: Cursor) -> None:
    """Add the stored open items and money of the companies in `ledger_company`."""
    cursor.execute(
        "INSERT INTO ledger_item (id, company_id, contract_id, currency, cents, issued_on, due_on,"
        " corrected_item_id, is_new) SELECT t.id, t.company_id, t.contract_id, t.currency,"
        f" {cents('t.open_amount')}, t.issued_on, t.effective_due_on, o.id, FALSE"
        " FROM invoicing_receivableitem t JOIN ledger_company c ON c.id = t.company_id"
        " LEFT JOIN invoicing_invoice v ON v.id = t.invoice_id AND v.corrects_id IS NOT NULL"
        " LEFT JOIN invoicing_receivableitem o ON o.invoice_id = v.corrects_id"
        " WHERE t.open_amount <> 0"
    )
    cursor.execute(
        "INSERT INTO ledger_payment (id, company_id, contract_id, currency, cents, booked_on,"
        " indicated_item_id, is_new) SELECT t.id, t.company_id, t.contract_id, t.currency,"
        f" {cents('t.unallocated_amount')}, t.booked_on, t.indicated_item_id, FALSE"
        " FROM invoicing_payment t JOIN ledger_company c ON c.id = t.company_id"
        " WHERE t.unallocated_amount <> 0"
    )


def undo(cursor: Cursor) -> None:
    """Take back every match of the stored payments in `ledger_undone` (id, undone_on).

    Each row is reversed by a row of its own; the amounts left open follow.
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
        " SELECT x.payment_id, x.item_id, -x.amount, u.undone_on, x.rule, x.id"
        " FROM invoicing_allocation x JOIN ledger_undone u ON u.id = x.payment_id"
        + mine.format(table="invoicing_allocation")
    )
    cursor.execute(
        "INSERT INTO invoicing_setoff (company_id, credit_item_id, credit_payment_id,"
        " debit_item_id, debit_payment_id, amount, set_off_on, reverses_id)"
        " SELECT x.company_id, x.credit_item_id, x.credit_payment_id, x.debit_item_id,"
        " x.debit_payment_id, -x.amount, u.undone_on, x.id FROM invoicing_setoff x"
        " JOIN (SELECT y.id, MAX(v.undone_on) AS undone_on FROM invoicing_setoff y"
        " JOIN ledger_undone v ON v.id = y.credit_payment_id OR v.id = y.debit_payment_id"
        " GROUP BY y.id) u ON u.id = x.id" + mine.format(table="invoicing_setoff")
    )
    _settle(cursor)


def match(cursor: Cursor) -> None:
    """Run the five phases over the work tables.

    The answer stands in `ledger_paid` (payments to the items they indicate) and `ledger_match`
    (the rest); what is left open or unused in `ledger_left_item` and `ledger_left_payment`.
    """
    for table in ("ledger_item", "ledger_payment"):
        analyze(cursor, table)
    _reversals(cursor)
    _corrections(cursor)
    _indicated(cursor)
    _collect_rest(cursor)
    _oldest_first(cursor)
    _collect_left(cursor)


def _reversals(cursor: Cursor) -> None:
    cursor.execute(
        "INSERT INTO ledger_match (credit_payment, debit_payment, company_id, cents, matched_on)"
        " SELECT CASE WHEN r.cents > 0 THEN r.id ELSE o.id END,"
        " CASE WHEN r.cents > 0 THEN o.id ELSE r.id END, r.company_id, ABS(r.cents),"
        f" {greater('r.booked_on', 'o.booked_on')}"
        " FROM ledger_payment r JOIN ledger_payment o ON o.id = r.reverses_id"
        " WHERE r.cents = -o.cents"
    )
    cursor.execute(
        "UPDATE ledger_payment SET cents = 0 WHERE id IN (SELECT credit_payment FROM ledger_match"
        " UNION ALL SELECT debit_payment FROM ledger_match)"
    )


def _corrections(cursor: Cursor) -> None:
    cursor.execute(
        "INSERT INTO ledger_match (credit_item, debit_item, company_id, cents, matched_on)"
        f" SELECT c.id, i.id, c.company_id, {whole(lesser('-c.cents', 'i.cents - c.before'))},"
        f" {greater('c.issued_on', 'i.issued_on')}"
        " FROM (SELECT id, company_id, corrected_item_id, cents, issued_on, SUM(-cents) OVER"
        " (PARTITION BY corrected_item_id ORDER BY issued_on, id ROWS UNBOUNDED PRECEDING)"
        " + cents AS before FROM ledger_item"
        " WHERE cents < 0 AND corrected_item_id IS NOT NULL) c"
        " JOIN ledger_item i ON i.id = c.corrected_item_id WHERE i.cents > c.before"
    )
    for side, sign in (("credit_item", "+"), ("debit_item", "-")):
        cursor.execute(
            f"UPDATE ledger_item AS i SET cents = i.cents {sign} m.cents FROM"
            f" (SELECT {side} AS id, {whole('SUM(cents)')} AS cents FROM ledger_match"
            f" WHERE credit_item IS NOT NULL GROUP BY {side}) m WHERE m.id = i.id"
        )


def _indicated(cursor: Cursor) -> None:
    """One row for each payment that indicates an item, whether it still finds something open.

    `item_rest` is what all such payments leave of the item, on the row of the `first` of them.
    """
    matched = greater("0", lesser("p.cents", "COALESCE(i.cents, 0) - p.before"))
    create_temporary_as(
        cursor,
        "ledger_paid",
        "SELECT q.*, q.pay_cents - q.cents AS rest FROM ("
        " SELECT p.id AS payment, i.id AS item, p.company_id, p.currency, p.booked_on,"
        f" p.cents AS pay_cents, {whole(matched)} AS cents, p.before = 0 AS first,"
        f" {whole(greater('0', 'i.cents - p.every'))} AS item_rest,"
        f" {greater('p.booked_on', 'COALESCE(i.issued_on, p.booked_on)')} AS matched_on"
        " FROM (SELECT id, company_id, currency, indicated_item_id, cents, booked_on,"
        " SUM(cents) OVER (PARTITION BY indicated_item_id ORDER BY booked_on, id"
        " ROWS UNBOUNDED PRECEDING) - cents AS before,"
        " SUM(cents) OVER (PARTITION BY indicated_item_id) AS every FROM ledger_payment"
        " WHERE cents > 0 AND indicated_item_id IS NOT NULL) p"
        " LEFT JOIN ledger_item i ON i.id = p.indicated_item_id AND i.company_id = p.company_id"
        " AND i.currency = p.currency AND i.cents > 0) q",
    )
    analyze(cursor, "ledger_paid")


def _collect_rest(cursor: Cursor) -> None:
    """What phase 2 left, numbered in the order of use: money, and what asks for it.

    Refunds come before items, so that phases 3 and 4 are one merge.
    """
    by_company = "ROW_NUMBER() OVER (ORDER BY company_id, currency, {order})"
    create_temporary_as(
        cursor,
        "ledger_credit",
        f"SELECT {by_company.format(order='place, day, id')} AS seq, r.* FROM ("
        " SELECT 0 AS place, id, company_id, currency, booked_on AS day, cents"
        " FROM ledger_payment WHERE cents > 0 AND indicated_item_id IS NULL"
        " UNION ALL SELECT 0, payment, company_id, currency, booked_on, rest"
        " FROM ledger_paid WHERE rest > 0"
        " UNION ALL SELECT 1, id, company_id, currency, issued_on, -cents"
        " FROM ledger_item WHERE cents < 0) r",
    )
    create_temporary_as(
        cursor,
        "ledger_debit",
        f"SELECT {by_company.format(order='place, due_on, id')} AS seq, r.* FROM ("
        " SELECT 0 AS place, id, company_id, currency, booked_on AS day, booked_on AS due_on,"
        " -cents AS cents FROM ledger_payment WHERE cents < 0"
        " UNION ALL SELECT 1, i.id, i.company_id, i.currency, i.issued_on, i.due_on,"
        " COALESCE(p.item_rest, i.cents) FROM ledger_item i"
        " LEFT JOIN ledger_paid p ON p.item = i.id AND p.first WHERE i.cents > 0"
        ") r WHERE cents > 0",
    )
    for table in ("ledger_credit", "ledger_debit"):
        analyze(cursor, table)


def _collect_left(cursor: Cursor) -> None:
    """What is left of items and payments, with their sign; what is not named here is used up."""
    for kind, debit_place, credit_place in (("item", 1, 1), ("payment", 0, 0)):
        debit_sign, credit_sign = ("", "-") if kind == "item" else ("-", "")
        parts = (
            f"SELECT r.id, {sign}(r.cents - COALESCE(m.cents, 0)) AS cents FROM ledger_{side} r"
            f" LEFT JOIN (SELECT {side}_{kind} AS id, {whole('SUM(cents)')} AS cents"
            f" FROM ledger_match WHERE rule = '{AllocationRule.OLDEST}' GROUP BY {side}_{kind}) m"
            f" ON m.id = r.id WHERE r.place = {place}"
            for side, place, sign in (
                ("debit", debit_place, debit_sign),
                ("credit", credit_place, credit_sign),
            )
        )
        left = f"ledger_left_{kind}"
        every = " UNION ALL ".join(parts)
        create_temporary_as(cursor, left, f"SELECT id, cents FROM ({every}) l WHERE cents <> 0")
        analyze(cursor, left)


def _oldest_first(cursor: Cursor) -> None:
    """Merge money and debts of a company and currency, both in their order.

    Put end to end, both lists cut one line; every piece between two neighbouring cuts belongs to
    exactly one credit and one debit: those whose running sum ends at or after the cut.
    """
    running = "SUM(cents) OVER (PARTITION BY company_id, currency ORDER BY seq"
    running += " ROWS UNBOUNDED PRECEDING)"
    cursor.execute(
        "INSERT INTO ledger_match (credit_item, credit_payment, debit_item, debit_payment,"
        " company_id, cents, matched_on, rule)"
        " SELECT CASE WHEN c.place = 1 THEN c.id END, CASE WHEN c.place = 0 THEN c.id END,"
        " CASE WHEN d.place = 1 THEN d.id END, CASE WHEN d.place = 0 THEN d.id END,"
        f" c.company_id, {whole('p.cents')}, {greater('c.day', 'd.day')},"
        f" '{AllocationRule.OLDEST}' FROM ("
        " SELECT MIN(credit) OVER cut AS credit, MIN(debit) OVER cut AS debit,"
        " edge - COALESCE(LEAD(edge) OVER cut, 0) AS cents FROM ("
        f" SELECT company_id, currency, {running} AS edge, seq AS credit,"
        " CAST(NULL AS bigint) AS debit, 0 AS side FROM ledger_credit"
        f" UNION ALL SELECT company_id, currency, {running}, CAST(NULL AS bigint), seq, 1"
        " FROM ledger_debit) edges"
        " WINDOW cut AS (PARTITION BY company_id, currency ORDER BY edge DESC, side DESC"
        " ROWS UNBOUNDED PRECEDING)) p"
        " JOIN ledger_credit c ON c.seq = p.credit JOIN ledger_debit d ON d.seq = p.debit"
        " WHERE p.cents > 0"
    )


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
    sums = "COALESCE((SELECT " + whole(f"SUM({cents('amount')})") + " FROM {table} WHERE {key}), 0)"

    def total(table: str, key: str) -> str:
        return sums.format(table=table, key=f"{key} = t.id")

    open_cents = (
        f"{cents('t.gross')} - {total('invoicing_allocation', 'item_id')}"
        f" - {total('invoicing_setoff', 'debit_item_id')}"
        f" + {total('invoicing_setoff', 'credit_item_id')}"
    )
    left_cents = (
        f"{cents('t.amount')} - {total('invoicing_allocation', 'payment_id')}"
        f" - {total('invoicing_setoff', 'credit_payment_id')}"
        f" + {total('invoicing_setoff', 'debit_payment_id')}"
    )
    cursor.execute(
        f"UPDATE invoicing_receivableitem AS t SET open_amount = {money(f'({open_cents})')}"
        " WHERE t.id IN (SELECT id FROM ledger_items_touched)"
    )
    cursor.execute(
        f"UPDATE invoicing_payment AS t SET unallocated_amount = {money(f'({left_cents})')}"
        " WHERE t.id IN (SELECT id FROM ledger_payments_touched)"
    )
    drop_temporary(cursor, "ledger_items_touched")
    drop_temporary(cursor, "ledger_payments_touched")
