"""Another index in the place of one that has ended, by the lessor's or the contract's word."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.models import Contract, RateChange
from contracts.repricing import reprice_due
from tests.contracts.reset_rows import AT, ON, change_of, fix, floating, rate

pytestmark = pytest.mark.django_db
D = Decimal


def run(on=ON, at=AT, **options):
    return reprice_due(on=on, at=at, **options)


# --- another index -------------------------------------------------------------------------------
@pytest.fixture
def ended():
    """WIBOR 1M has ended in November; POLSTR 1M follows with a correction of 0.10."""
    polstr = rate("POLSTR_1M", kind="compound", tenor_months=1)
    rate("WIBOR_1M", valid_to=dt.date(2026, 11, 15), replaced_by=polstr, spread_pp=D("0.10"))
    fix("POLSTR_1M", ("2026-11-30", "3.05"), ("2026-12-31", "3.00"))


def test_index_that_has_ended_is_replaced(ended):
    contract = floating()

    report = run()

    assert (report.outcomes, report.conversions) == ({"changed": 1}, 1)
    change = change_of(contract)
    assert (change.kind, change.old_index, change.new_index) == (
        "conversion",
        "WIBOR_1M",
        "POLSTR_1M",
    )
    assert (change.spread_pp, change.new_value, change.new_rate_pct) == (
        D("0.10"),
        D("3.05"),
        D("5.75"),
    )
    assert change.new_instalment == D("2782.74")
    assert change.new_version.reason == "zastąpienie stopy WIBOR 1M stopą POLSTR 1M"
    contract.refresh_from_db()
    assert (contract.index, contract.csa_pp, contract.fallback_index) == (
        "POLSTR_1M",
        D("0.10"),
        "",
    )


def test_after_the_replacement_the_correction_stays_in_the_rate(ended):
    contract = floating()
    run()

    run(on=dt.date(2027, 1, 1))

    change = RateChange.objects.filter(contract=contract).latest("pk")
    assert (change.kind, change.spread_pp, change.new_rate_pct) == ("reset", D("0.10"), D("5.70"))


def test_contracts_own_fallback_goes_first(ended):
    rate("EURIBOR_3M")
    fix("EURIBOR_3M", ("2026-11-30", "2.00"))
    contract = floating(fallback_index="EURIBOR_3M", csa_pp=D("-0.25"))
    run()

    change = change_of(contract)
    assert (change.new_index, change.spread_pp, change.new_rate_pct) == (
        "EURIBOR_3M",
        D("-0.25"),
        D("4.35"),
    )
    contract.refresh_from_db()
    assert (contract.index, contract.fallback_index, contract.csa_pp) == (
        "EURIBOR_3M",
        "",
        D("-0.25"),
    )


def test_replacement_counts_even_under_the_threshold(ended):
    contract = floating(threshold_pp=D(5))
    run()

    assert change_of(contract).outcome == "changed"


def test_correction_of_a_fallback_that_waits_is_no_part_of_the_rate():
    contract = floating(fallback_index="POLSTR_1M", csa_pp=D("0.50"))
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    change = change_of(contract)
    assert (change.kind, change.spread_pp, change.new_rate_pct) == ("reset", 0, D("5.75"))
    contract.refresh_from_db()
    assert (contract.fallback_index, contract.csa_pp) == ("POLSTR_1M", D("0.50"))


def test_ended_index_without_a_successor_waits():
    floating()
    rate("WIBOR_1M", valid_to=dt.date(2026, 11, 15))
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    assert run().waiting == {"WIBOR_1M": 1}
    assert Contract.objects.get().index == "WIBOR_1M"
