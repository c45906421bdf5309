"""What a paper invoice costs by the lessor's table of fees, for the page about access.

The table is invoicing's, which lies above this room: it hands in where to look (`set_source`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

_MONTHS = 12
_YEARS = 5  # a usual contract


@dataclass(frozen=True, slots=True)
class PaperFee:
    """What a paper invoice costs a client a month, PLN net, by the number of contracts."""

    contracts_from: int
    contracts_to: int | None
    net_monthly: Decimal


Source = Callable[[dt.date], Sequence[PaperFee]]
_source: Source | None = None


def set_source(source: Source) -> None:
    """`source(on)` gives the rows in force on a day, by number of contracts."""
    global _source  # noqa: PLW0603 -- set once, when the apps are ready
    _source = source


def in_force(*, on: dt.date) -> Sequence[PaperFee]:
    """Rows of the table in force on `on`, by number of contracts; none without a table."""
    return _source(on) if _source else []


def saved(fees: Sequence[PaperFee]) -> dict[str, Decimal]:
    """What e-invoices save at most, PLN net: `year`, and `contract` of five years; or nothing."""
    if not fees:
        return {}
    year = max(fee.net_monthly for fee in fees) * _MONTHS
    return {"year": year, "contract": year * _YEARS}
