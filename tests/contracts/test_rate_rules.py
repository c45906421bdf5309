"""Reset days and the day whose value counts: every rule, at the edges of months and holidays."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.rate_rules import (
    FIXING_RULE,
    ResetTerms,
    RuleError,
    effective_rule,
    fixing_day,
    fixing_rule,
    fixing_rule_text,
    last_reset,
    reset_days,
)


def d(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def terms(rule="", months=1, start="2025-11-10", due_day=10, frequency=1):
    return ResetTerms("WIBOR_1M", rule, months, d(start), due_day, frequency)


def days(of, after, through):
    return [str(day) for day in reset_days(of, after=d(after), through=d(through))]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (terms(), ["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"]),
        (terms("mean_previous_month", 3), ["2026-04-01"]),
        (terms("day_15"), ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"]),
        (terms("day_15", 6), ["2026-01-15"]),
        (terms("before_period_2"), ["2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10"]),
        # Every three months from the month of the handover, November.
        (terms("before_period_2", 3), ["2026-02-10"]),
        # Instalments every three months: no sooner than they.
        (terms("before_period_2", 1, frequency=3, due_day=31), ["2026-02-28"]),
        (terms(months=0), []),
    ],
)
def test_reset_days_follow_the_rule(of, expected):
    assert days(of, "2026-01-01", "2026-05-01") == expected


def test_no_reset_comes_before_the_contract():
    of = terms(start="2026-03-15")

    assert days(of, "2020-01-01", "2026-05-01") == ["2026-04-01", "2026-05-01"]
    assert last_reset(of, d("2026-03-31")) is None
    assert last_reset(of, d("2026-04-30")) == d("2026-04-01")


@pytest.mark.parametrize(
    ("rule", "reset_on", "expected"),
    [
        ("", "2026-12-01", "2026-11-30"),
        ("last_day_previous_month", "2026-06-01", "2026-05-29"),
        ("last_day_previous_month", "2027-01-01", "2026-12-31"),
        ("day_1", "2026-10-01", "2026-10-01"),
        ("day_1", "2026-11-01", "2026-10-30"),  # a Sunday and a holiday
        ("day_3", "2026-05-03", "2026-04-30"),  # 1 to 3 May
        ("before_period_2", "2026-12-10", "2026-12-08"),
        ("before_period_2", "2026-01-02", "2025-12-30"),
        ("before_period_1", "2026-04-07", "2026-04-03"),  # over Easter
        ("mean_previous_month", "2026-06-01", "2026-05-29"),
    ],
)
def test_day_of_the_value(rule, reset_on, expected):
    assert fixing_day(fixing_rule(rule), d(reset_on)) == d(expected)


@pytest.mark.parametrize(
    "code",
    ["ostatni dzień roboczy miesiąca", "day_0", "day_29", "before_period_11", "day_", "DAY_1"],
)
def test_unknown_rule_is_refused(code):
    with pytest.raises(RuleError, match="nieznana reguła"):
        fixing_rule(code)


def test_unknown_beginning_is_refused():
    assert effective_rule("") == "next_due"
    with pytest.raises(RuleError, match="nieznana reguła"):
        effective_rule("od następnej raty")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "ostatniego dnia roboczego"),
        ("day_5", "5. dnia"),
        ("before_period_2", "2"),
        ("mean_previous_month", "średnia"),
    ],
)
def test_rule_is_told_in_words(code, words):
    assert words in fixing_rule_text(code)


def test_feed_takes_the_codes_that_are_known():
    import re

    for code in ("last_day_previous_month", "mean_previous_month", "day_28", "before_period_10"):
        assert re.fullmatch(FIXING_RULE, code)
        fixing_rule(code)
    assert not re.fullmatch(FIXING_RULE, "day_31")
