"""Tables of the ledger only grow, entries sum to zero, `verify_ledger` finds what does not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction

from eboks.audit import triggers
from invoicing import entry_checks, ledger
from invoicing.enums import PaymentKind
from invoicing.ledger_rules import MAY_CHANGE
from invoicing.models import Allocation, Balance, Payment, PaymentIndication, ReceivableItem, SetOff
from tests.factories import AllocationFactory, CompanyFactory, ContractFactory
from tests.invoicing.posting import AT, TODAY, add, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return ContractFactory()


@pytest.fixture
def paid(contract):
    """A payment with every kind of entry."""
    first, second = add(contract, "a", "b")
    payment = pay(contract, "150.00", indicated_items=[second, first])
    ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="x")
    connection.check_constraints()
    return payment


GUARDED: dict[str, Any] = {model._meta.db_table: model for model in (Payment, Allocation, SetOff)}
GUARDED |= {model._meta.db_table: model for model in (ReceivableItem, PaymentIndication)}


def test_every_table_of_the_ledger_is_guarded():
    assert set(GUARDED) == set(MAY_CHANGE)
    assert [*triggers.missing(connection), *entry_checks.missing(connection)] == []


@pytest.mark.parametrize("table", GUARDED)
def test_every_column_but_the_kept_sums_is_refused_a_change(paid, table):
    row = GUARDED[table]._default_manager.order_by("pk").first()
    for field in row._meta.concrete_fields:
        if field.primary_key or field.column in MAY_CHANGE[table]:
            continue
        value = _another(field, getattr(row, field.attname))
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(**{field.attname: value})


def _another(field, value):
    if value is None:
        return 1 if field.is_relation else dt.date(2000, 1, 1)
    if isinstance(value, Decimal | int):
        return value + 1
    if isinstance(value, dt.date):
        return value + dt.timedelta(days=1)
    return f"{value[1:]}x" if isinstance(value, str) else value.__class__(int=value.int ^ 1)


@pytest.mark.parametrize("table", GUARDED)
def test_rows_cannot_be_deleted_or_emptied(paid, table):
    ways = ["DELETE FROM {}"]  # SQLite knows no other
    if connection.vendor == "postgresql":
        ways.append("TRUNCATE {} CASCADE")
    for sql in ways:
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            connection.cursor().execute(sql.format(table))
    assert GUARDED[table]._default_manager.exists()


def test_kept_sums_and_marks_may_change(paid):
    item = ReceivableItem.objects.order_by("pk").first()
    item.is_disputed, item.dunning_level = True, 2

    item.save()  # the other columns with the values they have

    item.refresh_from_db()
    assert item.is_disputed


def test_more_than_is_open_cannot_be_paid(paid):
    with pytest.raises(IntegrityError), transaction.atomic():
        ReceivableItem.objects.update(open_amount=-1)


def test_entry_between_two_clients_is_refused(paid):
    item = add(ContractFactory(), "z")

    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        AllocationFactory(payment=paid, item=item)


def test_entry_between_two_currencies_is_refused(contract):
    item = add(contract, "e", currency="EUR")
    payment = pay(contract, "5.00")

    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        AllocationFactory(payment=payment, item=item)


@pytest.mark.parametrize("amount", ["-99.00", "100.00"])
def test_reversal_that_is_no_mirror_is_refused(contract, amount):
    item = add(contract, "a")
    payment = pay(contract, "100.00")
    row = Allocation.objects.get()

    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        AllocationFactory(payment=payment, item=item, reverses=row, amount=Decimal(amount))


def test_set_off_of_another_client_is_refused(contract):
    payment = pay(contract, "100.00")
    refund = pay(contract, "-100.00", "w2", kind=PaymentKind.REFUND)
    row = SetOff.objects.get(credit_payment=payment, debit_payment=refund)

    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        SetOff.objects.create(
            company=CompanyFactory(),
            credit_payment=payment,
            debit_payment=refund,
            amount=-row.amount,
            reverses=row,
            set_off_on=TODAY,
        )


# What verify_ledger finds


def ask():
    said = StringIO()
    try:
        call_command("verify_ledger", stdout=said)
    except CommandError as error:
        return False, f"{said.getvalue()}{error}"
    return True, said.getvalue()


def test_good_ledger_adds_up(paid):
    assert ask() == (True, "ledger adds up\n")


def _change(model: type[models.Model], **values: object) -> None:
    row = model._default_manager.order_by("pk").first()
    model._default_manager.filter(pk=row.pk).update(**values)


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("open amount: receivableitem", lambda: _change(ReceivableItem, open_amount=1)),
        ("unallocated amount: payment", lambda: _change(Payment, unallocated_amount=1)),
        ("open amount: receivableitem", lambda: _change(Allocation, amount=1)),
        ("entry: allocation", lambda: _change(Allocation, amount=1)),
        ("entry: setoff", lambda: _change(SetOff, company_id=CompanyFactory().pk)),
        ("conservation: company", lambda: _change(Payment, amount=149)),
        ("balance: contract", lambda: _change(Balance, open_amount=1)),
    ],
)
def test_what_was_changed_behind_its_back_is_named(paid, check, change):
    triggers.unguard(connection)
    try:
        change()
        connection.check_constraints()
        good, said = ask()
    finally:
        triggers.guard(connection)

    assert not good
    assert check in said
    assert "does NOT add up" in said


def test_missing_trigger_is_named():
    entry_checks.fall(connection)

    good, said = ask()
    entry_checks.stand(connection)

    assert not good
    assert "invoicing_allocation_sums_to_zero" in said
