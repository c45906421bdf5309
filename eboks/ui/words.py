"""Dates, account numbers and counts as the client reads them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from babel.dates import format_date
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from eboks import clock

NBSP = "\u00a0"


def _language() -> str:
    return (get_language() or "pl").split("-")[0]


def local_day(value: dt.date) -> dt.date:
    """The day in Warsaw of a moment; a day stays as it is."""
    return clock.today(value) if isinstance(value, dt.datetime) else value


def long_date(value: dt.date) -> str:
    """`22 listopada 2026`, in the language of the page."""
    return format_date(local_day(value), "d MMMM y", locale=_language())


def short_date(value: dt.date) -> str:
    """`22.11.2026`, for tables."""
    return f"{local_day(value):%d.%m.%Y}"


def moment(value: dt.datetime) -> str:
    """`22.11.2026, 04:21` in Warsaw."""
    return f"{value.astimezone(clock.WARSAW):%d.%m.%Y, %H:%M}"


def month_year(value: dt.date) -> str:
    """`listopad 2026`."""
    return format_date(local_day(value), "LLLL y", locale=_language())


def month_short(value: dt.date) -> str:
    """`lis`, for axes."""
    return format_date(local_day(value), "LLL", locale=_language()).rstrip(".")


def day_and_weekday(value: dt.date) -> str:
    """`niedziela, 22 listopada 2026`."""
    return format_date(local_day(value), "EEEE, d MMMM y", locale=_language())


def days_hint(value: dt.date, today: dt.date | None = None) -> str:
    """How far a day is: `dziś`, `jutro`, `za 18 dni`, `wczoraj`, `3 dni temu`."""
    days = (local_day(value) - (today or clock.today(timezone.now()))).days
    if days == 0:
        return gettext("dziś")
    if days == 1:
        return gettext("jutro")
    if days == -1:
        return gettext("wczoraj")
    if days > 0:
        return ngettext("za %(days)d dzień", "za %(days)d dni", days) % {"days": days}
    return ngettext("%(days)d dzień temu", "%(days)d dni temu", -days) % {"days": -days}


def number(value: int) -> str:
    """`12 345` with no-break spaces and a true minus."""
    return f"{value:,}".replace(",", NBSP).replace("-", "\N{MINUS SIGN}")


def rate(value: Decimal, *, sign: str = "%") -> str:
    """`4,80649%`: at least two decimals and no idle zeros after them, a true minus."""
    whole, _dot, places = f"{abs(value).normalize():f}".partition(".")
    minus = "\N{MINUS SIGN}" if value < 0 else ""
    return f"{minus}{whole},{places.ljust(2, '0')}{sign}"


def nrb(value: str) -> str:
    """A Polish account number in the printed grouping 2-4-4-4-4-4-4; a leading PL is kept.

    What is not 26 digits comes back as it was.
    """
    bare = "".join(value.split()).upper()
    prefix, digits = ("PL", bare[2:]) if bare.startswith("PL") else ("", bare)
    if len(digits) != 26 or not digits.isdigit():
        return value
    return " ".join([prefix + digits[:2], *(digits[i : i + 4] for i in range(2, 26, 4))])
