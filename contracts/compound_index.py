"""Compounded overnight index (POLSTR): domain spec 1.8. Rates in percent per year, ACT/365.

The index grows from one business day to the next by the fixing of the earlier day; the compound
rate of a period is the growth of the index over it, brought to a year.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

_CONTEXT = Context(prec=40)
_YEAR_PCT = Decimal(36_500)  # 365 days, percent
_RATE_PLACES = Decimal("0.00001")
_INDEX_PLACES = Decimal("0.00000001")


def next_index(index: Decimal, fixing_pct: Decimal, days: int) -> Decimal:
    """Index `days` calendar days later, published with 8 decimals: CI*(1 + POLSTR*days/365)."""
    if days < 1:
        raise ValueError("the index moves forward by at least a day")
    with localcontext(_CONTEXT):
        grown = index * (1 + fixing_pct * days / _YEAR_PCT)
        return grown.quantize(_INDEX_PLACES, rounding=ROUND_HALF_UP)


def compound_rate(index_start: Decimal, index_end: Decimal, days: int) -> Decimal:
    """Rate between two values of the index `days` apart, 5 decimals:
    (CI(t)/CI(s) - 1) * 365/days."""
    if days < 1:
        raise ValueError("a compound rate needs a period of at least a day")
    with localcontext(_CONTEXT):
        rate = (index_end / index_start - 1) * _YEAR_PCT / days
        return rate.quantize(_RATE_PLACES, rounding=ROUND_HALF_UP)


def compound_rate_of_fixings(fixings: Iterable[tuple[Decimal, int]]) -> Decimal:
    """Rate compounded from (fixing, days until the next business day) pairs, 5 decimals."""
    with localcontext(_CONTEXT):
        growth, days = Decimal(1), 0
        for fixing_pct, length in fixings:
            growth *= 1 + fixing_pct * length / _YEAR_PCT
            days += length
        if days < 1:
            raise ValueError("a compound rate needs a period of at least a day")
        return ((growth - 1) * _YEAR_PCT / days).quantize(_RATE_PLACES, rounding=ROUND_HALF_UP)
