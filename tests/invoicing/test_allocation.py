"""What pays what, held against a plain loop for random ledgers, and by hand for the cases."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eboks.tenancy.models import Company
from invoicing.allocation import allocate_open
from invoicing.enums import AllocationRule, InvoiceKind, ItemKind, PaymentKind
from invoicing.models import Allocation, Invoice, Payment, ReceivableItem, SetOff
from tests.factories import (
    TODAY,
    CompanyFactory,
    InvoiceFactory,
    PaymentFactory,
    ReceivableItemFactory,
)

pytestmark = pytest.mark.django_db


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _day(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(days=number)


def _item(company: Company, cents: int, due: int = 30, **fields: object) -> ReceivableItem:
    invoice = InvoiceFactory(contract__company=company, company=company)
    return ReceivableItemFactory(
        invoice=invoice,
        gross=_money(cents),
        issued_on=_day(due - 14),
        effective_due_on=_day(due),
        **fields,
    )


def _payment(company: Company, cents: int, day: int = 20, **fields: object) -> Payment:
    fields.setdefault("kind", PaymentKind.TRANSFER if cents > 0 else PaymentKind.REFUND)
    return PaymentFactory(company=company, amount=_money(cents), booked_on=_day(day), **fields)


def _left(*rows: ReceivableItem | Payment) -> list[int]:
    amounts = []
    for row in rows:
        row.refresh_from_db()
        left = row.open_amount if isinstance(row, ReceivableItem) else row.unallocated_amount
        amounts.append(int(left * 100))
    return amounts


def test_payment_pays_the_item_it_indicates_then_the_oldest():
    company = CompanyFactory()
    oldest, newest, named = (
        _item(company, 300, 10),
        _item(company, 300, 30),
        _item(company, 300, 20),
    )
    payment = _payment(company, 500, indicated_item=named)

    allocate_open()

    assert _left(oldest, newest, named, payment) == [100, 300, 0, 0]
    rules = Allocation.objects.order_by("amount").values_list("rule", "amount")
    assert list(rules) == [
        (AllocationRule.OLDEST, Decimal(2)),
        (AllocationRule.INDICATED, Decimal(3)),
    ]


def test_overpayment_stays_on_the_payment():
    company = CompanyFactory()
    item = _item(company, 10_000)
    payment = _payment(company, 15_000, indicated_item=item)

    allocate_open()

    assert _left(item, payment) == [0, 5_000]


def test_equal_due_dates_are_paid_in_order_of_id():
    company = CompanyFactory()
    first, second = _item(company, 100), _item(company, 100)
    _payment(company, 150)

    allocate_open()

    assert _left(first, second) == [0, 50]


def test_earlier_payment_is_first_to_pay_the_item_that_both_indicate():
    company = CompanyFactory()
    item = _item(company, 100)
    late = _payment(company, 80, 25, indicated_item=item)
    early = _payment(company, 80, 5, indicated_item=item)

    allocate_open()

    assert _left(item, early, late) == [0, 0, 60]
    assert Allocation.objects.get(payment=late).allocated_on == _day(25)
    # Paid before the invoice was issued: settled on the day it was.
    assert Allocation.objects.get(payment=early).allocated_on == _day(16)


def test_another_company_or_currency_is_not_paid():
    company = CompanyFactory()
    euro, foreign = _item(company, 100, currency="EUR"), _item(CompanyFactory(), 100)
    payment = _payment(company, 300)

    allocate_open()

    assert _left(euro, foreign, payment) == [100, 100, 300]


def test_correction_closes_what_it_corrects_and_the_rest_pays_the_oldest():
    company = CompanyFactory()
    old, corrected = _item(company, 500, 5), _item(company, 200, 20)
    credit = _item(company, -300, 25)
    Invoice.objects.filter(item=credit).update(corrects=corrected.invoice)

    allocate_open()

    assert _left(corrected, credit, old) == [0, 0, 400]
    assert not Allocation.objects.exists()
    assert [int(row.amount) for row in SetOff.objects.order_by("amount")] == [1, 2]


def test_refund_takes_back_the_money_that_is_left():
    company = CompanyFactory()
    payment, refund = _payment(company, 500), _payment(company, -300, 22)
    item = _item(company, 400)

    allocate_open()

    assert _left(payment, refund, item) == [0, 0, 200]
    assert SetOff.objects.get().credit_payment == payment


def test_twice_writes_nothing_more():
    company = CompanyFactory()
    _item(company, 500)
    _payment(company, 300)
    allocate_open()

    written = allocate_open()

    assert (written.allocations, written.set_offs) == (0, 0)
    assert Allocation.objects.count() == 1


def test_only_the_named_companies_are_touched():
    mine, other = CompanyFactory(), CompanyFactory()
    items = [_item(mine, 100), _item(other, 100)]
    _payment(mine, 100)
    _payment(other, 100)

    allocate_open(company_ids=[mine.pk])

    assert _left(*items) == [0, 100]


@dataclass(frozen=True)
class Ledger:
    """Items (cents, due day, place of the item corrected), payments (cents, day, item named)."""

    items: list[tuple[int, int, int | None]]
    payments: list[tuple[int, int, int | None]]


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    cents = st.integers(1, 5_000) | st.sampled_from([1, 10, 33, 1_000_000_000])
    signed = cents | cents.map(lambda amount: -amount)
    days = st.integers(0, 6)
    items = draw(st.lists(st.tuples(signed, days), max_size=7))
    payments = draw(st.lists(st.tuples(signed, days), max_size=7))
    positive = [place for place, (amount, _) in enumerate(items) if amount > 0]
    target = st.none() | st.sampled_from(positive) if positive else st.none()
    return Ledger(
        [(amount, day, draw(target) if amount < 0 else None) for amount, day in items],
        [(amount, day, draw(target) if amount > 0 else None) for amount, day in payments],
    )


def _expected(ledger: Ledger) -> tuple[Counter[tuple[str, str]], list[int], list[int]]:
    """The policy as a loop: (matches, left of items, left of payments), places as names."""
    items = [cents for cents, _, _ in ledger.items]
    money = [cents for cents, _, _ in ledger.payments]
    matches: Counter[tuple[str, str]] = Counter()

    def close(credit: str, debit: str) -> None:
        sides = {"i": items, "p": money}
        take, give = sides[credit[0]], sides[debit[0]]
        have, want = abs(take[int(credit[1:])]), abs(give[int(debit[1:])])
        amount = min(have, want)
        if amount:
            matches[credit, debit] += amount
            take[int(credit[1:])] -= amount if credit[0] == "p" else -amount
            give[int(debit[1:])] -= amount if debit[0] == "i" else -amount

    by_item_day = sorted(range(len(items)), key=lambda place: (ledger.items[place][1], place))
    by_day = sorted(range(len(money)), key=lambda place: (ledger.payments[place][1], place))
    for place in by_item_day:
        corrected = ledger.items[place][2]
        if corrected is not None:
            close(f"i{place}", f"i{corrected}")
    for place in by_day:
        named = ledger.payments[place][2]
        if named is not None:
            close(f"p{place}", f"i{named}")
    money_left = [f"p{place}" for place in by_day if money[place] > 0]
    money_left += [f"i{place}" for place in by_item_day if items[place] < 0]
    debits = [f"p{place}" for place in by_day if money[place] < 0]
    debits += [f"i{place}" for place in by_item_day if items[place] > 0]
    for credit in money_left:
        for debit in debits:
            close(credit, debit)
    return matches, items, money


def _store(ledger: Ledger, company: Company) -> tuple[list[ReceivableItem], list[Payment]]:
    source = {"source_system": "test", "as_of": TODAY}
    items: list[ReceivableItem] = []
    for place, (cents, day, corrected) in enumerate(ledger.items):
        invoice = Invoice.objects.create(
            **source,
            source_id=f"i{place}",
            company=company,
            number=f"i{place}",
            kind=InvoiceKind.INVOICE if corrected is None else InvoiceKind.CORRECTION,
            issued_on=_day(day),
            sold_on=_day(day),
            due_on=_day(day),
            net=_money(cents),
            vat=0,
            gross=_money(cents),
            vat_pln=0,
            received_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        )
        items.append(
            ReceivableItem.objects.create(
                **source,
                source_id=f"i{place}",
                company=company,
                invoice=invoice,
                kind=ItemKind.INVOICE,
                label=f"i{place}",
                gross=_money(cents),
                open_amount=_money(cents),
                issued_on=_day(day),
                nominal_due_on=_day(day),
                effective_due_on=_day(day),
            )
        )
    for item, (_, _, corrected) in zip(items, ledger.items, strict=True):
        if corrected is not None:
            Invoice.objects.filter(item=item).update(corrects=items[corrected].invoice)
    payments = [
        Payment.objects.create(
            **source,
            source_id=f"p{place}",
            company=company,
            kind=PaymentKind.TRANSFER if cents > 0 else PaymentKind.REFUND,
            indicated_item=None if named is None else items[named],
            booked_on=_day(day),
            amount=_money(cents),
            unallocated_amount=_money(cents),
        )
        for place, (cents, day, named) in enumerate(ledger.payments)
    ]
    return items, payments


def _written() -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in Allocation.objects.select_related("payment", "item"):
        found[row.payment.source_id, row.item.source_id] += int(row.amount * 100)
    for set_off in SetOff.objects.all():
        credit = set_off.credit_payment or set_off.credit_item
        debit = set_off.debit_payment or set_off.debit_item
        assert credit is not None
        assert debit is not None
        found[credit.source_id, debit.source_id] += int(set_off.amount * 100)
    return found


def _sums_hold() -> None:
    """Every open and unallocated amount equals what its rows say; nothing is overdrawn."""
    for item in ReceivableItem.objects.all():
        taken = item.allocations.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        taken += item.set_offs.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        given = item.set_offs_given.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        assert round(item.gross - taken + given, 2) == item.open_amount
        assert abs(item.open_amount) <= abs(item.gross)
    for payment in Payment.objects.all():
        taken = payment.allocations.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        taken += payment.set_offs_given.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        given = payment.set_offs.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        assert round(payment.amount - taken + given, 2) == payment.unallocated_amount
        assert abs(payment.unallocated_amount) <= abs(payment.amount)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ledger=ledgers())
def test_any_ledger_is_settled_as_the_loop_would(db, ledger):
    expected, items_left, money_left = _expected(ledger)
    with transaction.atomic():
        items, payments = _store(ledger, CompanyFactory())

        allocate_open()

        assert _written() == expected
        assert _left(*items) == items_left
        assert _left(*payments) == money_left
        _sums_hold()
        written = allocate_open()
        assert (written.allocations, written.set_offs) == (0, 0)
        transaction.set_rollback(True)


def test_work_tables_leave_nothing_behind():
    _item(CompanyFactory(), 100)
    tables = set(connection.introspection.table_names())

    allocate_open()

    assert set(connection.introspection.table_names()) == tables
