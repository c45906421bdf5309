"""Interest periods of a schedule: due dates, factors, and where capital or rates change inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from contracts.day_count import part_fraction, period_fraction, share_of_days
from contracts.schedule_terms import ScheduleTerms
from eboks.money import ZERO, to_grosz

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_ONE_DAY = dt.timedelta(days=1)


class Segment(NamedTuple):
    """A piece of a period: `inflow` joins the balance at its start, `factor` is its interest."""

    start: dt.date
    inflow: Decimal
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Period:
    """The period that ends with instalment `n`: accrual days after `start` up to `due_on`."""

    n: int
    start: dt.date
    due_on: dt.date
    factor: Decimal  # f_n: interest on a balance that stands for the whole period
    segments: tuple[Segment, ...]
    closing_inflow: Decimal = _ZERO  # paid out on the due date itself, after the instalment

    @property
    def inflow(self) -> Decimal:
        """Capital paid out inside the period."""
        return sum((segment.inflow for segment in self.segments), _ZERO)

    @property
    def inflow_grown(self) -> Decimal:
        """That capital with its interest up to the due date."""
        remaining, total = self.factor, _ZERO
        for _, inflow, factor in self.segments:
            total += inflow * (1 + remaining)
            remaining -= factor
        return total


class PeriodPlan:
    """Makes the periods of some terms, one by one; row numbers start at 1.

    The plain case (no tranche, no rate change) costs one date step a row: its factor is
    computed once for 30/360.
    """

    def __init__(self, terms: ScheduleTerms) -> None:
        self._terms = terms
        given = terms.due_dates[0] if terms.due_dates else terms.first_due_on
        # Without a first date the start's own day is kept: 31 January, 28 February, 31 March.
        self._due_day = terms.due_day or (given or terms.start_on).day
        if given is not None:
            self.first_due_on = given
        elif terms.in_advance:
            self.first_due_on = terms.start_on
        else:
            self.first_due_on = terms.frequency.step(terms.start_on, 1, self._due_day)
        self._tranches = sorted(terms.disbursements, key=lambda tranche: tranche.on)
        self._rates = sorted(terms.rate_changes, key=lambda change: change.effective_on)
        self._regular: Decimal | None = None

    @property
    def opening_balance(self) -> Decimal:
        """Capital outstanding at the start, before the first accrual day."""
        if not self._tranches:
            return to_grosz(self._terms.financed)
        start = self._terms.start_on
        return sum((tranche.amount for tranche in self._tranches if tranche.on == start), ZERO)

    def due_on(self, n: int) -> dt.date:
        """Nominal due date of instalment `n`; 0 is the start."""
        terms = self._terms
        if n == 0:
            return terms.start_on
        if n <= len(terms.due_dates):
            return terms.due_dates[n - 1]
        if terms.due_dates:
            last = terms.due_dates[-1]
            return terms.frequency.step(last, n - len(terms.due_dates), self._due_day)
        return terms.frequency.step(self.first_due_on, n - 1, self._due_day)

    def first_period_of(self, day: dt.date) -> int:
        """Number of the instalment whose period holds the accrual day `day`."""
        n = 1
        while self.due_on(n) < day:
            n += 1
        return n

    def periods(self, first: int = 1) -> Iterator[Period]:
        """Periods from instalment `first` on, without end (up to the last explicit factor)."""
        n, start = first, self.due_on(first - 1)
        while True:
            due_on = self.due_on(n)
            yield self._period(n, start, due_on)
            n, start = n + 1, due_on

    def _period(self, n: int, start: dt.date, due_on: dt.date) -> Period:
        whole = self._fraction(n, start, due_on)
        if not self._tranches and not self._rates:
            factor = self._factor(n, whole, start)
            return Period(n, start, due_on, factor, (Segment(start, _ZERO, factor),))
        inside = [t for t in self._tranches if start < t.on < due_on]
        at_end = [t for t in self._tranches if t.on == due_on and due_on > self._terms.start_on]
        cuts = {t.on for t in inside}
        cuts |= {
            c.effective_on - _ONE_DAY
            for c in self._rates
            if start < c.effective_on - _ONE_DAY < due_on
        }
        edges = [start, *sorted(cuts), due_on]
        segments = tuple(
            Segment(
                left,
                sum((t.amount for t in inside if t.on == left), _ZERO),
                self._part_factor(n, whole, (start, due_on), (left, right)),
            )
            for left, right in pairwise(edges)
        )
        factor = sum((segment.factor for segment in segments), _ZERO)
        closing = sum((tranche.amount for tranche in at_end), _ZERO)
        return Period(n, start, due_on, factor, segments, closing)

    def _fraction(self, n: int, start: dt.date, due_on: dt.date) -> Decimal:
        terms = self._terms
        if terms.rate_factors or due_on == start:
            return _ZERO
        if terms.day_count != "30/360" or terms.due_dates or n == 1:
            return period_fraction(terms.day_count, terms.frequency, start, due_on)
        if self._regular is None:
            self._regular = period_fraction(terms.day_count, terms.frequency, start, due_on)
        return self._regular

    def _factor(self, n: int, whole: Decimal, start: dt.date) -> Decimal:
        factors = self._terms.rate_factors
        if factors:
            # Only the period after the last instalment (a later buyout) has no factor of its own.
            return factors[min(n, len(factors)) - 1]
        return self._rate_on(start + _ONE_DAY) * whole / _HUNDRED

    def _part_factor(
        self, n: int, whole: Decimal, period: tuple[dt.date, dt.date], part: tuple[dt.date, dt.date]
    ) -> Decimal:
        if period[0] == period[1]:
            return _ZERO
        if self._terms.rate_factors:
            return self._factor(n, whole, part[0]) * share_of_days(period, part)
        fraction = part_fraction(self._terms.day_count, whole, period, part)
        return self._rate_on(part[0] + _ONE_DAY) * fraction / _HUNDRED

    def _rate_on(self, day: dt.date) -> Decimal:
        rate = self._terms.annual_rate_pct
        for change in self._rates:
            if change.effective_on <= day:
                rate = change.annual_rate_pct
        return rate
