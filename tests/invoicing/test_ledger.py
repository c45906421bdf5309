"""Posting: allocated, shown and idempotent in one transaction; what the database refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from eboks.audit.models import AuditEntry
from invoicing import ledger
from invoicing.enums import InvoiceKind, ItemKind, PaymentKind
from invoicing.ledger import LedgerError, NewPayment
from invoicing.models import (
    Allocation,
    Balance,
    Invoice,
    Payment,
    PaymentIndication,
    SetOff,
)
from invoicing.verification import verify
from tests.factories import CompanyFactory, ContractFactory, InvoiceFactory
from tests.invoicing.posting import AT, TODAY, add, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return ContractFactory()


def balance(contract):
    row = Balance.objects.get(contract=contract, as_of=TODAY)
    return row.open_amount, row.overdue_amount, row.overpaid_amount


def open_amount(item):
    item.refresh_from_db()
    return item.open_amount


def test_payment_is_allocated_and_shown_at_once(contract):
    item = add(contract, "a", due=TODAY - dt.timedelta(days=4))
    assert balance(contract) == (100, 100, 0)

    payment = pay(contract, "70.00", indicated_items=[item], title="FV/a")

    assert open_amount(item) == 30
    assert (payment.unallocated_amount, payment.contract) == (0, contract)
    assert balance(contract) == (30, 30, 0)
    assert Balance.objects.get(contract=contract).refreshed_at == AT
    assert verify() == []


def test_due_date_on_a_day_off_moves(contract):
    item = add(contract, "a", due=dt.date(2026, 11, 11))

    assert (item.nominal_due_on, item.effective_due_on) == (
        dt.date(2026, 11, 11),
        dt.date(2026, 11, 12),
    )


def test_same_payment_twice_is_one(contract):
    item = add(contract, "a")

    first, second = pay(contract, "70.00"), pay(contract, "70.00")

    assert first == second
    assert open_amount(item) == 30
    assert Payment.objects.count() == 1


def test_same_row_twice_in_a_batch_is_one(contract):
    row = NewPayment(
        source_system="bank",
        source_id="w1",
        company=contract.company_id,
        booked_on=TODAY,
        amount=Decimal(5),
    )

    first, second = ledger.post_payments([row, row], at=AT)

    assert first == second
    assert list(Payment.objects.values_list("amount", flat=True)) == [5]


def test_key_of_another_client_is_refused(contract):
    pay(contract, "70.00")

    with pytest.raises(LedgerError, match="innego klienta"):
        pay(ContractFactory(), "70.00")


def test_overpayment_waits_and_pays_the_next_item(contract):
    payment = pay(contract, "150.00", contract=contract)
    assert balance(contract) == (0, 0, 150)

    item = add(contract, "a")

    payment.refresh_from_db()
    assert (open_amount(item), payment.unallocated_amount) == (0, 50)
    assert balance(contract) == (0, 0, 50)


def test_balance_of_the_other_contract_that_was_paid_follows(contract):
    other = ContractFactory(company=contract.company)
    add(other, "a")

    pay(contract, "100.00", contract=contract)

    assert balance(other) == (0, 0, 0)
    assert balance(contract) == (0, 0, 0)


def test_several_items_are_named_in_their_order(contract):
    oldest, first, second = add(contract, "a", "b", "c")

    payment = pay(contract, "150.00", indicated_items=[second, first])

    assert [open_amount(item) for item in (oldest, first, second)] == [100, 50, 0]
    names = PaymentIndication.objects.filter(payment=payment).order_by("position")
    assert [row.item for row in names] == [second, first]
    assert payment.indicated_item == second


@pytest.mark.parametrize("currency", ["EUR", "PLN"])
def test_item_of_another_currency_or_client_cannot_be_indicated(contract, currency):
    item = add(contract if currency == "EUR" else ContractFactory(), "a")

    with pytest.raises(LedgerError, match="Wskazana"):
        pay(contract, "70.00", indicated_items=[item], currency=currency)

    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("amount", "kind"), [("0.00", "transfer"), ("-5.00", "transfer"), ("5.00", "refund")]
)
def test_amount_that_cannot_be_is_refused(contract, amount, kind):
    with pytest.raises(LedgerError):
        pay(contract, amount, kind=PaymentKind(kind))


def test_reversal_opens_what_was_paid_and_keeps_every_row(contract):
    item = add(contract, "a", due=TODAY - dt.timedelta(days=4))
    payment = pay(contract, "150.00", indicated_items=[item])

    reversal = ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="zły klient")

    payment.refresh_from_db()
    assert (reversal.amount, reversal.unallocated_amount, reversal.reverses) == (-150, 0, payment)
    assert payment.unallocated_amount == 0
    assert open_amount(item) == 100
    rows = Allocation.objects.order_by("pk")
    assert [row.amount for row in rows] == [100, -100]
    assert rows[1].reverses == rows[0]
    assert SetOff.objects.get().amount == 150
    assert balance(contract) == (100, 100, 0)
    assert verify() == []
    assert AuditEntry.objects.get(event="payment_reversed").company == contract.company


def test_reversal_undoes_nothing_before_it_was_done(contract):
    tomorrow, later = (TODAY + dt.timedelta(days=n) for n in (1, 20))
    payment = pay(contract, "150.00", booked_on=tomorrow)
    item = add(contract, "a", due=later + dt.timedelta(days=14))
    add(contract, "b", gross="-30.00", due=later + dt.timedelta(days=14))
    pay(contract, "-80.00", "w2", kind=PaymentKind.REFUND, booked_on=tomorrow)

    reversal = ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="zły klient")

    done, undone = Allocation.objects.filter(item=item, payment=payment).order_by("pk")
    assert undone.reverses == done
    assert (done.allocated_on, undone.allocated_on) == (later, later)
    assert reversal.booked_on == tomorrow
    undoing = SetOff.objects.filter(reverses__isnull=False)
    assert undoing
    assert all(row.set_off_on >= row.reverses.set_off_on for row in undoing)
    assert verify() == []


def test_reversal_twice_is_one(contract):
    payment = pay(contract, "150.00")

    first = ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="x")
    second = ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="y")

    assert first == second
    assert Payment.objects.count() == 2


def test_reversal_from_the_bank_closes_the_payment(contract):
    item = add(contract, "a")
    payment = pay(contract, "100.00")

    pay(contract, "-100.00", "w2", reverses=payment)

    assert open_amount(item) == 100
    with pytest.raises(LedgerError, match="już odwrócono"):
        pay(contract, "-100.00", "w3", reverses=payment)
    assert verify() == []


def test_part_of_a_payment_cannot_be_reversed(contract):
    payment = pay(contract, "100.00")

    with pytest.raises(LedgerError, match="całą wpłatę"):
        pay(contract, "-40.00", "w2", reverses=payment)


def test_reversal_cannot_be_reversed(contract):
    payment = pay(contract, "100.00")
    reversal = ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="x")

    with pytest.raises(LedgerError, match="całą wpłatę"):
        ledger.reverse_payment(payment=reversal, at=AT, on=TODAY, reason="x")


def test_reopened_item_is_paid_by_money_that_waits(contract):
    item = add(contract, "a")
    first = pay(contract, "100.00", "w1")
    second = pay(contract, "80.00", "w2")

    ledger.reverse_payment(payment=first, at=AT, on=TODAY, reason="x")

    second.refresh_from_db()
    assert (open_amount(item), second.unallocated_amount) == (20, 0)
    assert verify() == []


def test_correction_in_minus_closes_the_item_it_corrects(contract):
    invoice = InvoiceFactory(contract=contract)
    correction = InvoiceFactory(contract=contract, corrects=invoice, kind=InvoiceKind.CORRECTION)
    other = add(contract, "o", due=TODAY - dt.timedelta(days=9))
    item = add(contract, "a", invoice=invoice.pk)

    credit = add(contract, "k", gross="-30.00", invoice=correction.pk)

    assert [open_amount(row) for row in (other, item, credit)] == [100, 70, 0]
    assert verify() == []


def test_side_of_another_client_is_refused(contract):
    foreign = add(ContractFactory(), "a")

    with pytest.raises(LedgerError, match="uboczna"):
        add(contract, "b", side_of=foreign.pk, kind=ItemKind.INTEREST_NOTE)


@pytest.mark.parametrize("count", [1, 300])
def test_number_of_queries_does_not_grow_with_the_batch(
    contract, count, django_assert_max_num_queries
):
    add(contract, "a")
    rows = [
        NewPayment(
            source_system="bank",
            source_id=f"w{n}",
            company=CompanyFactory().pk,
            booked_on=TODAY,
            amount=Decimal(5),
        )
        for n in range(count)
    ]

    with django_assert_max_num_queries(90):
        ledger.post_payments(rows, at=AT)


def test_invoice_and_item_say_the_same(contract):
    """REL-02: the page, the list and the balance read the same grosz."""
    invoice = InvoiceFactory(contract=contract)
    item = add(contract, "a", gross=str(invoice.gross), invoice=invoice.pk)
    pay(contract, "448.66")

    assert Invoice.objects.get(item__open_amount=3000) == invoice
    assert balance(contract)[0] == open_amount(item) == Decimal("3000.00")
