"""Which value of the index a contract takes, and when.

Rules are in `contracts.rate_rules`, published values in `contracts.fixing_book`.
"""

from __future__ import annotations

import datetime as dt

from contracts.fixing_book import Fixing, FixingBook
from contracts.models import Contract
from contracts.rate_rules import (
    ResetTerms,
    RuleError,
    effective_rule,
    fixing_rule,
    fixing_rule_text,
    last_reset,
    reset_days,
)
from contracts.rate_terms import terms_of

__all__ = [
    "Fixing",
    "FixingBook",
    "ResetTerms",
    "RuleError",
    "effective_rule",
    "fixing_for",
    "fixing_rule",
    "fixing_rule_text",
    "last_reset",
    "reset_days",
]


def fixing_for(contract: Contract | ResetTerms, on: dt.date) -> Fixing | None:
    """The value that counts for a contract on the day `on`: that of its last reset up to then.

    None when there was no reset yet (or no handover) or the value is not known. Two queries.
    Raises RuleError.
    """
    if not isinstance(contract, ResetTerms):
        if contract.handover_on is None:
            return None
        contract = ResetTerms.of(terms_of(contract))
    reset_on = last_reset(contract, on)
    if reset_on is None:
        return None
    return FixingBook.read(through=on).at_reset(contract.code, contract.fixing_rule, reset_on)
