"""Payment patterns of the domain spec 1.4, checked against figures worked out beside the engine."""

import datetime as dt
from dataclasses import fields
from decimal import Decimal

import pytest

from contracts import enums
from contracts import schedule_terms as engine
from contracts.annuity import pmt
from contracts.day_count import DayCount
from contracts.schedule import (
    AmountRounding,
    BuyoutTiming,
    Disbursement,
    InvalidTermsError,
    PaymentPattern,
    PaymentRounding,
    ScheduleTerms,
    build_schedule,
)

GROSZ = Decimal("0.01")
TWELVE = range(1, 13)


def D(text):
    return Decimal(text)


def terms(**values):
    base = {
        "financed": D("60000.00"),
        "n": 12,
        "annual_rate_pct": D("6.50"),
        "start_on": dt.date(2026, 1, 10),
        "buyout": D("600.00"),
    }
    return ScheduleTerms(**{**base, **values})


def column(schedule, name):
    return [getattr(row, name) for row in schedule.rows]


def test_in_advance_the_first_instalment_has_no_interest():
    schedule = build_schedule(terms(in_advance=True))
    # The buyout comes with the last instalment, 11 periods on: R = (C - B v^11) / sum v^k.
    v = 1 / (1 + D("0.065") / 12)
    level = (60000 - 600 * v**11) / sum(v**k for k in range(12))
    assert schedule.payment == level.quantize(GROSZ)
    first = schedule.rows[0]
    assert (first.interest, first.payment) == (D("0.00"), schedule.payment)
    assert first.nominal_due_on == dt.date(2026, 1, 10)
    assert first.balance == D("60000.00") - schedule.payment
    assert schedule.rows[-1].balance == D("600.00")


@pytest.mark.parametrize("in_advance", [False, True])
def test_buyout_a_period_after_the_last_instalment_is_excels_type(in_advance):
    later = BuyoutTiming.AFTER_LAST
    schedule = build_schedule(terms(in_advance=in_advance, buyout_timing=later))
    i = D("0.065") / 12
    if in_advance:
        level = pmt(i, 12, D(-60000), D(600), in_advance=True)
    else:
        level = pmt(i, 12, D(-60000), 600 / (1 + i))
    assert schedule.payment == level.quantize(GROSZ)
    buyout = schedule.buyout_row
    assert buyout is not None
    assert buyout.payment == D("600.00")
    assert buyout.interest == (600 - 600 / (1 + i)).quantize(GROSZ)
    assert schedule.rows[-1].balance == buyout.principal == D("600.00") - buyout.interest
    assert buyout.balance == 0
    assert buyout.nominal_due_on == dt.date(2027, 1, 10) if in_advance else dt.date(2027, 2, 10)


def test_buyout_with_the_last_instalment_is_a_row_of_its_own():
    schedule = build_schedule(terms(vat_pct=D(23)))
    buyout = schedule.buyout_row
    assert buyout is not None
    assert (buyout.n, buyout.payment, buyout.vat, buyout.gross) == (
        13,
        D("600.00"),
        D("138.00"),
        D("738.00"),
    )
    assert buyout.nominal_due_on == schedule.rows[-1].nominal_due_on
    assert build_schedule(terms(buyout=D("0.00"))).buyout_row is None


def test_seasonal_weights_scale_the_instalment():
    weights = tuple(map(D, ("1", "1", "2", "2", "2", "1", "1", "1", "0.5", "0.5", "1", "1")))
    schedule = build_schedule(terms(weights=weights))
    paid = column(schedule, "payment")
    assert paid[0] == paid[1] == paid[5] == schedule.payment
    for n in (3, 4, 5):
        assert abs(paid[n - 1] - 2 * schedule.payment) <= GROSZ
    for n in (9, 10):
        assert abs(2 * paid[n - 1] - schedule.payment) <= GROSZ
    discount, worth = D(1), D(0)
    for payment in paid:
        discount /= 1 + D("0.065") / 12
        worth += payment * discount
    assert abs(worth + 600 * discount - 60000) <= D("0.06")


def test_a_row_of_weight_zero_capitalises_its_interest():
    weights = tuple(D(0) if n in (1, 2) else D(1) for n in TWELVE)
    rows = build_schedule(terms(weights=weights)).rows
    assert (rows[0].payment, rows[0].interest, rows[0].principal) == (
        D("0.00"),
        D("325.00"),
        D("-325.00"),
    )
    assert rows[1].balance == D("60651.76")  # 60325.00 * (1 + 0.065/12)
    assert rows[-1].balance == D("600.00")


def test_interest_only_rows_pay_their_interest_and_no_principal():
    schedule = build_schedule(terms(interest_only=frozenset({1, 2, 7})))
    rows = schedule.rows
    for n in (1, 2):
        assert (rows[n - 1].payment, rows[n - 1].principal) == (D("325.00"), D("0.00"))
    assert rows[6].payment == rows[6].interest
    assert rows[6].balance == rows[5].balance
    paying = [row.payment for row in rows if row.n not in (1, 2, 7)]
    assert set(paying[:-1]) == {schedule.payment}
    assert abs(paying[-1] - schedule.payment) <= D("0.12")


def test_fixed_amounts_come_on_top_of_the_level_instalment():
    fixed = tuple(D("10000.00") if n in (6, 12) else D("0.00") for n in TWELVE)
    schedule = build_schedule(terms(fixed_amounts=fixed))
    paid = column(schedule, "payment")
    assert paid[5] == schedule.payment + 10000
    assert abs(paid[11] - schedule.payment - 10000) <= D("0.12")
    assert set(paid[:5] + paid[6:11]) == {schedule.payment}


def test_a_schedule_can_consist_of_fixed_amounts_alone():
    weights = (D(0),) * 12
    fixed = (*(D(f"{k * 1000}.00") for k in TWELVE[:11]), D("0.00"))
    rows = build_schedule(terms(weights=weights, fixed_amounts=fixed)).rows
    assert [row.payment for row in rows[:-1]] == list(fixed[:-1])
    assert rows[-1].balance == D("600.00")


def test_a_bullet_pays_interest_and_everything_at_the_end():
    of = terms(interest_only=frozenset(TWELVE), buyout=D("0.00"))
    rows = build_schedule(of).rows
    assert {row.payment for row in rows[:-1]} == {D("325.00")}
    assert (rows[-1].payment, rows[-1].principal) == (D("60325.00"), D("60000.00"))


def test_equal_principal_with_grace_spreads_principal_over_the_other_rows():
    of = terms(pattern=PaymentPattern.EQUAL_PRINCIPAL, interest_only=frozenset({1, 2, 3}))
    rows = build_schedule(of).rows
    assert column(build_schedule(of), "principal") == [D("0.00")] * 3 + [D("6600.00")] * 9
    assert [row.payment for row in rows[:3]] == [D("325.00")] * 3


def test_equal_principal_last_part_takes_the_rest():
    of = terms(pattern=PaymentPattern.EQUAL_PRINCIPAL, n=7, buyout=D("0.00"))
    assert column(build_schedule(of), "principal") == [D("8571.43")] * 6 + [D("8571.42")]


def test_half_a_grosz_of_interest_is_rounded_up_even_when_the_factor_has_no_end():
    # 10 500.00 * 6.5 % / 12 is 56.875 exactly; cut at any digit 1/12 gives a hair less.
    of = terms(financed=D("10500.00"), buyout=D("0.00"))
    assert build_schedule(of).rows[0].interest == D("56.88")


def test_zero_rate_divides_evenly():
    schedule = build_schedule(terms(annual_rate_pct=D(0), buyout=D("0.00"), n=7))
    assert column(schedule, "payment") == [D("8571.43")] * 6 + [D("8571.42")]
    assert set(column(schedule, "interest")) == {D("0.00")}


def test_fixed_payment_decides_how_many_instalments_there_are():
    of = terms(financed=D("280000.00"), n=None, annual_rate_pct=D("8.4"), buyout=D("0.00"))
    schedule = build_schedule(ScheduleTerms(**{**values_of(of), "payment": D("14000.00")}))
    assert len(schedule.rows) == 22
    assert set(column(schedule, "payment")[:-1]) == {D("14000.00")}
    assert D("0.00") < schedule.rows[-1].payment < D("14000.00")
    assert schedule.rows[-1].balance == D("0.00")


def test_fixed_payment_with_a_count_leaves_the_rest_to_the_last_row():
    rows = build_schedule(terms(payment=D("1000.00"))).rows
    assert len(rows) == 12
    assert {row.payment for row in rows[:-1]} == {D("1000.00")}
    assert rows[-1].payment > D("40000.00")
    assert rows[-1].balance == D("600.00")


def test_rounding_up_can_end_a_schedule_early():
    of = terms(financed=D("30.00"), buyout=D("0.00"), annual_rate_pct=D(0), n=20)
    schedule = build_schedule(
        ScheduleTerms(**{**values_of(of), "payment_rounding": PaymentRounding.UNIT_UP})
    )
    assert column(schedule, "payment") == [D("2.00")] * 15


def test_displayed_figures_of_an_unrounded_schedule_end_at_the_buyout():
    schedule = build_schedule(terms(amount_rounding=AmountRounding.DISPLAY))
    assert len(set(column(schedule, "payment"))) == 1  # no correction in the last row
    assert schedule.rows[-1].balance == D("600.00")


def test_a_tranche_paid_on_a_due_date_joins_the_balance_of_that_row():
    paid_out = (
        Disbursement(dt.date(2026, 1, 10), D("40000.00")),
        Disbursement(dt.date(2026, 3, 10), D("20000.00")),
    )
    rows = build_schedule(
        terms(disbursements=paid_out, annual_rate_pct=D(0), buyout=D("0.00"))
    ).rows
    assert [row.payment for row in rows[:2]] == [D("3333.33")] * 2
    assert rows[1].balance == D("40000.00") - 2 * D("3333.33") + D("20000.00")
    assert rows[2].payment == D("5333.33")  # 53 333.34 over 10 rows


@pytest.mark.parametrize(
    ("tranches", "reason"),
    [
        ([("2026-01-09", "60000.00")], "przed początkiem"),
        ([("2027-01-10", "60000.00")], "przed ostatnim"),
        ([("2026-01-10", "50000.00")], "suma"),
        ([("2026-01-10", "70000.00"), ("2026-02-10", "-10000.00")], "dodatnie"),
    ],
)
def test_impossible_tranches_are_refused(tranches, reason):
    paid_out = tuple(Disbursement(dt.date.fromisoformat(on), D(amount)) for on, amount in tranches)
    with pytest.raises(InvalidTermsError, match=reason):
        build_schedule(terms(disbursements=paid_out))


@pytest.mark.parametrize(
    "name",
    ["Product", "PaymentPattern", "BuyoutTiming", "IndexMethod", "PaymentRounding", "RowKind"],
)
def test_words_of_the_engine_are_those_of_the_models(name):
    ours = {choice.value for choice in getattr(engine, name)}
    assert ours <= set(getattr(enums, name).values)


def test_day_counts_of_the_models_are_known_to_the_engine():
    assert set(enums.DayCount.values) <= {choice.value for choice in DayCount}


def values_of(of):
    return {field.name: getattr(of, field.name) for field in fields(of)}


def test_the_adjustment_step_is_dropped_when_it_does_not_help():
    # 137.00 in 10 rows at 30 %: level 15.65, last 15.71. A payment of 15.66 would end at 15.60.
    of = terms(financed=D("137.00"), n=10, annual_rate_pct=D(30), buyout=D("0.00"))
    adjusted = build_schedule(ScheduleTerms(**{**values_of(of), "adjust_payment": True}))
    assert column(adjusted, "payment") == [D("15.65")] * 9 + [D("15.71")]
