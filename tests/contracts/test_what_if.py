"""An extra payment or another term, against the engine and by hand on con-01."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from contracts.schedule import build_schedule
from contracts.schedule_terms import BuyoutTiming, PaymentPattern, ScheduleTerms
from contracts.what_if import WhatIfError, Wish, what_if
from tests import factories as f
from tests.contracts.reset_rows import START, floating, stored

pytestmark = pytest.mark.django_db
D = Decimal
ON = dt.date(2026, 11, 26)  # the next instalment is 13, on 10 December
EXTRA: dict[str, Any] = {"extra": D("10000.00"), "extra_on": dt.date(2026, 12, 1)}


def rest(**changes) -> ScheduleTerms:
    """What is left of con-01 after instalment 13 less 10 000.00."""
    values: dict[str, Any] = {
        "financed": D("48889.87"),
        "n": 22,
        "annual_rate_pct": D("6.50"),
        "start_on": dt.date(2026, 12, 10),
        "buyout": D("1000.00"),
        "vat_pct": D(23),
    }
    return ScheduleTerms(**values | changes)


def test_lower_instalment():
    found = what_if(floating(), wish=Wish.LOWER, on=ON, **EXTRA)

    assert (found.kept, found.begins) == (13, dt.date(2026, 12, 10))
    # con-01: 61 361.29 after the twelfth; a month at 6.50 % of it is 332.37.
    assert found.balance == D("61361.29") - (D("2803.79") - D("332.37"))
    expected = build_schedule(rest())
    assert [row.payment for row in found.rows] == [row.payment for row in expected.rows]
    assert found.new.payment == expected.payment < found.old.payment == D("2803.79")
    assert (found.old.count, found.new.count) == (22, 22)
    assert found.new.last_on == found.old.last_on == dt.date(2028, 10, 10)
    assert found.new.interest == expected.total_interest
    assert found.interest_saved == found.old.interest - expected.total_interest > 0
    # Whatever is paid repays the capital and its interest.
    assert found.new_total == found.balance + found.new.interest
    assert [row.n for row in found.numbered][:2] == [14, 15]
    assert found.rows[-1].balance == D("1000.00")


def test_nothing_asked_is_what_there_is():
    """The engine, begun in the middle, makes the rows that are in force."""
    contract = floating()
    rows = contract.schedule_versions.get().rows.filter(kind="instalment", n__gt=12).order_by("n")

    found = what_if(contract, wish=Wish.TERM, on=ON, count=24)
    same = build_schedule(rest(financed=found.balance, n=23, start_on=dt.date(2026, 11, 10)))

    assert (found.kept, found.old.count) == (12, 23)
    # The level instalment is solved anew from a rounded balance; the last one takes the rest.
    level = zip(same.rows[:-1], rows, strict=False)
    assert max(abs(now.payment - was.payment) for now, was in level) <= D("0.01")
    assert abs(same.rows[-1].payment - rows[22].payment) <= D("0.30")
    assert [row.nominal_due_on for row in same.rows] == [row.nominal_due_on for row in rows]


def test_shorter_term_keeps_the_instalment():
    found = what_if(floating(), wish=Wish.SHORTER, on=ON, **EXTRA)

    assert found.new.payment == D("2803.79")
    # 48 889.87 in eighteen would take 2 805.13 a month: a small nineteenth is left.
    assert found.new.count == 19
    assert found.rows[-1].payment < D("100.00")
    assert found.new.last_on == dt.date(2028, 7, 10)
    lower = what_if(floating(number="OL/2"), wish=Wish.LOWER, on=ON, **EXTRA)
    assert found.interest_saved > lower.interest_saved


def test_longer_term_costs_more():
    found = what_if(floating(), wish=Wish.TERM, on=ON, count=36)

    assert (found.kept, found.extra) == (12, D(0))
    assert (found.new.count, found.new.last_on) == (36, dt.date(2029, 11, 10))
    assert found.new.payment < found.old.payment
    assert found.interest_saved < 0


def test_payment_counts_after_what_is_invoiced():
    contract = floating()
    f.InvoiceFactory(contract=contract, instalment_n=14)

    assert what_if(contract, wish=Wish.LOWER, on=ON, **EXTRA).kept == 14
    assert what_if(contract, wish=Wish.TERM, on=ON, count=10).kept == 14


def test_equal_principal_gets_fewer_parts():
    terms = ScheduleTerms(
        financed=D("90000.00"),
        n=30,
        annual_rate_pct=D("6.00"),
        start_on=START,
        pattern=PaymentPattern.EQUAL_PRINCIPAL,
    )
    found = what_if(stored(build_schedule(terms)), wish=Wish.SHORTER, on=ON, **EXTRA)

    # 51 000.00 after the thirteenth, 3 000.00 each: 41 000.00 make fourteen.
    assert (found.balance, found.new.count) == (D("51000.00"), 14)
    assert found.rows[-1].balance == 0


def test_buyout_a_period_later_gets_the_fewest_that_are_not_dearer():
    terms = ScheduleTerms(
        financed=D("90000.00"),
        n=35,
        annual_rate_pct=D("6.50"),
        start_on=START,
        buyout=D("1000.00"),
        buyout_timing=BuyoutTiming.AFTER_LAST,
    )
    found = what_if(stored(build_schedule(terms)), wish=Wish.SHORTER, on=ON, **EXTRA)

    assert found.new.payment <= found.old.payment
    assert found.new.count == 19
    assert found.new_total == found.balance + found.new.interest


@pytest.mark.parametrize(
    ("asked", "field", "text"),
    [
        ({**EXTRA, "extra": D("0.00")}, "extra", "Podaj kwotę"),
        ({**EXTRA, "extra": D("70000.00")}, "extra", "musi być niższa"),
        ({**EXTRA, "extra_on": dt.date(2026, 11, 25)}, "extra_on", "już minął"),
        ({**EXTRA, "extra_on": dt.date(2030, 1, 1)}, "extra_on", "już spłacona"),
        ({**EXTRA, "extra_on": dt.date(2028, 10, 10)}, "", "Nie ma już rat"),
    ],
)
def test_impossible_extra_payment_is_refused_in_words(asked, field, text):
    with pytest.raises(WhatIfError, match=text) as refused:
        what_if(floating(), wish=Wish.LOWER, on=ON, **asked)
    assert refused.value.field == field


@pytest.mark.parametrize("count", [None, 0, 23, 1201])
def test_impossible_term_is_refused(count):
    with pytest.raises(WhatIfError) as refused:
        what_if(floating(), wish=Wish.TERM, on=ON, count=count)
    assert refused.value.field == "count"


def test_individual_instalments_are_left_to_people():
    terms = ScheduleTerms(
        financed=D("90000.00"),
        n=30,
        annual_rate_pct=D("6.00"),
        start_on=START,
        weights=tuple(D(1 + n % 3) for n in range(30)),
    )
    contract = stored(build_schedule(terms), pattern="custom")

    assert what_if(contract, wish=Wish.LOWER, on=ON, **EXTRA).new.count == 17
    with pytest.raises(WhatIfError, match="indywidualnie"):
        what_if(contract, wish=Wish.SHORTER, on=ON, **EXTRA)


def test_contract_without_a_schedule():
    with pytest.raises(WhatIfError, match="nie ma jeszcze"):
        what_if(f.ContractFactory(), wish=Wish.LOWER, on=ON, **EXTRA)
