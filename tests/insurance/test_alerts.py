"""Alerts of policies: on which days, once, silent about what goes on."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from contracts.enums import ContractStatus
from eboks import clock
from eboks.jobs import leases
from eboks.jobs.models import JobRun, JobState
from eboks.notifications.models import Channel, OutgoingMessage, Preference
from eboks.notifications.rendering import letter, sms
from eboks.tenancy.rights import Role
from insurance import alerts
from insurance.enums import Placement, Risk, Verification
from insurance.tasks import send_policy_alerts
from tests.factories import AssetFactory, CompanyFactory, LessorFactory, MembershipFactory
from tests.insurance.factories import PolicyFactory

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 22, 6, 5, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
PHONE = "+48601234741"


@pytest.fixture
def company(db):
    LessorFactory()
    return CompanyFactory.create(name="TRANS-ŻUK sp. z o.o.")


@pytest.fixture
def reader(company):
    return MembershipFactory.create(company=company, role=Role.INSURANCE, user__phone=PHONE).user


def policy_of(company, *, last, risks=(Risk.AC,), asset=None, **fields):
    asset = asset or AssetFactory.create(contract__company=company)
    first = min(dt.date(2024, 1, 1), last)
    return PolicyFactory.create(asset=asset, valid_from=first, valid_to=last, risks=risks, **fields)


def alert(on=TODAY, at=NOW):
    return alerts.send_policy_alerts(on=on, at=at)


def messages(**kwargs):
    return OutgoingMessage.objects.filter(kind__startswith="policy_", **kwargs).order_by("pk")


@pytest.mark.parametrize("left", [45, 30, 14, 7, 1, -1])
@pytest.mark.parametrize(
    "on",
    [
        TODAY,
        dt.date(2028, 2, 29),
        dt.date(2028, 2, 15),  # 14 days before 29 February
        dt.date(2028, 1, 30),  # 30 days before it
        dt.date(2027, 3, 28),  # clocks go forward
        dt.date(2026, 10, 25),  # clocks go back
        dt.date(2026, 12, 31),
    ],
)
def test_days_of_alerts(company, reader, on, left):
    asset = AssetFactory.create(contract__company=company, contract__end_on=dt.date(2030, 1, 1))
    policy_of(company, last=on + left * DAY, asset=asset)

    alert(on)

    kind = "policy_ended" if left < 0 else "policy_ending"
    assert [row.kind for row in messages(channel=Channel.EMAIL)] == [kind]


@pytest.mark.parametrize("left", [46, 44, 31, 15, 8, 2, 0, -2, 365])
def test_other_days_are_silent(company, reader, left):
    policy_of(company, last=TODAY + left * DAY)

    assert alert() == 0


def test_days_are_a_setting(company, reader, settings):
    settings.POLICY_ALERT_DAYS = [60, 3]
    for left in (60, 45, 3, 1):
        policy_of(company, last=TODAY + left * DAY)

    alert()

    assert messages(channel=Channel.EMAIL).get().facts["count"] == 2


def test_one_message_lists_all(company, reader):
    asset = AssetFactory.create(contract__company=company)
    policy_of(company, last=TODAY + DAY, risks=(Risk.AC, Risk.NNW), asset=asset)
    for _n in range(12):
        policy_of(company, last=TODAY + 45 * DAY)

    assert alert() == 3  # by e-mail, SMS and bell

    facts = messages(channel=Channel.EMAIL).get().facts
    assert (facts["count"], len(facts["lines"]), facts["more"]) == (13, 10, 3)
    assert facts["day"] == "23 listopada 2026"
    assert facts["lines"][0]["risks"] == "AC, NNW"
    bell = messages(channel=Channel.BELL).get()
    assert asset.plate in bell.body


def test_terminated_policy_ends_earlier(company, reader):
    policy_of(company, last=TODAY + 200 * DAY, terminated_on=TODAY + 7 * DAY)
    policy_of(company, last=TODAY + 7 * DAY, terminated_on=TODAY + 3 * DAY)

    alert()

    assert messages(channel=Channel.EMAIL).get().facts["count"] == 1


@pytest.mark.parametrize(
    ("starts", "verification", "told"),
    [
        (1, Verification.VERIFIED, False),
        (0, Verification.VERIFIED, False),
        (-20, Verification.VERIFIED, False),
        (2, Verification.VERIFIED, True),  # a day without cover
        (1, Verification.TO_VERIFY, True),
        (1, Verification.RETURNED, True),
    ],
)
def test_policy_that_follows_stops_alerts(company, reader, starts, verification, told):
    last = TODAY + 14 * DAY
    policy = policy_of(company, last=last)
    PolicyFactory.create(
        asset=policy.asset,
        valid_from=last + starts * DAY,
        valid_to=last + 365 * DAY,
        verification=verification,
        risks=(Risk.AC,),
    )

    alert()

    assert messages().exists() is told


def test_policy_that_follows_counts_for_its_risks_only(company, reader):
    last = TODAY + 14 * DAY
    policy = policy_of(company, last=last, risks=(Risk.AC, Risk.NNW))
    PolicyFactory.create(
        asset=policy.asset,
        valid_from=last + DAY,
        valid_to=last + 365 * DAY,
        risks=(Risk.NNW, Risk.OC),
    )

    alert()

    assert messages(channel=Channel.EMAIL).get().facts["lines"][0]["risks"] == "AC"


@pytest.mark.parametrize(
    "change",
    [
        {"verification": Verification.WITHDRAWN},
        {"verification": Verification.TO_VERIFY},
        {"verification": Verification.RETURNED},
        {"contract__status": ContractStatus.CLOSED},
        {"contract__status": ContractStatus.TERMINATED},
        {"contract__end_on": TODAY - DAY},
    ],
)
def test_policy_that_no_longer_matters_is_silent(company, reader, change):
    policy = policy_of(company, last=TODAY + 14 * DAY)
    for name, value in change.items():
        row, field = (policy.contract, name[10:]) if "__" in name else (policy, name)
        setattr(row, field, value)
        row.save()

    assert alert() == 0


def test_former_lessee_and_replaced_policy_are_silent(company, reader):
    other = policy_of(company, last=TODAY + 14 * DAY)
    replaced = policy_of(company, last=TODAY + 14 * DAY, placement=Placement.OWN)
    replaced.replaced_by = PolicyFactory.create(asset=replaced.asset)
    replaced.save()
    other.contract.company = MembershipFactory.create(role=Role.OWNER).company
    other.contract.save()

    assert alert() == 0


def test_asset_that_waits_for_its_buyout_stays_insured(company, reader):
    policy = policy_of(company, last=TODAY + 14 * DAY)
    policy.contract.status = ContractStatus.ENDED_BUYOUT_PENDING
    policy.contract.end_on = TODAY - 10 * DAY
    policy.contract.save()

    assert alert() == 3


def test_who_is_told(company, reader):
    policy_of(company, last=TODAY + DAY)
    for role in (Role.READ_ONLY, Role.FINANCE, Role.ACCOUNTANT, Role.DRIVER):
        MembershipFactory.create(company=company, role=role)
    MembershipFactory.create(company=company, role=Role.OWNER, is_active=False)
    MembershipFactory.create(role=Role.OWNER)
    fleet = MembershipFactory.create(company=company, role=Role.FLEET).user

    alert()

    assert {row.user for row in messages()} == {reader, fleet}


def test_member_with_selected_contracts_hears_of_these(company):
    own = policy_of(company, last=TODAY + DAY)
    policy_of(company, last=TODAY + DAY)
    limited = MembershipFactory.create(company=company, role=Role.FLEET, is_limited=True)
    limited.allowed_contracts.create(contract=own.contract)
    MembershipFactory.create(company=company, role=Role.FLEET, is_limited=True)

    alert()

    row = messages(channel=Channel.EMAIL).get()
    assert (row.user, row.facts["count"]) == (limited.user, 1)


def test_preferences_are_kept(company, reader):
    policy_of(company, last=TODAY + DAY)
    for channel in (Channel.SMS, Channel.EMAIL):
        Preference.objects.create(
            user=reader, kind="policy_ending", channel=channel, is_wanted=False
        )

    alert()

    assert [row.channel for row in messages()] == [Channel.BELL]


def test_compulsory_insurance_renews_by_itself(company, reader):
    policy_of(company, last=TODAY + DAY, risks=(Risk.OC,))

    alert()

    row = messages(channel=Channel.EMAIL).get()
    assert (row.facts["renews"], row.facts["needs"]) == (True, False)
    assert "art. 28" in letter(row, {}).text
    assert "nie odnawiają się same" not in letter(row, {}).text


def test_terminated_compulsory_insurance_does_not_renew(company, reader):
    policy_of(company, last=TODAY + 99 * DAY, terminated_on=TODAY + DAY, risks=(Risk.OC,))

    alert()

    facts = messages(channel=Channel.EMAIL).get().facts
    assert (facts["renews"], facts["needs"]) == (False, True)


# --- once --------------------------------------------------------------------------------------


def test_second_run_sends_nothing(company, reader):
    policy_of(company, last=TODAY + DAY)
    alert()

    assert alert() == 0
    JobRun.objects.all().delete()  # as if the first one had died before it said so
    alert()
    assert messages().count() == 3


def test_run_that_died_goes_on_where_it_was(company, reader, monkeypatch):
    """Killed after the first company was told: the next run tells the second one, and no more."""
    monkeypatch.setattr(alerts, "_COMPANIES", 1)
    second = MembershipFactory.create(role=Role.OWNER, user__phone=PHONE)
    for one in (company, second.company):
        policy_of(one, last=TODAY + DAY)
    beat, done = leases.Lease.beat, []

    def dies_at_the_second(self, **what):
        if done:
            raise KeyboardInterrupt
        done.append(what)
        beat(self, **what)

    with monkeypatch.context() as patch:
        patch.setattr(leases.Lease, "beat", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            alert()
    assert {row.user for row in messages()} == {reader}

    assert alert(at=NOW + dt.timedelta(minutes=1)) == 0  # the dead one's lease still holds
    assert alert(at=NOW + dt.timedelta(minutes=10)) == 3

    assert messages(user=reader).count() == 3
    assert messages(user=second.user).count() == 3


def test_missed_days_send_the_nearest_alert_only(company, reader):
    JobRun.objects.create(
        job=alerts.JOB,
        business_on=TODAY - 4 * DAY,
        state=JobState.DONE,
        lease_until=NOW,
        started_at=NOW,
        beat_at=NOW,
    )
    policy_of(company, last=TODAY - DAY)  # missed „1 day before”; „1 day after” is today
    late = policy_of(company, last=TODAY + 12 * DAY)  # „14 days before” was two days ago
    policy_of(company, last=TODAY + 10 * DAY)  # that was before the last run

    alert()

    kinds = {row.kind: row.facts for row in messages(channel=Channel.EMAIL)}
    assert {kind: facts["count"] for kind, facts in kinds.items()} == {
        "policy_ended": 1,
        "policy_ending": 1,
    }
    assert kinds["policy_ending"]["lines"][0]["number"] == late.number
    assert JobRun.objects.filter(job=alerts.JOB, state=JobState.DONE).count() == 1 + 4
    assert alert() == 0


def test_all_alerts_of_a_policy_come_one_after_the_other(company, reader):
    policy = policy_of(company, last=TODAY + 50 * DAY)

    days = [n * DAY for n in range(60)]
    told = [(policy.valid_to - TODAY - n).days for n in days if alert(TODAY + n, NOW + n)]

    assert told == [45, 30, 14, 7, 1, -1]
    assert messages(channel=Channel.EMAIL).count() == 6


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_send_once():
    LessorFactory()
    for _n in range(3):
        policy_of(MembershipFactory.create(user__phone=PHONE).company, last=TODAY + DAY)
    together = Barrier(2)

    def run(_n):
        try:
            together.wait(timeout=30)
            return alert()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    connection.close()

    assert messages().count() == 9
    assert messages().values("user", "channel").distinct().count() == 9


def test_morning_task_sends_them(company, reader, time_machine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)
    policy_of(company, last=TODAY + DAY)

    send_policy_alerts()
    send_policy_alerts()

    assert messages().count() == 3


# --- words, numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
@pytest.mark.parametrize("count", [1, 20])
def test_texts_are_whole(company, reader, language, count):
    reader.language = language
    reader.save()
    risks = (Risk.AC, Risk.ALL_RISKS, Risk.LIABILITY, Risk.ELECTRONICS, Risk.OC)
    for left in (-1, 45):
        for _n in range(count):
            policy_of(company, last=TODAY + left * DAY, risks=risks)

    alert()

    for row in messages(channel=Channel.EMAIL):
        written = letter(row, {})
        assert company.name in written.text
        assert written.subject
        row.channel = Channel.SMS
        text = sms(row, {}).text
        assert len(text) <= 160
        assert "  " not in text


@pytest.mark.parametrize("count", [1, 4])
def test_queries_do_not_grow_with_the_companies(db, count, django_assert_max_num_queries):
    LessorFactory()
    for _n in range(count):
        policy_of(MembershipFactory.create(role=Role.OWNER).company, last=TODAY + DAY)

    with django_assert_max_num_queries(26):
        alert()


def test_command_sends_them_once(company, reader, capsys):
    today = clock.today()
    policy_of(company, last=today + 30 * DAY)

    call_command("send_policy_alerts")
    call_command("send_policy_alerts")

    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"Dzień {today}: wiadomości 3, nowych przerw w ochronie 0.",
        f"Dzień {today}: wiadomości 0, nowych przerw w ochronie 0.",
    ]
    assert messages(channel=Channel.EMAIL).count() == 1


def test_command_runs_ahead_of_the_clock_in_the_demo_alone(company, reader, settings):
    later = clock.today() + 5 * DAY
    policy_of(company, last=later + 30 * DAY)
    settings.DEMO = False
    with pytest.raises(CommandError, match="nie nadszedł"):
        call_command("send_policy_alerts", as_of=later)
    assert not messages().exists()

    settings.DEMO = True
    call_command("send_policy_alerts", as_of=later)

    assert messages(channel=Channel.EMAIL).count() == 1


def test_policy_of_the_lessee_before_stops_no_alert(company, reader):
    policy = policy_of(company, last=TODAY + 14 * DAY)
    following = {"valid_from": TODAY, "valid_to": TODAY + 300 * DAY, "risks": (Risk.AC,)}
    PolicyFactory.create(asset=policy.asset, company=CompanyFactory.create(), **following)

    alert()

    assert messages(channel=Channel.EMAIL).count() == 1
