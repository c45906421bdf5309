"""Whom a payment pays: the two policies held against a plain loop, and the published cases."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eboks import clock
from eboks.tenancy.models import Company
from invoicing.allocation import allocate_open
from invoicing.enums import AllocationPolicy, AllocationRule, ItemKind, PaymentKind
from invoicing.models import Allocation, Payment, PaymentIndication, ReceivableItem, SetOff
from invoicing.verification import verify
from tests.factories import TODAY, CompanyFactory

pytestmark = pytest.mark.django_db
CASES = Path(__file__).parent / "cases"
POLICIES = [AllocationPolicy.INDICATED, AllocationPolicy.ALL_ARREARS]


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _day(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(days=number)


@dataclass(frozen=True)
class Debt:
    cents: int
    due: int
    issued: int = 0
    side_of: int | None = None


@dataclass(frozen=True)
class Money:
    cents: int  # negative: a refund
    day: int
    names: tuple[int, ...] = ()


def _items(company: Company, debts: list[Debt]) -> list[ReceivableItem]:
    items: list[ReceivableItem] = []
    for place, debt in enumerate(debts):
        items.append(
            ReceivableItem.objects.create(
                source_system="test",
                source_id=f"i{place}",
                as_of=TODAY,
                company=company,
                kind=ItemKind.INVOICE if debt.side_of is None else ItemKind.INTEREST_NOTE,
                label=f"i{place}",
                gross=_money(debt.cents),
                open_amount=_money(debt.cents),
                issued_on=_day(debt.issued),
                nominal_due_on=_day(debt.due),
                effective_due_on=_day(debt.due),
                side_of=None if debt.side_of is None else items[debt.side_of],
            )
        )
    return items


def _payments(
    company: Company, items: list[ReceivableItem], received: list[Money]
) -> list[Payment]:
    payments = []
    for place, money in enumerate(received):
        payment = Payment.objects.create(
            source_system="test",
            source_id=f"p{place}",
            as_of=TODAY,
            company=company,
            kind=PaymentKind.TRANSFER if money.cents > 0 else PaymentKind.REFUND,
            indicated_item=items[money.names[0]] if money.names else None,
            booked_on=_day(money.day),
            amount=_money(money.cents),
            unallocated_amount=_money(money.cents),
        )
        if len(money.names) > 1:
            for position, name in enumerate(money.names, start=1):
                PaymentIndication.objects.create(
                    payment=payment, item=items[name], position=position
                )
        payments.append(payment)
    return payments


def _left(rows: list[ReceivableItem] | list[Payment]) -> list[int]:
    amounts = []
    for row in rows:
        row.refresh_from_db()
        left = row.open_amount if isinstance(row, ReceivableItem) else row.unallocated_amount
        amounts.append(int(left * 100))
    return amounts


class Loop:
    """The policies as docs/ledger.md tells them, one grosz after another."""

    def __init__(self, debts: list[Debt], received: list[Money]) -> None:
        self.debts, self.received = debts, received
        self.items = [debt.cents for debt in debts]
        self.money = [money.cents for money in received]
        self.matches: Counter[tuple[str, str]] = Counter()

    def run(self, policy: str) -> None:
        by_day = sorted(range(len(self.money)), key=lambda n: (self.received[n].day, n))
        refunds = [n for n in by_day if self.received[n].cents < 0]
        payments = [n for n in by_day if self.received[n].cents > 0]
        order = sorted(range(len(self.items)), key=self._turn)
        if policy == AllocationPolicy.ALL_ARREARS:
            for n in payments:
                self._refund(n, refunds)
                for item in order:
                    if self._due(item) < self.received[n].day:
                        self._pay(n, item)
        for n in payments:
            for item in self.received[n].names:
                for named in [*self._sides(item), item]:
                    self._pay(n, named)
        for n in payments:
            self._refund(n, refunds)
            for item in order:
                self._pay(n, item)

    def _due(self, item: int) -> int:
        main = self.debts[item].side_of
        return self.debts[item if main is None else main].due

    def _turn(self, item: int) -> tuple[int, ...]:
        debt = self.debts[item]
        if debt.side_of is None:
            return debt.due, debt.issued, item, 1, debt.issued, item
        main = self.debts[debt.side_of]
        return main.due, main.issued, debt.side_of, 0, debt.issued, item

    def _sides(self, item: int) -> Iterator[int]:
        sides = [n for n, debt in enumerate(self.debts) if debt.side_of == item]
        yield from sorted(sides, key=lambda n: (self.debts[n].issued, n))

    def _pay(self, n: int, item: int) -> None:
        cents = min(self.money[n], self.items[item])
        if cents > 0:
            self.matches[f"p{n}", f"i{item}"] += cents
            self.money[n] -= cents
            self.items[item] -= cents

    def _refund(self, n: int, refunds: list[int]) -> None:
        for refund in refunds:
            cents = min(self.money[n], -self.money[refund])
            if cents > 0:
                self.matches[f"p{n}", f"p{refund}"] += cents
                self.money[n] -= cents
                self.money[refund] += cents


def _written() -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in Allocation.objects.select_related("payment", "item"):
        found[row.payment.source_id, row.item.source_id] += int(row.amount * 100)
    for set_off in SetOff.objects.select_related("credit_payment", "debit_payment"):
        assert set_off.credit_payment is not None
        assert set_off.debit_payment is not None
        key = set_off.credit_payment.source_id, set_off.debit_payment.source_id
        found[key] += int(set_off.amount * 100)
    return found


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Debt], list[Money]]:
    cents = st.integers(1, 5_000) | st.sampled_from([1, 10, 33, 100_000])
    days = st.integers(0, 6)
    debts: list[Debt] = []
    for place in range(draw(st.integers(0, 7))):
        mains = [n for n in range(place) if debts[n].side_of is None]
        side_of = draw(st.none() | st.sampled_from(mains)) if mains else None
        debts.append(Debt(draw(cents), draw(days), draw(days), side_of))
    names = st.lists(st.integers(0, len(debts) - 1), max_size=3, unique=True)
    received = []
    for _place in range(draw(st.integers(0, 6))):
        amount = draw(cents)
        if draw(st.integers(0, 5)) == 0:
            received.append(Money(-amount, draw(days)))
        else:
            received.append(Money(amount, draw(days), tuple(draw(names)) if debts else ()))
    return debts, received


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ledger=ledgers())
def test_any_ledger_is_settled_as_the_loop_would(db, settings, policy, ledger):
    settings.ALLOCATION_POLICY = policy
    debts, received = ledger
    loop = Loop(debts, received)
    loop.run(policy)
    with transaction.atomic():
        company = CompanyFactory()
        items = _items(company, debts)
        payments = _payments(company, items, received)

        allocate_open()

        assert _written() == loop.matches
        assert _left(items) == loop.items
        assert _left(payments) == loop.money
        written = allocate_open()
        assert (written.allocations, written.set_offs) == (0, 0)
        assert verify() == []
        transaction.set_rollback(True)


CASE_ROWS = json.loads((CASES / "payment-allocation-cases.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASE_ROWS, ids=[case["id"] for case in CASE_ROWS])
def test_published_case_is_paid_interest_first(case):
    company = CompanyFactory()
    debts: list[Debt] = []
    places: dict[str, tuple[int, int | None]] = {}
    for debt in case["debts"]:
        main = len(debts)
        debts.append(Debt(int(Decimal(debt["principal"]) * 100), debt["due_rank"]))
        interest = int(Decimal(debt["interest"]) * 100)
        if interest:
            debts.append(Debt(interest, 20, 10, side_of=main))
        places[debt["id"]] = (main, main + 1 if interest else None)
    items = _items(company, debts)
    named = places[case["debtor_indication"]][0]
    payments = _payments(company, items, [Money(int(Decimal(case["payment"]) * 100), 30, (named,))])

    allocate_open()

    left = _left(items)
    for name, expected in case["expected"].items():
        if name == "unallocated":
            assert _left(payments) == [int(Decimal(expected) * 100)]
            continue
        main, beside = places[name]
        assert _money(left[main]) == Decimal(expected["principal_left"])
        assert _money(debts[main].cents - left[main]) == Decimal(expected["principal_paid"])
        if beside is not None:
            paid = debts[beside].cents - left[beside]
            assert _money(paid) == Decimal(expected["interest_paid"])


def test_contract_policy_pays_arrears_of_all_contracts_before_the_indicated_item(settings):
    settings.ALLOCATION_POLICY = AllocationPolicy.ALL_ARREARS
    company = CompanyFactory()
    items = _items(company, [Debt(100, 5), Debt(100, 9), Debt(100, 30)])
    _payments(company, items, [Money(250, 9, (2,))])

    allocate_open()

    # Due on the ninth, paid on the ninth: no arrear. What is left goes where it was meant for.
    assert _left(items) == [0, 50, 0]


def test_statute_pays_the_indicated_item_whatever_is_overdue():
    company = CompanyFactory()
    items = _items(company, [Debt(100, 5), Debt(100, 9), Debt(100, 30)])
    _payments(company, items, [Money(250, 20, (2,))])

    allocate_open()

    assert _left(items) == [0, 50, 0]
    rules = Allocation.objects.order_by("item").values_list("item__label", "rule")
    assert list(rules) == [
        ("i0", AllocationRule.OLDEST),
        ("i1", AllocationRule.OLDEST),
        ("i2", AllocationRule.INDICATED),
    ]


def test_equal_due_dates_are_paid_in_order_of_documents_then_ids():
    company = CompanyFactory()
    items = _items(company, [Debt(100, 9, 3), Debt(100, 9, 1), Debt(100, 9, 1)])
    _payments(company, items, [Money(150, 20)])

    allocate_open()

    assert _left(items) == [100, 0, 50]


def test_basket_is_paid_in_its_order_and_the_rest_stays_overpaid():
    company = CompanyFactory()
    items = _items(company, [Debt(100, 5), Debt(100, 9), Debt(100, 30)])
    payments = _payments(company, items, [Money(150, 20, (2, 1)), Money(200, 21)])

    allocate_open()

    assert _left(items) == [0, 0, 0]
    assert _left(payments) == [0, 50]
    by_basket = Allocation.objects.filter(payment=payments[0]).order_by("item")
    assert [(row.item.label, row.amount) for row in by_basket] == [
        ("i1", Decimal("0.50")),
        ("i2", Decimal(1)),
    ]


def test_interest_of_a_paid_item_waits_for_its_own_due_date():
    company = CompanyFactory()
    items = _items(company, [Debt(100, 1), Debt(100, 9), Debt(30, 20, 10, side_of=0)])
    _payments(company, items, [Money(100, 5, (0,))])
    ReceivableItem.objects.filter(pk=items[2].pk).update(open_amount=0)  # not there yet
    allocate_open()
    ReceivableItem.objects.filter(pk=items[2].pk).update(open_amount=items[2].gross)
    later = Payment.objects.create(
        source_system="test",
        source_id="later",
        as_of=TODAY,
        company=company,
        kind=PaymentKind.TRANSFER,
        booked_on=_day(25),
        amount=Decimal(1),
        unallocated_amount=Decimal(1),
    )

    allocate_open()

    assert _left([later]) == [0]
    assert _left(items) == [0, 0, 30]


DUE = json.loads((CASES / "due-date-cases.json").read_text())


@pytest.mark.parametrize("case", DUE["cases"], ids=lambda case: case["nominal"])
def test_due_dates_move_to_the_next_working_day(case):
    nominal = dt.date.fromisoformat(case["nominal"])
    assert clock.effective_due_on(nominal) == dt.date.fromisoformat(case["effective"])


def test_holidays_of_the_cases_are_no_working_days():
    days = [dt.date.fromisoformat(day) for year in DUE["holidays"].values() for day in year]
    assert [day for day in days if clock.is_working_day(day)] == []
