"""What the schedules in force will cost, month by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from contracts.enums import LIVE_STATUSES
from contracts.models import RateChange, ScheduleRow
from eboks import clock
from eboks.accounts.models import User
from eboks.caching import keep, kept
from eboks.money import to_grosz, zloty_first
from eboks.tenancy.models import has_limits

_KEEP_SECONDS = 6 * 3600


class MonthAhead(NamedTuple):
    """Payments of one month in one currency: net capital and interest, and the VAT on them."""

    month: dt.date
    currency: str
    principal: Decimal
    interest: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.principal + self.interest + self.vat


def payments_ahead(
    *, user: User, companies: Iterable[int], first: dt.date, months: int, stamp: int
) -> list[MonthAhead]:
    """Payments of `months` calendar months from the one that `first` begins, by effective due day.

    Every row of the schedules in force of contracts that are not over, of those `companies` (ids)
    that `user` may read. Summed in SQL and kept for each company until `stamp`, the number of the
    last feed, changes, a contract is repriced, or six hours: a fleet client has 80 000 such rows.
    What a person with selected contracts reads is no sum of the company: it is neither kept nor
    taken from there.
    """
    until = clock.add_months(first, months)
    if has_limits(user):
        return _added_up(row for _company, row in _sums(user, companies, first, until))
    # Asked before the sums: what is written in between is under the next number as well.
    repriced = RateChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    keys = {f"ahead:{pk}:{first:%Y%m}:{months}:{stamp}:{repriced}": pk for pk in companies}
    known = kept(keys)
    missing = {pk: key for key, pk in keys.items() if key not in known}
    if missing:
        made: dict[str, list[MonthAhead]] = {key: [] for key in missing.values()}
        for company, row in _sums(user, missing, first, until):
            made[missing[company]].append(row)
        keep(made, _KEEP_SECONDS)
        known |= made
    return _added_up(row for rows in known.values() for row in rows)


def _sums(
    user: User, companies: Iterable[int], first: dt.date, until: dt.date
) -> Iterable[tuple[int, MonthAhead]]:
    found = (
        ScheduleRow.objects.for_user(user)
        .filter(
            version__is_current=True,
            version__contract__company__in=list(companies),
            version__contract__status__in=LIVE_STATUSES,
            effective_due_on__gte=first,
            effective_due_on__lt=until,
        )
        .values_list("version__contract__company", "version__contract__currency")
        .annotate(
            month=TruncMonth("effective_due_on"),
            principal=Sum("principal"),
            interest=Sum("interest"),
            vat=Sum("vat"),
        )
        .order_by("month")
    )
    for company, currency, month, principal, interest, vat in found:
        yield (
            company,
            MonthAhead(month, currency, to_grosz(principal), to_grosz(interest), to_grosz(vat)),
        )


def _added_up(rows: Iterable[MonthAhead]) -> list[MonthAhead]:
    """One row for each currency and month, złoty first."""
    sums: dict[tuple[str, dt.date], MonthAhead] = {}
    for row in rows:
        before = sums.get((row.currency, row.month))
        sums[row.currency, row.month] = (
            row
            if before is None
            else MonthAhead(
                row.month,
                row.currency,
                before.principal + row.principal,
                before.interest + row.interest,
                before.vat + row.vat,
            )
        )
    return sorted(sums.values(), key=lambda row: (zloty_first(row.currency), row.month))
