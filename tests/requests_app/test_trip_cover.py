"""A trip abroad and the AC policy in the portal."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from eboks.clock import today
from insurance.enums import Risk, Territory, Verification
from requests_app.catalogue import type_of
from requests_app.enums import Status
from tests.insurance.factories import PolicyFactory
from tests.requests_app.conftest import filed
from tests.requests_app.country_rows import first_rules

pytestmark = pytest.mark.django_db

KIND = "travel-consent"
FIRST, LAST = 10, 30


@pytest.fixture(autouse=True)
def rules(db):
    first_rules()


def day(n: int) -> dt.date:
    return today() + dt.timedelta(days=n)


def travelled(lessee, *countries):
    typed = {
        "countries": list(countries) or ["DE", "CZ"],
        "first_day": day(FIRST).isoformat(),
        "last_day": day(LAST).isoformat(),
        "driver": "company",
        "languages": ["pl", "en"],
    }
    return filed(KIND, lessee, typed)


def policy(lessee, first=-100, last=200, territory=Territory.EUROPE, **other):
    return PolicyFactory(
        **{
            "asset": lessee.asset,
            "valid_from": day(first),
            "valid_to": day(last),
            "territory": territory,
            "risks": [Risk.AC],
            **other,
        }
    )


def test_policy_that_reaches_lets_the_portal_agree_and_staff_see_its_number(lessee):
    own = policy(lessee)

    row = travelled(lessee)

    assert row.status != Status.SUBMITTED
    said = dict(type_of(row).office(row, timezone.now()))
    assert own.number in said["Polisa AC na wyjazd"]


@pytest.mark.parametrize(
    "values",
    [
        {"territory": Territory.PL},
        {"last": LAST - 1},
        {"first": FIRST + 1},
        {"terminated_on": day(LAST - 1)},
    ],
)
def test_policy_that_does_not_reach_sends_it_to_staff(lessee, values):
    policy(lessee, **values)

    row = travelled(lessee)

    assert row.status == Status.SUBMITTED
    assert "Polisa AC" in row.why_review
    assert "Polisa AC" in str(row.lines)


@pytest.mark.parametrize(("gap", "at_once"), [(0, True), (1, False)])
def test_two_policies_cover_a_trip_only_without_a_gap(lessee, gap, at_once):
    policy(lessee, last=20)
    policy(lessee, first=21 + gap)

    assert (travelled(lessee).status != Status.SUBMITTED) == at_once


def test_unchecked_policy_and_other_risks_say_nothing(lessee):
    policy(lessee, territory=Territory.PL, verification=Verification.TO_VERIFY)
    policy(lessee, territory=Territory.PL, risks=[Risk.OC])

    row = travelled(lessee)

    assert row.status != Status.SUBMITTED
    assert "Polisa AC na wyjazd" not in dict(type_of(row).office(row, timezone.now()))


def test_east_needs_more_than_europe(lessee):
    policy(lessee)

    row = travelled(lessee, "UA")

    said = dict(type_of(row).office(row, timezone.now()))
    assert said["Polisa AC na wyjazd"] == "nie obejmuje tych krajów"
