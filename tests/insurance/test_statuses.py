"""The table of domain 5: the state of a policy and of a risk on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from eboks import clock
from insurance.enums import PolicyStatus as S
from insurance.enums import Verification
from insurance.statuses import covered_until, covers, policy_status, risk_status


@dataclass(frozen=True)
class P:
    valid_from: dt.date = dt.date(2026, 1, 1)
    valid_to: dt.date = dt.date(2026, 12, 31)
    terminated_on: dt.date | None = None
    verification: str = Verification.VERIFIED
    replaced_by_id: int | None = None


def day(text):
    return dt.date.fromisoformat(text)


def policy(start, end, **rest):
    return P(day(start), day(end), **rest)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2025-12-31", S.UPCOMING),
        ("2026-01-01", S.ACTIVE),
        ("2026-03-29", S.ACTIVE),  # clocks go forward
        ("2026-10-25", S.ACTIVE),  # and back
        ("2026-11-30", S.ACTIVE),  # 31 days to go
        ("2026-12-01", S.EXPIRING),  # 30
        ("2026-12-31", S.EXPIRING),  # the last day still counts
        ("2027-01-01", S.EXPIRED),
    ],
)
def test_verified_policy_by_days(today, expected):
    assert policy_status(P(), today=day(today)) == expected


@pytest.mark.parametrize(
    ("end", "today", "expected"),
    [
        ("2028-02-29", "2028-01-29", S.ACTIVE),
        ("2028-02-29", "2028-01-30", S.EXPIRING),
        ("2028-02-29", "2028-02-29", S.EXPIRING),
        ("2028-02-29", "2028-03-01", S.EXPIRED),
        ("2028-03-30", "2028-02-28", S.ACTIVE),
        ("2028-03-30", "2028-02-29", S.EXPIRING),
        ("2026-03-29", "2026-02-26", S.ACTIVE),
        ("2026-03-29", "2026-02-27", S.EXPIRING),
        ("2026-10-25", "2026-09-24", S.ACTIVE),
        ("2026-10-25", "2026-09-25", S.EXPIRING),
        ("2027-01-15", "2026-12-15", S.ACTIVE),
        ("2027-01-15", "2026-12-16", S.EXPIRING),
    ],
)
def test_thirty_days_are_counted_over_leap_days_clock_changes_and_new_year(end, today, expected):
    assert policy_status(policy("2026-01-01", end), today=day(today)) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # Warsaw is ahead of UTC: the last day ends at 23:00 UTC in winter, at 22:00 in summer.
        (dt.datetime(2026, 12, 31, 22, 59, tzinfo=dt.UTC), S.EXPIRING),
        (dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC), S.EXPIRED),
    ],
)
def test_day_is_that_of_warsaw(moment, expected):
    assert policy_status(P(), today=clock.today(moment)) == expected


@pytest.mark.parametrize(
    ("changes", "today", "expected"),
    [
        ({"verification": Verification.TO_VERIFY}, "2026-06-01", S.TO_VERIFY),
        ({"verification": Verification.TO_VERIFY}, "2027-06-01", S.TO_VERIFY),
        ({"verification": Verification.RETURNED}, "2026-06-01", S.RETURNED),
        ({"verification": Verification.RETURNED}, "2025-06-01", S.RETURNED),
        ({"verification": Verification.WITHDRAWN}, "2026-06-01", S.WITHDRAWN),
        ({"terminated_on": dt.date(2026, 5, 31)}, "2026-06-01", S.TERMINATED),
        ({"terminated_on": dt.date(2026, 5, 31)}, "2026-05-31", S.EXPIRING),
        ({"terminated_on": dt.date(2026, 5, 31)}, "2026-02-01", S.ACTIVE),
        ({"terminated_on": dt.date(2025, 12, 31)}, "2025-12-01", S.TERMINATED),  # never begins
        # Terminated so that it does not renew itself: it runs to its end.
        ({"terminated_on": dt.date(2026, 12, 31)}, "2026-12-31", S.EXPIRING),
        ({"terminated_on": dt.date(2026, 12, 31)}, "2027-01-01", S.EXPIRED),
        ({"terminated_on": dt.date(2027, 3, 1)}, "2027-01-01", S.EXPIRED),
        ({"replaced_by_id": 7}, "2026-06-01", S.REPLACED_BY_LESSOR),
        ({"replaced_by_id": 7}, "2027-06-01", S.REPLACED_BY_LESSOR),
        # Which comes first when several fit.
        ({"replaced_by_id": 7, "verification": Verification.WITHDRAWN}, "2026-06-01", S.WITHDRAWN),
        (
            {"replaced_by_id": 7, "verification": Verification.RETURNED},
            "2026-06-01",
            S.REPLACED_BY_LESSOR,
        ),
        (
            {"terminated_on": dt.date(2026, 5, 31), "replaced_by_id": 7},
            "2026-06-01",
            S.TERMINATED,
        ),
        (
            {"terminated_on": dt.date(2026, 5, 31), "verification": Verification.TO_VERIFY},
            "2026-06-01",
            S.TERMINATED,
        ),
        (
            {"terminated_on": dt.date(2026, 5, 31), "verification": Verification.WITHDRAWN},
            "2026-06-01",
            S.WITHDRAWN,
        ),
    ],
)
def test_what_was_decided_comes_before_dates(changes, today, expected):
    assert policy_status(P(**changes), today=day(today)) == expected


def test_cover_has_both_of_its_days_and_only_when_checked():
    assert covers(P(), day("2026-01-01"))
    assert covers(P(), day("2026-12-31"))
    assert not covers(P(), day("2025-12-31"))
    assert not covers(P(), day("2027-01-01"))
    assert not covers(P(verification=Verification.TO_VERIFY), day("2026-06-01"))


def test_cover_goes_on_through_policies_without_a_break():
    chain = [policy("2027-01-01", "2027-12-31"), P(), policy("2028-01-02", "2028-12-31")]

    assert covered_until(chain, today=day("2026-06-01")) == day("2027-12-31")
    assert covered_until(chain, today=day("2028-01-01")) is None
    assert covered_until([], today=day("2026-06-01")) is None


@pytest.mark.parametrize(
    ("policies", "today", "expected"),
    [
        ([], "2026-06-01", S.MISSING),
        ([P(verification=Verification.TO_VERIFY)], "2026-06-01", S.MISSING),
        ([P(verification=Verification.RETURNED)], "2026-06-01", S.MISSING),
        ([P()], "2025-12-31", S.MISSING),
        ([P()], "2026-11-30", S.ACTIVE),
        ([P()], "2026-12-01", S.AWAITING_DOCUMENT),
        ([P()], "2026-12-31", S.AWAITING_DOCUMENT),
        ([P()], "2027-01-01", S.MISSING),
        ([P(), policy("2027-01-01", "2027-12-31")], "2026-12-31", S.ACTIVE),
        # A day between them: the follower does not follow.
        ([P(), policy("2027-01-02", "2027-12-31")], "2026-12-31", S.AWAITING_DOCUMENT),
        (
            [P(), policy("2027-01-01", "2027-12-31", verification=Verification.TO_VERIFY)],
            "2026-12-05",
            S.TO_VERIFY,
        ),
        (
            [P(), policy("2027-01-01", "2027-12-31", verification=Verification.RETURNED)],
            "2026-12-05",
            S.RETURNED,
        ),
        (
            [P(), policy("2027-01-01", "2027-12-31", verification=Verification.WITHDRAWN)],
            "2026-12-05",
            S.AWAITING_DOCUMENT,
        ),
        ([policy("2027-03-01", "2028-02-29")], "2028-01-29", S.ACTIVE),
        ([policy("2027-03-01", "2028-02-29")], "2028-01-30", S.AWAITING_DOCUMENT),
        ([policy("2027-03-01", "2028-02-29")], "2028-03-01", S.MISSING),
    ],
)
def test_required_risk_by_days(policies, today, expected):
    assert risk_status(policies, required=True, today=day(today)) == expected


def test_risk_that_nobody_requires_is_never_missing():
    assert risk_status([], required=False, today=day("2026-06-01")) is None
    assert risk_status([P()], required=False, today=day("2026-12-15")) == S.EXPIRING


def test_cover_until_the_end_of_the_lease_waits_for_nothing():
    kwargs = {"required": True, "today": day("2026-12-15")}

    ends_with_it = risk_status([P()], needed_until=day("2026-12-31"), **kwargs)
    ends_before = risk_status([P()], needed_until=day("2027-01-01"), **kwargs)

    assert (ends_with_it, ends_before) == (S.EXPIRING, S.AWAITING_DOCUMENT)
