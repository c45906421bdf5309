import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.schedule import (
    AmountRounding,
    BuyoutTiming,
    DayCount,
    IndexMethod,
    InvalidTermsError,
    PaymentPattern,
    ScheduleTerms,
    build_schedule,
    reprice,
)
from contracts.schedule_payoff import InterestUntil, discounted_settlement, early_payoff

GROSZ = Decimal("0.01")
LEASE = ScheduleTerms(
    financed=Decimal("90000.00"),
    n=35,
    annual_rate_pct=Decimal("6.50"),
    start_on=dt.date(2026, 1, 15),
    buyout=Decimal("1000.00"),
    vat_pct=Decimal(23),
)
RATE = Decimal("5.75")


def test_repricing_leaves_the_given_schedule_alone():
    schedule = build_schedule(LEASE)
    again = build_schedule(LEASE)
    reprice(schedule, annual_rate_pct=RATE, after_instalment=12)
    assert schedule == again


def test_repricing_to_the_same_rate_changes_nothing_but_the_history():
    schedule = build_schedule(LEASE)
    for method in (IndexMethod.KEEP_PRINCIPAL, IndexMethod.KEEP_PAYMENT):
        same = reprice(
            schedule, annual_rate_pct=LEASE.annual_rate_pct, method=method, after_instalment=12
        )
        assert [r.interest for r in same.rows] == [r.interest for r in schedule.rows]
        assert [r.balance for r in same.rows] == [r.balance for r in schedule.rows]


def test_a_rate_dated_the_day_after_a_due_date_is_a_change_after_that_instalment():
    schedule = build_schedule(LEASE)
    by_number = reprice(schedule, annual_rate_pct=RATE, after_instalment=12)
    by_date = reprice(schedule, annual_rate_pct=RATE, effective_on=dt.date(2027, 1, 16))
    assert by_date == by_number


def test_a_rate_dated_inside_a_period_counts_from_the_day_before_and_splits_the_interest():
    schedule = build_schedule(replace(LEASE, day_count=DayCount.ACT_365F))
    # Period 2026-03-15 .. 2026-04-15; 4 % from the balance of 24 March: 9 days old, 22 days new.
    changed = reprice(schedule, annual_rate_pct=Decimal(4), effective_on=dt.date(2026, 3, 25))
    balance = schedule.rows[1].balance
    parts = [
        (balance * rate * days / 36500).quantize(GROSZ)
        for rate, days in ((Decimal("6.5"), 9), (Decimal(4), 22))
    ]
    assert changed.rows[:2] == schedule.rows[:2]
    assert changed.rows[2].interest == sum(parts)
    assert changed.rows[2].payment == changed.payment < schedule.payment
    assert changed.rows[-1].balance == Decimal("1000.00")


def test_a_split_30_360_period_is_shared_by_days():
    schedule = build_schedule(LEASE)
    changed = reprice(schedule, annual_rate_pct=Decimal(0), effective_on=dt.date(2026, 3, 25))
    balance = schedule.rows[1].balance
    assert changed.rows[2].interest == (balance * Decimal("6.5") / 1200 * 9 / 31).quantize(GROSZ)
    assert {row.interest for row in changed.rows[3:]} == {Decimal("0.00")}


def test_two_changes_in_one_period_both_count():
    schedule = build_schedule(replace(LEASE, day_count=DayCount.ACT_365F))
    first = reprice(schedule, annual_rate_pct=Decimal(4), effective_on=dt.date(2026, 3, 20))
    second = reprice(first, annual_rate_pct=Decimal(8), effective_on=dt.date(2026, 4, 1))
    balance = schedule.rows[1].balance
    days = ((Decimal("6.5"), 4), (Decimal(4), 12), (Decimal(8), 15))
    parts = [(balance * rate * n / 36500).quantize(GROSZ) for rate, n in days]
    assert second.rows[2].interest == sum(parts)


def test_changes_can_follow_each_other_by_different_methods():
    schedule = build_schedule(LEASE)
    b = reprice(
        schedule, annual_rate_pct=RATE, method=IndexMethod.KEEP_PRINCIPAL, after_instalment=6
    )
    a = reprice(b, annual_rate_pct=Decimal(7), after_instalment=18)
    assert a.rows[:18] == b.rows[:18]
    assert [row.principal for row in a.rows[:18]] == [row.principal for row in schedule.rows[:18]]
    assert len({row.payment for row in a.rows[18:-1]}) == 1
    assert sum(row.principal for row in a.rows) == Decimal("89000.00")


def test_keeping_the_payment_at_a_higher_rate_adds_instalments():
    schedule = build_schedule(LEASE)
    longer = reprice(
        schedule,
        annual_rate_pct=Decimal(20),
        method=IndexMethod.KEEP_PAYMENT,
        after_instalment=3,
    )
    assert len(longer.rows) > 35
    assert {row.payment for row in longer.rows[:-1]} == {schedule.payment}
    assert longer.rows[-1].nominal_due_on > schedule.rows[-1].nominal_due_on
    assert longer.rows[-1].balance == Decimal("1000.00")
    assert longer.terms.n == len(longer.rows)


def test_keeping_a_payment_that_does_not_cover_the_interest_is_refused():
    schedule = build_schedule(LEASE)
    with pytest.raises(InvalidTermsError, match="nie spłaca"):
        reprice(
            schedule,
            annual_rate_pct=Decimal(60),
            method=IndexMethod.KEEP_PAYMENT,
            after_instalment=1,
        )


def test_equal_principal_keeps_its_principal_when_the_rate_changes():
    schedule = build_schedule(replace(LEASE, pattern=PaymentPattern.EQUAL_PRINCIPAL, n=12))
    changed = reprice(schedule, annual_rate_pct=RATE, after_instalment=4)
    assert sum(row.principal for row in changed.rows) == Decimal("89000.00")
    assert changed.rows[4].interest == (schedule.rows[3].balance * RATE / 1200).quantize(GROSZ)


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ({"after_instalment": 35}, "change_after_instalment"),
        ({"after_instalment": -1}, "change_after_instalment"),
        ({"effective_on": dt.date(2026, 1, 15)}, "rate_changes"),
        ({"effective_on": dt.date(2028, 12, 16)}, "rate_changes"),
    ],
)
def test_a_change_outside_the_schedule_is_refused(when, field):
    with pytest.raises(InvalidTermsError) as caught:
        reprice(build_schedule(LEASE), annual_rate_pct=RATE, **when)
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("when", [{}, {"after_instalment": 1, "effective_on": dt.date(2026, 3, 1)}])
def test_a_change_needs_exactly_one_way_of_saying_when(when):
    with pytest.raises(ValueError, match="after_instalment or effective_on"):
        reprice(build_schedule(LEASE), annual_rate_pct=RATE, **when)


@pytest.mark.parametrize(
    ("changes", "method", "field"),
    [
        ({"amount_rounding": AmountRounding.DISPLAY}, IndexMethod.REANNUITISE, "amount_rounding"),
        ({"rate_factors": (Decimal("0.005"),) * 35}, IndexMethod.REANNUITISE, "rate_factors"),
        ({"interest_only": frozenset({1})}, IndexMethod.KEEP_PAYMENT, "payment"),
    ],
)
def test_a_method_that_does_not_fit_the_terms_is_refused(changes, method, field):
    schedule = build_schedule(replace(LEASE, **changes))
    with pytest.raises(InvalidTermsError) as caught:
        reprice(schedule, annual_rate_pct=RATE, method=method, after_instalment=5)
    assert field in [problem.field for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("discount", "price"), [("0", "65487.05"), ("3.90", "62966.85"), ("6.50", "61361.30")]
)
def test_settlement_discounts_what_is_left(discount, price):
    """Figures of the domain spec 4.3 for con-01 after instalment 12."""
    schedule = build_schedule(LEASE)
    assert discounted_settlement(
        schedule, after_instalment=12, discount_pct=Decimal(discount)
    ) == Decimal(price)


@pytest.mark.parametrize("timing", BuyoutTiming)
def test_settlement_at_the_contracts_own_rate_is_the_capital_left(timing):
    schedule = build_schedule(replace(LEASE, buyout_timing=timing))
    price = discounted_settlement(schedule, after_instalment=12, discount_pct=Decimal("6.50"))
    assert abs(price - schedule.rows[11].balance) <= Decimal("0.12")


def test_settlement_after_the_last_instalment_is_refused():
    with pytest.raises(ValueError, match="no instalment"):
        discounted_settlement(build_schedule(LEASE), after_instalment=35, discount_pct=Decimal(0))


@pytest.mark.parametrize("until", InterestUntil)
def test_payoff_on_a_due_date_is_the_balance_alone(until):
    schedule = build_schedule(LEASE)
    payoff = early_payoff(schedule, on=dt.date(2026, 4, 15), until=until)
    assert (payoff.principal, payoff.interest) == (schedule.rows[2].balance, Decimal("0.00"))


def test_payoff_between_due_dates_adds_interest_to_the_day_or_to_the_period_end():
    schedule = build_schedule(replace(LEASE, day_count=DayCount.ACT_365F))
    balance = schedule.rows[2].balance
    on = dt.date(2026, 4, 25)
    to_day = early_payoff(schedule, on=on, until=InterestUntil.PAYOFF_DAY)
    to_end = early_payoff(schedule, on=on, until=InterestUntil.PERIOD_END)
    assert to_day.interest == (balance * Decimal("6.5") * 10 / 36500).quantize(GROSZ)
    assert to_end.interest == schedule.rows[3].interest
    assert to_day.total == balance + to_day.interest


@pytest.mark.parametrize("on", [dt.date(2026, 1, 14), dt.date(2028, 12, 15)])
def test_payoff_outside_the_schedule_is_refused(on):
    with pytest.raises(ValueError, match="payoff day"):
        early_payoff(build_schedule(LEASE), on=on, until=InterestUntil.PAYOFF_DAY)
