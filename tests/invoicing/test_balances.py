"""Balances of contracts: derived, as of a day, safe to repeat."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from invoicing.balances import refresh_balances
from invoicing.models import Balance
from tests.factories import TODAY, ContractFactory, InvoiceFactory, PaymentFactory
from tests.factories import ReceivableItemFactory as ItemFactory

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def _item(contract, left, due, **fields):
    invoice = InvoiceFactory(contract=contract)
    gross = Decimal(left) or Decimal(50)
    return ItemFactory(
        invoice=invoice, gross=gross, open_amount=left, effective_due_on=due, **fields
    )


def _rows():
    return {
        (row.contract_id, row.currency): (row.open_amount, row.overdue_amount, row.overpaid_amount)
        for row in Balance.objects.all()
    }


def test_balance_adds_what_is_open_overdue_and_overpaid():
    contract = ContractFactory()
    _item(contract, "0.10", TODAY - DAY)
    _item(contract, "0.20", TODAY)  # payable until today: not overdue yet
    _item(contract, "0.00", TODAY - DAY)
    _item(contract, "-0.05", TODAY - DAY)
    PaymentFactory(contract=contract, company=contract.company, unallocated_amount="7.00")

    written = refresh_balances(on=TODAY, at=AT)

    assert written == 1
    assert _rows() == {(contract.pk, "PLN"): (Decimal("0.30"), Decimal("0.10"), Decimal("7.05"))}
    balance = Balance.objects.get()
    assert (balance.as_of, balance.refreshed_at) == (TODAY, AT)


def test_contract_with_nothing_has_a_balance_of_zeros_in_its_currency():
    contract = ContractFactory(currency="EUR")

    refresh_balances(on=TODAY, at=AT)

    assert _rows() == {(contract.pk, "EUR"): (0, 0, 0)}


def test_currencies_are_not_added_together():
    contract = ContractFactory()
    _item(contract, "1.00", TODAY)
    _item(contract, "2.00", TODAY, currency="EUR")

    refresh_balances(on=TODAY, at=AT)

    assert _rows() == {
        (contract.pk, "PLN"): (Decimal(1), 0, 0),
        (contract.pk, "EUR"): (Decimal(2), 0, 0),
    }


def test_money_without_a_contract_is_in_no_balance():
    contract = ContractFactory()
    PaymentFactory(company=contract.company, unallocated_amount="7.00")

    refresh_balances(on=TODAY, at=AT)

    assert _rows() == {(contract.pk, "PLN"): (0, 0, 0)}


def test_same_day_again_replaces_and_another_day_adds():
    contract, other = ContractFactory(), ContractFactory()
    item = _item(contract, "5.00", TODAY)
    refresh_balances(on=TODAY, at=AT)
    item.open_amount = Decimal("3.00")
    item.save()

    refresh_balances(on=TODAY, at=AT + DAY, contract_ids=[contract.pk])
    refresh_balances(on=TODAY + DAY, at=AT + DAY, contract_ids=[contract.pk])

    rows = Balance.objects.order_by("contract", "as_of").values_list(
        "contract", "as_of", "open_amount", "overdue_amount"
    )
    assert list(rows) == [
        (contract.pk, TODAY, Decimal(3), 0),
        (contract.pk, TODAY + DAY, Decimal(3), Decimal(3)),
        (other.pk, TODAY, 0, 0),
    ]
