"""Contracts with something open, and nights over them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from eboks import clock
from eboks.jobs import nights
from eboks.jobs.models import BALANCES_JOB
from eboks.jobs.nights import Outcome, Result
from invoicing.models import Balance
from tests.factories import TODAY, ContractFactory, InvoiceFactory, ReceivableItemFactory

DAY = dt.timedelta(days=1)


def moment(on: dt.date) -> dt.datetime:
    """A quarter past four of that day."""
    return dt.datetime.combine(on, dt.time(4, 15), tzinfo=clock.WARSAW)


def contract_owing(amount: str, *, due: dt.date = TODAY, **fields: Any) -> Any:
    contract = ContractFactory.create()
    add_item(contract, amount, due=due, **fields)
    return contract


def add_item(contract: Any, amount: str, *, due: dt.date = TODAY, **fields: Any) -> Any:
    invoice = InvoiceFactory.create(contract=contract)
    value = Decimal(amount)
    fields = {"gross": value, "open_amount": value, "effective_due_on": due, **fields}
    return ReceivableItemFactory.create(invoice=invoice, **fields)


def night(on: dt.date = TODAY, *, at: dt.datetime | None = None, by_hand: bool = False) -> Outcome:
    """The night of balances of that day, which began at `at`."""
    begun = at or moment(on)
    run = nights.by_hand if by_hand else nights.attempt
    return run(nights.duty(BALANCES_JOB), on=on, now=lambda: begun)


def finished(on: dt.date = TODAY, **more: Any) -> dict[str, Any]:
    """The report of a night that went well."""
    outcome = night(on, **more)
    assert outcome.result == Result.DONE, outcome.reason
    return outcome.report


def figures(rows: Any) -> dict[int, tuple[Decimal, Decimal, Decimal]]:
    return {
        row.contract_id: (row.open_amount, row.overdue_amount, row.overpaid_amount) for row in rows
    }


def published() -> dict[int, tuple[Decimal, Decimal, Decimal]]:
    return figures(Balance.objects.published())
