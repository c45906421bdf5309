import datetime as dt
from decimal import Decimal

import pytest

from contracts.day_count import DayCount, Frequency, FrequencyUnit, actual_fraction, period_fraction
from contracts.schedule import InvalidTermsError, ScheduleTerms, build_schedule

MONTHLY = Frequency(1)


def day(text):
    return dt.date.fromisoformat(text)


def terms(**values):
    base = {
        "financed": Decimal("12000.00"),
        "n": 12,
        "annual_rate_pct": Decimal(12),
        "start_on": dt.date(2026, 1, 15),
    }
    return ScheduleTerms(**{**base, **values})


def due_dates(**values):
    return [row.nominal_due_on.isoformat() for row in build_schedule(terms(**values)).rows]


@pytest.mark.parametrize(
    ("start", "first_three"),
    [
        ("2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2028-01-31", ["2028-02-29", "2028-03-31", "2028-04-30"]),
        ("2028-01-30", ["2028-02-29", "2028-03-30", "2028-04-30"]),
        ("2026-02-28", ["2026-03-28", "2026-04-28", "2026-05-28"]),
        ("2026-12-15", ["2027-01-15", "2027-02-15", "2027-03-15"]),
        ("2026-03-28", ["2026-04-28", "2026-05-28", "2026-06-28"]),  # over the change of clocks
    ],
)
def test_monthly_due_dates_keep_the_day_of_the_start(start, first_three):
    assert due_dates(start_on=day(start), n=3) == first_three


@pytest.mark.parametrize(
    ("values", "dates"),
    [
        ({"frequency": Frequency(3)}, ["2026-04-15", "2026-07-15", "2026-10-15"]),
        ({"frequency": Frequency(12)}, ["2027-01-15", "2028-01-15", "2029-01-15"]),
        (
            {"frequency": Frequency(2, FrequencyUnit.WEEK)},
            ["2026-01-29", "2026-02-12", "2026-02-26"],
        ),
        (
            {"frequency": Frequency(15, FrequencyUnit.DAY)},
            ["2026-01-30", "2026-02-14", "2026-03-01"],
        ),
        ({"in_advance": True}, ["2026-01-15", "2026-02-15", "2026-03-15"]),
        ({"due_day": 31}, ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ({"due_day": 5}, ["2026-02-05", "2026-03-05", "2026-04-05"]),
        ({"first_due_on": day("2026-03-01")}, ["2026-03-01", "2026-04-01", "2026-05-01"]),
        (
            {"first_due_on": day("2026-02-28"), "due_day": 31},
            ["2026-02-28", "2026-03-31", "2026-04-30"],
        ),
    ],
)
def test_due_dates_follow_frequency_and_due_day(values, dates):
    assert due_dates(n=3, **values) == dates


def test_due_dates_can_be_given():
    dates = ("2026-02-01", "2026-04-10", "2026-04-11")
    assert due_dates(n=3, due_dates=tuple(map(day, dates))) == list(dates)


def test_moving_a_payment_to_a_working_day_changes_no_interest():
    # 2026-08-15 and 2026-11-15 are free days; both schedules count the same nominal days.
    schedule = build_schedule(terms(day_count=DayCount.ACT_365F, n=12))
    moved = [row for row in schedule.rows if row.nominal_due_on != row.effective_due_on]
    assert {row.nominal_due_on.isoformat(): row.effective_due_on.isoformat() for row in moved} == {
        "2026-02-15": "2026-02-16",
        "2026-03-15": "2026-03-16",
        "2026-08-15": "2026-08-17",
        "2026-11-15": "2026-11-16",
    }
    balance = Decimal("12000.00")
    for row, days in zip(
        schedule.rows, [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], strict=True
    ):
        assert abs(row.interest - balance * 12 * days / 36500) <= Decimal("0.005")
        balance = row.balance


@pytest.mark.parametrize(
    ("day_count", "start", "end", "fraction"),
    [
        ("ACT/365F", "2028-02-01", "2028-03-01", Decimal(29) / 365),  # 365 in a leap year too
        ("ACT/360", "2026-01-01", "2026-02-01", Decimal(31) / 360),
        ("ACT/364", "2026-01-01", "2026-01-08", Decimal(7) / 364),
        ("ACT/ACT", "2028-02-01", "2028-03-01", Decimal(29) / 366),
        ("ACT/ACT", "2026-02-01", "2026-03-01", Decimal(28) / 365),
        # A day belongs to the date it ends on: 19 days of 2023, 12 of 2024 (fineract-03).
        ("ACT/ACT", "2023-12-12", "2024-01-12", Decimal(19) / 365 + Decimal(12) / 366),
        ("ACT/ACT", "2027-12-31", "2028-12-31", Decimal(1)),
        ("ACT/ACT", "2026-06-30", "2029-06-30", Decimal(3) + Decimal(0)),
        ("ACT/ACT", "2026-01-01", "2026-01-01", Decimal(0)),
    ],
)
def test_actual_fraction_counts_days(day_count, start, end, fraction):
    result = actual_fraction(DayCount(day_count), day(start), day(end))
    assert abs(result - fraction) < Decimal("1E-20")


@pytest.mark.parametrize(
    ("frequency", "start", "end", "fraction"),
    [
        (MONTHLY, "2026-01-31", "2026-02-28", Decimal(1) / 12),
        (MONTHLY, "2028-01-31", "2028-02-29", Decimal(1) / 12),
        (MONTHLY, "2028-02-29", "2028-03-29", Decimal(1) / 12),
        (Frequency(3), "2026-01-15", "2026-04-15", Decimal(1) / 4),
        (Frequency(12), "2027-02-28", "2028-02-28", Decimal(1)),
        # Stubs: days over the days of the full period that ends on the same date.
        (MONTHLY, "2026-01-20", "2026-02-10", Decimal(21) / 31 / 12),
        (MONTHLY, "2026-02-20", "2026-03-10", Decimal(18) / 28 / 12),
        (MONTHLY, "2026-01-05", "2026-02-20", (1 + Decimal(15) / 31) / 12),
        (Frequency(3), "2026-02-15", "2026-04-15", Decimal(59) / 90 / 4),
        (Frequency(15, FrequencyUnit.DAY), "2026-01-01", "2026-01-16", Decimal(15) / 360),
        (MONTHLY, "2026-01-15", "2026-01-15", Decimal(0)),
    ],
)
def test_30_360_counts_whole_periods_and_a_stub_by_days(frequency, start, end, fraction):
    result = period_fraction(DayCount.THIRTY_360, frequency, day(start), day(end))
    assert abs(result - fraction) < Decimal("1E-20")


def test_a_stub_first_period_bears_interest_for_its_days_only():
    short = build_schedule(terms(start_on=day("2026-01-20"), first_due_on=day("2026-02-10")))
    # 12000 * 1 % * 21/31
    assert short.rows[0].interest == Decimal("81.29")
    assert short.rows[1].interest == (short.rows[0].balance / 100).quantize(Decimal("0.01"))
    long = build_schedule(terms(start_on=day("2026-01-05"), first_due_on=day("2026-02-20")))
    # 12000 * 1 % * (1 + 15/31)
    assert long.rows[0].interest == Decimal("178.06")


def test_given_rate_factors_replace_rate_and_day_count():
    factors = (Decimal("0.01"), Decimal("0.02"), Decimal(0))
    rows = build_schedule(terms(n=3, rate_factors=factors)).rows
    balance = Decimal("12000.00")
    for row, factor in zip(rows, factors, strict=True):
        assert row.interest == (balance * factor).quantize(Decimal("0.01"))
        balance = row.balance
    assert balance == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"financed": Decimal("0.00")}, "financed"),
        ({"financed": Decimal("-1.00")}, "financed"),
        ({"financed": Decimal("100.001")}, "financed"),
        ({"financed": Decimal("1E+13")}, "financed"),
        ({"buyout": Decimal("12000.01")}, "buyout"),
        ({"buyout": Decimal("-0.01")}, "buyout"),
        ({"n": 0}, "n"),
        ({"n": 1201}, "n"),
        ({"n": None}, "n"),
        ({"n": 1200, "frequency": Frequency(12)}, "n"),
        ({"annual_rate_pct": Decimal("-0.01")}, "annual_rate_pct"),
        ({"annual_rate_pct": Decimal("100.01")}, "annual_rate_pct"),
        ({"initial_fee": Decimal("-1.00")}, "initial_fee"),
        ({"vat_pct": Decimal(101)}, "vat_pct"),
        ({"weights": (Decimal(1),) * 11}, "weights"),
        ({"weights": (Decimal(-1),) * 12}, "weights"),
        ({"fixed_amounts": (Decimal("1.00"),) * 13}, "fixed_amounts"),
        ({"fixed_amounts": (Decimal("5000.00"),) * 12}, "fixed_amounts"),
        ({"rate_factors": (Decimal("0.01"),) * 3}, "rate_factors"),
        ({"rate_factors": (Decimal("-0.01"),) * 12}, "rate_factors"),
        ({"interest_only": frozenset({13})}, "interest_only"),
        (
            {"interest_only": frozenset({1}), "fixed_amounts": (Decimal("1.00"),) * 12},
            "interest_only",
        ),
        ({"payment": Decimal("0.00")}, "payment"),
        ({"payment": Decimal("900.00"), "weights": (Decimal(1),) * 12}, "payment"),
        ({"payment": Decimal("100.00"), "n": None}, "payment"),
        ({"due_day": 32}, "due_day"),
        ({"frequency": Frequency(0)}, "frequency"),
        ({"frequency": Frequency(61)}, "frequency"),
        ({"first_due_on": day("2026-01-14")}, "first_due"),
        ({"start_on": day("1989-12-31")}, "start"),
        ({"due_dates": (day("2026-02-01"),) * 12}, "due_dates"),
    ],
)
def test_impossible_terms_are_refused_by_field(values, field):
    with pytest.raises(InvalidTermsError) as caught:
        build_schedule(terms(**values))
    assert [problem.field for problem in caught.value.problems] == [field]
    assert field in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(InvalidTermsError) as caught:
        build_schedule(terms(buyout=Decimal("-1.00"), n=0, due_day=0, vat_pct=Decimal(-1)))
    assert [problem.field for problem in caught.value.problems] == [
        "buyout",
        "vat_pct",
        "n",
        "due_day",
    ]


def test_a_balance_that_outgrows_the_arithmetic_is_refused():
    weights = (Decimal(0),) * 1199 + (Decimal(1),)
    with pytest.raises(InvalidTermsError, match="saldo"):
        build_schedule(terms(n=1200, annual_rate_pct=Decimal(100), weights=weights))
