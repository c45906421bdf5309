"""Whatever is posted in whatever order, the ledger adds up (REL-01, REL-02): 10 000 entries."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter, defaultdict
from decimal import Decimal
from random import Random

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import Phase
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from invoicing import ledger, write_offs
from invoicing.enums import AllocationPolicy, InvoiceKind, ItemKind, PaymentKind
from invoicing.ledger import NewItem, NewPayment
from invoicing.models import Balance, Payment, ReceivableItem
from invoicing.verification import verify
from tests.factories import CompanyFactory, ContractFactory, InvoiceFactory, LessorFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ENTRIES = 10_000
AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
posted: Counter[str] = Counter()


class Ledger(RuleBasedStateMachine):
    """Batches of entries of three clients in two currencies; each step adds up to 160 of them."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.keys = itertools.count(1)
        self.expected: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        self.last: list[NewPayment] = []

    @initialize()
    def make(self) -> None:
        LessorFactory(write_off_limit=Decimal(1_000_000))
        companies = [CompanyFactory() for _n in range(3)]
        self.contracts = [ContractFactory(company=companies[n % 3]) for n in range(6)]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(seed=st.integers(0, 2**32), count=st.integers(40, 160))
    def charge(self, seed: int, count: int) -> None:
        random = Random(seed)
        sides = list(ReceivableItem.objects.filter(kind=ItemKind.INVOICE).order_by("pk")[:20])
        rows = []
        for _n in range(count):
            if sides and random.random() < 0.2:
                main = random.choice(sides)
                rows.append(self._item(random, main=main, kind=ItemKind.INTEREST_NOTE))
            else:
                rows.append(self._item(random))
        self._add(rows)

    @precondition(lambda self: self._items().exists())
    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 15))
    def correct(self, seed: int, count: int) -> None:
        """Corrections in minus, of items that are open or paid; some of them of the whole."""
        random = Random(seed)
        rows = []
        for item in random.sample(list(self._items()), min(count, self._items().count())):
            contract = next(one for one in self.contracts if one.pk == item.contract_id)
            fields = {"contract": contract, "company": contract.company}
            if item.invoice_id is None:
                continue
            correction = InvoiceFactory(
                corrects_id=item.invoice_id, kind=InvoiceKind.CORRECTION, **fields
            )
            share = random.choice([1, 2, 3])
            minus = -max(Decimal("0.01"), (item.gross / share).quantize(Decimal("0.01")))
            rows.append(self._item(random, contract=contract, invoice=correction.pk, gross=minus,
                                   currency=item.currency))  # fmt: skip
        self._add(rows)

    @rule(seed=st.integers(0, 2**32), count=st.integers(40, 160))
    def receive(self, seed: int, count: int) -> None:
        random = Random(seed)
        items: dict[tuple[int, str], list[int]] = defaultdict(list)
        for item in ReceivableItem.objects.filter(gross__gt=0).order_by("pk"):
            items[item.company_id, item.currency].append(item.pk)
        rows = []
        for _n in range(count):
            contract = random.choice(self.contracts)
            currency = random.choice(["PLN", "PLN", "EUR"])
            mine = items[contract.company_id, currency]
            named = random.sample(mine, min(len(mine), random.choice([0, 0, 1, 1, 2, 3])))
            rows.append(self._payment(random, contract, currency, indicated_items=tuple(named)))
        self._pay(rows)

    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 8))
    def refund(self, seed: int, count: int) -> None:
        random = Random(seed)
        self._pay(
            [
                self._payment(random, random.choice(self.contracts), "PLN", kind=PaymentKind.REFUND)
                for _n in range(count)
            ]
        )

    @precondition(lambda self: self._reversible())
    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 20))
    def reverse(self, seed: int, count: int) -> None:
        random = Random(seed)
        stored = self._reversible()
        rows = []
        for payment in random.sample(stored, min(count, len(stored))):
            contract = next(one for one in self.contracts if one.company_id == payment.company_id)
            rows.append(
                self._payment(
                    random,
                    contract,
                    payment.currency,
                    kind=PaymentKind(payment.kind),
                    amount=-payment.amount,
                    reverses=payment.pk,
                )
            )
        self._pay(rows)

    @precondition(lambda self: self._owed().exists())
    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 10))
    def write_off(self, seed: int, count: int) -> None:
        owed = list(self._owed())
        chosen = Random(seed).sample(owed, min(count, len(owed)))
        for item in chosen:
            self.expected[item.company_id, item.currency] -= item.open_amount
        write_offs.write_off(item_ids=[item.pk for item in chosen], actor=None, at=AT)
        posted["write-offs"] += len(chosen)

    @precondition(lambda self: self._written_off().exists())
    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 10))
    def owe_again(self, seed: int, count: int) -> None:
        gone = list(self._written_off())
        for item in Random(seed).sample(gone, min(count, len(gone))):
            total = write_offs.take_back(item_ids=[item.pk], actor=None, at=AT)
            self.expected[item.company_id, item.currency] += total
            posted["owed again"] += 1

    @precondition(lambda self: self.last)
    @rule()
    def again(self) -> None:
        before = Payment.objects.count()
        ledger.post_payments(self.last, at=AT)
        posted["again"] += len(self.last)
        assert Payment.objects.count() == before

    @invariant()
    def adds_up(self) -> None:
        assert verify() == []
        sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        for model, column, sign in (
            (ReceivableItem, "open_amount", 1),
            (Payment, "unallocated_amount", -1),
        ):
            rows = model.objects.order_by().values_list("company", "currency")
            for company, currency, total in rows.annotate(total=Sum(column)):
                sums[company, currency] += sign * round(total, 2)
        assert {key: total for key, total in sums.items() if total} == {
            key: total for key, total in self.expected.items() if total
        }

    @invariant()
    def no_money_waits_beside_a_debt(self) -> None:
        """Of a client and a currency either something is open or something is left over."""
        owing = set(
            ReceivableItem.objects.filter(open_amount__gt=0).values_list("company", "currency")
        )
        spare = Payment.objects.filter(unallocated_amount__gt=0)
        assert not owing & set(spare.values_list("company", "currency"))

    @invariant()
    def balances_are_of_today(self) -> None:
        assert set(Balance.objects.values_list("as_of", flat=True)) <= {TODAY}

    def _items(self):
        return ReceivableItem.objects.filter(kind=ItemKind.INVOICE, gross__gt=0).order_by("pk")

    def _owed(self):
        rows = ReceivableItem.objects.filter(open_amount__gt=0)
        return rows.exclude(kind=ItemKind.WRITE_OFF).order_by("pk")

    def _written_off(self):
        return ReceivableItem.objects.exclude(written_off_on=None).order_by("pk")

    def _reversible(self) -> list[Payment]:
        rows = Payment.objects.filter(reverses=None, reversed_by=None)
        return list(rows.order_by("pk"))

    def _item(self, random: Random, *, main: ReceivableItem | None = None, **fields):
        contract = fields.pop("contract", None) or random.choice(self.contracts)
        if main is not None:
            contract = next(one for one in self.contracts if one.pk == main.contract_id)
            fields |= {"side_of": main.pk, "currency": main.currency}
        fields.setdefault("currency", random.choice(["PLN", "PLN", "EUR"]))
        fields.setdefault("gross", _amount(random))
        day = TODAY - dt.timedelta(days=random.randint(-20, 60))
        if main is None and "invoice" not in fields and random.random() < 0.2:
            invoice = InvoiceFactory(contract=contract, company=contract.company)
            fields["invoice"] = invoice.pk
        key = next(self.keys)
        return NewItem(
            source_system="test",
            source_id=f"i{key}",
            company=contract.company_id,
            contract=contract.pk,
            label=f"i{key}",
            issued_on=day - dt.timedelta(days=14),
            nominal_due_on=day,
            **fields,
        )

    def _payment(self, random: Random, contract, currency: str, **fields) -> NewPayment:
        sign = -1 if fields.get("kind") == PaymentKind.REFUND else 1
        fields.setdefault("amount", sign * _amount(random))
        return NewPayment(
            source_system="bank",
            source_id=f"w{next(self.keys)}",
            company=contract.company_id,
            contract=random.choice([contract.pk, None]),
            currency=currency,
            booked_on=TODAY - dt.timedelta(days=random.randint(0, 30)),
            **fields,
        )

    def _add(self, rows: list[NewItem]) -> None:
        ledger.add_items(rows, at=AT)
        for row in rows:
            self.expected[row.company, row.currency] += row.gross
        posted["items"] += len(rows)

    def _pay(self, rows: list[NewPayment]) -> None:
        ledger.post_payments(rows, at=AT)
        self.last = rows
        for row in rows:
            self.expected[row.company, row.currency] -= row.amount
        posted["payments"] += len(rows)


def _amount(random: Random) -> Decimal:
    return Decimal(random.choice([1, 3, 10, 33, random.randint(1, 500_000)])) / 100


@pytest.mark.parametrize("policy", list(AllocationPolicy))
def test_ten_thousand_entries_add_up(db, settings, policy):
    settings.ALLOCATION_POLICY = policy
    posted.clear()
    rounds = 0
    # How many entries a round posts is up to chance: as many rounds as the number takes.
    while posted.total() < ENTRIES / len(AllocationPolicy):
        rounds += 1
        assert rounds <= 20, posted
        run_state_machine_as_test(
            Ledger,
            settings=profile(
                max_examples=4,
                stateful_step_count=30,
                deadline=None,
                phases=(Phase.generate,),
            ),
        )
