"""Published values of reference rates, read once for many contracts: domain spec 1.7 and 1.8."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from contracts.compound_index import compound_rate, compound_rate_of_fixings
from contracts.enums import ReferenceKind
from contracts.models import FixingCorrection, IndexFixing, ReferenceRate
from contracts.rate_rules import MEAN, fixing_day, fixing_rule
from eboks.clock import add_months, is_working_day, previous_working_day

_ONE_DAY = dt.timedelta(days=1)
_KEPT_DAYS = 1_000  # how far back a book reads: two years of resets and the longest compound period
_OLDEST = dt.timedelta(days=7)  # how old a value may stand in for a day without publication
_MISSING_DAYS = 2  # working days of a month without a value that a mean puts up with
_MEAN_PLACES = Decimal("0.0001")


class Fixing(NamedTuple):
    """The value of an index that counts on a reset day, percent per year."""

    code: str  # of the index
    value: Decimal
    on: dt.date  # the day of the quotation; of a mean: of the last one in it
    source: str


@dataclass(slots=True)
class _Series:
    """Published values of one index, in order of days."""

    days: list[dt.date] = field(default_factory=list)
    values: list[Decimal] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    levels: dict[dt.date, Decimal] = field(default_factory=dict)  # of the compound index

    def place(self, day: dt.date) -> int | None:
        """Where the value of exactly this day stands."""
        place = bisect_left(self.days, day)
        return place if place < len(self.days) and self.days[place] == day else None


class Index(NamedTuple):
    """A reference rate, with what a run needs to know of it."""

    code: str
    kind: str
    tenor_months: int
    overnight: str
    valid_to: dt.date | None
    replaced_by: str
    spread_pp: Decimal


@dataclass(slots=True)
class FixingBook:
    """Reference rates and the values published for them, read once for many contracts."""

    indexes: dict[str, Index]
    last_correction: int  # of a fixing, that is in it; 0 for none
    _series: dict[str, _Series]
    _found: dict[tuple[str, str, dt.date], Fixing | None] = field(default_factory=dict)

    @classmethod
    def read(cls, *, through: dt.date) -> FixingBook:
        """Everything published up to `through`, two years back. Three queries."""
        # First: a correction that comes in between is then seen to be missing here.
        last_correction = latest_correction()
        rates = ReferenceRate.objects.values_list(
            *("code", "kind", "tenor_months", "overnight__code"),
            *("valid_to", "replaced_by__code", "spread_pp"),
        )
        indexes = {
            code: Index(code, kind, tenor, overnight or "", valid_to, replaced_by or "", spread)
            for code, kind, tenor, overnight, valid_to, replaced_by, spread in rates.order_by("pk")
        }
        since = through - dt.timedelta(days=_KEPT_DAYS)
        rows = IndexFixing.objects.filter(on__gte=since, on__lte=through).order_by("on", "pk")
        series: dict[str, _Series] = {}
        for code, day, value, level, source in rows.values_list(
            "rate__code", "on", "value", "compound_index", "source"
        ):
            own = series.setdefault(code, _Series())
            own.days.append(day)
            own.values.append(value)
            own.sources.append(source)
            if level is not None:
                own.levels[day] = level
        return cls(indexes, last_correction, series)

    def corrected(
        self, code: str, on: dt.date, value: Decimal, level: Decimal | None
    ) -> FixingBook:
        """The same book with another value (and compound index) of a day that is in it. Raises
        LookupError for any other day."""
        own = self._series[code]
        place = own.place(on)
        if place is None:
            raise LookupError(f"no value of {code} on {on}")
        values = [*own.values[:place], value, *own.values[place + 1 :]]
        levels = own.levels if level is None else own.levels | {on: level}
        series = self._series | {code: replace(own, values=values, levels=levels)}
        return replace(self, _series=series, _found={})

    def at_reset(self, index: str, rule_code: str, reset_on: dt.date) -> Fixing | None:
        """The value of `index` that counts on a reset day; None when it is not known (yet).

        A day without publication takes the value before it, once a later one proves that the
        series has gone on. Raises RuleError.
        """
        key = (index, rule_code, reset_on)
        if key not in self._found:
            rule = fixing_rule(rule_code)
            day = fixing_day(rule, reset_on)
            found = self._mean(index, day) if rule == MEAN else self._value(index, day)
            self._found[key] = found
        return self._found[key]

    def _value(self, index: str, day: dt.date) -> Fixing | None:
        series = self._series.get(index, _Series())
        place = series.place(day)
        if place is None:
            computed = self._compounded(index, day)
            if computed is not None:
                return computed
            place = bisect_right(series.days, day) - 1
            gone_on = bool(series.days) and series.days[-1] > day
            if not gone_on or place < 0 or day - series.days[place] > _OLDEST:
                return None
        return Fixing(index, series.values[place], series.days[place], series.sources[place])

    def _mean(self, index: str, last_day: dt.date) -> Fixing | None:
        """Arithmetic mean of the month of `last_day`, its last working day; four places."""
        series = self._series.get(index, _Series())
        first = bisect_left(series.days, last_day.replace(day=1))
        end = bisect_left(series.days, add_months(last_day.replace(day=1), 1))
        is_over = bool(series.days) and series.days[-1] >= last_day
        if not is_over or end - first < _working_days(last_day) - _MISSING_DAYS:
            return None
        values = series.values[first:end]
        mean = (sum(values, Decimal(0)) / len(values)).quantize(_MEAN_PLACES, ROUND_HALF_UP)
        with override("pl"):  # data, like the sources that a file names
            source = _("%(source)s, średnia z %(count)d notowań") % {
                "source": series.sources[end - 1][:80],
                "count": len(values),
            }
        return Fixing(index, mean, series.days[end - 1], source)

    def _compounded(self, index: str, day: dt.date) -> Fixing | None:
        """The compound rate of the period that ends on `day` (domain spec 1.8), from levels of the
        compound index or from the overnight rate; None when a day of it is missing."""
        known = self.indexes.get(index)
        if known is None or known.kind != ReferenceKind.COMPOUND or not known.tenor_months:
            return None
        start = period_start(day, known.tenor_months)
        overnight = self._series.get(known.overnight, _Series())
        levels = {**overnight.levels, **self._series.get(index, _Series()).levels}
        if start in levels and day in levels:
            rate = compound_rate(levels[start], levels[day], (day - start).days)
        else:
            pairs = _steps(overnight, start, day)
            if pairs is None:
                return None
            rate = compound_rate_of_fixings(pairs)
        name = known.overnight.replace("_", " ")
        with override("pl"):
            source = _("obliczona z notowań %(name)s") % {"name": name}
        return Fixing(index, rate, day, source)


def latest_correction() -> int:
    """Key of the newest correction of a fixing; 0 for none."""
    return FixingCorrection.objects.aggregate(last=Max("pk"))["last"] or 0


def period_start(day: dt.date, months: int) -> dt.date:
    """First day of a compound period that ends on `day`; a day off moves to the one before."""
    start = add_months(day, -months)
    return start if is_working_day(start) else previous_working_day(start)


def _steps(overnight: _Series, start: dt.date, end: dt.date) -> list[tuple[Decimal, int]] | None:
    """(fixing, days until the next working day) from `start` to `end`; None with a day missing."""
    steps: list[tuple[Decimal, int]] = []
    day = start
    while day < end:
        following = day + _ONE_DAY
        while following < end and not is_working_day(following):
            following += _ONE_DAY
        place = overnight.place(day)
        if place is None:
            return None
        steps.append((overnight.values[place], (following - day).days))
        day = following
    return steps


@lru_cache(maxsize=512)
def _working_days(last_day: dt.date) -> int:
    """Working days of the month of `last_day`."""
    first = last_day.replace(day=1)
    length = (add_months(first, 1) - first).days
    return sum(is_working_day(first + n * _ONE_DAY) for n in range(length))
