"""Schedules follow the index: the three methods of con-05, and everything that may keep them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.day_count import DayCount, Frequency
from contracts.models import RateChange, ScheduleVersion
from contracts.repricing import reprice_due
from contracts.schedule import build_schedule, reprice
from contracts.schedule_terms import (
    BuyoutTiming,
    IndexMethod,
    PaymentPattern,
    Product,
    ScheduleTerms,
)
from eboks.audit.models import AuditEntry
from eboks.jobs.models import JobRun
from tests import factories as f
from tests.contracts.published import case
from tests.contracts.reset_rows import (
    AT,
    ON,
    START,
    change_of,
    fix,
    floating,
    rows_of,
    stored,
)

pytestmark = pytest.mark.django_db
D = Decimal


def run(on=ON, at=AT, **options):
    return reprice_due(on=on, at=at, **options)


def terms(**changes) -> ScheduleTerms:
    if "day_count" in changes:
        changes["day_count"] = DayCount(changes["day_count"])
    base = ScheduleTerms(
        financed=D("90000.00"),
        n=35,
        annual_rate_pct=D("6.50"),
        start_on=START,
        buyout=D("1000.00"),
        vat_pct=D(23),
    )
    return replace(base, **changes)


def payments(rows) -> list[Decimal]:
    return [row.payment for row in rows]


# --- the figures ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("letter", "method"),
    [("A", "reannuitise"), ("B", "keep_principal"), ("C", "keep_payment")],
)
def test_published_case_comes_out_to_the_grosz(letter, method):
    contract = floating(index_method=method)
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    report = run()

    assert report.outcomes == {"changed": 1}
    expected = case("con-05-index-change-methods")["expected"][letter]["rows"]
    rows = rows_of(contract)
    assert [
        {
            "n": row.n,
            "payment": str(row.payment),
            "interest": str(row.interest),
            "principal": str(row.principal),
            "balance": str(row.balance),
        }
        for row in rows[12:]
    ] == expected
    before = ScheduleVersion.objects.get(contract=contract, number=1)
    assert not before.is_current
    old = list(before.rows.filter(kind="instalment").order_by("n"))
    assert payments(rows[:12]) == payments(old[:12])
    assert len(old) == 35


def test_change_says_everything_about_itself():
    contract = floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    change = change_of(contract)
    assert (change.kind, change.outcome, change.method) == ("reset", "changed", "reannuitise")
    assert (change.reset_on, change.effective_on) == (ON, dt.date(2026, 11, 11))
    assert (change.old_index, change.new_index) == ("WIBOR_1M", "WIBOR_1M")
    assert (change.old_value, change.new_value) == (D("3.90"), D("3.15"))
    assert (change.old_fixed_on, change.new_fixed_on) == (START, dt.date(2026, 11, 30))
    assert (change.source, change.margin_pp, change.spread_pp) == ("GPW Benchmark", D("2.60"), 0)
    assert (change.old_rate_pct, change.new_rate_pct) == (D("6.50"), D("5.75"))
    assert change.frozen_through == 12
    assert (change.old_instalment, change.new_instalment) == (D("2803.79"), D("2782.74"))
    # 22 x -21.05, and the last one: 2782.84 instead of 2803.67.
    assert change.total_difference == D("-483.93")
    assert change.notified_at is None
    version = change.new_version
    assert (version.number, version.is_current, version.valid_from) == (2, True, ON)
    assert (version.source_system, version.annual_rate_pct) == ("portal", D("5.75"))
    assert version.reason == "nowa wartość stopy WIBOR 1M"
    assert change.old_version.number == 1


def test_contract_and_other_rows_follow():
    contract = floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    contract.refresh_from_db()
    assert (contract.index_value, contract.annual_rate_pct) == (D("3.15"), D("5.75"))
    assert contract.index_fixed_on == dt.date(2026, 11, 30)
    (fee,), (buyout,) = rows_of(contract, "initial_fee"), rows_of(contract, "buyout")
    assert (fee.n, fee.payment, fee.vat) == (0, D("10000.00"), D("2300.00"))
    assert (buyout.n, buyout.payment, buyout.balance) == (36, D("1000.00"), D(0))
    row = rows_of(contract)[12]
    assert (row.vat, row.gross) == (D("640.03"), D("3422.77"))
    assert (row.nominal_due_on, row.effective_due_on) == (dt.date(2026, 12, 10),) * 2


def test_kept_payment_that_ends_later_moves_the_end_of_the_contract():
    contract = floating(index_method="keep_payment")
    fix("WIBOR_1M", ("2026-11-30", "9.90"))
    run()

    contract.refresh_from_db()
    rows, (buyout,) = rows_of(contract), rows_of(contract, "buyout")
    assert contract.instalment_count == len(rows) == 37
    assert contract.end_on == rows[-1].nominal_due_on == dt.date(2028, 12, 10)
    assert set(payments(rows[:-1])) == {D("2803.79")}
    assert (buyout.n, buyout.nominal_due_on) == (38, dt.date(2028, 12, 10))
    assert (contract.capital_left, contract.next_due_on) == (None, None)


# --- what may keep a schedule ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "more", "outcome", "kept_value", "kept_on"),
    [
        ("3.90", {}, "same_value", "3.90", "2026-11-30"),
        ("3.70", {"threshold_pp": D("0.25")}, "threshold", "3.90", str(START)),
        ("3.10", {"floor_pct": D("3.90")}, "floor", "3.10", "2026-11-30"),
        ("3.90", {"floor_pct": D("3.90")}, "same_value", "3.90", "2026-11-30"),
    ],
)
def test_schedule_stays_and_the_change_says_why(value, more, outcome, kept_value, kept_on):
    contract = floating(**more)
    fix("WIBOR_1M", ("2026-11-30", value))

    report = run()

    assert report.outcomes == {outcome: 1}
    change = change_of(contract)
    assert (change.outcome, change.new_version, change.old_instalment) == (outcome, None, None)
    assert change.new_value == D(value)
    assert change.new_rate_pct == D("6.50")
    contract.refresh_from_db()
    assert contract.index_value == D(kept_value)
    assert str(contract.index_fixed_on) == kept_on
    assert contract.annual_rate_pct == D("6.50")
    assert ScheduleVersion.objects.filter(contract=contract).count() == 1


@pytest.mark.parametrize(
    ("threshold", "outcome"), [("0.75", "changed"), ("0.750001", "threshold"), ("0", "changed")]
)
def test_move_as_big_as_the_threshold_counts(threshold, outcome):
    floating(threshold_pp=D(threshold))
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    assert run().outcomes == {outcome: 1}


def test_value_under_the_floor_counts_as_the_floor():
    contract = floating(floor_pct=D("3.15"))
    fix("WIBOR_1M", ("2026-11-30", "1.00"))
    run()

    change = change_of(contract)
    assert (change.outcome, change.new_value, change.new_rate_pct) == ("changed", D(1), D("5.75"))
    assert change.new_instalment == D("2782.74")


def test_invoiced_instalments_stay():
    contract = floating()
    f.InvoiceFactory(contract=contract, instalment_n=13)
    f.InvoiceFactory(contract=contract, instalment_n=14)
    f.InvoiceFactory(contract=contract, instalment_n=None)
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    change = change_of(contract)
    assert change.frozen_through == 14
    assert change.effective_on == dt.date(2027, 1, 11)
    rows = rows_of(contract)
    assert payments(rows[:14]) == [D("2803.79")] * 14
    old = build_schedule(terms())
    new = reprice(old, annual_rate_pct=D("5.75"), after_instalment=14)
    assert payments(rows[14:]) == payments(new.rows[14:])


def test_all_invoiced_changes_nothing():
    contract = floating()
    f.InvoiceFactory(contract=contract, instalment_n=35)
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    report = run()

    assert report.outcomes == {"all_invoiced": 1}
    assert change_of(contract).new_rate_pct == D("6.50")
    contract.refresh_from_db()
    assert contract.annual_rate_pct == D("6.50")
    # The next reset sees the same old value and has nothing left to do either.
    fix("WIBOR_1M", ("2026-12-31", "3.05"))
    assert run(on=dt.date(2027, 1, 1)).outcomes == {"all_invoiced": 1}


def test_rows_that_come_out_the_same_make_no_version():
    schedule = build_schedule(terms(financed=D("100.00"), buyout=D("0.00")))
    contract = stored(schedule, index_method="keep_principal")
    fix("WIBOR_1M", ("2026-11-30", "3.900001"))

    assert run().outcomes == {"same_rows": 1}
    contract.refresh_from_db()
    assert contract.annual_rate_pct == D("6.500001")
    assert change_of(contract).new_version is None


# --- from when it counts -------------------------------------------------------------------------
def test_whole_new_periods_only():
    contract = floating(effective_rule="next_period")
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    change = change_of(contract)
    assert (change.frozen_through, change.effective_on) == (13, dt.date(2026, 12, 11))
    new = reprice(build_schedule(terms()), annual_rate_pct=D("5.75"), after_instalment=13)
    assert payments(rows_of(contract)) == payments(new.rows)


@pytest.mark.parametrize("day_count", ["30/360", "ACT/365F", "ACT/ACT"])
def test_rate_from_the_very_day_splits_the_period(day_count):
    schedule = build_schedule(terms(day_count=day_count))
    contract = stored(schedule, effective_rule="reset_day", day_count=day_count)
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    change = change_of(contract)
    assert (change.frozen_through, change.effective_on) == (12, ON)
    new = reprice(schedule, annual_rate_pct=D("5.75"), effective_on=ON)
    assert [(r.payment, r.interest) for r in rows_of(contract)] == [
        (r.payment, r.interest) for r in new.rows
    ]


def test_two_changes_inside_one_period_both_count():
    """Instalments every three months, the rate set every month."""
    schedule = build_schedule(terms(n=12, frequency=Frequency(3), day_count="ACT/365F"))
    contract = stored(schedule, effective_rule="reset_day", day_count="ACT/365F")
    fix("WIBOR_1M", ("2026-11-30", "3.15"), ("2026-12-31", "3.00"))
    run()
    run(on=dt.date(2027, 1, 1))

    new = reprice(schedule, annual_rate_pct=D("5.75"), effective_on=ON)
    new = reprice(new, annual_rate_pct=D("5.60"), effective_on=dt.date(2027, 1, 1))
    assert [(r.payment, r.interest) for r in rows_of(contract)] == [
        (r.payment, r.interest) for r in new.rows
    ]
    assert ScheduleVersion.objects.filter(contract=contract).count() == 3


# --- kinds of schedules ------------------------------------------------------------------------
SHAPES: dict[str, dict[str, Any]] = {
    "in advance": {"in_advance": True},
    "act/365": {"day_count": "ACT/365F"},
    "quarterly": {"n": 12, "frequency": 3},
    "buyout later": {"buyout_timing": BuyoutTiming.AFTER_LAST},
    "equal principal": {"pattern": PaymentPattern.EQUAL_PRINCIPAL},
    "no buyout": {"buyout": D("0.00")},
    "last days of months": {"start_on": dt.date(2025, 10, 31), "due_day": 31},
    "loan": {"product": Product.LOAN},
    "stub": {"first_due_on": dt.date(2026, 1, 20)},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", [IndexMethod.REANNUITISE, IndexMethod.KEEP_PRINCIPAL])
def test_stored_schedule_is_repriced_as_the_engine_reprices_its_own(shape, method):
    changes: dict[str, Any] = dict(SHAPES[shape])
    if "frequency" in changes:
        changes["frequency"] = Frequency(changes["frequency"])
    schedule = build_schedule(terms(**changes))
    contract = stored(schedule, index_method=method.value)
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    kept = sum(row.nominal_due_on < ON for row in schedule.rows)
    new = reprice(schedule, annual_rate_pct=D("5.75"), method=method, after_instalment=kept)
    columns = ("n", "nominal_due_on", "payment", "interest", "principal", "balance", "vat", "gross")
    wanted = [[getattr(row, name) for name in columns] for row in new.rows]
    assert [[getattr(row, name) for name in columns] for row in rows_of(contract)] == wanted
    if new.buyout_row is not None:
        (buyout,) = rows_of(contract, "buyout")
        assert [getattr(buyout, name) for name in columns] == [
            getattr(new.buyout_row, name) for name in columns
        ]


def test_financial_lease_keeps_the_vat_that_was_charged_at_handover():
    of = terms(product=Product.FINANCIAL, initial_fee=D("9000.00"))
    contract = stored(build_schedule(of))
    vat = rows_of(contract, "initial_fee")[0].vat
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    assert rows_of(contract, "initial_fee")[0].vat == vat > 0
    assert {row.vat for row in rows_of(contract)} == {D(0)}


def test_season_keeps_its_proportions():
    weights = tuple(D("0.25") if n % 12 in {0, 1, 2} else D(1) for n in range(35))
    schedule = build_schedule(terms(weights=weights))
    contract = stored(schedule, pattern="custom")
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    new = reprice(schedule, annual_rate_pct=D("5.75"), after_instalment=12)
    rows = rows_of(contract)
    assert all(
        abs(ours.payment - row.payment) <= D("0.01")
        for ours, row in zip(rows[:-1], new.rows[:-1], strict=True)
    )
    assert rows[-1].balance == D("1000.00")


def test_balloon_stays_as_it_was_agreed():
    fixed = (*[D("0.00")] * 34, D("20000.00"))
    schedule = build_schedule(terms(fixed_amounts=fixed))
    contract = stored(schedule, pattern="custom")
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    new = reprice(schedule, annual_rate_pct=D("5.75"), after_instalment=12)
    rows = rows_of(contract)
    assert payments(rows[:-1]) == payments(new.rows[:-1])
    assert rows[-1].payment - rows[-2].payment == pytest.approx(D("20000.00"), abs=D("0.50"))


def test_dates_that_no_rule_gives_stay():
    dates = tuple(START + dt.timedelta(days=31 * n + n % 3) for n in range(1, 36))
    schedule = build_schedule(terms(due_dates=dates, day_count="ACT/365F"))
    contract = stored(schedule, day_count="ACT/365F")
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    kept = sum(day < ON for day in dates)
    new = reprice(schedule, annual_rate_pct=D("5.75"), after_instalment=kept)
    rows = rows_of(contract)
    assert [row.nominal_due_on for row in rows] == list(dates)
    assert payments(rows) == payments(new.rows)


# --- which contracts, and when ---------------------------------------------------------------
def test_only_floating_contracts_that_run_are_touched():
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    floating(status="closed")
    floating(rate_type="fixed")
    floating(reset_months=0)
    floating(handover_on=None)
    floating(end_on=ON - dt.timedelta(days=1))
    floating(handover_on=ON)  # its first reset is next month's
    floating(index_fixed_on=dt.date(2026, 11, 30))  # came with this value
    f.ContractFactory(reset_months=1)  # without a schedule

    assert run().outcomes == {}
    assert not RateChange.objects.exists()


def test_schedules_of_the_core_system_are_its_own(settings):
    theirs, ours = floating(source="core"), floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    settings.REPRICE_HERE = False

    assert run().outcomes == {"changed": 1}
    assert not RateChange.objects.filter(contract=theirs).exists()
    assert RateChange.objects.filter(contract=ours).exists()

    settings.REPRICE_HERE = True
    assert run(again=True).outcomes == {"changed": 1}
    assert RateChange.objects.filter(contract=theirs).exists()


def test_twice_changes_nothing():
    contract = floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    assert run().is_known
    assert run(again=True).outcomes == {}
    assert run(on=ON + dt.timedelta(days=1)).outcomes == {}
    assert ScheduleVersion.objects.filter(contract=contract).count() == 2
    assert AuditEntry.objects.filter(event="rates_applied").count() == 1


def test_value_that_comes_later_is_taken_up_the_same_day():
    contract = floating()
    fix("WIBOR_1M", ("2026-11-27", "3.20"))

    first = run()
    assert (first.outcomes, first.waiting) == ({}, {"WIBOR_1M": 1})

    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    assert run().outcomes == {"changed": 1}
    assert change_of(contract).new_value == D("3.15")
    assert JobRun.objects.filter(job="reprice", state="done").count() == 2


def test_missed_resets_are_done_in_order():
    contract = floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"), ("2026-12-31", "3.15"), ("2027-01-29", "3.00"))
    run()

    report = run(on=dt.date(2027, 2, 3))

    assert report.outcomes == {"same_value": 1, "changed": 1}
    changes = RateChange.objects.filter(contract=contract).order_by("pk")
    assert [(str(c.reset_on), c.outcome, str(c.new_rate_pct)) for c in changes] == [
        ("2026-12-01", "changed", "5.750000"),
        ("2027-01-01", "same_value", "5.750000"),
        ("2027-02-01", "changed", "5.600000"),
    ]
    assert changes[2].old_version == changes[0].new_version


def test_contract_that_was_never_repriced_takes_the_last_reset_alone():
    contract = floating()
    fix("WIBOR_1M", ("2026-09-30", "3.50"), ("2026-10-30", "3.30"), ("2026-11-30", "3.15"))
    run()

    assert change_of(contract).reset_on == ON


def test_past_rows_that_change_make_the_kept_position_wrong():
    contract = floating(capital_left=D(1), next_due_on=dt.date(2027, 1, 10))
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    run(on=dt.date(2026, 12, 20))  # late: the instalment of 10 December changes, too

    contract.refresh_from_db()
    assert (contract.capital_left, contract.next_due_on) == (None, None)


def test_kept_position_stays_where_it_holds():
    contract = floating(capital_left=D("61361.29"), next_due_on=dt.date(2026, 12, 10))
    fix("WIBOR_1M", ("2026-11-30", "3.15"))
    run()

    contract.refresh_from_db()
    assert contract.capital_left == D("61361.29")


def test_dry_run_counts_and_keeps_nothing():
    contract = floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    assert run(dry_run=True).outcomes == {"changed": 1}
    assert not RateChange.objects.exists()
    assert not JobRun.objects.exists()
    assert ScheduleVersion.objects.get(contract=contract).is_current
    assert run().outcomes == {"changed": 1}


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_contracts(count, django_assert_max_num_queries):
    for _n in range(count):
        floating()
    fix("WIBOR_1M", ("2026-11-30", "3.15"))

    with django_assert_max_num_queries(50):
        run()
