"""Due dates and interest factors: what part of a year lies between two dates.

Days run between *nominal* due dates (domain spec 1.3); moving a payment to a working day never
changes interest. An accrual day belongs to the date on which it ends: the day from 31 January to
1 February is a day of February, and a rate dated D counts from the balance of D-1.
"""

from __future__ import annotations

import datetime as dt
import enum
from calendar import isleap, monthrange
from dataclasses import dataclass
from decimal import Decimal

from eboks.clock import add_months

_ONE = Decimal(1)
_TWELVE = Decimal(12)


class DayCount(enum.StrEnum):
    THIRTY_360 = "30/360"  # a month is a twelfth of a year, whatever its length ("r/12")
    ACT_365F = "ACT/365F"
    ACT_ACT = "ACT/ACT"
    ACT_360 = "ACT/360"
    ACT_364 = "ACT/364"  # 52 whole weeks; used with weekly instalments


_FIXED_YEARS = {
    DayCount.ACT_365F: Decimal(365),
    DayCount.ACT_360: Decimal(360),
    DayCount.ACT_364: Decimal(364),
}


class FrequencyUnit(enum.StrEnum):
    MONTH = "M"
    WEEK = "W"
    DAY = "D"


@dataclass(frozen=True, slots=True)
class Frequency:
    """Distance between due dates: 1M, 3M, 2W, 15D."""

    count: int
    unit: FrequencyUnit = FrequencyUnit.MONTH

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def days(self) -> int:
        """Length in days of a frequency counted in weeks or days."""
        if self.unit is FrequencyUnit.MONTH:
            raise ValueError("months have no fixed number of days")
        return self.count * (7 if self.unit is FrequencyUnit.WEEK else 1)

    def step(self, start: dt.date, n: int, due_day: int) -> dt.date:
        """The date `n` periods after `start`; months keep `due_day`."""
        if self.unit is FrequencyUnit.MONTH:
            return add_months(start, n * self.count, due_day)
        return start + dt.timedelta(days=n * self.days)


MONTHLY = Frequency(1)


def actual_fraction(day_count: DayCount, start: dt.date, end: dt.date) -> Decimal:
    """Part of a year between two dates by counting days; not for 30/360, which counts periods."""
    if day_count is not DayCount.ACT_ACT:
        return Decimal((end - start).days) / _FIXED_YEARS[day_count]
    total = Decimal(0)
    for year in range(start.year, end.year + 1):
        first = max(start, dt.date(year - 1, 12, 31)) if year > 1 else start
        last = min(end, dt.date(year, 12, 31))
        total += Decimal((last - first).days) / (366 if isleap(year) else 365)
    return total


def period_fraction(
    day_count: DayCount, frequency: Frequency, start: dt.date, end: dt.date
) -> Decimal:
    """Part of a year of one interest period.

    30/360 counts whole periods back from `end` as months/12 each; what remains is the same share
    of a period as its days have in that period's days (stub of the domain spec 1.3). Weekly and
    daily frequencies count their days over 360.
    """
    if day_count is not DayCount.THIRTY_360:
        return actual_fraction(day_count, start, end)
    if frequency.unit is not FrequencyUnit.MONTH:
        return Decimal((end - start).days) / 360
    due_day = _due_day(start, end)
    whole = 0
    reached = end
    while reached > start:
        before = frequency.step(end, -(whole + 1), due_day)
        if before < start:
            break
        whole, reached = whole + 1, before
    periods = Decimal(whole)
    if reached > start:
        before = frequency.step(end, -(whole + 1), due_day)
        periods += Decimal((reached - start).days) / Decimal((reached - before).days)
    return periods * frequency.count / _TWELVE


def part_fraction(
    day_count: DayCount,
    whole: Decimal,
    period: tuple[dt.date, dt.date],
    part: tuple[dt.date, dt.date],
) -> Decimal:
    """Part of a year of a piece of a period whose own fraction is `whole`.

    30/360 shares the period by its actual days; the others count the piece's days.
    """
    if day_count is not DayCount.THIRTY_360:
        return actual_fraction(day_count, *part)
    return whole * share_of_days(period, part)


def share_of_days(period: tuple[dt.date, dt.date], part: tuple[dt.date, dt.date]) -> Decimal:
    """Days of `part` over days of `period`."""
    return Decimal((part[1] - part[0]).days) / Decimal((period[1] - period[0]).days)


def _due_day(start: dt.date, end: dt.date) -> int:
    """Day of month that both dates keep: 31 January to 28 February is one whole month."""
    if start.day > end.day and end.day == monthrange(end.year, end.month)[1]:
        return start.day
    return end.day
