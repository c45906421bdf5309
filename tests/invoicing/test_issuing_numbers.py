"""Numbers of issued documents: none left out, none twice, whoever takes them (REL-03, FI-03)."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction

from invoicing.enums import InvoiceKind
from invoicing.issuing.numbers import NumberError, next_number, take_numbers
from invoicing.models import NumberSeries, SeriesCounter

NOVEMBER, DECEMBER = dt.date(2026, 11, 26), dt.date(2026, 12, 1)
INVOICE, CORRECTION = InvoiceKind.INVOICE, InvoiceKind.CORRECTION


@pytest.mark.django_db
def test_number_follows_number_and_begins_anew_each_month():
    assert next_number(kind=INVOICE, on=NOVEMBER) == "FP/2026/11/000001"
    assert take_numbers(INVOICE, NOVEMBER, 2) == ["FP/2026/11/000002", "FP/2026/11/000003"]
    assert next_number(kind=INVOICE, on=DECEMBER) == "FP/2026/12/000001"
    assert next_number(kind=CORRECTION, on=NOVEMBER) == "FPK/2026/11/000001"
    assert next_number(kind=INVOICE, on=NOVEMBER) == "FP/2026/11/000004"
    assert take_numbers(INVOICE, NOVEMBER, 0) == []


@pytest.mark.django_db
def test_series_in_force_on_the_day_counts():
    NumberSeries.objects.create(
        kind=INVOICE, pattern="A/{year}/{n}", valid_from=dt.date(2026, 1, 1)
    )
    NumberSeries.objects.create(kind=INVOICE, pattern="B/{n:03}/{year}", valid_from=DECEMBER)

    assert next_number(kind=INVOICE, on=NOVEMBER) == "A/2026/1"
    assert next_number(kind=INVOICE, on=dt.date(2026, 10, 1)) == "A/2026/2"  # counted by the year
    assert next_number(kind=INVOICE, on=DECEMBER) == "B/001/2026"
    assert next_number(kind=INVOICE, on=dt.date(2027, 1, 2)) == "B/001/2027"


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", ["X/{rok}/{n}", "X/{n", "X/{year.real.real}/{n:q}", "{}"])
def test_nonsense_in_a_pattern_is_refused(pattern):
    NumberSeries.objects.create(kind=INVOICE, pattern=pattern, valid_from=dt.date(2026, 1, 1))

    with pytest.raises(NumberError, match="Wzór numeru"):
        next_number(kind=INVOICE, on=NOVEMBER)


@pytest.mark.django_db(transaction=True)
def test_number_outside_a_transaction_is_refused():
    with pytest.raises(NumberError):
        next_number(kind=INVOICE, on=NOVEMBER)


@pytest.mark.django_db(transaction=True)
def test_rolled_back_number_is_given_again():
    with transaction.atomic():
        next_number(kind=INVOICE, on=NOVEMBER)
    with transaction.atomic():
        take_numbers(INVOICE, NOVEMBER, 5)
        transaction.set_rollback(True)

    with transaction.atomic():
        assert next_number(kind=INVOICE, on=NOVEMBER) == "FP/2026/11/000002"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("begun", [True, False])
def test_twenty_four_at_once_leave_no_gap_though_some_give_up(begun):
    """Each takes three times one to three numbers; every third transaction is rolled back."""
    if begun:
        with transaction.atomic():
            take_numbers(INVOICE, NOVEMBER, 1)
    ready = Barrier(24)

    def work(n: int) -> list[str]:
        kept: list[str] = []
        try:
            ready.wait(timeout=60)
            for turn in range(3):
                try:
                    with transaction.atomic():
                        taken = take_numbers(INVOICE, NOVEMBER, 1 + (n + turn) % 3)
                        if (n + turn) % 3 == 0:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    continue
                kept += taken
        finally:
            connections.close_all()
        return kept

    with ThreadPoolExecutor(24) as pool:
        numbers = [number for kept in pool.map(work, range(24)) for number in kept]

    first = 2 if begun else 1
    wanted = [f"FP/2026/11/{n:06}" for n in range(first, first + len(numbers))]
    assert sorted(numbers) == wanted
    assert len(numbers) == 24 * 5  # two and three numbers from each
    assert SeriesCounter.objects.get().last == len(numbers) + begun
