"""Payments ahead of a whole company: kept, but never beyond a feed or a change of the index."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.ahead import payments_ahead
from tests import factories as f
from tests.contracts.rate_rows import changed

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    version = f.ScheduleVersionFactory()
    f.ScheduleRowFactory(version=version, n=1)
    return version


def ahead(version, *, stamp=1):
    company = version.contract.company
    user = company.memberships.first() or f.MembershipFactory(company=company)
    rows = payments_ahead(
        user=user.user,
        companies=[company.pk],
        first=version.rows.get(n=1).effective_due_on.replace(day=1),
        months=1,
        stamp=stamp,
    )
    return sum((row.principal for row in rows), Decimal(0))


def add_row(version, *, n, like):
    due_on = {"nominal_due_on": like.nominal_due_on, "effective_due_on": like.effective_due_on}
    f.ScheduleRowFactory(version=version, n=n, **due_on)


def repriced(version):
    """A version after `version` that asks twice for its first row."""
    version.is_current = False
    version.save()
    new = f.ScheduleVersionFactory(contract=version.contract, number=2)
    for n in (1, 2):
        add_row(new, n=n, like=version.rows.get())
    return new


def test_sums_are_kept_until_the_next_feed(version):
    before = ahead(version)
    add_row(version, n=2, like=version.rows.get(n=1))

    assert ahead(version) == before
    assert ahead(version, stamp=2) == 2 * before


def test_repriced_schedule_is_seen_at_once(version):
    before = ahead(version)

    new = repriced(version)
    changed(contract=version.contract, new_version=new, old_version=version)

    assert ahead(version) == 2 * before


def test_kept_sums_take_one_query_for_the_last_change(version, django_assert_max_num_queries):
    ahead(version)

    with django_assert_max_num_queries(12) as asked:
        ahead(version)

    tables = [query["sql"] for query in asked.captured_queries]
    assert sum("contracts_ratechange" in sql for sql in tables) == 1
    assert not any("contracts_schedulerow" in sql and "SUM" in sql for sql in tables)
