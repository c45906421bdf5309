"""A confirmation's snapshot read back from its JSON, for pages and the document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from eboks.money import zloty_first
from eboks.tenancy.models import CompanyScopedQuerySet
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation


@dataclass(frozen=True, slots=True)
class Row:
    """One open document, or money that waits for one (below zero)."""

    label: str
    contract: str
    issued_on: dt.date
    due_on: dt.date | None
    amount: Decimal
    currency: str


def rows_of(confirmation: BalanceConfirmation) -> list[Row]:
    return [
        Row(
            label=row["label"],
            contract=row.get("contract", ""),
            issued_on=dt.date.fromisoformat(row["issued_on"]),
            due_on=dt.date.fromisoformat(row["due_on"]) if row["due_on"] else None,
            amount=Decimal(row["amount"]),
            currency=row["currency"],
        )
        for row in confirmation.rows
    ]


def totals_of(confirmation: BalanceConfirmation) -> list[tuple[str, Decimal]]:
    """Currency and sum, złoty first. (PostgreSQL keeps the keys of JSON in an order of its own.)"""
    totals = [(currency, Decimal(amount)) for currency, amount in confirmation.totals.items()]
    return sorted(totals, key=lambda total: zloty_first(total[0]))


def is_open(confirmation: BalanceConfirmation, *, on: dt.date) -> bool:
    """Whether it can still be answered on the day `on`."""
    return confirmation.answer == ConfirmationAnswer.WAITING and on <= confirmation.answer_by


def waiting(
    rows: CompanyScopedQuerySet[BalanceConfirmation], *, on: dt.date
) -> CompanyScopedQuerySet[BalanceConfirmation]:
    """Those of `rows` that wait for an answer and can still get one."""
    return rows.filter(answer=ConfirmationAnswer.WAITING, answer_by__gte=on)
