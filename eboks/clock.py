"""Business dates: what day it is in Warsaw, working days, due dates.

Nothing here reads the clock unless `today()` is called without a moment.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Container
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

WARSAW = ZoneInfo("Europe/Warsaw")

_ONE_DAY = dt.timedelta(days=1)
_FRIDAY = 4


def today(at: dt.datetime | None = None) -> dt.date:
    """The business date in Europe/Warsaw at the moment `at` (default: now).

    Raises ValueError for a naive datetime, whose day would depend on the server's time zone.
    """
    if at is None:
        at = timezone.now()
    if at.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    return at.astimezone(WARSAW).date()


@cache
def _statutory_holidays() -> Container[dt.date]:
    """Days off of the act of 18 January 1951; the package knows that 24 December joined in 2025."""
    from holidays import country_holidays  # noqa: PLC0415 -- loads every country: 0.7 s

    return country_holidays("PL")


def is_working_day(day: dt.date) -> bool:
    """False on Saturdays, Sundays and Polish statutory holidays."""
    return day.weekday() <= _FRIDAY and day not in _statutory_holidays()


@lru_cache(maxsize=16_384)
def effective_due_on(nominal: dt.date) -> dt.date:
    """Last day on which a payment due on `nominal` is in time.

    Art. 115 KC: a term ending on a statutory holiday or a Saturday ends on the next day that is
    neither. (Sundays are statutory holidays.)
    """
    day = nominal
    while not is_working_day(day):
        day += _ONE_DAY
    return day


def previous_working_day(day: dt.date) -> dt.date:
    """The last working day before `day`, never `day` itself (e.g. the day of an NBP rate)."""
    day -= _ONE_DAY
    while not is_working_day(day):
        day -= _ONE_DAY
    return day


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The `count`-th working day after `day`."""
    for _n in range(count):
        day = effective_due_on(day + _ONE_DAY)
    return day


def add_months(date: dt.date, n: int, day: int | None = None) -> dt.date:
    """The date `n` months later (earlier, if negative) on day `day` of its month, by default the
    day of `date`; clamped to the month's last day.

    Passing the contract's due day keeps 31 January, 28 February, 31 March in step.
    Raises ValueError for a day outside 1-31 and for years outside the calendar.
    """
    wanted = date.day if day is None else day
    if not 1 <= wanted <= 31:
        raise ValueError(f"day of month must be 1-31, not {wanted}")
    year, month0 = divmod(date.year * 12 + date.month - 1 + n, 12)
    if wanted > 28:
        wanted = min(wanted, monthrange(year, month0 + 1)[1])
    return dt.date(year, month0 + 1, wanted)


def move_ahead(days: int) -> None:
    """Lets the whole process live `days` later. Only for the demo, so that what time does can be
    watched: alerts, reminders, ends of contracts."""
    real, ahead = timezone.now, dt.timedelta(days=days)
    timezone.now = lambda: real() + ahead
