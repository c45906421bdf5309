"""What vehicles cost, by kind and month, and per kilometre (TCO, domain 6).

TCO/km = (net lease instalments + VAT that is not deducted + fuel + service + tyres + insurance +
damages less payouts + tolls - residual gain) / kilometres driven. Amounts net in PLN. Each room
registers what it knows (`add_source` in `AppConfig.ready()`); other currencies are listed apart and
never added.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.functional import Promise

from contracts.models import Asset
from eboks import clock
from eboks.money import ZERO, to_grosz
from eboks.tenancy.rights import Right

# (asset id, first of the month) -> PLN.
Monthly = Mapping[tuple[int, dt.date], Decimal]
# (asset id, currency) -> amount of the whole period.
Foreign = Mapping[tuple[int, str], Decimal]
Reads = Callable[[QuerySet[Asset], dt.date, dt.date], Monthly]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSource:
    """A kind of cost. `monthly` gets vehicles that the person may see with `right`, and the first
    and last day (both included); it counts only what concerns their present lessee, in a number of
    queries that does not depend on how many vehicles there are.

    `foreign` tells what was spent in other currencies. `changed` says, for companies, something
    that differs after its rows changed otherwise than by a feed: kept sums are forgotten then.
    """

    name: str
    title: str | Promise
    order: int
    right: Right
    monthly: Reads
    foreign: Callable[[QuerySet[Asset], dt.date, dt.date], Foreign] | None = None
    changed: Callable[[Collection[int]], object] | None = None


_sources: dict[str, CostSource] = {}


def add_source(source: CostSource) -> None:
    _sources[source.name] = source


def sources() -> list[CostSource]:
    """All kinds of cost, in their order."""
    return sorted(_sources.values(), key=lambda source: (source.order, source.name))


@dataclass(slots=True)
class Costs:
    """Costs of some vehicles in a period, each by name of the source: in PLN, and in others."""

    parts: dict[str, Monthly] = field(default_factory=dict)
    foreign: dict[str, Foreign] = field(default_factory=dict)

    def by_asset(self) -> dict[int, dict[str, Decimal]]:
        """For each vehicle with a cost, its sums by name of the source."""
        found: dict[int, dict[str, Decimal]] = {}
        for name, rows in self.parts.items():
            for (pk, _month), value in rows.items():
                mine = found.setdefault(pk, {})
                mine[name] = mine.get(name, ZERO) + value
        return found

    def by_month(self) -> dict[dt.date, dict[str, Decimal]]:
        """For each month with a cost, its sums by name of the source."""
        found: dict[dt.date, dict[str, Decimal]] = {}
        for name, rows in self.parts.items():
            for (_pk, month), value in rows.items():
                mine = found.setdefault(month, {})
                mine[name] = mine.get(name, ZERO) + value
        return found


def costs_of(
    rows: QuerySet[Asset], *, first: dt.date, last: dt.date, rights: Collection[Right]
) -> Costs:
    """Costs of the vehicles `rows` from `first` to `last`, by every source that needs one of
    `rights`: the caller shows nobody what they may not see."""
    found = Costs()
    for source in sources():
        if source.right not in rights:
            continue
        found.parts[source.name] = source.monthly(rows, first, last)
        if source.foreign is not None:
            found.foreign[source.name] = source.foreign(rows, first, last)
    return found


def per_km(total: Decimal, km: int | None) -> Decimal | None:
    """`total` per kilometre, to the grosz half up; None when the kilometres are not known."""
    return to_grosz(total / km) if km else None


def spread(
    amount: Decimal,
    *,
    days: tuple[dt.date, dt.date],
    within: tuple[dt.date, dt.date],
) -> dict[dt.date, Decimal]:
    """`amount` shared evenly among `days` (first and last, both included): what falls into each
    month of `within`, by its first day.

    The running sum is rounded, not each part, so all months together give `amount` to the grosz.
    """
    first, last = days
    count = (last - first).days + 1
    begins, ends = max(first, within[0]), min(last, within[1])

    def until(day: dt.date) -> Decimal:
        return to_grosz(amount * ((day - first).days) / count)

    found: dict[dt.date, Decimal] = {}
    while begins <= ends:
        month = begins.replace(day=1)
        following = min(clock.add_months(month, 1), ends + dt.timedelta(days=1))
        found[month] = until(following) - until(begins)
        begins = following
    return found


def shares(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`amount` shared by `weights` (evenly when all are zero); the parts add up to the grosz."""
    if len(weights) == 1:
        return [amount]
    total = sum(weights, ZERO)
    if not total:
        weights, total = [Decimal(1)] * len(weights), Decimal(len(weights))
    parts, before, given = [], ZERO, ZERO
    for weight in weights:
        before += weight
        until = to_grosz(amount * before / total)
        parts.append(until - given)
        given = until
    return parts


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """The first day of each month that has a day from `first` to `last`."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = clock.add_months(month, 1)
    return found


def whole_year_before(day: dt.date) -> tuple[dt.date, dt.date]:
    """The last twelve whole months before the month of `day`: their first and last day."""
    this = day.replace(day=1)
    return clock.add_months(this, -12), this - dt.timedelta(days=1)


def total(parts: Iterable[Decimal]) -> Decimal:
    return sum(parts, ZERO)
