"""The lease-schedule engine: terms in, rows out. Pure functions on Decimal.

`build_schedule` makes the first version, `reprice` every later one. The arithmetic of one stretch
of rows is in `schedule_solver`, dates and interest factors in `schedule_periods` and `day_count`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Context, Decimal, InvalidOperation, Overflow, localcontext
from itertools import islice

from contracts.day_count import MONTHLY, DayCount, Frequency, FrequencyUnit
from contracts.schedule_checks import MAX_ROWS, check_terms
from contracts.schedule_periods import Period, PeriodPlan
from contracts.schedule_solver import Amounts, Solver, settle
from contracts.schedule_terms import (
    AmountRounding,
    BuyoutTiming,
    Disbursement,
    IndexMethod,
    InvalidTermsError,
    PaymentPattern,
    PaymentRounding,
    Problem,
    Product,
    RateChange,
    RowKind,
    Schedule,
    ScheduleRow,
    ScheduleTerms,
    UpfrontVat,
)
from contracts.vat import vat_of
from eboks.clock import effective_due_on
from eboks.money import ZERO, to_grosz

__all__ = [
    "MONTHLY",
    "AmountRounding",
    "BuyoutTiming",
    "DayCount",
    "Disbursement",
    "Frequency",
    "FrequencyUnit",
    "IndexMethod",
    "InvalidTermsError",
    "PaymentPattern",
    "PaymentRounding",
    "Problem",
    "Product",
    "RateChange",
    "RowKind",
    "Schedule",
    "ScheduleRow",
    "ScheduleTerms",
    "UpfrontVat",
    "build_schedule",
    "reprice",
]

_CONTEXT = Context(prec=40)

_Line = tuple[Period, Amounts]


def build_schedule(terms: ScheduleTerms) -> Schedule:
    """The schedule of `terms`.

    Rounding (domain spec 1.5): the instalment once, interest on the rounded balance in every row,
    all to the grosz half up; the last row takes the difference, so that the principal parts add up
    to exactly what is financed less the buyout. A tranche paid out later re-solves the
    instalments from its own period on. Raises InvalidTermsError naming every problem.
    """
    problems = check_terms(terms)
    if problems:
        raise InvalidTermsError(problems)
    with _arithmetic():
        plan = PeriodPlan(terms)
        lines, payment = _run(terms, plan, first=1, opening=plan.opening_balance)
        return _assemble(terms, plan, (), lines, payment)


def reprice(
    schedule: Schedule,
    *,
    annual_rate_pct: Decimal,
    method: IndexMethod = IndexMethod.REANNUITISE,
    after_instalment: int | None = None,
    effective_on: dt.date | None = None,
) -> Schedule:
    """A new version of the schedule under a new annual rate (percent); `schedule` is not changed.

    Say either after which instalment the rate changes, or on which day: a rate dated D counts
    from the balance of D-1 and may split a period, whose parts of interest are rounded one by one
    (domain spec 1.7). Rows due before stay as they are; the others follow `method`.
    Raises InvalidTermsError when nothing is left to reprice or the method does not fit the terms.
    """
    first, change = _locate_change(schedule, annual_rate_pct, after_instalment, effective_on)
    history = (*schedule.terms.rate_changes, change)
    terms = replace(schedule.terms, n=len(schedule.rows), payment=None, rate_changes=history)
    problems = check_terms(terms)
    if method is IndexMethod.KEEP_PAYMENT:
        terms = replace(terms, n=None, payment=schedule.payment, adjust_payment=False)
        problems = check_terms(terms)
    if schedule.terms.amount_rounding is AmountRounding.DISPLAY:
        problems.append(Problem("amount_rounding", "harmonogram bez zaokrągleń nie ma zmian stopy"))
    if problems:
        raise InvalidTermsError(problems)

    kept = schedule.rows[: first - 1]
    with _arithmetic():
        plan = PeriodPlan(terms)
        opening = kept[-1].balance if kept else plan.opening_balance
        if method is IndexMethod.KEEP_PRINCIPAL:
            lines = _keep_principal(terms, plan, schedule.rows[first - 1 :], opening)
            payment = lines[0][1].payment
        else:
            lines, payment = _run(terms, plan, first=first, opening=opening)
        terms = replace(
            terms,
            n=len(kept) + len(lines),
            payment=None,
            adjust_payment=schedule.terms.adjust_payment,
        )
        return _assemble(terms, plan, kept, lines, payment)


@contextmanager
def _arithmetic() -> Iterator[None]:
    """40 digits; a balance that outgrows them (interest capitalised for a century) is refused."""
    try:
        with localcontext(_CONTEXT):
            yield
    except (InvalidOperation, Overflow) as error:
        reason = "saldo rośnie ponad wszelką miarę"
        raise InvalidTermsError([Problem("annual_rate_pct", reason)]) from error


def _locate_change(
    schedule: Schedule,
    annual_rate_pct: Decimal,
    after_instalment: int | None,
    effective_on: dt.date | None,
) -> tuple[int, RateChange]:
    """Number of the first row to reprice, and the change as a dated fact."""
    plan = PeriodPlan(schedule.terms)
    if after_instalment is None:
        if effective_on is None:
            raise ValueError("say when the rate changes: after_instalment or effective_on")
        starts_on = effective_on
    else:
        if effective_on is not None:
            raise ValueError("say when the rate changes once: after_instalment or effective_on")
        if not 0 <= after_instalment < len(schedule.rows):
            reason = f"numer raty musi być w zakresie 0–{len(schedule.rows) - 1}"
            raise InvalidTermsError([Problem("change_after_instalment", reason)])
        starts_on = plan.due_on(after_instalment) + dt.timedelta(days=1)
    if starts_on <= schedule.terms.start_on:
        reason = "zmiana stopy musi następować po początku umowy"
        raise InvalidTermsError([Problem("rate_changes", reason)])
    if starts_on > schedule.rows[-1].nominal_due_on:
        reason = "po tej zmianie stopy nie ma już żadnej raty"
        raise InvalidTermsError([Problem("rate_changes", reason)])
    return plan.first_period_of(starts_on), RateChange(starts_on, annual_rate_pct)


def _run(
    terms: ScheduleTerms, plan: PeriodPlan, *, first: int, opening: Decimal
) -> tuple[list[_Line], Decimal]:
    """Lines from row `first` on, and the level instalment in force at their end.

    A leg is solved with the capital known at its start; the next tranche begins a new one.
    """
    solver = Solver(terms, _final_balance(terms, plan))
    lines: list[_Line] = []
    while True:
        count = MAX_ROWS if terms.n is None else terms.n - first + 1
        periods = list(islice(plan.periods(first), count))
        leg = solver.leg(periods, opening)
        used = 0
        for period, amounts in zip(periods, leg.amounts, strict=False):
            if used and period.inflow:
                break
            used += 1
            opening = amounts.balance + period.closing_inflow
            lines.append((period, amounts._replace(balance=opening)))
            if period.closing_inflow:
                break
        if used == len(leg.amounts):
            return lines, leg.payment
        first += used


def _keep_principal(
    terms: ScheduleTerms, plan: PeriodPlan, rows: Sequence[ScheduleRow], opening: Decimal
) -> list[_Line]:
    """Method B: every principal part as it was, interest anew."""
    solver = Solver(terms, _final_balance(terms, plan))
    lines: list[_Line] = []
    for period, row in zip(plan.periods(rows[0].n), rows, strict=False):
        interest = solver.interest(period, opening, with_inflows=True)
        lines.append(
            (period, Amounts(row.principal + interest, interest, row.principal, row.balance))
        )
        opening = row.balance
    return lines


def _final_balance(terms: ScheduleTerms, plan: PeriodPlan) -> Decimal:
    """Capital left for the buyout after the last instalment: B, or B discounted by one period
    when it is paid a period later."""
    if terms.n is None or terms.buyout_timing is BuyoutTiming.WITH_LAST:
        return to_grosz(terms.buyout)
    after = next(plan.periods(terms.n + 1))
    exact = terms.buyout / (1 + after.factor)
    return exact if terms.amount_rounding is AmountRounding.DISPLAY else settle(exact)


def _assemble(
    terms: ScheduleTerms,
    plan: PeriodPlan,
    kept: Sequence[ScheduleRow],
    lines: Sequence[_Line],
    payment: Decimal,
) -> Schedule:
    vat_pct = terms.vat_pct if terms.product is Product.OPERATING else None
    vat_by_payment: dict[Decimal, Decimal] = {}  # most rows of a schedule pay the same

    def row(n: int, due_on: dt.date, amounts: Amounts, kind: RowKind) -> ScheduleRow:
        if terms.amount_rounding is AmountRounding.DISPLAY:
            amounts = Amounts(*map(settle, amounts))
        paid = amounts.payment
        vat = vat_by_payment.get(paid)
        if vat is None:
            vat = vat_by_payment[paid] = ZERO if vat_pct is None else vat_of(paid, vat_pct)
        effective = effective_due_on(due_on)
        return ScheduleRow(n, due_on, effective, *amounts, vat=vat, gross=paid + vat, kind=kind)

    rows = (*kept, *(row(p.n, p.due_on, amounts, RowKind.INSTALMENT) for p, amounts in lines))
    fee_row = buyout_row = upfront_vat = None
    if terms.product is Product.FINANCIAL and terms.vat_pct is not None:
        upfront_vat = _upfront_vat(terms, rows, terms.vat_pct)
    if terms.initial_fee:
        fee = Amounts(terms.initial_fee, ZERO, terms.initial_fee, plan.opening_balance)
        fee_row = row(0, terms.start_on, fee, RowKind.INITIAL_FEE)
        if upfront_vat is not None:
            fee_row = replace(fee_row, vat=upfront_vat.vat, gross=upfront_vat.first_payment_gross)
    if terms.buyout:
        last = rows[-1]
        later = terms.buyout_timing is BuyoutTiming.AFTER_LAST
        interest = terms.buyout - last.balance if later else ZERO
        buyout = Amounts(terms.buyout, interest, last.balance, ZERO)
        buyout_row = row(last.n + 1, plan.due_on(last.n + later), buyout, RowKind.BUYOUT)
    shown = _shown_payment(terms, lines, payment)
    return Schedule(terms, rows, shown, fee_row, buyout_row, upfront_vat)


def _shown_payment(terms: ScheduleTerms, lines: Sequence[_Line], payment: Decimal) -> Decimal:
    if terms.pattern is PaymentPattern.EQUAL_PRINCIPAL:
        return settle(lines[0][1].payment)
    return settle(payment)


def _upfront_vat(terms: ScheduleTerms, rows: Sequence[ScheduleRow], vat_pct: Decimal) -> UpfrontVat:
    """Supply of goods: one VAT on everything the lessee will pay (art. 7 ust. 9 of the VAT act)."""
    base = terms.initial_fee + sum((row.payment for row in rows), ZERO) + terms.buyout
    vat = vat_of(base, vat_pct)
    return UpfrontVat(base, vat, terms.initial_fee + vat)
