"""The statement of account adds up, whatever happened in the ledger and whoever reads it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from eboks.money import ZERO
from eboks.tenancy.rights import Role
from invoicing import ledger
from invoicing import settlements as reading
from invoicing.enums import PaymentKind
from invoicing.ledger import LedgerError, NewItem
from invoicing.models import Payment, ReceivableItem
from invoicing.open_on import open_items, unused_payments
from invoicing.statement import Bucket, Statement
from tests import factories as f
from tests.invoicing.posting import AT, TODAY

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
FIRST = TODAY - 300 * DAY


def amount(random: Random) -> Decimal:
    return Decimal(random.randint(1, 500_000)) / 100


def random_ledger(seed: int, *, steps: int = 45):
    """A client with three contracts, two currencies, and everything that can happen to them."""
    random = Random(seed)
    company = f.CompanyFactory()
    contracts = f.ContractFactory.create_batch(3, company=company)
    for step in range(steps):
        contract = random.choice(contracts)
        currency = random.choice(["PLN", "PLN", "PLN", "EUR"])
        day = FIRST + random.randint(0, 300) * DAY
        what = random.random()
        if what < 0.4:
            add_item(contract, f"i{step}", amount(random), currency, day)
        elif what < 0.5:
            corrected(random, f"k{step}", day)
        elif what < 0.85:
            own = list(
                ReceivableItem.objects.filter(company=company, currency=currency).order_by("pk")
            )
            named = random.sample(own, min(len(own), random.randint(0, 2)))
            post(company, f"w{step}", amount(random), currency, day, indicated_items=named)
        elif what < 0.93:
            unused = Payment.objects.filter(company=company, unallocated_amount__gt=0)
            left = unused.order_by("pk").first()
            if left is not None:  # a refund of what is overpaid, or a little more
                back = left.unallocated_amount + random.choice([ZERO, Decimal("1.00")])
                kind = PaymentKind.REFUND
                post(company, f"z{step}", -back, left.currency, day, kind=kind)
        else:
            payments = Payment.objects.filter(company=company, amount__gt=0, reverses=None)
            made = list(payments.order_by("pk"))
            if made:
                try:
                    back = random.choice(made)
                    on = max(day, back.booked_on)
                    ledger.reverse_payment(payment=back, at=AT, on=on, reason="zwrot z banku")
                except LedgerError:
                    pass
    return company, contracts


def add_item(contract, key, gross, currency, day, **fields):
    row = NewItem(
        source_system="test",
        source_id=f"{contract.pk}-{key}",
        company=contract.company_id,
        contract=contract.pk,
        label=f"FV/{key}",
        gross=gross,
        currency=currency,
        issued_on=day,
        nominal_due_on=day + 14 * DAY,
        **fields,
    )
    ledger.add_items([row], at=AT)


def corrected(random, key, day):
    """A correction in minus of some item, at most for what it was."""
    items = list(ReceivableItem.objects.filter(gross__gt=0).order_by("pk"))
    if items:
        item = random.choice(items)
        share = Decimal(random.randint(1, 100)) / 100
        gross = -max((item.gross * share).quantize(Decimal("0.01")), Decimal("0.01"))
        add_item(item.contract, key, gross, item.currency, max(day, item.issued_on))


def post(company, key, value, currency, day, **fields):
    if value:
        ledger.post_payment(
            company=company,
            amount=value,
            currency=currency,
            booked_on=day,
            source_system="bank",
            source_id=f"{company.pk}-{key}",
            at=AT,
            **fields,
        )


def statement_of(company, *, since, until, currency="PLN", contract=None, user=None):
    items, payments = ReceivableItem.objects.all(), Payment.objects.all()
    if user is not None:
        items, payments = items.for_user(user), payments.for_user(user)
    rows = {"company": company, "currency": currency}
    if contract is not None:
        rows["contract"] = contract
    return Statement(
        items=items.filter(**rows),
        payments=payments.filter(**rows),
        since=since,
        until=until,
        is_whole=contract is None and user is None,
    )


def check(statement):
    """Opening + movements = closing = the sum of the age buckets; pages and chunks agree."""
    lines = list(statement)
    balance = statement.opening
    for line in lines:
        assert (line.debit == 0) != (line.credit == 0)
        assert min(line.debit, line.credit) == 0
        balance += line.debit - line.credit
        assert line.balance == balance
        assert statement.since <= line.on <= statement.until
    assert balance == statement.closing
    assert sum((line.debit for line in lines), ZERO) == statement.debits
    assert sum((line.credit for line in lines), ZERO) == statement.credits
    assert statement.ageing.total == statement.closing
    assert len(statement) == len(lines)
    paged = [line for start in range(0, len(lines), 7) for line in statement[start : start + 7]]
    assert paged == lines


SEEDS = [1, 2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_opening_and_movements_give_the_closing(seed):
    company, contracts = random_ledger(seed)
    random = Random(seed)
    for currency in ("PLN", "EUR"):
        for _period in range(4):
            since = FIRST + random.randint(-5, 280) * DAY
            until = min(since + random.randint(0, 120) * DAY, TODAY)
            for contract in (None, random.choice(contracts)):
                check(
                    statement_of(
                        company, since=since, until=until, currency=currency, contract=contract
                    )
                )


@pytest.mark.parametrize("seed", SEEDS)
def test_closing_is_what_was_invoiced_less_what_was_paid(seed):
    company, _contracts = random_ledger(seed)
    for until in (FIRST + 100 * DAY, FIRST + 200 * DAY, TODAY):
        items = ReceivableItem.objects.filter(issued_on__lte=until, currency="PLN")
        payments = Payment.objects.filter(booked_on__lte=until, currency="PLN")
        owed = sum((row.gross for row in items), ZERO)
        paid = sum((row.amount for row in payments), ZERO)

        assert statement_of(company, since=FIRST, until=until).closing == owed - paid


@pytest.mark.parametrize("seed", SEEDS)
def test_closing_today_is_the_position_of_the_settlements(seed):
    company, contracts = random_ledger(seed)
    items, payments = ReceivableItem.objects.all(), Payment.objects.all()
    every: dict[str, Any] = {"items": items, "payments": payments}
    cases: list[tuple[Any, dict[str, Any]]] = [(None, every)] + [
        (one, {name: rows.filter(contract=one) for name, rows in every.items()})
        for one in contracts
    ]
    for contract, rows in cases:
        for position in reading.positions(**rows, on=TODAY):
            found = statement_of(
                company, since=TODAY, until=TODAY, currency=position.currency, contract=contract
            )
            assert found.closing == position.to_pay - position.overpaid + position.paid_back
            assert found.ageing.overdue <= position.overdue + position.paid_back
            assert -found.ageing.amounts[Bucket.CREDIT] == position.overpaid


@pytest.mark.parametrize("seed", SEEDS)
def test_next_period_opens_with_the_closing_of_the_one_before(seed):
    company, contracts = random_ledger(seed)
    for contract in (None, *contracts):
        middle = FIRST + 150 * DAY
        first = statement_of(company, since=FIRST, until=middle, contract=contract)
        second = statement_of(company, since=middle + DAY, until=TODAY, contract=contract)

        assert second.opening == first.closing


@pytest.mark.parametrize("seed", SEEDS)
def test_contracts_and_what_belongs_to_none_make_up_the_whole(seed):
    company, contracts = random_ledger(seed)
    until = FIRST + 220 * DAY
    parts = [statement_of(company, since=FIRST, until=until, contract=one) for one in contracts]
    free = [row for row, _left in unused_payments([company.pk], on=until) if not row.contract_id]
    left = dict(unused_payments([company.pk], on=until))
    unplaced = sum((left[row] for row in free if row.currency == "PLN"), ZERO)

    whole = statement_of(company, since=FIRST, until=until).closing
    assert sum((part.closing for part in parts), ZERO) - unplaced == whole


@pytest.mark.parametrize("seed", SEEDS)
def test_open_rows_of_a_day_add_up_to_the_closing(seed):
    company, _contracts = random_ledger(seed)
    for until in (FIRST + 60 * DAY, FIRST + 250 * DAY, TODAY):
        items = [(i, left) for i, left in open_items([company.pk], on=until)]
        money = [(p, left) for p, left in unused_payments([company.pk], on=until)]
        for currency in ("PLN", "EUR"):
            balance = sum((left for i, left in items if i.currency == currency), ZERO)
            balance -= sum((left for p, left in money if p.currency == currency), ZERO)
            found = statement_of(company, since=FIRST, until=until, currency=currency)
            assert balance == found.closing


def test_member_with_selected_contracts_has_a_statement_that_adds_up():
    company, contracts = random_ledger(5)
    limited = f.MembershipFactory(company=company, role=Role.FINANCE, is_limited=True)
    for contract in contracts[:2]:
        limited.allowed_contracts.create(contract=contract)

    found = statement_of(company, since=FIRST + 30 * DAY, until=TODAY, user=limited.user)
    check(found)

    position = reading.positions(
        ReceivableItem.objects.for_user(limited.user),
        Payment.objects.for_user(limited.user),
        on=TODAY,
    )[0]
    assert found.closing == position.to_pay - position.overpaid + position.paid_back


def test_ages_are_counted_from_the_effective_due_day():
    contract = f.ContractFactory()
    for days, gross in (
        (0, "1"),
        (1, "2"),
        (30, "4"),
        (31, "8"),
        (60, "16"),
        (61, "32"),
        (90, "64"),
    ):
        aged(contract, days, gross)
    aged(contract, 91, "128")
    aged(contract, -5, "256")

    found = statement_of(contract.company, since=FIRST, until=TODAY).ageing.amounts

    assert [found[bucket] for bucket in Bucket] == [257, 6, 24, 96, 128, 0]


def aged(contract, days, gross):
    """An item that is `days` late today."""
    f.ReceivableItemFactory(
        invoice=None,
        company=contract.company,
        contract=contract,
        label=f"FV/{days}",
        gross=Decimal(gross),
        open_amount=Decimal(gross),
        issued_on=FIRST,
        effective_due_on=TODAY - days * DAY,
    )
