"""What may be deducted of an instalment: limits, uses, VAT (domain 1.6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.reporting.tax_split import (
    Use,
    car_value,
    instalment,
    repayment,
    running_cost,
    whole_cost,
)

D = Decimal
FULL = Use(is_passenger_car=True, deducts_all_vat=True, income_pct=100)
MIXED = Use(is_passenger_car=True, deducts_all_vat=False, income_pct=75)
VAN = Use(is_passenger_car=False, deducts_all_vat=True, income_pct=100)
money = st.decimals("0", "50000", places=2)


def test_instalment_within_the_limit_is_all_cost():
    split = instalment(
        principal=D("2316.29"),
        interest=D("487.50"),
        vat=D("644.87"),
        use=FULL,
        limit=D(100000),
        value=D(100000),
    )
    assert (split.vat_deducted, split.vat_cost) == (D("644.87"), D("0.00"))
    assert (split.deductible, split.not_deductible, split.proportion) == (D("2803.79"), D(0), None)


def test_limit_bounds_the_capital_part_alone():
    split = instalment(
        principal=D("2000.00"),
        interest=D("500.00"),
        vat=D("575.00"),
        use=FULL,
        limit=D(100000),
        value=D(200000),
    )
    assert split.proportion == D("0.5")
    assert split.deductible == D("1500.00")  # half of the capital, all of the interest
    assert split.not_deductible == D("1000.00")


def test_vat_of_mixed_use_is_half_a_cost():
    # Value 200 000 + half of 46 000; capital 2 000 carries 230.00 of the VAT cost, interest 57.50.
    value = car_value(net_price=D(200000), vat_pct=D(23), use=MIXED)
    split = instalment(
        principal=D("2000.00"),
        interest=D("500.00"),
        vat=D("575.00"),
        use=MIXED,
        limit=D(100000),
        value=value,
    )
    assert value == D("223000.00")
    assert (split.vat_deducted, split.vat_cost) == (D("287.50"), D("287.50"))
    assert split.deductible == D("1000.00") + D("557.50")  # 2 230.00 · 100 000 / 223 000
    assert split.not_deductible == D("1230.00")


def test_limit_does_not_concern_what_is_no_passenger_car():
    split = instalment(
        principal=D("2000.00"),
        interest=D("500.00"),
        vat=D("575.00"),
        use=VAN,
        limit=D(100000),
        value=D(400000),
    )
    assert (split.deductible, split.not_deductible) == (D("2500.00"), D(0))


def test_of_a_repayment_the_interest_alone_is_a_cost():
    split = repayment(principal=D("2000.00"), interest=D("500.00"), vat=D("460.00"), use=MIXED)
    assert (split.vat_deducted, split.vat_cost) == (D("230.00"), D("230.00"))
    assert (split.deductible, split.not_deductible) == (D("500.00"), D("2230.00"))


def test_running_cost_of_mixed_use_is_three_quarters():
    split = running_cost(net=D("100.00"), vat=D("23.00"), use=MIXED)
    assert (split.vat_deducted, split.vat_cost) == (D("11.50"), D("11.50"))
    assert split.deductible == D("83.63")  # 75 % of 111.50, half up
    assert split.not_deductible == D("27.87")


def test_running_cost_of_business_use_is_whole():
    split = running_cost(net=D("100.00"), vat=D("23.00"), use=FULL)
    assert (split.vat_deducted, split.deductible, split.not_deductible) == (D(23), D(100), D(0))


@pytest.mark.parametrize("use", [FULL, MIXED, VAN])
@given(principal=money, interest=money, vat=money, value=st.decimals("1", "900000", places=2))
def test_parts_add_up_to_the_grosz(use, principal, interest, vat, value):
    split = instalment(
        principal=principal, interest=interest, vat=vat, use=use, limit=D(100000), value=value
    )
    assert split.vat_deducted + split.vat_cost == vat
    assert split.deductible + split.not_deductible == principal + interest + split.vat_cost
    assert split.not_deductible >= 0

    whole = whole_cost(net=principal, vat=vat, use=use)
    assert whole.deductible == principal + whole.vat_cost


def test_correction_in_minus_splits_like_what_it_corrects():
    about: dict[str, Any] = {"use": MIXED, "limit": D(100000), "value": D(223000)}
    plus = instalment(principal=D(2000), interest=D(500), vat=D(575), **about)
    minus = instalment(principal=D(-2000), interest=D(-500), vat=D(-575), **about)
    assert (minus.deductible, minus.not_deductible) == (-plus.deductible, -plus.not_deductible)
