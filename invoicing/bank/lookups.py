"""Questions to the database about all entries of a statement at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Max, Min

from contracts.models import Contract
from eboks.feeds.dialect import one_of
from eboks.tenancy import models as tenancy
from invoicing.enums import PaymentKind
from invoicing.models import (
    Invoice,
    LessorAccount,
    Payment,
    PaymentBasket,
    ReceivableItem,
    VirtualAccount,
)

SOURCE = "bank"  # source system of payments that the bank's files brought


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose money it is; the contract and the item where these are certain too."""

    company: int
    contract: int | None = None
    item: int | None = None
    currency: str = ""  # of the item


def own_accounts() -> set[str]:
    """Account numbers of the lessor: never anybody's individual account."""
    ours = set(LessorAccount.objects.values_list("number", flat=True))
    return ours | set(tenancy.LessorAccount.objects.values_list("number", flat=True))


def owners_of_accounts(numbers: Collection[str]) -> dict[str, Owner]:
    """Owners of individual accounts. A number that two clients share has no owner.

    An account of one invoice points at its item; one of a contract or of a client does not. The
    account of a contract goes over with it: after a cession the new lessee pays there.
    """
    found: dict[str, Owner] = {}
    made = VirtualAccount.objects.filter(number__in=one_of(numbers))
    for number, made_for, contract, lessee, invoice, item, currency in made.values_list(
        *("number", "company", "contract", "contract__company"),
        *("invoice", "invoice__item", "invoice__item__currency"),
    ):
        company = lessee if contract and not invoice else made_for
        found[number] = Owner(company, contract, item, currency or "")
    if left := [number for number in numbers if number not in found]:
        rows = Contract.objects.filter(virtual_account__in=one_of(left))
        found |= _alone(rows.values_list("virtual_account", "company", "pk"))
    if left := [number for number in numbers if number not in found]:
        found |= _owners_of_items(left)
    return found


def _alone(rows: Iterable[tuple[str, int, int]]) -> dict[str, Owner]:
    """Owners by account of (account, company, contract); a shared account is of no contract."""
    companies: dict[str, set[int]] = defaultdict(set)
    contracts: dict[str, set[int]] = defaultdict(set)
    for number, company, contract in rows:
        companies[number].add(company)
        contracts[number].add(contract)
    return {
        number: Owner(min(found), min(contracts[number]) if len(contracts[number]) == 1 else None)
        for number, found in companies.items()
        if len(found) == 1
    }


def _owners_of_items(numbers: Iterable[str]) -> dict[str, Owner]:
    """An item has its invoice's account, so invoices need not be asked (no index there)."""
    items = (
        ReceivableItem.objects.filter(account__in=one_of(numbers))
        .exclude(account="")
        .order_by()
        .values("account")
        .annotate(
            one=Min("company"),
            other=Max("company"),
            first=Min("contract"),
            last=Max("contract"),
            item=Min("pk"),
            count=Count("pk"),
            money=Min("currency"),
        )
    )
    return {
        row["account"]: Owner(
            row["one"],
            row["first"] if row["first"] == row["last"] else None,
            row["item"] if row["count"] == 1 else None,
            row["money"],
        )
        for row in items
        if row["one"] == row["other"]
    }


@dataclass(frozen=True, slots=True)
class NamedInvoice:
    company: int
    item: int | None
    currency: str


def invoices_named(numbers: Iterable[str]) -> dict[str, NamedInvoice]:
    rows = Invoice.objects.filter(number__in=one_of(numbers))
    return {
        number: NamedInvoice(company, item, currency)
        for number, company, item, currency in rows.values_list(
            "number", "company", "item", "currency"
        )
    }


def contracts_named(numbers: Iterable[str]) -> dict[str, Owner]:
    rows = Contract.objects.filter(number__in=one_of(numbers))
    return {
        number: Owner(company, pk)
        for number, company, pk in rows.values_list("number", "company", "pk")
    }


@dataclass(frozen=True, slots=True)
class Basket:
    pk: int
    company: int
    currency: str
    items: tuple[int, ...]


def baskets_named(codes: Collection[str]) -> dict[str, Basket]:
    """Baskets by code, their items by due date."""
    if not codes:
        return {}
    items: dict[int, list[int]] = defaultdict(list)
    pairs = PaymentBasket.items.through.objects.filter(paymentbasket__code__in=one_of(codes))
    by_day = pairs.order_by("receivableitem__effective_due_on", "receivableitem")
    for basket, item in by_day.values_list("paymentbasket", "receivableitem"):
        items[basket].append(item)
    rows = PaymentBasket.objects.filter(code__in=one_of(codes))
    return {
        code: Basket(pk, company, currency, tuple(items[pk]))
        for code, pk, company, currency in rows.values_list("code", "pk", "company", "currency")
    }


def payers(accounts: Collection[str]) -> dict[str, int]:
    """Companies by the account that they alone have paid from, in payments that stand."""
    rows = (
        Payment.objects.filter(
            payer_account__in=one_of([*accounts, *(f"PL{account}" for account in accounts)]),
            amount__gt=0,
            reverses__isnull=True,
            reversed_by__isnull=True,
        )
        .exclude(payer_account="")
        .order_by()
        .values("payer_account")
        .annotate(one=Min("company"), other=Max("company"))
        .filter(one=F("other"))
    )
    return {row["payer_account"].removeprefix("PL"): row["one"] for row in rows}


ItemKey = tuple[int, str, Decimal]


def items_of_amount(wanted: Collection[ItemKey]) -> dict[ItemKey, list[int]]:
    """Open items of exactly these companies, currencies and amounts, the longest due first."""
    found: dict[ItemKey, list[int]] = {key: [] for key in wanted}
    companies = {company for company, _currency, _amount in wanted}
    rows = ReceivableItem.objects.filter(company__in=one_of(companies)).exclude(open_amount=0)
    for company, currency, amount, pk in rows.order_by("effective_due_on", "pk").values_list(
        "company", "currency", "open_amount", "pk"
    ):
        if (company, currency, amount) in found:
            found[company, currency, amount].append(pk)
    return found


PaymentKey = tuple[str, dt.date, Decimal, str]


def payments_of_the_feed(keys: Collection[PaymentKey]) -> dict[PaymentKey, list[int]]:
    """Payments that another system brought before the bank's file did, and no entry is linked to.

    By bank reference, day, amount and currency; of these, only the keys that were found.
    """
    wanted = set(keys)
    # By day: an index leads there, and a file tells of few days.
    rows = (
        Payment.objects.filter(
            kind=PaymentKind.TRANSFER,
            booked_on__in={day for _reference, day, _amount, _currency in keys},
            bank_entry__isnull=True,
        )
        .exclude(bank_reference="")
        .exclude(source_system=SOURCE)
    )
    found: dict[PaymentKey, list[int]] = defaultdict(list)
    for reference, day, amount, currency, pk in rows.order_by("pk").values_list(
        "bank_reference", "booked_on", "amount", "currency", "pk"
    ):
        if (reference, day, amount, currency) in wanted:
            found[reference, day, amount, currency].append(pk)
    return found
