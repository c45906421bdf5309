"""Required risks that nobody covers: found, told once, decided, closed by a policy."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections
from django.urls import reverse

from contracts.enums import AssetCategory, ContractStatus
from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.jobs.models import JobRun
from eboks.notifications.models import Channel, OutgoingMessage
from eboks.tenancy.rights import Role
from insurance import deciding_lapses, lapses
from insurance.enums import LapseState, Placement, Risk, Verification
from insurance.models import Lapse, LapseStep
from tests.factories import (
    PASSWORD,
    AssetFactory,
    CompanyFactory,
    LessorFactory,
    MembershipFactory,
)
from tests.insurance.factories import PolicyFactory, RequirementFactory

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 22, 6, 5, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def company(db):
    LessorFactory()
    return CompanyFactory.create()


@pytest.fixture
def asset(company):
    return AssetFactory.create(contract__company=company)


@pytest.fixture
def required(db):
    return RequirementFactory.create(risk=Risk.AC)


@pytest.fixture
def reader(company):
    return MembershipFactory.create(company=company, role=Role.INSURANCE).user


@pytest.fixture
def staff(db):
    return create_staff(
        username="Z-1", email="z@lessor.example", role=StaffRole.SERVICE, password=PASSWORD
    )


def policy(asset, first, last, **fields):
    fields = {"risks": (Risk.AC,), **fields}
    return PolicyFactory.create(asset=asset, valid_from=first, valid_to=last, **fields)


def look(on=TODAY, at=NOW):
    return lapses.look_after_cover(on=on, at=at)


def found(on=TODAY):
    return [(row.asset_id, row.risk, row.uncovered_from) for row in lapses.uncovered(on)]


def messages(kind="cover_missing", **kwargs):
    return OutgoingMessage.objects.filter(kind=kind, **kwargs).order_by("pk")


@pytest.fixture
def lapse(asset, required):
    policy(asset, TODAY - 365 * DAY, TODAY - 3 * DAY, placement=Placement.OWN)
    look()
    return Lapse.objects.get()


# --- what is uncovered --------------------------------------------------------------------------


def test_asset_without_any_policy_is_uncovered_from_its_handover(asset, required):
    assert found() == [(asset.pk, Risk.AC, asset.contract.handover_on)]


@pytest.mark.parametrize(
    ("ended", "starts", "is_found"),
    [
        (2, None, True),
        (1, None, False),  # ended yesterday: the day is not over
        (0, None, False),
        (5, 0, False),  # goes on from today
        (5, 1, False),  # from yesterday
        (5, -1, True),  # from tomorrow: until then nobody covers it
    ],
)
def test_days_of_cover(asset, required, ended, starts, is_found):
    policy(asset, TODAY - 300 * DAY, TODAY - ended * DAY)
    if starts is not None:
        policy(asset, TODAY - starts * DAY, TODAY + 300 * DAY)

    wanted = [(asset.pk, Risk.AC, TODAY - (ended - 1) * DAY)] if is_found else []
    assert found() == wanted


def test_only_checked_policies_of_that_risk_cover(asset, required):
    policy(asset, TODAY - 300 * DAY, TODAY + 300 * DAY, verification=Verification.TO_VERIFY)
    policy(asset, TODAY - 300 * DAY, TODAY + 300 * DAY, risks=(Risk.OC,))
    policy(asset, TODAY - 300 * DAY, TODAY + 300 * DAY, terminated_on=TODAY - 10 * DAY)

    assert found() == [(asset.pk, Risk.AC, TODAY - 9 * DAY)]


@pytest.mark.parametrize(
    "change",
    [
        {"status": ContractStatus.CLOSED},
        {"status": ContractStatus.TERMINATED},
        {"handover_on": None, "status": ContractStatus.AWAITING_HANDOVER},
        {"handover_on": TODAY},
        {"handover_on": TODAY + DAY},
    ],
)
def test_contracts_that_do_not_ask_for_cover(asset, required, change):
    for name, value in change.items():
        setattr(asset.contract, name, value)
    asset.contract.save()

    assert found() == []


def test_requirement_of_a_contract_stands_for_the_general_one(asset, required):
    other = AssetFactory.create()
    RequirementFactory.create(contract=asset.contract, risk=Risk.AC, is_waived=True)
    RequirementFactory.create(contract=asset.contract, risk=Risk.GAP)

    assert sorted(found()) == sorted(
        [
            (other.pk, Risk.AC, other.contract.handover_on),
            (asset.pk, Risk.GAP, asset.contract.handover_on),
        ]
    )


def test_requirement_counts_while_it_is_valid_and_for_its_kind(asset):
    RequirementFactory.create(valid_from=TODAY + DAY)
    RequirementFactory.create(risk=Risk.GAP, valid_to=TODAY - DAY)
    RequirementFactory.create(risk=Risk.MACHINERY, category=AssetCategory.MACHINE)
    RequirementFactory.create(risk=Risk.OC, valid_from=TODAY - 5 * DAY)

    assert found() == [(asset.pk, Risk.OC, TODAY - 5 * DAY)]


@pytest.mark.parametrize("count", [1, 4])
def test_queries_do_not_grow_with_the_assets(required, count, django_assert_num_queries):
    AssetFactory.create_batch(count)

    with django_assert_num_queries(4):
        assert len(found()) == count


# --- once ---------------------------------------------------------------------------------------


def test_client_and_staff_are_told_once(asset, required, reader, settings):
    settings.OPERATOR_EMAIL = "obsluga@lessor.example"
    RequirementFactory.create(risk=Risk.OC)

    assert look() == 2
    assert look() == 0
    JobRun.objects.all().delete()
    assert look() == 0
    assert look(TODAY + DAY, NOW + DAY) == 0

    assert Lapse.objects.count() == LapseStep.objects.count() == 2
    letter = messages(user=reader, channel=Channel.EMAIL).get()
    assert letter.facts["count"] == 2
    assert messages("cover_queue").count() == 2  # one a day
    assert messages("cover_queue").first().facts["waiting"] == 2


def test_people_hear_of_what_they_may_see(company, asset, required):
    limited = MembershipFactory.create(company=company, role=Role.FLEET, is_limited=True)
    MembershipFactory.create(company=company, role=Role.FINANCE)
    MembershipFactory.create(role=Role.OWNER)
    second = AssetFactory.create(contract__company=company)
    limited.allowed_contracts.create(contract=second.contract)

    look()

    row = messages(channel=Channel.EMAIL).get()
    assert (row.user, row.facts["count"]) == (limited.user, 1)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_open_once():
    LessorFactory()
    RequirementFactory.create()
    for _n in range(3):
        AssetFactory.create(contract__company=MembershipFactory.create().company)
    together = Barrier(2)

    def run(_n):
        try:
            together.wait(timeout=30)
            return look()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == [0, 3]
    connection.close()

    assert Lapse.objects.count() == 3
    assert messages(channel=Channel.EMAIL).count() == 3


def test_checked_policy_closes_it(lapse, asset):
    new = policy(asset, TODAY, TODAY + 364 * DAY)

    look(TODAY + DAY, NOW + DAY)
    look(TODAY + DAY, NOW + DAY)

    lapse.refresh_from_db()
    assert (lapse.state, lapse.replacement, lapse.settled_at) == (
        LapseState.COVERED,
        new,
        NOW + DAY,
    )
    assert list(lapse.steps.order_by("pk").values_list("after", flat=True)) == ["open", "covered"]


def test_policy_that_is_checked_closes_those_of_its_asset_at_once(lapse, asset):
    policy(asset, TODAY, TODAY + 364 * DAY)

    assert lapses.close_covered(on=TODAY, at=NOW, asset_id=asset.pk + 1) == 0
    assert lapses.close_covered(on=TODAY, at=NOW, asset_id=asset.pk) == 1


def test_end_of_the_contract_closes_it(lapse, asset):
    asset.contract.status = ContractStatus.CLOSED
    asset.contract.save()

    look(TODAY + DAY, NOW + DAY)

    lapse.refresh_from_db()
    assert lapse.state == LapseState.CLOSED


def test_closed_one_is_not_opened_again(lapse, staff):
    deciding_lapses.close(lapse_id=lapse.pk, note="zwolnienie", actor=staff, at=NOW)

    assert look(TODAY + DAY, NOW + DAY) == 0
    assert Lapse.objects.count() == 1


# --- decisions ----------------------------------------------------------------------------------


def test_client_gets_time_and_it_runs_out(lapse, staff, reader):
    deciding_lapses.give_time(
        lapse_id=lapse.pk, until=TODAY + 3 * DAY, note="", actor=staff, at=NOW
    )

    lapse.refresh_from_db()
    assert (lapse.state, lapse.wait_until) == (LapseState.WAITING, TODAY + 3 * DAY)
    told = messages("cover_changed", channel=Channel.BELL).get()
    assert "25 listopada 2026" in told.body
    entry = AuditEntry.objects.get(event="lapse_waiting")
    assert (entry.actor_id, entry.facts["until"]) == (staff.pk, "2026-11-25")
    look(TODAY + 3 * DAY, NOW + 3 * DAY)
    lapse.refresh_from_db()
    assert lapse.state == LapseState.WAITING
    look(TODAY + 4 * DAY, NOW + 4 * DAY)
    lapse.refresh_from_db()
    assert lapse.state == LapseState.OPEN


def test_lessor_insures_at_the_clients_cost(lapse, asset, staff, reader):
    bought = policy(asset, TODAY + DAY, TODAY + 365 * DAY, placement=Placement.LESSOR)

    deciding_lapses.insure(
        lapse_id=lapse.pk, policy_id=bought.pk, note="zlecono", actor=staff, at=NOW
    )

    lapse.refresh_from_db()
    lapse.policy.refresh_from_db()
    assert (lapse.state, lapse.replacement) == (LapseState.INSURED, bought)
    assert lapse.policy.replaced_by == bought
    assert bought.number in messages("cover_changed", channel=Channel.BELL).get().body
    with pytest.raises(deciding_lapses.LapseError, match="załatwiona"):
        deciding_lapses.insure(lapse_id=lapse.pk, policy_id=bought.pk, note="", actor=staff, at=NOW)
    assert lapse.steps.count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"placement": Placement.OWN},
        {"verification": Verification.TO_VERIFY},
        {"risks": (Risk.OC,)},
        {"terminated_on": TODAY - DAY},
        {"other": True},
    ],
)
def test_only_a_policy_of_the_lessor_that_covers_it_will_do(lapse, asset, staff, fields):
    target = AssetFactory.create() if fields.pop("other", False) else asset
    wrong = policy(target, TODAY - 9 * DAY, TODAY + 365 * DAY, **fields)

    with pytest.raises(deciding_lapses.LapseError):
        deciding_lapses.insure(lapse_id=lapse.pk, policy_id=wrong.pk, note="", actor=staff, at=NOW)

    lapse.refresh_from_db()
    assert lapse.state == LapseState.OPEN


def test_refusals(lapse, staff):
    with pytest.raises(deciding_lapses.LapseError, match="minął"):
        deciding_lapses.give_time(
            lapse_id=lapse.pk, until=TODAY - DAY, note="", actor=staff, at=NOW
        )
    with pytest.raises(deciding_lapses.LapseError, match="dlaczego"):
        deciding_lapses.close(lapse_id=lapse.pk, note=" ", actor=staff, at=NOW)
    deciding_lapses.close(lapse_id=lapse.pk, note="pomyłka", actor=staff, at=NOW)
    with pytest.raises(deciding_lapses.LapseError, match="załatwiona"):
        deciding_lapses.give_time(lapse_id=lapse.pk, until=TODAY, note="", actor=staff, at=NOW)


# --- the queue ----------------------------------------------------------------------------------


def test_staff_decide_on_the_page_of_a_lapse(lapse, asset, staff, client, time_machine):
    time_machine.move_to(NOW, tick=False)
    bought = policy(asset, TODAY, TODAY + 365 * DAY)
    client.force_login(staff)
    page = reverse("admin:insurance_lapse_change", args=[lapse.pk])
    decide = reverse("admin:insurance_lapse_decide", args=[lapse.pk])
    assert bought.number in client.get(page).content.decode()

    answer = client.post(decide, {"decision": "wait", "until": "2026-11-30", "note": "telefon"})
    assert answer.url == page
    lapse.refresh_from_db()
    assert lapse.state == LapseState.WAITING
    client.post(decide, {"decision": "insure", "policy": bought.pk})
    lapse.refresh_from_db()
    assert lapse.state == LapseState.INSURED
    shown = client.post(decide, {"decision": "close", "note": "x"}, follow=True).content.decode()
    assert "Ta sprawa jest już załatwiona." in shown
    assert "Zamknij sprawę" not in shown


@pytest.mark.parametrize("data", [{}, {"decision": "wait"}, {"decision": "insure", "policy": "x"}])
def test_odd_decisions_change_nothing(lapse, staff, client, data):
    client.force_login(staff)

    client.post(reverse("admin:insurance_lapse_decide", args=[lapse.pk]), data)

    lapse.refresh_from_db()
    assert lapse.state == LapseState.OPEN


def test_who_decides(lapse, client):
    viewer = create_staff(
        username="Z-2", email="v@lessor.example", role=StaffRole.VIEW, password=PASSWORD
    )
    decide = reverse("admin:insurance_lapse_decide", args=[lapse.pk])
    client.force_login(viewer)
    page = reverse("admin:insurance_lapse_change", args=[lapse.pk])
    assert "Zamknij sprawę" not in client.get(page).content.decode()
    assert client.get(decide).status_code == 405
    assert client.post(decide, {"decision": "close", "note": "x"}).status_code == 403
    client.force_login(MembershipFactory.create().user)
    assert client.post(decide, {"decision": "close", "note": "x"}).status_code == 404
