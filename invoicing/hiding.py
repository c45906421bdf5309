"""What a member with selected contracts may not learn from the other side of a settlement.

A payment of one contract may have paid another's invoice. The amount stays, since it belongs to
what the member reads; which document, which contract and whose transfer it was does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from eboks.accounts.models import User
from eboks.tenancy.models import has_limits
from invoicing.models import Payment, ReceivableItem
from invoicing.selectors import Settlement
from invoicing.settlements import Use

Row = TypeVar("Row", Settlement, Use)


def without_others(found: Mapping[int, Sequence[Row]], *, user: User) -> dict[int, list[Row]]:
    """`found` with `hidden` set where a side is beyond `user`'s contracts.

    Two queries for a member with limits, none for anybody else.
    """
    if not has_limits(user):
        return {key: list(rows) for key, rows in found.items()}
    sides = {id(row): _sides(row) for rows in found.values() for row in rows}
    items = {key for item_keys, _payments in sides.values() for key in item_keys}
    payments = {key for _items, payment_keys in sides.values() for key in payment_keys}
    own_items = ReceivableItem.objects.for_user(user).filter(pk__in=items)
    own_payments = Payment.objects.for_user(user).filter(pk__in=payments)
    items -= set(own_items.values_list("pk", flat=True))
    payments -= set(own_payments.values_list("pk", flat=True))
    return {
        key: [
            replace(row, hidden=bool(sides[id(row)][0] & items or sides[id(row)][1] & payments))
            for row in rows
        ]
        for key, rows in found.items()
    }


def _sides(row: Settlement | Use) -> tuple[set[int], set[int]]:
    """Ids of the items and of the payments that `row` joins."""
    if row.allocation is not None:
        return {row.allocation.item_id}, {row.allocation.payment_id}
    off = row.set_off
    if off is None:
        return set(), set()
    items = {off.credit_item_id, off.debit_item_id} - {None}
    payments = {off.credit_payment_id, off.debit_payment_id} - {None}
    return {key for key in items if key}, {key for key in payments if key}
