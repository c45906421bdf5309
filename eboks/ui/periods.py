"""Spans of days that people ask for by name: this month, the previous quarter, this year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.ui.words import month_year

PERIODS: dict[str, str | Promise] = {
    "this_month": gettext_lazy("ten miesiąc"),
    "previous_month": gettext_lazy("poprzedni miesiąc"),
    "this_quarter": gettext_lazy("ten kwartał"),
    "previous_quarter": gettext_lazy("poprzedni kwartał"),
    "this_year": gettext_lazy("ten rok"),
    "previous_year": gettext_lazy("poprzedni rok"),
}
# The calendar of the database ends well after anything we can hold.
_FIRST, _LAST = dt.date(1990, 1, 1), dt.date(2200, 12, 31)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both included; None is open."""

    since: dt.date | None = None
    until: dt.date | None = None

    @classmethod
    def of_days(cls, since: str, until: str) -> Period:
        """From two ISO days that `clean_day` let through."""
        return cls(
            dt.date.fromisoformat(since) if since else None,
            dt.date.fromisoformat(until) if until else None,
        )


def named_period(name: str, *, on: dt.date) -> Period | None:
    """The period called `name` as seen on the day `on`; None for an unknown name."""
    which, _underscore, unit = name.partition("_")
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months is None or which not in {"this", "previous"}:
        return None
    first_month = (on.month - 1) // months * months + 1
    since = on.replace(month=first_month, day=1)
    if which == "previous":
        since = clock.add_months(since, -months)
    return Period(since, clock.add_months(since, months) - _ONE_DAY)


def period_label(name: str, *, on: dt.date) -> str:
    """`październik 2026`, `IV kwartał 2026`, `2026`: what a named period means today."""
    period = named_period(name, on=on)
    if period is None or period.since is None:
        return ""
    if name.endswith("year"):
        return str(period.since.year)
    if name.endswith("quarter"):
        quarter = ("I", "II", "III", "IV")[(period.since.month - 1) // 3]
        return _("%(quarter)s kwartał %(year)s") % {"quarter": quarter, "year": period.since.year}
    return month_year(period.since)


def clean_day(value: object) -> str:
    """An ISO day within reason, as text; empty for anything else."""
    try:
        day = dt.date.fromisoformat(str(value or ""))
    except ValueError:
        return ""
    return day.isoformat() if _FIRST <= day <= _LAST else ""
