"""What it costs to end a schedule early: by accrued interest (loan) or by discounting (lease)."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext

from contracts.day_count import FrequencyUnit
from contracts.schedule_periods import PeriodPlan
from contracts.schedule_solver import settle
from contracts.schedule_terms import BuyoutTiming, RateChange, Schedule
from eboks.money import ZERO

_CONTEXT = Context(prec=40)


class InterestUntil(enum.StrEnum):
    PAYOFF_DAY = "till_preclose"
    PERIOD_END = "till_rest_frequency"


@dataclass(frozen=True, slots=True)
class Payoff:
    """Price of repaying everything on a day, net, without fees and overdue items."""

    principal: Decimal
    interest: Decimal

    @property
    def total(self) -> Decimal:
        return self.principal + self.interest


def early_payoff(schedule: Schedule, *, on: dt.date, until: InterestUntil) -> Payoff:
    """Capital outstanding on the day `on`, with interest up to that day or to the period's end.

    Instalments due on or before `on` are taken as paid; on a due date itself nothing has accrued.
    Raises ValueError for a day outside the schedule.
    """
    terms = schedule.terms
    if not terms.start_on <= on < schedule.rows[-1].nominal_due_on:
        raise ValueError("the payoff day must lie between the start and the last due date")
    paid = [row for row in schedule.rows if row.nominal_due_on <= on]
    with localcontext(_CONTEXT):
        # A rate "change" on the next day cuts the running period at the payoff day.
        cut = RateChange(on + dt.timedelta(days=1), terms.annual_rate_pct)
        whole = PeriodPlan(terms)
        until_day = until is InterestUntil.PAYOFF_DAY
        plan = PeriodPlan(replace(terms, rate_changes=(*terms.rate_changes, cut)))
        period = next((plan if until_day else whole).periods(len(paid) + 1))
        balance = paid[-1].balance if paid else whole.opening_balance
        interest = ZERO
        for segment in period.segments:
            if segment.start <= on:  # a tranche not yet paid out is nobody's debt
                balance += segment.inflow
            if period.start < on and (segment.start < on or not until_day):
                interest += settle(balance * segment.factor)
        return Payoff(balance, interest)


def discounted_settlement(
    schedule: Schedule, *, after_instalment: int, discount_pct: Decimal
) -> Decimal:
    """Remaining instalments and the buyout, discounted to the due date of `after_instalment`
    (0: the start) at `discount_pct` percent per year, net (domain spec 4.3).

    Zero means no discount; the contract's own rate gives the outstanding capital. Overdue items,
    fees and VAT are the caller's. Raises ValueError when no instalment is left.
    """
    remaining = schedule.rows[after_instalment:]
    if after_instalment < 0 or not remaining:
        raise ValueError("no instalment is left after this one")
    terms = schedule.terms
    with localcontext(_CONTEXT):
        if terms.frequency.unit is FrequencyUnit.MONTH:
            step = 1 + discount_pct * terms.frequency.count / 1200
        else:
            step = 1 + discount_pct * terms.frequency.days / 36_500
        total = sum((row.payment / step**k for k, row in enumerate(remaining, 1)), ZERO)
        later = terms.buyout_timing is BuyoutTiming.AFTER_LAST
        return settle(total + terms.buyout / step ** (len(remaining) + later))
