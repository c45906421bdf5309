"""Closed forms against the values that Excel's and numpy-financial's documentation print."""

from decimal import Decimal

import pytest

from contracts.annuity import future_value, ipmt, pmt, ppmt, present_value
from contracts.compound_index import compound_rate, compound_rate_of_fixings, next_index


def D(text):
    return Decimal(text)


def places(value, count=2):
    return round(value, count)


@pytest.mark.parametrize(
    ("arguments", "in_advance", "value"),
    [
        ((D("0.08") / 12, 10, D(10000)), False, "-1037.03"),
        ((D("0.08") / 12, 10, D(10000)), True, "-1030.16"),
        ((D("0.06") / 12, 216, D(0), D(50000)), False, "-129.08"),
        ((D("0.075") / 12, 180, D(200000)), False, "-1854.02"),
        ((D(0), 60, D(15000)), False, "-250.00"),
        ((D(0), 60, D(15000)), True, "-250.00"),
        ((D(0), 4, D(1000), D(200)), False, "-300.00"),
    ],
)
def test_pmt_has_excels_value_and_sign(arguments, in_advance, value):
    assert places(pmt(*arguments, in_advance=in_advance)) == D(value)


def test_interest_and_principal_parts_are_those_of_the_balance():
    rate, payment = D("0.0824") / 12, pmt(D("0.0824") / 12, 12, D(2500))
    balance = D(2500)
    for per in range(1, 13):
        interest = -ipmt(rate, per, 12, D(2500))
        principal = -ppmt(rate, per, 12, D(2500))
        assert abs(interest - balance * rate) < D("1E-20")
        assert abs(interest + principal + payment) < D("1E-20")
        balance -= principal
    assert abs(balance) < D("1E-20")


def test_in_advance_the_first_part_is_all_principal():
    rate = D("0.1") / 12
    assert ipmt(rate, 1, 60, D(55000), in_advance=True) == 0
    assert places(ppmt(rate, 1, 60, D(55000), in_advance=True), 6) == D("-1158.929712")
    payment = pmt(rate, 60, D(55000), in_advance=True)
    second = ipmt(rate, 2, 60, D(55000), in_advance=True)
    assert abs(second + (55000 + payment) * rate) < D("1E-20")


def test_published_first_principal_part_in_arrears():
    assert places(ppmt(D("0.1") / 12, 1, 60, D(55000)), 2) == D("-710.25")


def test_zero_rate_has_no_interest_part():
    assert ipmt(D(0), 3, 12, D(1200)) == 0
    assert ppmt(D(0), 3, 12, D(1200)) == -100


def test_present_and_future_value_undo_the_payment():
    rate = D("0.01")
    for in_advance in (False, True):
        payment = pmt(rate, 24, D(5000), D(-700), in_advance=in_advance)
        assert abs(present_value(rate, 24, payment, D(-700), in_advance=in_advance) - 5000) < D(
            "1E-20"
        )
        assert abs(future_value(rate, 24, payment, D(5000), in_advance=in_advance) + 700) < D(
            "1E-20"
        )


def test_lease_liability_in_advance():
    """50 000 a year in advance for 10 years at 5 %: after the first payment 355 391.08 is owed."""
    assert places(present_value(D("0.05"), 10, D(-50000), in_advance=True)) - 50000 == D(
        "355391.08"
    )


@pytest.mark.parametrize("nper", [0, -1])
def test_pmt_refuses_no_periods(nper):
    with pytest.raises(ValueError, match="at least 1"):
        pmt(D("0.01"), nper, D(1))


@pytest.mark.parametrize("per", [0, 13])
def test_parts_refuse_a_payment_that_does_not_exist(per):
    with pytest.raises(ValueError, match="between 1"):
        ipmt(D("0.01"), per, 12, D(1))


def test_compound_rate_of_fixings_is_that_of_the_index():
    fixings = [(D("5.02200"), 1), (D("5.01000"), 3), (D("4.98000"), 1), (D("4.97000"), 2)]
    index = start = D("121.00000000")
    for fixing, days in fixings:
        index = next_index(index, fixing, days)
    # The index is kept with 8 decimals, so the two ways may differ in the last published digit.
    difference = compound_rate(start, index, 7) - compound_rate_of_fixings(fixings)
    assert abs(difference) <= D("0.00001")


def test_compound_rate_of_a_single_day_is_the_fixing():
    assert compound_rate_of_fixings([(D("4.91500"), 1)]) == D("4.91500")
    assert next_index(D("100.00000000"), D("3.65"), 1) == D("100.01000000")
    assert compound_rate(D(100), D("100.01"), 1) == D("3.65000")


def test_published_polstr_points_imply_the_fixings_between_them():
    """From 18 to 22 July 2025 the last step was the fixing of the 21st, 4.893 %: what remains is
    the fixing of Friday the 18th over three days."""
    before_last = D("122.03779402") / (1 + D("4.893") / 36500)
    assert places(compound_rate(D("121.97282445"), before_last, 3), 3) == D("4.849")


@pytest.mark.parametrize("days", [0, -1])
def test_index_needs_a_period(days):
    with pytest.raises(ValueError, match="at least a day"):
        next_index(D(100), D(5), days)
    with pytest.raises(ValueError, match="at least a day"):
        compound_rate(D(100), D(101), days)


def test_compound_rate_of_no_fixings_is_refused():
    with pytest.raises(ValueError, match="at least a day"):
        compound_rate_of_fixings([])
