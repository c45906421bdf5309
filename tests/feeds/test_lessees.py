"""Assignments that feeds bring: who leased a contract on which day, and who may read it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.lessees import lessee_at
from contracts.models import Contract, LesseePeriod
from eboks.feeds.models import FeedStatus
from eboks.tenancy.models import Company, Membership
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def following(feed, tmp_path):
    """`following(2, "K2", "2026-12-01")`: the next feed, where contract U1 is of that company."""

    def make(number, company, business_date):
        made = type(feed)(tmp_path / f"feed-{number}").keep(contracts=[2, 3])
        made.change("contracts", 2, company=company)
        return made.seal(sequence=number, business_date=business_date)

    return make


@pytest.fixture
def contract(feed, load):
    load(feed)
    return Contract.objects.get(source_id="U1")


def applied(outcomes):
    assert [(one.status, one.problems.found) for one in outcomes] == [(FeedStatus.APPLIED, [])]


def lessee(contract, day):
    contract.refresh_from_db()
    found = lessee_at(contract=contract, day=dt.date.fromisoformat(day))
    return found and found.source_id


def test_contract_that_never_changed_hands_has_one_lessee_since_it_was_signed(contract):
    day_before = contract.signed_on - dt.timedelta(days=1)

    assert LesseePeriod.objects.count() == 0
    assert lessee_at(contract=contract, day=day_before) is None
    assert lessee_at(contract=contract, day=contract.signed_on).source_id == "K1"


def test_assignment_closes_one_period_and_opens_the_next(contract, load, following):
    applied(load(following(2, "K2", "2026-12-01")))

    rows = LesseePeriod.objects.order_by("from_on")
    assert [(row.company.source_id, row.from_on, row.to_on) for row in rows] == [
        ("K1", contract.signed_on, dt.date(2026, 12, 1)),
        ("K2", dt.date(2026, 12, 1), None),
    ]
    assert lessee(contract, "2026-11-30") == "K1"
    assert lessee(contract, "2026-12-01") == "K2"
    assert lessee(contract, "2020-01-01") is None


def test_contract_may_go_back(contract, load, following):
    applied(load(following(2, "K2", "2026-12-01")))
    applied(load(following(3, "K1", "2027-02-01")))

    assert [
        lessee(contract, day)
        for day in ("2026-11-30", "2026-12-01", "2027-01-31", "2027-02-01", "2030-01-01")
    ] == ["K1", "K2", "K2", "K1", "K1"]
    assert LesseePeriod.objects.filter(contract=contract, to_on=None).count() == 1


def test_two_changes_on_one_day_leave_an_empty_period(contract, load, following):
    applied(load(following(2, "K2", "2026-12-01")))
    applied(load(following(3, "K1", "2026-12-01")))

    assert lessee(contract, "2026-12-01") == "K1"
    assert lessee(contract, "2026-11-30") == "K1"


def test_feed_without_changes_writes_nothing(contract, load, following):
    applied(load(following(2, "K1", "2026-12-01")))
    assert LesseePeriod.objects.count() == 0

    applied(load(following(3, "K2", "2026-12-02")))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        applied(load(following(4, "K2", "2026-12-03")))

    assert LesseePeriod.objects.count() == 2
    touching = [q["sql"] for q in asked if "contracts_lesseeperiod" in q["sql"]]
    assert [sql for sql in touching if sql.startswith(("INSERT", "UPDATE"))] == []


def test_each_company_reads_its_own_period_alone(contract, load, following):
    applied(load(following(2, "K2", "2026-12-01")))
    Membership.objects.update(is_active=False)
    for source_id in ("K1", "K2"):
        company = Company.objects.get(source_id=source_id)
        user = MembershipFactory(company=company).user

        seen = LesseePeriod.objects.for_user(user)

        assert [row.company.source_id for row in seen] == [source_id]
    stranger = MembershipFactory().user
    assert not LesseePeriod.objects.for_user(stranger).exists()
