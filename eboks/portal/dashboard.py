"""The start page: what is due, what needs the client, what lies ahead. A fixed number of queries.

Everything is summed in the database, so that a fleet client with thousands of contracts gets the
page as quickly as one with a single car.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, Sum
from django.utils.translation import gettext as _

from contracts.ahead import payments_ahead
from contracts.enums import LIVE_STATUSES
from contracts.models import Contract, ScheduleRow
from contracts.positions import standing
from contracts.selectors import asset_name, for_list, next_rows_of, with_assets
from eboks import clock
from eboks.accounts.models import User
from eboks.money import ZERO, to_grosz, zloty_first
from eboks.tenancy.models import Company, has_limits
from eboks.ui import charts
from insurance.attention import Needs, needs_attention
from invoicing.balance_page import waiting
from invoicing.models import BalanceConfirmation, Invoice, Payment, ReceivableItem
from invoicing.paper_invoices import Saved, saved
from requests_app.catalogue import type_of, types
from requests_app.enums import Status
from requests_app.models import Request

SHOWN = 5
ENDS = 3
SOON = dt.timedelta(days=7)
ENDING = dt.timedelta(days=90)
MONTHS = 12
_ITEM = (
    *("label", "currency", "open_amount", "effective_due_on"),
    *("company__name", "contract__number", "invoice__public_id"),
)


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

    def add(
        self,
        day: dt.date,
        amount: Decimal,
        count: int,
        *,
        credit: bool,
        today: dt.date,
        until: dt.date,
    ) -> None:
        """Counts in what is open for one due day; days come in order."""
        if credit:
            self.credit -= amount
        elif day < today:
            self.overdue += amount
            self.overdue_count += count
            self.overdue_since = self.overdue_since or day
        elif day <= until:
            self.until += amount
            self.until_count += count
            if day <= today + SOON:
                self.soon += amount
                self.soon_count += count
                self.soon_first = self.soon_first or day
        else:
            self.later += amount
            self.later_first = self.later_first or day

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
    nearest: Sequence[tuple[Contract, str, ScheduleRow | None]]  # name of its asset, next payment
    ends_first: Sequence[tuple[Contract, str]] = field(default_factory=tuple)


def horizon(today: dt.date) -> dt.date:
    """Until when „to pay” looks: the end of the month, but at least a week."""
    month_end = today.replace(day=monthrange(today.year, today.month)[1])
    return max(month_end, today + SOON)


def money(*, user: User, company: Company | None, today: dt.date) -> Money:
    """Open amounts per currency and what of them needs attention. At most four queries."""
    until = horizon(today)
    open_items = ReceivableItem.objects.for_user(user).for_company(company).exclude(open_amount=0)
    dues = _dues(open_items, today, until)
    payments = Payment.objects.for_user(user).for_company(company).filter(unallocated_amount__gt=0)
    for currency, amount in (
        payments.order_by("currency").values_list("currency").annotate(Sum("unallocated_amount"))
    ):
        dues.setdefault(currency, Due(currency)).credit += to_grosz(amount)
    overdue: list[ReceivableItem] = []
    if any(due.overdue_count for due in dues.values()):
        late = open_items.filter(open_amount__gt=0, effective_due_on__lt=today)
        found = late.select_related("company", "contract", "invoice").only(*_ITEM)
        overdue = list(found.order_by("effective_due_on", "pk")[:SHOWN])
    return Money(
        horizon=until,
        dues=sorted(dues.values(), key=lambda due: zloty_first(due.currency)) or [Due("PLN")],
        overdue_items=overdue,
        new_invoices=_new_invoices(user, company),
    )


def _dues(open_items: Any, today: dt.date, until: dt.date) -> dict[str, Due]:
    """Open amounts by currency. The database sums each due day, a few hundred at most."""
    is_credit = ExpressionWrapper(Q(open_amount__lt=0), output_field=BooleanField())
    rows = (
        open_items.annotate(is_credit=is_credit)
        .order_by("currency", "effective_due_on")
        .values_list("currency", "effective_due_on", "is_credit")
        .annotate(Sum("open_amount"), Count("pk"))
    )
    dues: dict[str, Due] = {}
    for currency, day, credit, amount, count in rows:
        dues.setdefault(currency, Due(currency)).add(
            day, to_grosz(amount), count, credit=credit, today=today, until=until
        )
    return dues


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


def balances_to_confirm(
    *, user: User, company: Company | None, today: dt.date
) -> list[BalanceConfirmation]:
    """Balances that wait for the company's answer, the nearest deadline first. One query."""
    rows = BalanceConfirmation.objects.for_user(user).for_company(company)
    found = waiting(rows, on=today).select_related("company").defer("rows")
    return list(found.order_by("answer_by", "pk")[:ENDS])


def requests_to_complete(*, user: User, company: Company | None) -> list[tuple[Request, str]]:
    """Requests that came back to the client, the first to expire on top, with their names. One
    query."""
    rows = Request.objects.for_user(user).for_company(company)
    back = rows.filter(status=Status.NEEDS_CUSTOMER).select_related("company")
    found = back.order_by("expires_at", "pk")[:ENDS]
    return [(row, str(type_of(row).title)) for row in found if row.kind in types()]


def insurance(*, user: User, companies: Collection[int], today: dt.date) -> Needs:
    """Assets whose insurance needs somebody. Two queries when none does, three otherwise."""
    return needs_attention(user=user, companies=companies, today=today)


def contracts(*, user: User, company: Company | None, today: dt.date) -> Contracts:
    """Contracts at a glance. A handful of queries, whatever their number."""
    rows = standing(Contract.objects.for_user(user).for_company(company), on=today)
    soon = Q(end_on__gte=today, end_on__lte=today + ENDING)
    by_status = (
        rows.order_by("status")
        .values_list("status")
        .annotate(count=Count("pk"), ending=Count("pk", filter=soon))
    )
    total = going = ending = 0
    for status, count, ends in by_status:
        total += count
        if status in LIVE_STATUSES:
            going += count
            ending += ends
    live = for_list(rows.live())
    nearest = list(live.order_by(F("due_now").asc(nulls_last=True), "pk")[:SHOWN])
    first = list(live.filter(soon).order_by("end_on", "pk")[:ENDS]) if ending else []
    with_assets(nearest + first)
    upcoming = next_rows_of(nearest)
    return Contracts(
        total,
        going,
        ending,
        [(row, asset_name(row.assets.all()), upcoming.get(row.pk)) for row in nearest],
        [(row, asset_name(row.assets.all())) for row in first],
    )


def saved_on_paper(*, user: User, company: Company | None, today: dt.date) -> Saved | None:
    """What e-invoices have saved the company; None without them, for many companies at once, and
    for a member who does not see all of its contracts.
    """
    if company is None or company.e_invoice_since is None or has_limits(user):
        return None
    found = saved(company, on=today)
    return found if found.since_start else None


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
