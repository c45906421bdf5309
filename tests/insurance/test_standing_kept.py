"""How a company stands is kept: a change shows at once, and nobody gets what another should see."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from eboks.caching import kept
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from insurance import deciding_lapses, lapses, offers, own_policies, standing, verifying
from insurance.attention import needs_attention
from insurance.cover import Attention
from insurance.enums import CheckItem, OfferState, Placement, Risk, Verification
from insurance.models import Lapse, Policy, PolicyCover, RenewalOffer
from insurance.standing import company_standing
from insurance.verifying import Tick
from tests import factories as f
from tests.insurance.factories import PolicyFactory, RenewalOfferFactory, RequirementFactory
from tests.insurance.own_rows import clerk, sent

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
DAY = dt.timedelta(days=1)
LONG: dict[str, Any] = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2027, 12, 31)}


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    f.LessorFactory()
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    return f.MembershipFactory(role=Role.OWNER)


@pytest.fixture
def asset(owner):
    return f.AssetFactory(contract__company=owner.company)


def stands(member, *others, today=TODAY):
    companies = [row.company_id for row in (member, *others)]
    # As on the next request: what is known of the person is asked anew.
    user = type(member.user).objects.get(pk=member.user.pk)
    return company_standing(user=user, companies=companies, today=today)


def reasons(member, asset):
    row = stands(member).wrong.get(asset.pk)
    return set(row.attention) if row else set()


def approve(policy):
    ticks = {item: Tick(True) for item in verifying.wanted_items(policy, on=TODAY)}
    values = {"policy_id": policy.pk, "seen_at": policy.sent_at, "actor": clerk()}
    verifying.approve(ticks=ticks, at=timezone.now(), **values)


def send_back(policy):
    ticks = {item: Tick(True) for item in verifying.wanted_items(policy, on=TODAY)}
    ticks[CheckItem.NO_GAP] = Tick(False, "Zła data")
    values = {"policy_id": policy.pk, "seen_at": policy.sent_at, "actor": clerk()}
    verifying.send_back(ticks=ticks, remarks="", at=timezone.now(), **values)


# --- a change shows at once -----------------------------------------------------------------
def test_second_answer_is_the_kept_one(owner, asset, settings, django_assert_num_queries):
    first = stands(owner)
    user = owner.user
    user.has_limited_memberships = False

    with django_assert_num_queries(2 if settings.REDIS_URL else 3):  # rules, what has changed
        again = company_standing(user=user, companies=[owner.company_id], today=TODAY)

    assert (again.total, again.wrong, again.first) == (1, first.wrong, first.first)


def test_checked_policy_counts_at_once(owner, asset):
    policy = sent(owner, asset, **LONG)
    assert reasons(owner, asset) == {Attention.MISSING}

    approve(policy)

    assert reasons(owner, asset) == set()


def test_returned_and_withdrawn_policy_count_at_once(owner, asset):
    PolicyFactory(asset=asset, risks=[Risk.OC], **LONG)
    policy = sent(owner, asset, valid_from=dt.date(2028, 1, 1), valid_to=dt.date(2028, 12, 31))
    assert reasons(owner, asset) == set()

    send_back(policy)
    assert reasons(owner, asset) == {Attention.FIX}

    own_policies.send_again(
        policy=policy, files=[], replace=False, actor=owner.user, at=timezone.now()
    )
    assert reasons(owner, asset) == set()

    policy.refresh_from_db()
    send_back(policy)
    assert reasons(owner, asset) == {Attention.FIX}
    own_policies.withdraw(policy=policy, actor=owner.user, at=timezone.now())
    assert reasons(owner, asset) == set()


def test_issued_offer_counts_at_once(owner, asset):
    old = PolicyFactory(asset=asset, risks=[Risk.OC], valid_to=TODAY + 5 * DAY)
    offer = RenewalOfferFactory(
        policy=old, valid_from=TODAY + 6 * DAY, valid_to=TODAY + 400 * DAY, answer_by=TODAY
    )
    RenewalOffer.objects.filter(pk=offer.pk).update(state=OfferState.ACCEPTED)
    offer.refresh_from_db()
    assert reasons(owner, asset) == {Attention.ENDING}

    offers.issue(offer=offer, number="P/1", actor=clerk(), at=timezone.now())

    assert reasons(owner, asset) == set()


def test_policy_that_staff_record_and_shorten_counts_at_once(owner, asset, office):
    assert reasons(owner, asset) == {Attention.MISSING}
    form = {
        "asset": asset.pk,
        "insurer": PolicyFactory().insurer_id,
        "number": "L/1",
        "policyholder": "L",
        "insured": "L",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
        "currency": "PLN",
        "territory": "pl",
        "covers-TOTAL_FORMS": "1",
        "covers-INITIAL_FORMS": "0",
        "covers-0-risk": "oc",
        "covers-0-deductible": "0",
        "instalments-TOTAL_FORMS": "0",
        "instalments-INITIAL_FORMS": "0",
    }
    office.post("/zaplecze/insurance/policy/add/", form)
    policy = Policy.objects.get(number="L/1")
    assert reasons(owner, asset) == set()

    cover = {"covers-0-id": policy.covers.get().pk, "covers-INITIAL_FORMS": "1"}
    office.post(
        f"/zaplecze/insurance/policy/{policy.pk}/change/", form | cover | {"covers-0-risk": "ac"}
    )

    assert PolicyCover.objects.get(policy=policy).risk == Risk.AC
    assert reasons(owner, asset) == {Attention.MISSING}


def test_policy_replaced_by_the_lessors_leaves_another_mark(owner, asset):
    PolicyFactory(asset=asset, risks=[Risk.OC], placement=Placement.OWN, valid_to=TODAY - 3 * DAY)
    lapses.look_after_cover(on=TODAY, at=NOW)
    bought = PolicyFactory(asset=asset, risks=[Risk.OC], **LONG)
    before = mark(owner)

    deciding_lapses.insure(
        lapse_id=Lapse.objects.get().pk, policy_id=bought.pk, note="", actor=clerk(), at=NOW
    )

    assert mark(owner) != before


def mark(member):
    rules = stands(member).rules
    return standing._mark([member.company_id], rules, TODAY)


def test_requirements_count_at_once(owner, asset):
    PolicyFactory(asset=asset, risks=[Risk.OC], **LONG)
    assert reasons(owner, asset) == set()

    rule = RequirementFactory(risk=Risk.AC)
    assert reasons(owner, asset) == {Attention.MISSING}

    waiver = RequirementFactory(risk=Risk.AC, contract=asset.contract, is_waived=True)
    assert reasons(owner, asset) == set()

    waiver.valid_from = TODAY + DAY
    waiver.save()
    assert reasons(owner, asset) == {Attention.MISSING}

    rule.delete()
    assert reasons(owner, asset) == set()


def test_end_that_moves_with_a_schedule_counts_at_once(owner, asset):
    PolicyFactory(asset=asset, risks=[Risk.OC], valid_to=TODAY + 9 * DAY)
    contract = asset.contract
    contract.end_on = TODAY + 5 * DAY
    contract.save()
    assert reasons(owner, asset) == set()

    contract.end_on = TODAY + 50 * DAY
    contract.save()
    f.ScheduleVersionFactory(contract=contract)

    assert reasons(owner, asset) == {Attention.ENDING}


def test_feed_counts_at_once(owner, asset):
    assert reasons(owner, asset) == {Attention.MISSING}

    PolicyFactory(asset=asset, risks=[Risk.OC], **LONG)
    FeedRun.objects.create(
        status=FeedStatus.APPLIED, started_at=NOW, finished_at=NOW, source_system="core"
    )

    assert reasons(owner, asset) == set()


def test_next_day_is_worked_out_anew(owner, asset):
    PolicyFactory(asset=asset, risks=[Risk.OC], valid_to=TODAY)
    assert stands(owner).wrong[asset.pk].attention == (Attention.ENDING,)

    tomorrow = stands(owner, today=TODAY + DAY)

    assert tomorrow.wrong[asset.pk].attention == (Attention.MISSING,)


# --- whose it is ----------------------------------------------------------------------------
def test_companies_are_kept_apart(owner, asset):
    other = f.MembershipFactory(user=owner.user, role=Role.OWNER)
    theirs = f.AssetFactory(contract__company=other.company)
    stranger = f.MembershipFactory()
    both = stands(owner, other)

    assert set(both.wrong) == {asset.pk, theirs.pk}
    assert (both.total, len(both.first)) == (2, 2)
    assert set(stands(owner).wrong) == {asset.pk}
    assert set(stands(other).wrong) == {theirs.pk}
    assert (stands(stranger).total, stands(stranger).wrong) == (0, {})


def test_limited_person_neither_leaves_nor_takes_the_company(owner, asset):
    limited = f.MembershipFactory(company=owner.company, role=Role.FLEET, is_limited=True)
    seen = f.AssetFactory(contract__company=owner.company)
    limited.allowed_contracts.create(contract=seen.contract)

    assert set(stands(limited).wrong) == {seen.pk}
    assert set(stands(owner).wrong) == {seen.pk, asset.pk}
    assert set(stands(limited).wrong) == {seen.pk}


def test_person_without_the_right_leaves_nothing_behind(owner, asset):
    finance = f.MembershipFactory(company=owner.company, role=Role.FINANCE)

    assert stands(finance).total == 0  # asked for a company of theirs, without the right in it

    assert set(stands(owner).wrong) == {asset.pk}


def test_mandate_that_has_ended_reads_no_lines(owner, asset):
    stands(owner)
    Membership.objects.filter(pk=owner.pk).update(is_active=False)

    needs = needs_attention(user=owner.user, companies=[owner.company_id], today=TODAY)

    assert needs.lines == []


def test_what_is_kept_holds_no_company_but_its_own(owner, asset):
    other = f.MembershipFactory(user=owner.user, role=Role.OWNER)
    theirs = f.AssetFactory(contract__company=other.company)
    companies = [owner.company_id, other.company_id]
    both = stands(owner, other)

    key = f"cover:{other.company_id}:{standing._mark(companies, both.rules, TODAY)}"
    (part,) = kept([key]).values()

    assert [row.asset_id for row in part.wrong] == [theirs.pk]
    assert [cover.asset_id for cover in part.first] == [theirs.pk]


def test_list_shows_a_change_at_once(owner, asset, client):
    policy = sent(owner, asset, **LONG)
    client.force_login(owner.user)
    before = client.get("/ubezpieczenia/").context

    approve(policy)

    after = client.get("/ubezpieczenia/").context
    assert (before["wrong"], after["wrong"]) == (1, 0)
    assert "brakuje ubezpieczenia" not in client.get("/").text
    assert policy.covers.filter(sum_insured=Decimal(300_000)).exists()
    assert Policy.objects.get(pk=policy.pk).verification == Verification.VERIFIED
