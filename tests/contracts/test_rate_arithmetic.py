"""The arithmetic on the page gives the row of the schedule to the grosz, whatever the contract."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from contracts.day_count import DayCount, Frequency
from contracts.models import ScheduleRow
from contracts.rate_arithmetic import Rule, arithmetic_of
from contracts.rate_change_page import page_of
from contracts.schedule import build_schedule, reprice
from contracts.schedule_terms import (
    BuyoutTiming,
    IndexMethod,
    PaymentPattern,
    PaymentRounding,
    ScheduleTerms,
)
from tests import factories as f
from tests.contracts.published import case
from tests.contracts.rate_rows import changed, changed_contract, stored

pytestmark = pytest.mark.django_db
GROSZ = Decimal("0.01")


@pytest.fixture
def company():
    return f.CompanyFactory()


def rounded(value: Decimal | Fraction) -> Decimal:
    exact = Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(GROSZ, ROUND_HALF_UP)


def by_calculator(share: str) -> Fraction:
    """`1/12`, `31/365`, `(21/365 + 10/366)`, `1/12 × 12/30`, as somebody would type it."""
    total = Fraction(0)
    for term in share.strip("()").split(" + "):
        product = Fraction(1)
        for factor in term.split(" × "):
            product *= Fraction(factor.replace(",", "."))
        total += product
    return total


def worked_out(change):
    page = page_of(change, contract=change.contract)
    assert page.arithmetic is not None
    return page.arithmetic


def check_by_hand(found):
    """Everything on the page, typed into a calculator, gives the row."""
    interest = sum(
        (
            rounded(
                Fraction(part.balance) * Fraction(part.rate_pct) / 100 * by_calculator(part.share)
            )
            for part in found.parts
        ),
        Decimal(0),
    )
    assert interest == found.row.interest
    if found.rule is Rule.ANNUITY and not found.rounds_up:
        level = (found.balance - found.left_at_end * found.discount) / found.annuity
        assert rounded(level) == found.row.payment
    elif found.rule is Rule.EQUAL_PRINCIPAL:
        even = rounded((found.balance - found.left_at_end) / found.remaining)
        assert even + interest == found.row.payment
    else:
        assert found.row.principal + interest == found.row.payment


@pytest.mark.parametrize("day_count", [c for c in DayCount if c is not DayCount.ACT_364])
@pytest.mark.parametrize(
    ("method", "rule"),
    [
        (IndexMethod.REANNUITISE, Rule.ANNUITY),
        (IndexMethod.KEEP_PRINCIPAL, Rule.KEPT_PRINCIPAL),
        (IndexMethod.KEEP_PAYMENT, Rule.KEPT_PAYMENT),
    ],
)
@pytest.mark.parametrize("months", [1, 3])
@pytest.mark.parametrize("day", [None, dt.date(2027, 2, 21)])
def test_first_changed_row_is_reproduced(company, day_count, method, rule, months, day):
    change = changed_contract(
        company=company,
        method=method,
        day_count=day_count,
        months=months,
        after=5,
        effective_on=day,
        n=20,
    )

    found = worked_out(change)

    assert found.rule is rule
    assert len(found.parts) == (1 if day is None else 2)
    check_by_hand(found)


@pytest.mark.parametrize("in_advance", [False, True])
@pytest.mark.parametrize("timing", list(BuyoutTiming))
@pytest.mark.parametrize("due_day", [10, 31])
def test_buyout_and_days_do_not_break_the_formula(company, in_advance, timing, due_day):
    change = changed_contract(
        company=company,
        in_advance=in_advance,
        timing=timing,
        start_on=dt.date(2025, 10, 31),
        due_day=due_day,
        buyout="12000.00",
    )

    found = worked_out(change)

    assert found.rule is Rule.ANNUITY
    check_by_hand(found)


def test_equal_principal_and_rounding_up_have_formulas_of_their_own(company):
    even = changed_contract(company=company, pattern=PaymentPattern.EQUAL_PRINCIPAL)
    up = changed_contract(company=company, rounding=PaymentRounding.UNIT_UP)

    assert worked_out(even).rule is Rule.EQUAL_PRINCIPAL
    check_by_hand(worked_out(even))
    assert worked_out(up).rounds_up
    assert worked_out(up).row.payment == worked_out(up).row.payment.to_integral_value()


def test_two_changes_inside_one_period_make_three_parts(company):
    """Quarterly instalments, an index that is set every month."""
    first = changed_contract(
        company=company, months=3, n=20, effective_on=dt.date(2027, 3, 1), new_rate="6.00"
    )
    contract = first.contract
    twice = reprice(
        reprice(
            build_schedule(terms_of(contract, rate="6.50")),
            annual_rate_pct=Decimal("6.00"),
            effective_on=dt.date(2027, 3, 1),
        ),
        annual_rate_pct=Decimal("5.75"),
        effective_on=dt.date(2027, 4, 1),
    )
    contract.schedule_versions.update(is_current=False)
    third = stored(twice, contract=contract, number=3, valid_from=dt.date(2027, 4, 1))
    second = changed(
        contract=contract,
        effective_on=dt.date(2027, 4, 1),
        old_rate_pct=Decimal("6.00"),
        new_rate_pct=Decimal("5.75"),
        old_version=first.new_version,
        new_version=third,
        frozen_through=first.frozen_through,
    )

    found = worked_out(second)

    assert [(part.rate_pct, part.days) for part in found.parts] == [
        (Decimal("6.50"), 18),
        (Decimal("6.00"), 31),
        (Decimal("5.75"), 40),
    ]
    check_by_hand(found)


def terms_of(contract, *, rate):
    return ScheduleTerms(
        financed=contract.financed,
        n=20,
        annual_rate_pct=Decimal(rate),
        start_on=contract.handover_on,
        buyout=contract.buyout,
        frequency=Frequency(3),
        due_day=contract.due_day,
        vat_pct=Decimal(23),
    )


def test_last_row_repays_what_is_left(company):
    found = worked_out(changed_contract(company=company, after=34))

    assert (found.rule, found.remaining) == (Rule.LAST, 1)
    check_by_hand(found)


def test_zero_rate_has_no_interest(company):
    found = worked_out(changed_contract(company=company, new_rate="0"))

    assert found.row.interest == 0
    assert (found.discount, found.annuity) == (1, 23)
    check_by_hand(found)


@pytest.mark.parametrize(("letter", "method"), list(zip("ABC", IndexMethod, strict=True)))
def test_constructed_case_is_explained(company, letter, method):
    """con-05: 90 000 at 6.50 %, 35 instalments, buyout 1 000, 5.75 % after instalment 12."""
    expected = case("con-05-index-change-methods")["expected"][letter]
    change = changed_contract(company=company, method=method)

    page = page_of(change, contract=change.contract)
    found = page.arithmetic

    first = expected["rows"][0]
    assert found.balance == Decimal("61361.29")
    assert [part.share for part in found.parts] == ["1/12"]
    assert found.row.interest == found.parts[0].amount == Decimal(first["interest"])
    assert found.row.payment == Decimal(first["payment"])
    assert [row.new.payment for row in page.rows if row.new] == [
        Decimal(row["payment"]) for row in expected["rows"]
    ]
    assert page.difference == change.total_difference
    check_by_hand(found)


def test_figures_of_the_portal_are_not_claimed_for_a_row_made_elsewhere(company):
    """A schedule of the core system that our formula does not give: no formula is shown."""
    change = changed_contract(company=company)
    row = change.new_version.rows.get(n=13)
    row.interest -= 1
    row.principal += 1
    row.save()

    found = worked_out(change)

    assert (found.rule, list(found.parts)) == (Rule.SUM, [])

    row.interest += 1
    row.payment += 1
    row.gross += 1
    row.save()
    found = worked_out(change)
    assert found.rule is Rule.SUM
    assert [part.amount for part in found.parts] == [row.interest]


def test_nothing_ahead_has_no_arithmetic(company):
    change = changed_contract(company=company, after=34)
    change.frozen_through = 35

    new_rows = list(ScheduleRow.objects.filter(version=change.new_version))

    found = arithmetic_of(change, contract=change.contract, old_rows=[], new_rows=new_rows)

    assert found is None
