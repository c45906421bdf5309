"""Reference rates of the made-up world, so many months before the day of the demo.

They fall by five hundredths a month to 4.10 %, as the contracts of the portfolio were signed
(`contracts._rate`); POLSTR stands 0.15 lower, EURIBOR between 2.00 and 2.60 %.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from eboks import clock

SOURCE = "dane demonstracyjne"
MONTHS = 36
_DAILY_MONTHS = 8  # of these every working day is known: enough for a compound rate of six months
_POLSTR_SINCE = dt.date(2025, 6, 2)


def wibor(months_ago: int) -> Decimal:
    return min(Decimal("4.10") + Decimal("0.05") * months_ago, Decimal("5.80"))


def _polstr(months_ago: int) -> Decimal:
    return wibor(months_ago) - Decimal("0.15")


def _euribor(months_ago: int) -> Decimal:
    return min(Decimal("2.00") + Decimal("0.01") * months_ago, Decimal("2.60"))


# POLSTR_3M and POLSTR_6M are worked out from POLSTR by the portal.
_RATES = {
    **dict.fromkeys(("WIBOR_1M", "WIBOR_3M", "WIBOR_6M"), wibor),
    **dict.fromkeys(("POLSTR", "POLSTR_1M"), _polstr),
    **dict.fromkeys(("EURIBOR_1M", "EURIBOR_3M"), _euribor),
}


def rows(on: dt.date) -> Iterator[str]:
    """Lines of a file of fixings up to the working day before `on`, with its header."""
    yield "rate,fixed_on,value,compound_index,source"
    for day in _days(on):
        months_ago = (on.year - day.year) * 12 + on.month - day.month
        for code, value in _RATES.items():
            if day >= _POLSTR_SINCE or not code.startswith("POLSTR"):
                yield f"{code},{day},{value(months_ago)},,{SOURCE}"


def _days(on: dt.date) -> Iterator[dt.date]:
    """Last working days of months, later every working day."""
    month = on.replace(day=1)
    for months_ago in range(MONTHS, _DAILY_MONTHS, -1):
        yield clock.previous_working_day(clock.add_months(month, 1 - months_ago))
    day = clock.add_months(month, -_DAILY_MONTHS)
    while day < on:
        if clock.is_working_day(day):
            yield day
        day += dt.timedelta(days=1)
