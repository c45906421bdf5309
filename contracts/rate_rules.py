"""When a contract's rate is set anew, and which published value counts then: domain spec 1.7.

A contract's rate is set on its *reset days*. `fixing_rule` says which days these are and whose
value counts on them; `reset_months` how often; `effective_rule` from when the new rate counts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

from contracts.enums import EffectiveRule
from contracts.rate_terms import RateTerms
from eboks.clock import add_months, is_working_day, previous_working_day


class RuleError(ValueError):
    """A contract's rule is not one that the portal knows; the text is for people."""


class RuleKind(NamedTuple):
    """A fixing rule taken apart."""

    name: str  # last_day_previous_month, day, before_period, mean_previous_month
    number: int = 0


LAST_DAY = RuleKind("last_day_previous_month")
MEAN = RuleKind("mean_previous_month")
# What a feed may write; empty is the first.
FIXING_RULE = (
    r"last_day_previous_month|mean_previous_month"
    r"|day_(?:[1-9]|1[0-9]|2[0-8])|before_period_(?:[1-9]|10)"
)


@lru_cache(maxsize=64)
def fixing_rule(code: str) -> RuleKind:
    """The rule of a code. Raises RuleError for an unknown one.

    `last_day_previous_month` (also empty): the value of the last working day of the month before;
    `day_N`: of the Nth day of the month, or the working day before it; `before_period_N`: of N
    working days before the interest period; `mean_previous_month`: the mean of the month before.
    """
    if not code:
        return LAST_DAY
    if not re.fullmatch(FIXING_RULE, code):
        raise RuleError(f"nieznana reguła ustalania stopy: „{code}”")
    name, _sep, number = code.rpartition("_")
    return RuleKind(name, int(number)) if number.isdigit() else RuleKind(code)


def effective_rule(code: str) -> EffectiveRule:
    """From when the rate counts. Raises RuleError for an unknown code; empty is NEXT_DUE."""
    try:
        return EffectiveRule(code or EffectiveRule.NEXT_DUE)
    except ValueError:
        raise RuleError(f"nieznana reguła początku działania stopy: „{code}”") from None


def fixing_rule_text(code: str) -> str:
    """The rule in words, for the client."""
    rule = fixing_rule(code)
    match rule.name:
        case "day":
            return _("notowanie z %(day)d. dnia miesiąca") % {"day": rule.number}
        case "before_period":
            return _("notowanie sprzed okresu odsetkowego (dni roboczych: %(days)d)") % {
                "days": rule.number
            }
        case "mean_previous_month":
            return _("średnia arytmetyczna notowań z poprzedniego miesiąca")
    return _("notowanie z ostatniego dnia roboczego poprzedniego miesiąca")


class ResetTerms(NamedTuple):
    """What of a contract decides when its rate is set and by which value."""

    code: str  # of the index
    fixing_rule: str
    reset_months: int
    start_on: dt.date  # handover
    due_day: int
    frequency_months: int

    @classmethod
    def of(cls, terms: RateTerms) -> ResetTerms:
        return cls(
            terms.index,
            terms.fixing_rule,
            terms.reset_months,
            terms.handover_on,
            terms.due_day,
            terms.frequency_months,
        )


def reset_days(terms: ResetTerms, *, after: dt.date, through: dt.date) -> Iterator[dt.date]:
    """Reset days later than `after` and than the start of the contract, up to `through`, in order.

    By the calendar (the first or Nth day of each month, quarter, half-year) or, for
    `before_period_N`, on the days of the month on which instalments fall due. Raises RuleError.
    """
    rule = fixing_rule(terms.fixing_rule)
    if terms.reset_months < 1:
        return
    after = max(after, terms.start_on)
    if rule.name == "before_period":
        step, day = max(terms.reset_months, terms.frequency_months), terms.due_day
        base = terms.start_on.year * 12 + terms.start_on.month - 1
    else:
        step, day, base = terms.reset_months, rule.number or 1, 0
    month = after.year * 12 + after.month - 1
    month -= (month - base) % step
    while True:
        year, month0 = divmod(month, 12)
        reset_on = add_months(dt.date(year, month0 + 1, 1), 0, day)
        if reset_on > through:
            return
        if reset_on > after:
            yield reset_on
        month += step


def last_reset(terms: ResetTerms, on: dt.date) -> dt.date | None:
    """The latest reset day up to `on`, None before the first. Raises RuleError."""
    months = 2 * max(terms.reset_months, terms.frequency_months, 1)
    return max(reset_days(terms, after=add_months(on, -months), through=on), default=None)


def fixing_day(rule: RuleKind, reset_on: dt.date) -> dt.date:
    """The day whose published value counts on `reset_on`; of a mean the last day of its month."""
    match rule.name:
        case "day":
            return reset_on if is_working_day(reset_on) else previous_working_day(reset_on)
        case "before_period":
            day = reset_on
            for _n in range(rule.number):
                day = previous_working_day(day)
            return day
    return previous_working_day(reset_on.replace(day=1))
