"""What a reset does to the rate of a contract, before its schedule is touched: domain spec 1.7.

Pure: a contract, the day, and a book of published values go in.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from contracts.enums import RateChangeKind, RateChangeOutcome
from contracts.fixing_book import Fixing, FixingBook
from contracts.rate_rules import ResetTerms, last_reset, reset_days
from contracts.rate_terms import RateTerms
from eboks.clock import add_months

_ZERO = Decimal(0)


class Target(NamedTuple):
    """The index in force on a day and the correction that goes with it."""

    code: str
    spread_pp: Decimal
    is_converted: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The rate from a reset on, percent per year. Without an `outcome` the schedule decides."""

    reset_on: dt.date
    kind: RateChangeKind
    fixing: Fixing
    spread_pp: Decimal
    rate_pct: Decimal
    outcome: RateChangeOutcome | None


class Waits(NamedTuple):
    """A reset whose value is not known yet (or, of a dead index, whose successor is not)."""

    code: str  # of the index
    reset_on: dt.date


def target_index(contract: RateTerms, reset_on: dt.date, book: FixingBook) -> Target | None:
    """The index of a contract on `reset_on`. None for an unknown one, and for one that has come
    to its end without a successor.

    A contract's own `fallback_index` with its `csa_pp` goes before the successor that the
    reference rate names. While a fallback waits, `csa_pp` is not part of the rate.
    """
    index = contract.index
    spread = _ZERO if contract.fallback_index else contract.csa_pp
    known = book.indexes.get(index)
    if known is None:
        return None
    if known.valid_to is None or reset_on <= known.valid_to:
        return Target(index, spread, is_converted=False)
    seen = {index}
    if contract.fallback_index:
        index, spread = contract.fallback_index, contract.csa_pp
    elif known.replaced_by:
        index, spread = known.replaced_by, spread + known.spread_pp
    while index not in seen:
        seen.add(index)
        known = book.indexes.get(index)
        if known is None:
            return None
        if known.valid_to is None or reset_on <= known.valid_to:
            return Target(index, spread, is_converted=True)
        if known.replaced_by:
            index, spread = known.replaced_by, spread + known.spread_pp
    return None


def next_decision(
    contract: RateTerms, *, last_reset_on: dt.date | None, on: dt.date, book: FixingBook
) -> Decision | Waits | None:
    """The earliest reset of `contract` up to `on` that is still to be done; None when there is
    none. `last_reset_on`: the last one that was.

    Of a contract that the portal has never repriced only the latest reset counts, and only by a
    value newer than the one that the contract came with. A missed reset whose value is not known
    is passed over for a later one that can be done. Raises RuleError.
    """
    terms = ResetTerms.of(contract)
    if last_reset_on is None:
        only = last_reset(terms, on)
        days = [] if only is None else [only]
    else:
        # The book reaches two years back; nobody waits longer than that for a reset.
        since = max(last_reset_on, add_months(on, -24))
        days = list(reset_days(terms, after=since, through=on))
    waits: Waits | None = None
    for reset_on in days:
        target = target_index(contract, reset_on, book)
        code = contract.index if target is None else target.code
        fixing = target and book.at_reset(code, contract.fixing_rule, reset_on)
        if target is None or fixing is None:
            waits = waits or Waits(code, reset_on)
        elif last_reset_on is None and _is_in_force(contract, target, fixing):
            return None
        else:
            return _decision(contract, reset_on, target, fixing)
    return waits


def _is_in_force(contract: RateTerms, target: Target, fixing: Fixing) -> bool:
    """Whether the contract came with this value, or with a later one."""
    known_on = contract.index_fixed_on
    return not target.is_converted and known_on is not None and fixing.on <= known_on


def _decision(contract: RateTerms, reset_on: dt.date, target: Target, fixing: Fixing) -> Decision:
    base = fixing.value + target.spread_pp
    floor = contract.floor_pct
    is_floored = floor is not None and base < floor
    if floor is not None and is_floored:
        base = floor
    moved = abs(base - (contract.annual_rate_pct - contract.margin_pp))
    outcome = None
    if target.is_converted:
        pass  # the index is another one, whatever its value
    elif moved == 0:
        same = fixing.value == contract.index_value
        outcome = RateChangeOutcome.FLOOR if is_floored and not same else None
        outcome = outcome or RateChangeOutcome.SAME_VALUE
    elif moved < contract.threshold_pp:
        outcome = RateChangeOutcome.THRESHOLD
    return Decision(
        reset_on=reset_on,
        kind=RateChangeKind.CONVERSION if target.is_converted else RateChangeKind.RESET,
        fixing=fixing,
        spread_pp=target.spread_pp,
        rate_pct=base + contract.margin_pp,
        outcome=outcome,
    )
