"""The order in which money pays debts: two policies over the work tables of `allocation`.

`indicated_then_oldest` (art. 451 KC; domain spec 3.3), in this order:

0. a reversal closes the payment it reverses; rows that reverse them undo what that one paid;
1. a correction in minus closes the item of the invoice it corrects;
2. a payment pays the items it indicates, earlier payments first;
3. a refund takes the oldest money that is left (payments first, then corrections in minus);
4. what is left pays the oldest effective due date first, within a company and a currency,
   ties by date of the document, then by id.

`all_arrears_oldest_first` (terms of a contract) puts before 2: a refund takes the oldest money,
then a payment pays what was overdue on its day, of all contracts, in the order of 4.

Interest and compensation of an item (`side_of`) come before that item: in 2 right before it, in 4
at its place while it is open.

Everything is SQL over temporary tables, in whole hundredths (SQLite keeps decimals as binary
floats). Matching in first-in-first-out order is a merge of two lists of running sums, so a client
with 100 000 items costs one sort.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from collections.abc import Callable

from eboks.feeds.dialect import (
    Cursor,
    analyze,
    create_temporary_as,
    greater,
    lesser,
    whole,
)
from invoicing import turns
from invoicing.enums import AllocationPolicy, AllocationRule

WORK = (
    *turns.WORK,
    "ledger_paid",
    "ledger_credit",
    "ledger_debit",
    "ledger_used",
    "ledger_left_item",
    "ledger_left_payment",
)
_ROWS = ("item", "payment")
_MANY = 2_000

# The place of an item in the order of phase 4: its own, or right before the item it is a side of.
_BY_DUE = "COALESCE({0}.main_due_on, {0}.due_on)"
_BY_ISSUED = "COALESCE({0}.main_issued_on, {0}.issued_on)"
_BY_MAIN = "COALESCE({0}.main_id * 2, {0}.id * 2 + 1)"


def match(cursor: Cursor, policy: str) -> None:
    """Run the phases of `policy` over the work tables.

    The answer stands in `ledger_paid` (payments to the one item they indicate) and `ledger_match`
    (the rest); what is left open or unused in `ledger_left_item` and `ledger_left_payment`.
    """
    measure = analyze if _are_many(cursor) else _pass_by
    for table in ("ledger_item", "ledger_payment"):
        measure(cursor, table)
    _reversals(cursor)
    _corrections(cursor)
    _follow_main(cursor)
    if policy == AllocationPolicy.ALL_ARREARS:
        _arrears(cursor, measure)
    turns.pay_in_turn(cursor)
    _indicated(cursor)
    measure(cursor, "ledger_paid")
    _collect_rest(cursor)
    for table in ("ledger_credit", "ledger_debit"):
        measure(cursor, table)
    _merge(cursor, phase=4)
    _collect_left(cursor)
    for table in ("ledger_left_item", "ledger_left_payment"):
        measure(cursor, table)


def _are_many(cursor: Cursor) -> bool:
    """Whether the planner must know how many rows there are; for few it takes longer to tell."""
    some = f"SELECT 1 FROM ledger_{{}} LIMIT {_MANY}"
    every = " UNION ALL ".join(f"SELECT * FROM ({some.format(one)}) {one}s" for one in _ROWS)
    cursor.execute(f"SELECT COUNT(*) FROM ({every}) every")
    return int(cursor.fetchone()[0]) >= _MANY


def _pass_by(cursor: Cursor, table: str) -> None:
    pass


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


def _follow_main(cursor: Cursor) -> None:
    """Interest and compensation stand where the item does that they are for, while it is open."""
    cursor.execute(
        "UPDATE ledger_item AS s SET main_id = m.id, main_due_on = m.due_on,"
        " main_issued_on = m.issued_on FROM ledger_item m"
        " WHERE s.side_of_id IS NOT NULL AND m.id = s.side_of_id AND m.cents > 0"
    )


def _arrears(cursor: Cursor, measure: Callable[[Cursor, str], None]) -> None:
    """What was overdue on the day of a payment, of all contracts, and refunds before it.

    With A the running sum of money and D the running sum of what it may pay (both in their order),
    money up to a payment pays C = min(A, smallest D - A so far + A): a payment cannot pay what
    fell overdue after it. C cut at the payments is what each of them gives; then it is a merge.
    """
    mine = "PARTITION BY company_id, currency"
    so_far = f"({mine} ORDER BY day, place, id ROWS UNBOUNDED PRECEDING)"
    by_payment = f"({mine} ORDER BY day, id ROWS UNBOUNDED PRECEDING)"
    least = lesser("0", f"MIN(debt - money) OVER {by_payment}")
    create_temporary_as(
        cursor,
        "ledger_used",
        "SELECT id, company_id, currency, day,"
        f" paid - COALESCE(LAG(paid) OVER ({mine} ORDER BY day, id), 0) AS cents"
        f" FROM (SELECT id, company_id, currency, day, money + {least} AS paid FROM ("
        f" SELECT id, company_id, currency, day, place, SUM(money) OVER {so_far} AS money,"
        f" SUM(debt) OVER {so_far} + SUM(refund) OVER ({mine}) AS debt FROM ("
        " SELECT id, company_id, currency, booked_on AS day, 0 AS place,"
        f" {greater('cents', '0')} AS money, 0 AS debt, {greater('-cents', '0')} AS refund"
        " FROM ledger_payment UNION ALL"
        f" SELECT id, company_id, currency, {_BY_DUE.format('i')}, 1, 0, cents, 0"
        " FROM ledger_item i WHERE cents > 0"
        ") every) sums WHERE place = 0) up_to",
    )
    cursor.execute("SELECT 1 FROM ledger_used WHERE cents > 0 LIMIT 1")
    if cursor.fetchone() is None:
        return
    create_temporary_as(
        cursor,
        "ledger_credit",
        "SELECT ROW_NUMBER() OVER (ORDER BY company_id, currency, day, id) AS seq, 0 AS place,"
        f" id, company_id, currency, day, {whole('cents')} AS cents FROM ledger_used"
        " WHERE cents > 0",
    )
    create_temporary_as(cursor, "ledger_debit", _debits("i.cents", ""))
    for table in ("ledger_credit", "ledger_debit"):
        measure(cursor, table)
    _merge(cursor, phase=2)
    for table, column, sign in (
        ("ledger_payment", "credit_payment", "-"),
        ("ledger_payment", "debit_payment", "+"),
        ("ledger_item", "debit_item", "-"),
    ):
        cursor.execute(
            f"UPDATE {table} AS t SET cents = t.cents {sign} m.cents FROM"
            f" (SELECT {column} AS id, {whole('SUM(cents)')} AS cents FROM ledger_match"
            f" WHERE phase = 2 GROUP BY {column}) m WHERE m.id = t.id"
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


def _collect_rest(cursor: Cursor) -> None:
    """What phase 2 left, numbered in the order of use: money, and what asks for it.

    Refunds come before items, so that phases 3 and 4 are one merge.
    """
    create_temporary_as(
        cursor,
        "ledger_credit",
        "SELECT ROW_NUMBER() OVER (ORDER BY company_id, currency, place, day, id) AS seq, r.*"
        " FROM ("
        " SELECT 0 AS place, id, company_id, currency, booked_on AS day, cents"
        " FROM ledger_payment WHERE cents > 0 AND indicated_item_id IS NULL"
        " UNION ALL SELECT 0, payment, company_id, currency, booked_on, rest"
        " FROM ledger_paid WHERE rest > 0"
        " UNION ALL SELECT 1, id, company_id, currency, issued_on, -cents"
        " FROM ledger_item WHERE cents < 0) r",
    )
    left = "COALESCE(p.item_rest, i.cents)"
    paid = " LEFT JOIN ledger_paid p ON p.item = i.id AND p.first"
    create_temporary_as(cursor, "ledger_debit", _debits(left, paid))


def _debits(left: str, joins: str) -> str:
    """What asks for money, numbered: refunds, then items in the order of phase 4."""
    return (
        "SELECT ROW_NUMBER() OVER (ORDER BY company_id, currency, place, by_due, by_issued,"
        " by_main, day, id) AS seq, place, id, company_id, currency, day, cents FROM ("
        " SELECT 0 AS place, id, company_id, currency, booked_on AS day, booked_on AS by_due,"
        " booked_on AS by_issued, id AS by_main, -cents AS cents FROM ledger_payment"
        " WHERE cents < 0 UNION ALL"
        f" SELECT 1, i.id, i.company_id, i.currency, i.issued_on, {_BY_DUE.format('i')},"
        f" {_BY_ISSUED.format('i')}, {_BY_MAIN.format('i')}, {left}"
        f" FROM ledger_item i{joins} WHERE i.cents > 0) r WHERE cents > 0"
    )


def _collect_left(cursor: Cursor) -> None:
    """What is left of items and payments, with their sign; what is not named here is used up."""
    for kind, debit_place, credit_place in (("item", 1, 1), ("payment", 0, 0)):
        debit_sign, credit_sign = ("", "-") if kind == "item" else ("-", "")
        parts = (
            f"SELECT r.id, {sign}(r.cents - COALESCE(m.cents, 0)) AS cents FROM ledger_{side} r"
            f" LEFT JOIN (SELECT {side}_{kind} AS id, {whole('SUM(cents)')} AS cents"
            f" FROM ledger_match WHERE phase = 4 GROUP BY {side}_{kind}) m"
            f" ON m.id = r.id WHERE r.place = {place}"
            for side, place, sign in (
                ("debit", debit_place, debit_sign),
                ("credit", credit_place, credit_sign),
            )
        )
        left = f"ledger_left_{kind}"
        every = " UNION ALL ".join(parts)
        create_temporary_as(cursor, left, f"SELECT id, cents FROM ({every}) l WHERE cents <> 0")


def _merge(cursor: Cursor, *, phase: int) -> None:
    """Merge money and debts of a company and currency, both in their order.

    Put end to end, both lists cut one line; every piece between two neighbouring cuts belongs to
    exactly one credit and one debit: those whose running sum ends at or after the cut.
    """
    running = "SUM(cents) OVER (PARTITION BY company_id, currency ORDER BY seq"
    running += " ROWS UNBOUNDED PRECEDING)"
    cursor.execute(
        "INSERT INTO ledger_match (credit_item, credit_payment, debit_item, debit_payment,"
        " company_id, cents, matched_on, rule, phase)"
        " SELECT CASE WHEN c.place = 1 THEN c.id END, CASE WHEN c.place = 0 THEN c.id END,"
        " CASE WHEN d.place = 1 THEN d.id END, CASE WHEN d.place = 0 THEN d.id END,"
        f" c.company_id, {whole('p.cents')}, {greater('c.day', 'd.day')},"
        f" '{AllocationRule.OLDEST}', {phase} FROM ("
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
