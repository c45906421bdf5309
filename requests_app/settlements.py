"""What it costs to end a contract early on a day, line by line (domain spec 4.3). Pure arithmetic.

    S(d) = overdue + accrued to date + Σ R_k/(1+d/12)^(k-j) + B/(1+d/12)^(n-j)
           + fee − what was paid ahead

j is the last instalment due on or before the settlement day; the sum is discounted to its due date
by `contracts.schedule_payoff`. The specification does not say what the days after it cost: from
there on the discounted price bears interest at the discount rate d itself, by the day count of the
contract. With d = the contract's rate that is exactly the interest that has accrued on the
outstanding principal; without a discount the days cost nothing, for the instalments that are asked
for in full hold the interest of these days already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from contracts.schedule_payoff import InterestUntil, discounted_settlement, early_payoff
from contracts.schedule_terms import Schedule
from contracts.vat import vat_of
from eboks.money import ZERO


class Part(StrEnum):
    """Lines of the arithmetic, in their order."""

    INSTALMENTS = "instalments"  # discounted
    BUYOUT = "buyout"  # discounted
    ACCRUED = "accrued"  # since the due date that the two are discounted to
    OVERDUE = "overdue"
    LATE_INTEREST = "late_interest"
    FEE = "fee"
    PREPAID = "prepaid"  # negative


PRICE = (Part.INSTALMENTS, Part.BUYOUT, Part.ACCRUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What stands beside the price, in the contract's currency, none of it negative.

    `overdue` and `prepaid` as they are paid, VAT included; late interest bears none.
    """

    overdue: Decimal = ZERO
    late_interest: Decimal = ZERO
    fee: Decimal = ZERO  # net
    fee_vat: Decimal = ZERO
    prepaid: Decimal = ZERO  # paid ahead, overpaid, services not used


@dataclass(frozen=True, slots=True)
class Line:
    part: Part
    net: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The price of a day. `vat_pct` None: no VAT on the price (capital)."""

    on: dt.date
    discounted_to: dt.date
    after: int  # the last instalment due by the day
    left: int  # instalments that are discounted
    discount_pct: Decimal
    vat_pct: Decimal | None
    lines: Sequence[Line]
    price_vat: Decimal
    fee_vat: Decimal

    def amount(self, part: Part) -> Decimal:
        return next(line.net for line in self.lines if line.part == part)

    @property
    def price(self) -> Decimal:
        """Of the asset or of the capital, net: the part that VAT is worked out on."""
        return sum((self.amount(part) for part in PRICE), ZERO)

    @property
    def net(self) -> Decimal:
        """S(d): all lines."""
        return sum((line.net for line in self.lines), ZERO)

    @property
    def vat(self) -> Decimal:
        return self.price_vat + self.fee_vat

    @property
    def gross(self) -> Decimal:
        """What is to be paid; below zero when more was paid ahead than is owed."""
        return self.net + self.vat


def settle_on(
    schedule: Schedule,
    *,
    on: dt.date,
    discount_pct: Decimal,
    vat_pct: Decimal | None,
    claims: Claims,
) -> Settlement:
    """The settlement of `schedule` on the day `on`, with the instalments due by then paid or among
    the `claims`.

    `discount_pct`: percent per year, not negative. VAT once on the whole price, rounded half up.
    Raises ValueError for a day before the start and for one that leaves no instalment.
    """
    terms = schedule.terms
    if on < terms.start_on:
        raise ValueError("the day lies before the start of the contract")
    after = sum(row.nominal_due_on <= on for row in schedule.rows)
    whole = discounted_settlement(schedule, after_instalment=after, discount_pct=discount_pct)
    bare = replace(schedule, terms=replace(terms, buyout=ZERO))
    instalments = discounted_settlement(bare, after_instalment=after, discount_pct=discount_pct)
    accrued = _accrued(schedule, after=after, price=whole, rate_pct=discount_pct, on=on)
    lines = (
        Line(Part.INSTALMENTS, instalments),
        Line(Part.BUYOUT, whole - instalments),  # rounded together, so that they add up
        Line(Part.ACCRUED, accrued),
        Line(Part.OVERDUE, claims.overdue),
        Line(Part.LATE_INTEREST, claims.late_interest),
        Line(Part.FEE, claims.fee),
        Line(Part.PREPAID, -claims.prepaid),
    )
    return Settlement(
        on=on,
        discounted_to=schedule.rows[after - 1].nominal_due_on if after else terms.start_on,
        after=after,
        left=len(schedule.rows) - after,
        discount_pct=discount_pct,
        vat_pct=vat_pct,
        lines=lines,
        price_vat=ZERO if vat_pct is None else vat_of(whole + accrued, vat_pct),
        fee_vat=claims.fee_vat,
    )


def _accrued(
    schedule: Schedule, *, after: int, price: Decimal, rate_pct: Decimal, on: dt.date
) -> Decimal:
    """Interest on `price` at `rate_pct` from the last due date to the day `on`."""
    terms = replace(schedule.terms, annual_rate_pct=rate_pct, rate_changes=())
    rows = list(schedule.rows)
    if after:
        rows[after - 1] = replace(rows[after - 1], balance=price)
    else:
        terms = replace(terms, financed=price)
    standing = replace(schedule, terms=terms, rows=tuple(rows))
    return early_payoff(standing, on=on, until=InterestUntil.PAYOFF_DAY).interest
