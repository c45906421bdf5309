"""Made-up payments: in time, late, partial, doubled, refunded, reversed, one for many invoices.

How a client pays (`Client.payer`): `prompt` in time, `late` after the due date, `poor` late, in
parts and sometimes not at all, `collective` one transfer for all invoices of a day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from random import Random
from typing import Any

from eboks.money import to_grosz
from eboks.portal.demo.bills import Bill
from eboks.portal.demo.companies import Client
from eboks.portal.demo.identifiers import nrb
from eboks.portal.demo.lessor import MAIN_ACCOUNT

PAYERS = (("prompt", 72), ("late", 14), ("poor", 5), ("collective", 9))
_DAY = dt.timedelta(days=1)


class Payer:
    """Makes the payments of one client, batch by batch of bills."""

    def __init__(self, random: Random, client: Client, on: dt.date) -> None:
        self._random = random
        self._client = client
        self._on = on
        self._count = 0
        self._own_account = nrb(50_000_000 + client.number, 1)

    def payments(self, bills: Sequence[Bill]) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
        """(day, row of payments.csv) for the bills of some contracts, up to the day `on`."""
        due = [bill for bill in bills if bill.gross > 0]
        if self._client.payer == "collective":
            yield from self._collective(due)
            return
        unpaid = self._unpaid_tail(due)
        for bill in due[: len(due) - unpaid]:
            yield from self._pay(bill)

    def exactly(self, bill: Bill, day: dt.date) -> tuple[dt.date, tuple[Any, ...]]:
        """The payment of one bill, to the grosz."""
        return self._row(bill, day, bill.gross)

    def _unpaid_tail(self, bills: Sequence[Bill]) -> int:
        """How many of the last bills nobody pays."""
        if not bills:
            return 0
        if bills[0].made.status == "terminated_for_cause":
            return min(3, len(bills))
        poor = self._client.payer == "poor"
        return min(self._random.randint(0, 3), len(bills)) if poor else 0

    def _pay(self, bill: Bill) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
        random = self._random
        payer = self._client.payer
        due = bill.effective_due_on
        if payer == "prompt":
            day = max(due - random.randint(0, 5) * _DAY, bill.issued_on)
        elif payer == "late":
            day = due + random.randint(-1, 24) * _DAY
        else:
            day = due + random.randint(3, 60) * _DAY
        day = max(day, bill.issued_on)
        if day > self._on:
            return
        amount = bill.gross
        draw = random.random()
        if payer == "poor" and draw < 0.2:
            part = to_grosz(amount * Decimal(random.randint(40, 90)) / 100)
            yield self._row(bill, day, part)
            later = day + random.randint(10, 40) * _DAY
            if later <= self._on and amount > part:
                yield self._row(bill, later, amount - part)
        elif draw < 0.002:
            yield from self._twice(bill, day, amount)
        elif draw < 0.006:
            rounded = (amount / 100).to_integral_value(ROUND_CEILING) * 100
            yield self._row(bill, day, to_grosz(rounded))
        elif draw < 0.0065:
            yield from self._bounced(bill, day, amount)
        else:
            yield self._row(bill, day, amount)

    def _twice(
        self, bill: Bill, day: dt.date, amount: Decimal
    ) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
        """Paid twice by mistake; half of the time the lessor gives it back."""
        yield self._row(bill, day, amount)
        again, back = day + _DAY, day + 3 * _DAY
        if again <= self._on:
            yield self._row(bill, again, amount)
            prompt = self._client.payer == "prompt"  # nobody gives back while something is overdue
            if prompt and back <= self._on and self._random.random() < 0.5:
                yield self._row(bill, back, -amount, kind="refund")

    def _bounced(
        self, bill: Bill, day: dt.date, amount: Decimal
    ) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
        """Booked, taken back the next day, paid again."""
        first = self._row(bill, day, amount)
        yield first
        if day + _DAY <= self._on:
            yield self._row(bill, day + _DAY, -amount, reverses=first[1][0])
            if day + 4 * _DAY <= self._on:
                yield self._row(bill, day + 4 * _DAY, amount)

    def _collective(self, bills: Sequence[Bill]) -> Iterator[tuple[dt.date, tuple[Any, ...]]]:
        by_day: dict[tuple[dt.date, str], list[Bill]] = defaultdict(list)
        for bill in bills:
            by_day[bill.effective_due_on, bill.made.deal.currency].append(bill)
        for (due, currency), group in sorted(by_day.items()):
            issued = max(bill.issued_on for bill in group)
            day = max(due - self._random.randint(0, 2) * _DAY, issued)
            if day > self._on or self._random.random() < 0.01:
                continue
            numbers = ", ".join(bill.number for bill in group)
            total = sum((bill.gross for bill in group), Decimal("0.00"))
            yield day, self._values(day, total, currency, title=f"zapłata za {numbers}"[:140])

    def _row(
        self,
        bill: Bill,
        day: dt.date,
        amount: Decimal,
        *,
        kind: str = "transfer",
        reverses: str | None = None,
    ) -> tuple[dt.date, tuple[Any, ...]]:
        titles = {"refund": f"zwrot nadpłaty {bill.number}", "transfer": f"{bill.number}"}
        values = self._values(
            day,
            amount,
            bill.made.deal.currency,
            contract=bill.made.source_id,
            kind=kind,
            indicates=bill.source_id if kind == "transfer" and reverses is None else None,
            reverses=reverses,
            account=bill.made.account,
            title=f"storno {bill.number}" if reverses else titles[kind],
        )
        return day, values

    def _values(
        self,
        day: dt.date,
        amount: Decimal,
        currency: str,
        *,
        title: str,
        contract: str | None = None,
        kind: str = "transfer",
        indicates: str | None = None,
        reverses: str | None = None,
        account: str = MAIN_ACCOUNT,
    ) -> tuple[Any, ...]:
        """In the order of the columns of payments.csv."""
        self._count += 1
        number = f"{self._client.number:06d}-{self._count}"
        return (
            f"W{number}",
            self._client.source_id,
            contract,
            kind,
            day,
            currency,
            amount,
            indicates,
            reverses,
            self._client.name[:150],
            self._own_account,
            account,
            title,
            f"OP{day:%y%m%d}{number}",
        )
