"""What a run of issuing did, or would do, and what it could not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from eboks.money import ZERO
from invoicing.issuing.drafting import Draft

SHOWN = 100  # problems kept in the report of a run


@dataclass
class Totals:
    """Sums of one currency."""

    count: int = 0
    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO


@dataclass
class Outcome:
    """What a run issued, or would issue, and what it could not."""

    on: dt.date
    is_dry: bool
    totals: defaultdict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    corrections: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)  # the first of them

    @property
    def count(self) -> int:
        return sum(total.count for total in self.totals.values())

    def add(self, drafts: Sequence[Draft]) -> None:
        for one in drafts:
            total = self.totals[one.currency]
            total.count += 1
            total.net += one.net
            total.vat += one.vat
            total.gross += one.net + one.vat

    def fail(self, name: str, reason: str) -> None:
        self.failed += 1
        if len(self.problems) < SHOWN:
            self.problems.append(f"{name}: {reason}")

    def report(self) -> dict[str, Any]:
        """As a row of jobs keeps it."""
        return {
            "invoices": self.count,
            "corrections": self.corrections,
            "failed": self.failed,
            "problems": self.problems,
            "totals": {
                currency: {
                    "count": sums.count,
                    "net": str(sums.net),
                    "vat": str(sums.vat),
                    "gross": str(sums.gross),
                }
                for currency, sums in sorted(self.totals.items())
            },
        }
