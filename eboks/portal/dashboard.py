"""The start page: what is due, what needs the client, what lies ahead. A fixed number of queries.

Everything is summed in the database, so that a fleet client with thousands of contracts gets the
page as quickly as one with a single car.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.utils.translation import gettext as _

from contracts.ahead import payments_ahead
from contracts.enums import LIVE_STATUSES
from contracts.models import Contract
from contracts.positions import overtaken, refresh_overtaken
from contracts.selectors import asset_name, attach_next_rows, for_list
from eboks import clock
from eboks.accounts.models import User
from eboks.money import ZERO, to_grosz
from eboks.tenancy.models import Company
from eboks.ui import charts
from invoicing.models import Invoice, Payment, ReceivableItem

SHOWN = 5
SOON = dt.timedelta(days=7)
ENDING = dt.timedelta(days=90)
MONTHS = 12


@dataclass(slots=True)
class Due:
    """Open amounts of one currency, gross. `credit` is what the lessor holds for the client."""

    currency: str
    overdue: Decimal = ZERO
    overdue_count: int = 0
    overdue_since: dt.date | None = None
    soon: Decimal = ZERO  # due within 7 days from today
    soon_count: int = 0
    soon_first: dt.date | None = None
    until: Decimal = ZERO  # due from today to the horizon, the next 7 days included
    until_count: int = 0
    later: Decimal = ZERO  # already invoiced, due after the horizon
    later_first: dt.date | None = None
    credit: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """To pay until the horizon: what is overdue and what falls due."""
        return self.overdue + self.until

    @property
    def count(self) -> int:
        return self.overdue_count + self.until_count


@dataclass(frozen=True, slots=True)
class NewInvoices:
    count: int
    sums: Sequence[tuple[str, Decimal]]  # currency, gross


@dataclass(frozen=True, slots=True)
class Money:
    """What only a reader with the right to finance sees."""

    horizon: dt.date
    dues: Sequence[Due]
    overdue_items: Sequence[ReceivableItem]
    new_invoices: NewInvoices | None

    @property
    def main(self) -> Due:
        return self.dues[0]

    @property
    def others(self) -> Sequence[Due]:
        return self.dues[1:]

    @property
    def overdue_count(self) -> int:
        return sum(due.overdue_count for due in self.dues)

    @property
    def overdue_rest(self) -> list[tuple[str, Decimal]]:
        """Currency and amount of the overdue items that are not listed one by one."""
        shown: dict[str, Decimal] = {}
        for item in self.overdue_items:
            shown[item.currency] = shown.get(item.currency, ZERO) + item.open_amount
        rest = [(due.currency, due.overdue - shown.get(due.currency, ZERO)) for due in self.dues]
        return [(currency, amount) for currency, amount in rest if amount > 0]

    @property
    def overdue_rest_count(self) -> int:
        return self.overdue_count - len(self.overdue_items)

    @property
    def soon(self) -> list[Due]:
        return [due for due in self.dues if due.soon_count]

    @property
    def soon_count(self) -> int:
        return sum(due.soon_count for due in self.dues)


@dataclass(frozen=True, slots=True)
class Contracts:
    """Contracts at a glance: those whose payment comes next, and those that end soon."""

    total: int
    live: int
    ending: int
    nearest: Sequence[tuple[Contract, str]]  # with the name of its asset
    ends_first: Sequence[tuple[Contract, str]] = field(default_factory=tuple)


def horizon(today: dt.date) -> dt.date:
    """Until when „to pay” looks: the end of the month, but at least a week."""
    month_end = today.replace(day=monthrange(today.year, today.month)[1])
    return max(month_end, today + SOON)


def money(*, user: User, company: Company | None, today: dt.date) -> Money:
    """Open amounts per currency and what of them needs attention. Five queries."""
    until = horizon(today)
    open_items = ReceivableItem.objects.for_user(user).for_company(company).exclude(open_amount=0)
    dues = _dues(open_items, today, until)
    payments = Payment.objects.for_user(user).for_company(company).filter(unallocated_amount__gt=0)
    for currency, amount in (
        payments.order_by("currency").values_list("currency").annotate(Sum("unallocated_amount"))
    ):
        dues.setdefault(currency, Due(currency)).credit += to_grosz(amount)
    overdue = (
        open_items.filter(open_amount__gt=0, effective_due_on__lt=today)
        .select_related("company", "contract", "invoice")
        .order_by("effective_due_on", "pk")
    )
    return Money(
        horizon=until,
        dues=sorted(dues.values(), key=lambda due: (due.currency != "PLN", due.currency))
        or [Due("PLN")],
        overdue_items=list(overdue[:SHOWN]),
        new_invoices=_new_invoices(user, company),
    )


def _dues(open_items: Any, today: dt.date, until: dt.date) -> dict[str, Due]:
    positive = Q(open_amount__gt=0)
    late = positive & Q(effective_due_on__lt=today)
    ahead = positive & Q(effective_due_on__gte=today)
    soon = ahead & Q(effective_due_on__lte=today + SOON)
    in_time = ahead & Q(effective_due_on__lte=until)
    later = positive & Q(effective_due_on__gt=until)
    left, day = "open_amount", "effective_due_on"
    rows = (
        open_items.order_by("currency")
        .values("currency")
        .annotate(
            overdue=Sum(left, filter=late, default=ZERO),
            overdue_count=Count("pk", filter=late),
            overdue_since=Min(day, filter=late),
            soon=Sum(left, filter=soon, default=ZERO),
            soon_count=Count("pk", filter=soon),
            soon_first=Min(day, filter=soon),
            until=Sum(left, filter=in_time, default=ZERO),
            until_count=Count("pk", filter=in_time),
            later=Sum(left, filter=later, default=ZERO),
            later_first=Min(day, filter=later),
            credit=-Sum(left, filter=Q(open_amount__lt=0), default=ZERO),
        )
    )
    amounts = ("overdue", "soon", "until", "later", "credit")
    return {
        row["currency"]: Due(**{**row, **{name: to_grosz(row[name]) for name in amounts}})
        for row in rows
    }


def _new_invoices(user: User, company: Company | None) -> NewInvoices | None:
    """Invoices that came since the previous visit; None on the first one or when none came."""
    if user.previous_visit_at is None:
        return None
    rows = (
        Invoice.objects.for_user(user)
        .for_company(company)
        .filter(received_at__gt=user.previous_visit_at)
        .order_by("currency")
        .values_list("currency")
        .annotate(Count("pk"), Sum("gross"))
    )
    found = list(rows)
    count = sum(number for _currency, number, _gross in found)
    sums = [(currency, to_grosz(gross)) for currency, _number, gross in found]
    return NewInvoices(count, sums) if count else None


def contracts(*, user: User, company: Company | None, today: dt.date) -> Contracts:
    """Contracts at a glance. Up to seven queries, whatever their number."""
    rows = Contract.objects.for_user(user).for_company(company)
    ending = Q(status__in=LIVE_STATUSES, end_on__gte=today, end_on__lte=today + ENDING)
    counts = rows.aggregate(
        total=Count("pk"),
        live=Count("pk", filter=Q(status__in=LIVE_STATUSES)),
        ending=Count("pk", filter=ending),
        stale=Count("pk", filter=overtaken(today)),
    )
    if counts["stale"]:
        refresh_overtaken(rows, on=today)
    nearest = list(
        for_list(rows.live(), on=today).order_by(F("next_due_on").asc(nulls_last=True), "pk")[
            :SHOWN
        ]
    )
    attach_next_rows(nearest)
    first: list[Contract] = []
    if counts["ending"]:
        first = list(for_list(rows.filter(ending), on=today).order_by("end_on", "pk")[:3])
    return Contracts(
        counts["total"],
        counts["live"],
        counts["ending"],
        [(row, asset_name(row.assets.all())) for row in nearest],
        [(row, asset_name(row.assets.all())) for row in first],
    )


def year_ahead(
    *, user: User, companies: Sequence[Company], today: dt.date, stamp: int
) -> list[tuple[str, charts.BarChart]]:
    """The next 12 whole months as a chart for each currency; none when nothing is to be paid."""
    first = clock.add_months(today.replace(day=1), 1)
    rows = payments_ahead(
        user=user, companies=[c.pk for c in companies], first=first, months=MONTHS, stamp=stamp
    )
    months = [clock.add_months(first, n) for n in range(MONTHS)]
    drawn = []
    for currency in dict.fromkeys(row.currency for row in rows):
        by_month = {row.month: row for row in rows if row.currency == currency}
        bars = [
            (month, [max(amount, ZERO) for amount in by_month[month][2:]])
            if month in by_month
            else (month, [ZERO, ZERO, ZERO])
            for month in months
        ]
        if not any(sum(amounts) for _month, amounts in bars):
            continue
        chart = charts.monthly_bars(
            id=f"ahead-{currency.lower()}",
            title=_("Płatności w najbliższych 12 miesiącach, %s") % currency,
            parts=[_("Część kapitałowa"), _("Część odsetkowa"), "VAT"],
            months=bars,
            currency=currency,
        )
        drawn.append((currency, chart))
    return drawn
