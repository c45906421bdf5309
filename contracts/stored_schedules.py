"""Repricing a schedule that stands in the database: from its rows to the engine and back.

The engine wants the terms that the schedule was made from; the database keeps the contract's
parameters and the rows. What is not kept (the pattern of individually agreed instalments) is read
off the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from contracts import schedule as engine
from contracts.day_count import DayCount, Frequency
from contracts.enums import EffectiveRule, PaymentPattern
from contracts.rate_terms import RateTerms
from eboks.clock import add_months
from eboks.money import GROSZ, ZERO

_ONE = Decimal(1)
_ONE_DAY = dt.timedelta(days=1)


class StoredRow(NamedTuple):
    """An instalment of the schedule in force, net."""

    n: int
    due_on: dt.date  # nominal
    payment: Decimal
    interest: Decimal
    balance: Decimal

    @property
    def principal(self) -> Decimal:
        return self.payment - self.interest


@dataclass(frozen=True, slots=True)
class Instalments:
    """Instalments of a schedule in force, in order. The first ones may have been left unread."""

    rows: Sequence[StoredRow]

    def __len__(self) -> int:
        """How many the schedule has, read or not."""
        return self.rows[-1].n

    @property
    def first(self) -> int:
        """Number of the first one that was read."""
        return self.rows[0].n

    def number(self, n: int) -> StoredRow:
        return self.rows[n - self.first]

    def after(self, n: int) -> Sequence[StoredRow]:
        return self.rows[n + 1 - self.first :]


class Change(NamedTuple):
    """A new rate for the instalments after `kept`; its first day is `effective_on`."""

    kept: int
    effective_on: dt.date
    is_inside: bool  # begins inside the period of the first changed instalment


class StoredScheduleError(ValueError):
    """The rows in the database make no schedule that can be repriced; the text is for people."""


class UnreadRowsError(Exception):
    """Instalments that were left unread are needed after all."""


def locate(
    rows: Instalments,
    *,
    start_on: dt.date,
    reset_on: dt.date,
    rule: EffectiveRule,
    invoiced: int,
) -> Change | None:
    """Which instalments a rate of `reset_on` changes; None when none is left.

    Instalments due before `reset_on` and those up to number `invoiced` stay as they are.
    Raises UnreadRowsError.
    """
    by_calendar = rows.first - 1 + sum(row.due_on < reset_on for row in rows.rows)
    if by_calendar < rows.first and rows.first > 1:
        raise UnreadRowsError
    if rule == EffectiveRule.NEXT_PERIOD:
        by_calendar += 1
    kept = max(by_calendar, invoiced)
    if kept >= len(rows):
        return None
    begins = (rows.number(kept).due_on if kept else start_on) + _ONE_DAY
    is_inside = rule == EffectiveRule.RESET_DAY and kept == by_calendar and reset_on > begins
    return Change(kept, reset_on if is_inside else begins, is_inside)


class RatesBefore(NamedTuple):
    """Rates up to a change: the one at the start of its period, and changes inside that period."""

    rate_pct: Decimal
    changes: tuple[engine.RateChange, ...] = ()


def reprice_stored(
    contract: RateTerms,
    rows: Instalments,
    change: Change,
    *,
    rate_pct: Decimal,
    before: RatesBefore,
) -> engine.Schedule:
    """The schedule of `contract` with `rate_pct` from `change` on, by the contract's method.

    Its rows up to `change.kept` are mere place-holders: the stored ones stay.
    Raises InvalidTermsError, StoredScheduleError or UnreadRowsError.
    """
    if any(row.n != place for place, row in enumerate(rows.rows, rows.first)):
        raise StoredScheduleError("numery rat w harmonogramie nie idą po kolei")
    method = engine.IndexMethod(contract.index_method)
    terms = _terms(contract, rows, change, method, before)
    repriced = _repriced(terms, rows, change, method, rate_pct)
    if _has_moved(rows, repriced, change.kept):
        # Due dates that no rule gives: name every one of them.
        if rows.first > 1:
            raise UnreadRowsError
        terms = replace(terms, due_dates=tuple(row.due_on for row in rows.rows))
        repriced = _repriced(terms, rows, change, method, rate_pct)
    return repriced


def as_schedule(contract: RateTerms, rows: Instalments) -> engine.Schedule:
    """The stored instalments of `contract` as the engine reads them, to work out what it costs to
    end them early (`contracts.schedule_payoff`); all rows must have been read.

    Its rate is the one in force; VAT is the caller's. Raises StoredScheduleError or
    UnreadRowsError.
    """
    if rows.first > 1:
        raise UnreadRowsError
    if any(row.n != place for place, row in enumerate(rows.rows, 1)):
        raise StoredScheduleError("numery rat w harmonogramie nie idą po kolei")
    due_dates = tuple(row.due_on for row in rows.rows)
    terms = engine.ScheduleTerms(
        financed=contract.financed,
        n=len(rows),
        annual_rate_pct=contract.annual_rate_pct,
        start_on=min(contract.handover_on, due_dates[0]),
        buyout=contract.buyout,
        buyout_timing=engine.BuyoutTiming(contract.buyout_timing),
        day_count=DayCount(contract.day_count),
        frequency=Frequency(contract.frequency_months),
        in_advance=contract.in_advance,
        due_day=contract.due_day,
        due_dates=due_dates,
    )
    return engine.Schedule(terms, tuple(map(_engine_row, rows.rows)), rows.rows[0].payment)


def terms_after(
    contract: RateTerms, rows: Instalments, *, kept: int, balance: Decimal
) -> engine.ScheduleTerms:
    """Terms of the instalments after number `kept` as a schedule of their own, which begins with
    the capital `balance` (net) at the rate in force. `rows` have been read whole."""
    begins = rows.number(kept).due_on if kept else contract.handover_on
    left = [row._replace(n=place) for place, row in enumerate(rows.after(kept), 1)]
    rest = replace(
        contract,
        financed=balance,
        handover_on=begins,
        # What has begun in advance goes on in arrears: the period before each payment has passed.
        in_advance=contract.in_advance and not kept,
    )
    change = Change(0, begins + _ONE_DAY, is_inside=False)
    before = RatesBefore(contract.annual_rate_pct)
    return _terms(rest, Instalments(left), change, engine.IndexMethod.REANNUITISE, before)


def _terms(
    contract: RateTerms,
    rows: Instalments,
    change: Change,
    method: engine.IndexMethod,
    before: RatesBefore,
) -> engine.ScheduleTerms:
    unread = contract.frequency_months * (rows.first - 1)
    first_due_on = rows.rows[0].due_on
    if unread:
        first_due_on = add_months(first_due_on, -unread, contract.due_day)
    operating = contract.product == engine.Product.OPERATING
    terms = engine.ScheduleTerms(
        financed=contract.financed,
        n=len(rows),
        annual_rate_pct=before.rate_pct,
        # After the first instalment the start says nothing any more; data may have it wrong.
        start_on=min(contract.handover_on, first_due_on) if change.kept else contract.handover_on,
        buyout=contract.buyout,
        buyout_timing=engine.BuyoutTiming(contract.buyout_timing),
        day_count=DayCount(contract.day_count),
        frequency=Frequency(contract.frequency_months),
        in_advance=contract.in_advance,
        first_due_on=first_due_on,
        due_day=contract.due_day,
        rate_changes=before.changes,
        payment_rounding=engine.PaymentRounding(contract.payment_rounding),
        # VAT of a financial lease was charged at handover; what a new rate does to it is
        # a correcting document, not a row of the schedule.
        product=engine.Product.OPERATING if operating else engine.Product.LOAN,
        vat_pct=contract.vat_pct if operating else None,
    )
    if contract.pattern == PaymentPattern.EQUAL_PRINCIPAL:
        return replace(terms, pattern=engine.PaymentPattern.EQUAL_PRINCIPAL)
    if contract.pattern == PaymentPattern.CUSTOM and method is engine.IndexMethod.REANNUITISE:
        return _with_pattern(terms, rows, change.kept)
    return terms


def _with_pattern(
    terms: engine.ScheduleTerms, rows: Instalments, kept: int
) -> engine.ScheduleTerms:
    """Individually agreed instalments keep their proportions; a payment of interest alone stays
    one, and what the last instalment has over level ones before it stays an amount."""
    ahead = rows.after(kept)
    level = ahead[0].payment
    if len(ahead) > 1 and all(row.payment == level for row in ahead[:-1]):
        balloon = ahead[-1].payment - level
        if abs(balloon) <= len(rows) * GROSZ:
            return terms  # level ones; the last takes the rounding
        if balloon > 0:
            return replace(terms, fixed_amounts=(*[ZERO] * (len(rows) - 1), balloon))
    weights = (*[_ONE] * kept, *(row.payment for row in ahead))
    interest_only = frozenset(row.n for row in ahead if row.interest and not row.principal)
    return replace(terms, weights=weights, interest_only=interest_only)


def _repriced(
    terms: engine.ScheduleTerms,
    rows: Instalments,
    change: Change,
    method: engine.IndexMethod,
    rate_pct: Decimal,
) -> engine.Schedule:
    kept = change.kept
    # The level instalment: the very last one may be another amount.
    is_last = kept + 1 == len(rows) and kept > 0
    level = rows.number(kept if is_last else kept + 1).payment
    return engine.reprice(
        engine.Schedule(terms, _engine_rows(rows, kept, method), level),
        annual_rate_pct=rate_pct,
        method=method,
        after_instalment=None if change.is_inside else kept,
        effective_on=change.effective_on if change.is_inside else None,
    )


def _engine_rows(
    rows: Instalments, kept: int, method: engine.IndexMethod
) -> tuple[engine.ScheduleRow, ...]:
    """What the engine looks at: how many rows there are, the balance before the first changed one,
    and the changed ones where their principal parts stay."""
    before = (_engine_row(rows.number(kept)),) * kept if kept else ()
    if method is engine.IndexMethod.KEEP_PRINCIPAL:
        return (*before, *map(_engine_row, rows.after(kept)))
    return (*before, *(_engine_row(rows.rows[-1]),) * (len(rows) - kept))


def _engine_row(row: StoredRow) -> engine.ScheduleRow:
    return engine.ScheduleRow(
        n=row.n,
        nominal_due_on=row.due_on,
        effective_due_on=row.due_on,
        payment=row.payment,
        interest=row.interest,
        principal=row.principal,
        balance=row.balance,
        vat=ZERO,
        gross=row.payment,
    )


def _has_moved(rows: Instalments, repriced: engine.Schedule, kept: int) -> bool:
    """Whether an instalment stands on another day than before."""
    return any(
        old.due_on != new.nominal_due_on
        for old, new in zip(rows.after(kept), repriced.rows[kept:], strict=False)
    )
