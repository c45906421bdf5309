"""Many post to one ledger at once: nothing is lost, doubled or overpaid (FI-15, SEC-58).

`EBOK_LEDGER_RACE` sets how many payments; a change is judged with 2 000 in 50 threads.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.db.models import Sum

from invoicing import ledger
from invoicing.enums import PaymentKind
from invoicing.ledger import NewItem, NewPayment
from invoicing.models import Allocation, Balance, Payment, ReceivableItem
from invoicing.verification import verify
from tests.factories import CompanyFactory, ContractFactory
from tests.invoicing.posting import AT, TODAY, add, pay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PAYMENTS = int(os.environ.get("EBOK_LEDGER_RACE", "2000" if os.environ.get("CI") else "240"))
# SQLite has one writer at a time and does not queue them: some of fifty would wait for too long.
PARALLEL = min(50 if connection.vendor == "postgresql" else 6, PAYMENTS // 12)
CONTRACTS = 10
ITEMS = 40  # of each contract


def in_parallel(work, arguments, parallel=PARALLEL):
    """`work(argument)` for each, so many at once; what each returned, in order."""
    start = threading.Barrier(parallel)
    begun = threading.local()

    def run(argument):
        if not getattr(begun, "yes", False):
            begun.yes = True
            start.wait(60)
        return work(argument)

    def finish(_n):
        start.wait(60)
        connection.close()

    with ThreadPoolExecutor(parallel) as pool:
        found = list(pool.map(run, arguments))
        list(pool.map(finish, range(parallel)))  # one for each thread: all of them wait here
    return found


def portfolio():
    """Contracts of four clients with items in both directions of time."""
    companies = [CompanyFactory() for _n in range(4)]
    contracts = [ContractFactory(company=companies[n % 4]) for n in range(CONTRACTS)]
    rows = [
        NewItem(
            source_system="test",
            source_id=f"i{contract.pk}-{n}",
            company=contract.company_id,
            contract=contract.pk,
            label=f"i{n}",
            gross=Decimal(100 + n),
            issued_on=TODAY - dt.timedelta(days=60 - n),
            nominal_due_on=TODAY - dt.timedelta(days=30 - n),
        )
        for contract in contracts
        for n in range(ITEMS)
    ]
    items = ledger.add_items(rows, at=AT)
    return contracts, [items[n * ITEMS : (n + 1) * ITEMS] for n in range(CONTRACTS)]


def steps(contracts, items, source):
    """One payment in ten comes twice, one in twenty is taken back after it has been booked."""
    random = Random(15)
    rows = []
    for n in range(PAYMENTS):
        place = random.randrange(CONTRACTS)
        named = random.sample(items[place], random.choice([0, 0, 1, 1, 2]))
        row = NewPayment(
            source_system=source,
            source_id=f"w{n}",
            company=contracts[place].company_id,
            contract=contracts[place].pk,
            booked_on=TODAY - dt.timedelta(days=random.randrange(20)),
            amount=Decimal(random.randint(1, 20_000)) / 100,
            indicated_items=tuple(named),
        )
        draw = random.random()
        rows.append((row, draw < 0.05))
        if draw > 0.9:
            rows.append((row, False))
    random.shuffle(rows)
    return rows


def do(step):
    row, is_reversed = step
    (pk,) = ledger.post_payments([row], at=AT)
    if is_reversed:
        payment = Payment.objects.select_related("company").get(pk=pk)
        ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="test")
    return pk


def totals(contracts):
    """(open, unallocated, paid) of each client, in the order of the contracts."""
    found = []
    for company in dict.fromkeys(contract.company_id for contract in contracts):
        items = ReceivableItem.objects.filter(company=company).aggregate(sum=Sum("open_amount"))
        payments = Payment.objects.filter(company=company)
        sums = payments.aggregate(left=Sum("unallocated_amount"), paid=Sum("amount"))
        found.append([round(one, 2) for one in (items["sum"], sums["left"], sums["paid"])])
    return found


def test_parallel_postings_give_what_serial_ones_do():
    contracts, items = portfolio()
    twins, twin_items = portfolio()
    serial = [do(step) for step in steps(twins, twin_items, "serial")]

    parallel = in_parallel(do, steps(contracts, items, "parallel"))

    assert len(set(parallel)) == len(set(serial)) == PAYMENTS
    assert totals(contracts) == totals(twins)
    assert not ReceivableItem.objects.filter(open_amount__lt=0).exists()
    balances = Balance.objects.filter(contract__in=contracts).aggregate(sum=Sum("open_amount"))
    opened = ReceivableItem.objects.filter(contract__in=contracts).aggregate(Sum("open_amount"))
    assert round(balances["sum"], 2) == round(opened["open_amount__sum"], 2)
    assert verify() == []


def test_same_payment_posted_by_twenty_is_booked_once():
    contract = ContractFactory()
    item = add(contract, "a")

    found = in_parallel(lambda _n: pay(contract, "70.00").pk, range(20), 20)

    assert len(set(found)) == 1
    assert Allocation.objects.get().amount == 70
    item.refresh_from_db()
    assert item.open_amount == 30


def test_same_payment_reversed_by_twenty_is_reversed_once():
    contract = ContractFactory()
    add(contract, "a")
    payment = pay(contract, "70.00")

    found = in_parallel(
        lambda _n: ledger.reverse_payment(payment=payment, at=AT, on=TODAY, reason="x").pk,
        range(20),
        20,
    )

    assert len(set(found)) == 1
    assert verify() == []


def test_twenty_payments_of_one_item_do_not_overpay_it():
    contract = ContractFactory()
    item = add(contract, "a")

    in_parallel(lambda n: pay(contract, "9.00", f"w{n}").pk, range(20), 20)

    item.refresh_from_db()
    assert item.open_amount == 0
    assert Payment.objects.aggregate(sum=Sum("unallocated_amount"))["sum"] == 80
    assert verify() == []


def test_batches_in_opposite_order_do_not_wait_for_each_other():
    """Both lock the same clients, whichever comes first in the batch."""
    companies = [CompanyFactory() for _n in range(12)]

    def post(n):
        whose = companies if n % 2 else companies[::-1]
        rows = [
            NewPayment(
                source_system="bank",
                source_id=f"w{n}-{company.pk}",
                company=company.pk,
                booked_on=TODAY,
                amount=Decimal(5),
                kind=PaymentKind.TRANSFER,
            )
            for company in whose
        ]
        return ledger.post_payments(rows, at=AT)

    in_parallel(post, range(24), 8)

    assert Payment.objects.count() == 24 * 12
    assert verify() == []
