"""Payments that name several items, or an item with interest: paid one after another.

Whoever names one item without interest is matched set-based (`matching`). The others wait for each
other in ways that no running sum tells: a payment of three invoices may find the first of them
paid by another one, which named two. There are few of them, so they are paid in a plain loop.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from eboks.feeds.dialect import Cursor, create_temporary, create_temporary_as, greater
from invoicing.enums import AllocationRule

WORK = ("ledger_named", "ledger_several", "ledger_wish", "ledger_turn")
_BATCH = 2_000


def pay_in_turn(cursor: Cursor) -> None:
    """Phase 2 for such payments and for those that share an item with them.

    Interest and compensation of an item are paid right before it (art. 451 § 1 KC). What these
    payments leave is money without an indication.
    """
    if not _collect(cursor):
        return
    create_temporary(cursor, "ledger_turn", "payment bigint, item bigint, cents bigint")
    cursor.execute(
        "SELECT w.payment, w.item, p.cents, i.cents FROM ledger_wish w"
        " JOIN ledger_payment p ON p.id = w.payment JOIN ledger_item i ON i.id = w.item"
        " WHERE p.cents > 0 AND i.cents > 0 AND i.company_id = p.company_id"
        " AND i.currency = p.currency"
        " ORDER BY p.booked_on, p.id, w.place, w.of_item, w.is_main, i.issued_on, i.id"
    )
    money: dict[int, int] = {}
    left: dict[int, int] = {}
    turns = []
    for payment, item, has, wants in cursor.fetchall():
        has, wants = money.setdefault(payment, int(has)), left.setdefault(item, int(wants))
        cents = min(has, wants)
        if cents:
            money[payment] -= cents
            left[item] -= cents
            turns.append((payment, item, cents))
    for first in range(0, len(turns), _BATCH):
        cursor.executemany(
            "INSERT INTO ledger_turn (payment, item, cents) VALUES (%s, %s, %s)",
            turns[first : first + _BATCH],
        )
    _take(cursor)


def _collect(cursor: Cursor) -> bool:
    """What each such payment wishes to pay; False when there is none."""
    create_temporary_as(
        cursor,
        "ledger_named",
        "SELECT n.payment_id AS payment, n.item_id AS item, n.position AS place"
        " FROM ledger_payment p JOIN invoicing_paymentindication n ON n.payment_id = p.id"
        " WHERE p.cents > 0",
    )
    create_temporary_as(
        cursor,
        "ledger_several",
        "SELECT payment FROM ledger_named UNION SELECT p.id FROM ledger_item s"
        " JOIN ledger_payment p ON p.indicated_item_id = s.side_of_id"
        " WHERE s.side_of_id IS NOT NULL AND s.cents > 0 AND p.cents > 0",
    )
    cursor.execute("SELECT 1 FROM ledger_several LIMIT 1")
    if cursor.fetchone() is None:
        return False
    cursor.execute(
        "INSERT INTO ledger_named (payment, item, place)"
        " SELECT p.id, p.indicated_item_id, 0 FROM ledger_several s"
        " JOIN ledger_payment p ON p.id = s.payment WHERE p.indicated_item_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM ledger_named n WHERE n.payment = p.id)"
    )
    create_temporary_as(
        cursor,
        "ledger_wish",
        "SELECT payment, item, place, item AS of_item, 1 AS is_main FROM ledger_named"
        " UNION ALL SELECT n.payment, s.id, n.place, n.item, 0 FROM ledger_named n"
        " JOIN ledger_item s ON s.side_of_id = n.item WHERE s.cents > 0",
    )
    # One more wishes for an item of theirs: it must wait for its turn with them.
    cursor.execute(
        "INSERT INTO ledger_wish (payment, item, place, of_item, is_main)"
        " SELECT p.id, p.indicated_item_id, 0, p.indicated_item_id, 1 FROM ledger_payment p"
        " WHERE p.cents > 0 AND p.indicated_item_id IN (SELECT item FROM ledger_wish)"
        " AND p.id NOT IN (SELECT payment FROM ledger_several)"
    )
    return True


def _take(cursor: Cursor) -> None:
    """Write the turns down as matches; the payments indicate nothing any more."""
    cursor.execute(
        "INSERT INTO ledger_match (credit_payment, debit_item, company_id, cents, matched_on, rule)"
        " SELECT t.payment, t.item, p.company_id, t.cents,"
        f" {greater('p.booked_on', 'i.issued_on')}, '{AllocationRule.INDICATED}' FROM ledger_turn t"
        " JOIN ledger_payment p ON p.id = t.payment JOIN ledger_item i ON i.id = t.item"
    )
    for table, column in (("ledger_payment", "payment"), ("ledger_item", "item")):
        cursor.execute(
            f"UPDATE {table} AS t SET cents = t.cents - CAST(m.cents AS bigint) FROM"
            f" (SELECT {column} AS id, SUM(cents) AS cents FROM ledger_turn GROUP BY {column}) m"
            " WHERE m.id = t.id"
        )
    cursor.execute(
        "UPDATE ledger_payment SET indicated_item_id = NULL"
        " WHERE id IN (SELECT payment FROM ledger_wish)"
    )
