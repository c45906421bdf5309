"""Reading settlements: what is open, what paid what, what is overpaid and where to pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.listing import Chip, clean_choice, clean_text, query_string, spellings, words
from eboks.money import ZERO, zloty_first
from eboks.ui.periods import PERIODS, Period, clean_day, named_period, period_label
from eboks.ui.words import short_date
from invoicing.filters import clean_amount
from invoicing.models import (
    Allocation,
    Payment,
    PaymentQuerySet,
    ReceivableItem,
    ReceivableItemQuerySet,
    SetOff,
)

TABS: dict[str, str | Promise] = {
    "open": gettext_lazy("Do zapłaty"),
    "paid": gettext_lazy("Zapłacone"),
    "payments": gettext_lazy("Wpłaty"),
}
MOST_ACCOUNTS = 10


@dataclass(frozen=True, slots=True)
class SettlementFilters:
    """Filters of the page, each empty when not set. Only known values ever get in."""

    tab: str = "open"
    q: str = ""
    contract: str = ""  # its number
    period: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> SettlementFilters:
        period = clean_choice(params.get("period"), PERIODS)
        return cls(
            tab=clean_choice(params.get("tab"), TABS) or "open",
            q=clean_text(params.get("q")),
            contract=clean_text(params.get("contract"), 40),
            period=period,
            since="" if period else clean_day(params.get("since")),
            until="" if period else clean_day(params.get("until")),
        )

    def __bool__(self) -> bool:
        return any((self.q, self.contract, self.period, self.since, self.until))

    def as_params(self) -> dict[str, str]:
        found = {name: getattr(self, name) for name in self.__slots__}
        return found | {"tab": "" if self.tab == "open" else self.tab}

    def span(self, on: dt.date) -> Period:
        return named_period(self.period, on=on) or Period.of_days(self.since, self.until)

    def of_items(self, rows: ReceivableItemQuerySet, *, on: dt.date) -> QuerySet[ReceivableItem]:
        """Items of the chosen tab: the most overdue first, the paid ones latest first."""
        rows = rows.filter(open_amount=0) if self.tab == "paid" else rows.exclude(open_amount=0)
        span = self.span(on)
        if span.since:
            rows = rows.filter(effective_due_on__gte=span.since)
        if span.until:
            rows = rows.filter(effective_due_on__lte=span.until)
        if self.contract:
            rows = rows.filter(contract__number=self.contract)
        if self.q:
            rows = rows.filter(_item_matching(self.q))
        if self.tab == "paid":
            return rows.order_by("-effective_due_on", "-pk")
        return rows.order_by("effective_due_on", "pk")

    def of_payments(self, rows: PaymentQuerySet, *, on: dt.date) -> QuerySet[Payment]:
        """Payments, latest first. Of a contract: made for it, or allocated to its items."""
        span = self.span(on)
        if span.since:
            rows = rows.filter(booked_on__gte=span.since)
        if span.until:
            rows = rows.filter(booked_on__lte=span.until)
        if self.contract:
            paid = Allocation.objects.filter(item__contract__number=self.contract)
            rows = rows.filter(Q(contract__number=self.contract) | Q(pk__in=paid.values("payment")))
        if self.q:
            rows = rows.filter(_payment_matching(self.q))
        return rows.order_by("-booked_on", "-pk")

    def chips(self, *, on: dt.date) -> list[Chip]:
        labels = {
            "q": _("„%s”") % self.q if self.q else "",
            "contract": _("umowa %s") % self.contract if self.contract else "",
            "period": period_label(self.period, on=on),
            "since": _("od %s") % short_date(dt.date.fromisoformat(self.since))
            if self.since
            else "",
            "until": _("do %s") % short_date(dt.date.fromisoformat(self.until))
            if self.until
            else "",
        }
        return [
            Chip(label, query_string(replace(self, **{name: ""}).as_params()))
            for name, label in labels.items()
            if label
        ]


def _item_matching(text: str) -> Q:
    every_word = Q()
    for word in words(text):
        condition = Q()
        for spelling in spellings(word):
            condition |= Q(label__icontains=spelling) | Q(contract__number__icontains=spelling)
        every_word &= condition
    amount = clean_amount(text.replace(" ", ""))
    if amount is not None:
        every_word |= Q(gross=amount) | Q(open_amount=amount)
    return every_word


def _payment_matching(text: str) -> Q:
    every_word = Q()
    for word in words(text):
        condition = Q()
        for spelling in spellings(word):
            condition |= (
                Q(title__icontains=spelling)
                | Q(payer_name__icontains=spelling)
                | Q(contract__number__icontains=spelling)
            )
        every_word &= condition
    amount = clean_amount(text.replace(" ", ""))
    if amount is not None:
        every_word |= Q(amount=amount) | Q(unallocated_amount=amount)
    return every_word


@dataclass(frozen=True, slots=True)
class Position:
    """How things stand in one currency: what is owed and what is overpaid, none negative.

    `to_pay` less `overpaid` plus `paid_back` is the balance of the statement of account.
    """

    currency: str
    overdue: Decimal = ZERO
    overdue_count: int = 0
    oldest_due_on: dt.date | None = None  # of what is overdue
    due: Decimal = ZERO
    due_count: int = 0
    next_due_on: dt.date | None = None  # of what is not due yet
    overpaid: Decimal = ZERO  # unallocated payments and corrections in minus
    paid_back: Decimal = ZERO  # money given back that nothing covers: the client owes it
    interest: Decimal = ZERO  # run up on what is overdue; no note yet

    @property
    def to_pay(self) -> Decimal:
        return self.overdue + self.due


def positions(
    items: ReceivableItemQuerySet, payments: PaymentQuerySet, *, on: dt.date
) -> list[Position]:
    """The position per currency on the day `on`, złoty first (and always). Two queries."""
    late = Q(open_amount__gt=0, effective_due_on__lt=on)
    later = Q(open_amount__gt=0, effective_due_on__gte=on)
    found: dict[str, Position] = {"PLN": Position("PLN")}
    sums = (
        items.exclude(open_amount=0)
        .order_by()
        .values("currency")
        .annotate(
            late=Sum("open_amount", filter=late),
            late_count=Count("pk", filter=late),
            oldest=Min("effective_due_on", filter=late),
            later=Sum("open_amount", filter=later),
            later_count=Count("pk", filter=later),
            soonest=Min("effective_due_on", filter=later),
            credit=Sum("open_amount", filter=Q(open_amount__lt=0)),
        )
    )
    for row in sums:
        found[row["currency"]] = Position(
            row["currency"],
            overdue=row["late"] or ZERO,
            overdue_count=row["late_count"],
            oldest_due_on=row["oldest"],
            due=row["later"] or ZERO,
            due_count=row["later_count"],
            next_due_on=row["soonest"],
            overpaid=-(row["credit"] or ZERO),
        )
    unused = (
        payments.exclude(unallocated_amount=0)
        .order_by()
        .values("currency")
        .annotate(
            left=Sum("unallocated_amount", filter=Q(unallocated_amount__gt=0)),
            lacking=Sum("unallocated_amount", filter=Q(unallocated_amount__lt=0)),
        )
    )
    for currency, left, lacking in unused.values_list("currency", "left", "lacking"):
        position = found.get(currency, Position(currency))
        found[currency] = replace(
            position,
            overpaid=position.overpaid + (left or ZERO),
            paid_back=-(lacking or ZERO),
        )
    return sorted(found.values(), key=lambda position: zloty_first(position.currency))


@dataclass(frozen=True, slots=True)
class Account:
    """An account to pay to, and how much waits for it."""

    number: str
    currency: str
    to_pay: Decimal
    first_due_on: dt.date
    contracts: int
    contract_number: str  # of one of them


def accounts_to_pay(items: ReceivableItemQuerySet) -> list[Account]:
    """Accounts that open items name, the most urgent first; at most MOST_ACCOUNTS. One query."""
    rows = (
        items.filter(open_amount__gt=0)
        .exclude(account="")
        .order_by()
        .values("account", "currency")
        .annotate(
            to_pay=Sum("open_amount"),
            first_due_on=Min("effective_due_on"),
            contracts=Count("contract", distinct=True),
            contract_number=Max("contract__number"),
        )
        .order_by("first_due_on", "account", "currency")[:MOST_ACCOUNTS]
    )
    return [
        Account(
            row["account"],
            row["currency"],
            row["to_pay"],
            row["first_due_on"],
            row["contracts"],
            row["contract_number"] or "",
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Use:
    """Where a part of a payment went: to an item, or set off against another entry."""

    on: dt.date
    amount: Decimal
    allocation: Allocation | None = None
    set_off: SetOff | None = None
    hidden: bool = False  # the other side is of a contract that the reader may not see


def uses_of(payments: Collection[int]) -> dict[int, list[Use]]:
    """What each of `payments` (ids) paid. Two queries, whatever their count."""
    found: dict[int, list[Use]] = {payment: [] for payment in payments}
    allocations = Allocation.objects.filter(payment__in=payments)
    for row in allocations.select_related("item__invoice").order_by("allocated_on", "pk"):
        found[row.payment_id].append(Use(row.allocated_on, row.amount, allocation=row))
    set_offs = SetOff.objects.filter(
        Q(debit_payment__in=payments) | Q(credit_payment__in=payments)
    ).select_related("credit_item__invoice", "credit_payment", "debit_payment")
    for set_off in set_offs.order_by("set_off_on", "pk"):
        for payment in {set_off.debit_payment_id, set_off.credit_payment_id}:
            if payment in found:
                found[payment].append(Use(set_off.set_off_on, set_off.amount, set_off=set_off))
    return found
