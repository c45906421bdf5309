"""Solves the instalment of a stretch of periods and walks the balance through it.

One recursion serves every payment pattern. With the instalment x unknown, the balance is
S_k = known_k - share_k * x; going forward through the periods and asking for the final balance
gives x. This is the formula of the domain spec 1.4 multiplied by the product of (1 + f_k), so it
needs no discount factors, and tranches, stubs and interest-only rows are no special case.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from contracts.schedule_periods import Period
from contracts.schedule_terms import (
    AmountRounding,
    InvalidTermsError,
    PaymentPattern,
    PaymentRounding,
    Problem,
    ScheduleTerms,
)
from eboks.money import GROSZ, ZERO, to_grosz

_ZERO = Decimal(0)
_ONE = Decimal(1)
_SETTLED = Decimal("1E-20")


def settle(exact: Decimal) -> Decimal:
    """To the grosz, by way of 20 decimals.

    A factor such as 6.5 % / 12 is cut at 40 digits, so a product that is half a grosz exactly
    could fall a hair below it and be rounded down. The true values of a schedule are never
    closer than about 1E-15 to a half without being one.
    """
    return to_grosz(exact.quantize(_SETTLED))


class Amounts(NamedTuple):
    """One row's money. `balance` is the capital outstanding after the payment."""

    payment: Decimal
    interest: Decimal
    principal: Decimal
    balance: Decimal


class Leg(NamedTuple):
    amounts: list[Amounts]
    payment: Decimal  # the level instalment (equal principal: the level principal part)


class Solver:
    """Walks stretches ("legs") of one schedule; every leg ends at `final_balance`."""

    def __init__(self, terms: ScheduleTerms, final_balance: Decimal) -> None:
        self._terms = terms
        self._final = final_balance
        self._unrounded = terms.amount_rounding is AmountRounding.DISPLAY
        self._equal_principal = terms.pattern is PaymentPattern.EQUAL_PRINCIPAL
        # Rounding up or a fixed instalment can repay the capital before the last row.
        self._may_end_early = (
            terms.payment is not None or terms.payment_rounding is PaymentRounding.UNIT_UP
        )

    def leg(self, periods: Sequence[Period], opening: Decimal) -> Leg:
        """Amounts of these periods, starting from the balance `opening`.

        Capital paid out inside the first period is known to the leg; later tranches are not.
        """
        payment = self._terms.payment
        if payment is None:
            payment = self._round_payment(self._solve(periods, opening))
        amounts = self._walk(periods, opening, payment)
        if self._terms.adjust_payment:
            payment, amounts = self._adjusted(periods, opening, payment, amounts)
        return Leg(amounts, payment)

    def interest(self, period: Period, balance: Decimal, *, with_inflows: bool) -> Decimal:
        """Interest of one period; the parts of a split period are rounded one by one."""
        total = _ZERO
        for _, inflow, factor in period.segments:
            if with_inflows:
                balance += inflow
            total += balance * factor if self._unrounded else settle(balance * factor)
        return total

    def _solve(self, periods: Sequence[Period], opening: Decimal) -> Decimal:
        if self._equal_principal:
            return self._solve_principal(periods, opening)
        terms = self._terms
        plain = not (terms.weights or terms.fixed_amounts or terms.interest_only)
        known, share = opening, _ZERO
        for index, period in enumerate(periods):
            if period.n in terms.interest_only:
                if index == 0:
                    known += period.inflow
                continue
            growth = _ONE + period.factor
            known *= growth
            share *= growth
            if index == 0:
                known += period.inflow_grown
            if plain:
                share += _ONE
            else:
                weight, fixed = self._row_terms(period.n)
                known -= fixed
                share += weight
        if not share:
            return _ZERO  # nothing to solve: the last row takes what the fixed amounts leave
        level = (known - self._final) / share
        if level < 0:
            reason = "kwoty stałe przekraczają to, co jest do spłaty"
            raise InvalidTermsError([Problem("fixed_amounts", reason)])
        return level

    def _solve_principal(self, periods: Sequence[Period], opening: Decimal) -> Decimal:
        rows = [p.n for p in periods if p.n not in self._terms.interest_only]
        weights = sum((self._row_terms(n)[0] for n in rows), _ZERO)
        fixed = sum((self._row_terms(n)[1] for n in rows), _ZERO)
        to_repay = opening + periods[0].inflow - self._final - fixed
        if to_repay < 0:
            reason = "kwoty stałe przekraczają to, co jest do spłaty"
            raise InvalidTermsError([Problem("fixed_amounts", reason)])
        return to_repay / weights if weights else _ZERO

    def _walk(self, periods: Sequence[Period], opening: Decimal, payment: Decimal) -> list[Amounts]:
        terms, final = self._terms, self._final
        plain = not (terms.weights or terms.fixed_amounts or terms.interest_only)
        last = periods[-1].n if terms.n is not None else None
        balance = opening
        rows: list[Amounts] = []
        for index, period in enumerate(periods):
            interest = self.interest(period, balance, with_inflows=index == 0)
            if index == 0:
                balance += period.inflow
            to_final = balance - final
            if period.n == last or (self._may_end_early and to_final + interest <= payment):
                rows.append(Amounts(to_final + interest, interest, to_final, final))
                return rows
            if period.n in terms.interest_only:
                principal = ZERO
            else:
                due = payment if plain else self._row_amount(period.n, payment)
                principal = due if self._equal_principal else due - interest
            balance -= principal
            rows.append(Amounts(principal + interest, interest, principal, balance))
            if last is None and balance > 2 * opening:
                break  # it will never be repaid
        reason = "ustalona rata nie spłaca kapitału: nie pokrywa odsetek albo jest zbyt mała"
        raise InvalidTermsError([Problem("payment", reason)])

    def _adjusted(
        self, periods: Sequence[Period], opening: Decimal, payment: Decimal, rows: list[Amounts]
    ) -> tuple[Decimal, list[Amounts]]:
        """Fineract's step (1.5 no. 5): spread the last row's difference over all rows, if that
        makes it smaller."""
        count = len(rows)
        if count < 2:
            return payment, rows
        gap = rows[-1].payment - rows[-2].payment
        if abs(gap) / GROSZ <= count // 2:
            return payment, rows
        tried_payment = payment + to_grosz(gap / count)
        tried = self._walk(periods, opening, tried_payment)
        if abs(tried[-1].payment - tried[-2].payment) < abs(gap):
            return tried_payment, tried
        return payment, rows

    def _row_terms(self, n: int) -> tuple[Decimal, Decimal]:
        terms = self._terms
        weight = terms.weights[n - 1] if terms.weights else _ONE
        fixed = terms.fixed_amounts[n - 1] if terms.fixed_amounts else _ZERO
        return weight, fixed

    def _row_amount(self, n: int, level: Decimal) -> Decimal:
        weight, fixed = self._row_terms(n)
        amount = level * weight + fixed
        return amount if self._unrounded else settle(amount)

    def _round_payment(self, exact: Decimal) -> Decimal:
        terms = self._terms
        if terms.payment_rounding is PaymentRounding.UNIT_UP:
            return exact.quantize(_ONE, rounding=ROUND_CEILING)
        if self._unrounded or terms.weights:
            return exact  # weighted instalments are rounded once each, from the exact level
        return settle(exact)
