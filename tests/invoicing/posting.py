"""Posting to the ledger, for tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from invoicing import ledger
from invoicing.ledger import NewItem
from invoicing.models import ReceivableItem

AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)


def new_item(contract, key, gross="100.00", due=TODAY, **fields):
    fields.setdefault("contract", contract.pk)
    return NewItem(
        source_system="test",
        source_id=key,
        company=contract.company_id,
        label=f"FV/{key}",
        gross=Decimal(gross),
        issued_on=due - dt.timedelta(days=14),
        nominal_due_on=due,
        **fields,
    )


def add(contract, *keys, **fields):
    rows = [new_item(contract, key, **fields) for key in keys]
    found = ReceivableItem.objects.in_bulk(ledger.add_items(rows, at=AT))
    return list(found.values()) if len(keys) > 1 else next(iter(found.values()))


def pay(whose, amount, key="w1", **fields):
    fields.setdefault("booked_on", TODAY)
    return ledger.post_payment(
        company=whose.company,
        amount=Decimal(amount),
        source_system="bank",
        source_id=key,
        at=AT,
        **fields,
    )
