"""The arithmetic of the first instalment that a new rate changed, step by step, to the grosz.

Worked out again from the contract and its schedule, not read from where it was computed: the page
shows a step only when it gives the row that stands in the schedule.
"""

from __future__ import annotations

import datetime as dt
import enum
from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from itertools import pairwise

from contracts.day_count import DayCount, Frequency, part_fraction, period_fraction
from contracts.enums import IndexMethod, PaymentPattern, PaymentRounding
from contracts.models import Contract, RateChange, ScheduleRow
from contracts.schedule_solver import settle
from eboks.money import ZERO

_CONTEXT = Context(prec=40)
_ONE_DAY = dt.timedelta(days=1)
_HUNDRED = Decimal(100)
_SHOWN = Decimal("1E-12")  # places of a factor on the page: enough to work it out again
_YEARS = {DayCount.ACT_365F: 365, DayCount.ACT_360: 360}


class Rule(enum.StrEnum):
    """How the instalment came about."""

    ANNUITY = "annuity"  # (S - B*D) / A
    EQUAL_PRINCIPAL = "equal_principal"  # (S - B) / m + I
    KEPT_PRINCIPAL = "kept_principal"  # principal as before + I
    KEPT_PAYMENT = "kept_payment"  # as before; what is not interest repays capital
    LAST = "last"  # S - B + I
    SUM = "sum"  # principal + I: laid down row by row, or worked out elsewhere


@dataclass(frozen=True, slots=True)
class InterestPart:
    """Interest of a stretch of days at one rate: balance x rate x part of the year."""

    since: dt.date  # the first day that counts
    until: dt.date  # the last one
    balance: Decimal
    rate_pct: Decimal
    share: str  # the part of the year as people write it: 1/12, 31/365
    amount: Decimal

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """One row worked out again. `parts` are empty when the interest cannot be reproduced."""

    row: ScheduleRow
    balance: Decimal  # S: capital outstanding before it
    left_at_end: Decimal  # B: capital left after the last instalment, for the buyout
    remaining: int  # m: instalments from this one on
    parts: Sequence[InterestPart]
    rule: Rule
    discount: Decimal | None = None  # D
    annuity: Decimal | None = None  # A
    level: Decimal | None = None  # (S - B*D) / A before rounding
    period_factor: Decimal | None = None  # f, where it is the same in each period
    rounds_up: bool = False

    @property
    def even_principal(self) -> Decimal:
        """(S - B) / m."""
        return settle((self.balance - self.left_at_end) / self.remaining)


def arithmetic_of(
    change: RateChange,
    *,
    contract: Contract,
    old_rows: Sequence[ScheduleRow],
    new_rows: Sequence[ScheduleRow],
    earlier: Sequence[RateChange] = (),
) -> Arithmetic | None:
    """How the first row of `new_rows` after `change.frozen_through` came about.

    Rows are instalments in order of `n`. `earlier` changes that may lie inside the same period
    come in order of days. None when the schedule has no such row.
    """
    ahead = [row for row in new_rows if row.n > change.frozen_through]
    if not ahead:
        return None
    row, left = ahead[0], ahead[-1].balance
    before = next((old for old in new_rows if old.n == row.n - 1), None)
    balance = before.balance if before else contract.financed
    starts = [before.nominal_due_on if before else contract.handover_on]
    with localcontext(_CONTEXT):
        parts: list[InterestPart] = []
        factors: list[Decimal] = []
        if starts[0] is not None:
            days = [starts[0], *(later.nominal_due_on for later in ahead)]
            first = _stretches((*earlier, change), contract, (days[0], days[1]), balance)
            parts = [part for part, _factor in first]
            factors = [sum((factor for _part, factor in first), Decimal(0))]
            factors += [
                _factor(contract, start, due, change.new_rate_pct)
                for start, due in pairwise(days[1:])
            ]
        if sum((part.amount for part in parts), ZERO) != row.interest:
            return Arithmetic(row, balance, left, len(ahead), (), Rule.SUM)
        found = Arithmetic(row, balance, left, len(ahead), parts, Rule.SUM)
        if found.remaining == 1 and row.payment == balance - left + row.interest:
            return replace(found, rule=Rule.LAST)
        if change.method == IndexMethod.REANNUITISE:
            return _annuitised(found, contract, factors)
        old = next((was for was in old_rows if was.n == row.n), None)
        return _kept(found, change, old)


def _kept(found: Arithmetic, change: RateChange, old: ScheduleRow | None) -> Arithmetic:
    """Methods that keep the principal or the payment of the row as it was."""
    if old is None:
        return found
    if change.method == IndexMethod.KEEP_PRINCIPAL and old.principal == found.row.principal:
        return replace(found, rule=Rule.KEPT_PRINCIPAL)
    if change.method == IndexMethod.KEEP_PAYMENT and old.payment == found.row.payment:
        return replace(found, rule=Rule.KEPT_PAYMENT)
    return found


def _annuitised(found: Arithmetic, contract: Contract, factors: Sequence[Decimal]) -> Arithmetic:
    """A new level instalment (domain spec 1.4); `found` as it is when the formula gives another."""
    if contract.pattern == PaymentPattern.EQUAL_PRINCIPAL:
        even = found.even_principal == found.row.principal
        return replace(found, rule=Rule.EQUAL_PRINCIPAL) if even else found
    discount, annuity = Decimal(1), Decimal(0)
    for factor in factors:
        discount /= 1 + factor
        annuity += discount
    level = (found.balance - found.left_at_end * discount) / annuity
    rounds_up = contract.payment_rounding == PaymentRounding.UNIT_UP
    rounded = level.quantize(Decimal(1), rounding=ROUND_CEILING) if rounds_up else settle(level)
    if rounded != found.row.payment:
        return found
    return replace(
        found,
        rule=Rule.ANNUITY,
        discount=discount.quantize(_SHOWN),
        annuity=annuity.quantize(_SHOWN),
        level=level.quantize(Decimal("1E-6")),
        period_factor=factors[0].quantize(_SHOWN) if len(set(factors)) == 1 else None,
        rounds_up=rounds_up,
    )


def _stretches(
    changes: Sequence[RateChange],
    contract: Contract,
    period: tuple[dt.date, dt.date],
    balance: Decimal,
) -> list[tuple[InterestPart, Decimal]]:
    """The first period with the factor of each part: several when the rate changed inside it.

    A rate dated D counts from the balance of D-1 (domain spec 1.7); parts are rounded one by one.
    """
    start, due = period
    cuts = [c for c in changes if start < c.effective_on - _ONE_DAY < due]
    rates = [cuts[0].old_rate_pct if cuts else changes[-1].new_rate_pct]
    rates += [cut.new_rate_pct for cut in cuts]
    edges = [start, *(cut.effective_on - _ONE_DAY for cut in cuts), due]
    found = []
    for (left, right), rate in zip(pairwise(edges), rates, strict=True):
        factor = _part_factor(contract, period, (left, right), rate)
        part = InterestPart(
            since=left + _ONE_DAY,
            until=right,
            balance=balance,
            rate_pct=rate,
            share=_share(contract, period, (left, right)),
            amount=settle(balance * factor),
        )
        found.append((part, factor))
    return found


def _part_factor(
    contract: Contract,
    period: tuple[dt.date, dt.date],
    part: tuple[dt.date, dt.date],
    rate: Decimal,
) -> Decimal:
    if part == period:
        return _factor(contract, *period, rate)
    day_count = DayCount(contract.day_count)
    whole = period_fraction(day_count, Frequency(contract.frequency_months), *period)
    return rate * part_fraction(day_count, whole, period, part) / _HUNDRED


def _factor(contract: Contract, start: dt.date, due: dt.date, rate: Decimal) -> Decimal:
    """f of a whole period."""
    frequency = Frequency(contract.frequency_months)
    fraction = period_fraction(DayCount(contract.day_count), frequency, start, due)
    return rate * fraction / _HUNDRED


def _share(
    contract: Contract, period: tuple[dt.date, dt.date], part: tuple[dt.date, dt.date]
) -> str:
    """The part of a year in figures that can be put into a calculator."""
    start, end = part
    day_count = DayCount(contract.day_count)
    if day_count in _YEARS:
        return f"{(end - start).days}/{_YEARS[day_count]}"
    if day_count is DayCount.ACT_ACT:
        return _over_years(start, end)
    whole = period_fraction(day_count, Frequency(contract.frequency_months), *period)
    months = (whole * 12).quantize(_SHOWN)
    text = f"{months.normalize():f}/12" if months == months.to_integral_value() else _decimal(whole)
    if part == period:
        return text
    return f"{text} × {(end - start).days}/{(period[1] - period[0]).days}"


def _over_years(start: dt.date, end: dt.date) -> str:
    """`31/365`, or `(21/365 + 10/366)` over the end of a year."""
    pieces = []
    for year in range(start.year, end.year + 1):
        first, last = max(start, dt.date(year - 1, 12, 31)), min(end, dt.date(year, 12, 31))
        if days := (last - first).days:
            pieces.append(f"{days}/{366 if isleap(year) else 365}")
    return pieces[0] if len(pieces) == 1 else f"({' + '.join(pieces)})"


def _decimal(value: Decimal) -> str:
    return f"{value.quantize(_SHOWN):f}".replace(".", ",")
