"""What the start page says of insurance."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from eboks.tenancy.rights import Role
from insurance.attention import needs_attention
from insurance.cover import Attention
from insurance.enums import Risk
from tests import factories as f
from tests.insurance.factories import PolicyFactory, RequirementFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    return f.MembershipFactory()


def asset_of(owner):
    return f.AssetFactory(contract__company=owner.company)


def needs_of(*members):
    companies = [member.company_id for member in members]
    return needs_attention(user=members[0].user, companies=companies, today=TODAY)


def in_table(settings):
    return 0 if settings.REDIS_URL else 1  # the cache asks the database


def test_worst_come_first_and_the_rest_is_counted(owner):
    ending = [
        PolicyFactory(
            asset=asset_of(owner), risks=[Risk.OC], valid_to=TODAY + dt.timedelta(days=days)
        ).asset
        for days in (20, 10, 29)
    ]
    missing = asset_of(owner)
    PolicyFactory(asset=asset_of(owner), risks=[Risk.OC])
    f.AssetFactory()  # of a stranger, without a policy

    needs = needs_of(owner)

    assert (needs.total, needs.rest) == (4, 1)
    assert needs.counts == {Attention.MISSING: 1, Attention.ENDING: 3}
    assert [line.asset for line in needs.lines] == [missing, ending[1], ending[0]]
    assert [line.kind for line in needs.lines][:2] == [Attention.MISSING, Attention.ENDING]
    assert needs.lines[0].tags[0].text == "OC: brak"


def test_nothing_is_needed_when_all_is_insured(owner, settings, django_assert_num_queries):
    PolicyFactory(asset=asset_of(owner), risks=[Risk.OC], valid_to=dt.date(2027, 6, 1))
    assert not needs_of(owner)

    with django_assert_num_queries(2 + in_table(settings)):  # rules, what has changed
        assert not needs_of(owner)


@pytest.mark.parametrize("count", [1, 3, 20])
def test_query_count_is_constant(owner, count, settings, django_assert_num_queries):
    for _n in range(count):
        asset_of(owner)
    # whether the person is limited, rules, what has changed; totals, doubtful, facts, policies,
    # covers, companies; the assets shown; a table looks around before it writes
    with django_assert_num_queries(10 + 6 * in_table(settings)):
        needs_of(owner)

    with django_assert_num_queries(3 + in_table(settings)):  # and the assets shown
        needs = needs_of(owner)

    assert needs.total == count


def test_start_page_tells_and_links(owner, client):
    missing = asset_of(owner)
    client.force_login(owner.user)

    page = client.get("/").text

    assert "brakuje ubezpieczenia" in page
    assert f"/ubezpieczenia/przedmiot/{missing.public_id}/" in page
    assert "Nic nie wymaga Twojej uwagi" not in page


def test_start_page_is_silent_without_the_right(client):
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    member = f.MembershipFactory(role=Role.FINANCE)
    f.AssetFactory(contract__company=member.company)
    client.force_login(member.user)

    assert "ubezpieczeni" not in client.get("/").text
