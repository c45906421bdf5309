"""Interest for late payment: the rates in force, and the arithmetic (domain spec 3.5).

Commercial transactions: act of 8 March 2013, art. 4 pkt 3 and art. 7; consumers: art. 481 § 2 of
the civil code. No interest on interest (art. 482).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from eboks.money import ZERO, to_grosz
from eboks.tenancy.models import Company
from invoicing.enums import DebtorKind
from invoicing.models import LateInterestRate

_DAY = dt.timedelta(days=1)
_YEAR = 365


class LateInterestError(Exception):
    """Interest that cannot be worked out or charged; the text is for the back office."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Percent per year of a period, both days included. Open at its end: until further notice."""

    since: dt.date
    until: dt.date | None
    pct: Decimal
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of days with one amount and one rate."""

    amount: Decimal
    since: dt.date
    until: dt.date
    days: int
    rate_pct: Decimal
    interest: Decimal  # not rounded
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest of some parts, rounded to the grosz once, at the end."""

    parts: tuple[Part, ...] = ()

    @property
    def total(self) -> Decimal:
        return to_grosz(sum((part.interest for part in self.parts), ZERO))

    @property
    def is_provisional(self) -> bool:
        """Whether some rate is not confirmed yet."""
        return any(part.is_provisional for part in self.parts)

    def __bool__(self) -> bool:
        return self.total > 0


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates that a kind of debtor pays, in the order of days."""

    rows: tuple[Rate, ...]

    @classmethod
    def of(cls, debtor: DebtorKind) -> Rates:
        """Those stored. One query."""
        rows = LateInterestRate.objects.filter(debtor=debtor).order_by("valid_from", "pk")
        return cls(
            tuple(
                Rate(row.valid_from, row.valid_to, row.rate_pct, row.is_provisional) for row in rows
            )
        )

    def between(self, since: dt.date, until: dt.date) -> Iterator[Rate]:
        """Rates of the days from `since` to `until`, cut to them.

        After the last known period its rate goes on, provisionally. Raises LateInterestError for
        days without a rate.
        """
        day = since
        for place, row in enumerate(self.rows):
            if day > until:
                return
            is_last = place == len(self.rows) - 1
            if row.since > day:
                break
            if row.until is None or row.until >= day:
                end = until if row.until is None else min(row.until, until)
                yield Rate(day, end, row.pct, row.is_provisional)
                day = end + _DAY
            if is_last and day <= until:
                yield Rate(day, until, row.pct, True)
                return
        if day <= until:
            raise LateInterestError(
                _("Brak stopy odsetek za opóźnienie na dzień %s.") % f"{day:%d.%m.%Y}"
            )


def debtor_kind(company: Company) -> DebtorKind:
    """Which rates the client pays."""
    if company.is_consumer:
        return DebtorKind.CONSUMER
    return DebtorKind.PUBLIC_MEDICAL if company.is_public_medical else DebtorKind.GENERAL


def interest_on(
    *,
    amount: Decimal,
    effective_due_on: dt.date,
    until: dt.date,
    debtor: DebtorKind,
    rates: Rates | None = None,
) -> Interest:
    """Interest on `amount` from the day after the due date to `until` (the payment day), included.

    Gross amounts; nothing is rounded before the end. `rates`: those of the debtor, where the
    caller has read them. Raises LateInterestError.
    """
    rates = Rates.of(debtor) if rates is None else rates
    return Interest(tuple(parts_of(amount, effective_due_on + _DAY, until, rates)))


def parts_of(amount: Decimal, since: dt.date, until: dt.date, rates: Rates) -> Iterator[Part]:
    """The stretches of one amount owed from `since` to `until`, cut where the rate changes."""
    for rate in rates.between(since, until):
        for first, last in _years(rate.since, rate.until or until):
            days = (last - first).days + 1
            interest = amount * rate.pct / 100 * days / _days_of_year(first)
            yield Part(amount, first, last, days, rate.pct, interest, rate.is_provisional)


def _years(since: dt.date, until: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Cut at the new year where leap years count 366 days."""
    if settings.LATE_INTEREST_YEAR == "actual":
        while since.year < until.year:
            end = dt.date(since.year, 12, 31)
            yield since, end
            since = end + _DAY
    yield since, until


def _days_of_year(day: dt.date) -> int:
    is_longer = settings.LATE_INTEREST_YEAR == "actual" and calendar.isleap(day.year)
    return _YEAR + 1 if is_longer else _YEAR
