"""Who is told of changed instalments, in how many messages, and that nobody is told twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts import rate_change_messages
from contracts.enums import RateChangeKind, RateChangeOutcome
from contracts.models import RateChange
from contracts.rate_change_messages import notify_changes
from contracts.tasks import notify_rate_changes
from eboks.notifications import sweeping
from eboks.notifications.models import Channel, DeliveryTimes, OutgoingMessage, Preference
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.contracts.rate_rows import changed

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def owner():
    f.LessorFactory()
    return f.MembershipFactory()


def new_rate(company, *, old="2803.79", new="2782.74", **contract):
    """A changed instalment that nobody has been told of."""
    row = f.ContractFactory(company=company, **contract)
    version = f.ScheduleVersionFactory(contract=row)
    return changed(
        contract=row,
        new_value=Decimal("3.15"),
        new_version=version,
        old_instalment=Decimal(old),
        new_instalment=Decimal(new),
    )


def messages(**wanted):
    return OutgoingMessage.objects.filter(kind="rate_change", **wanted).order_by("pk")


def test_person_gets_one_message_that_leads_to_the_page(owner):
    change = new_rate(owner.company, number="OL/1")

    assert notify_changes(at=AT) == 1

    email = messages(channel=Channel.EMAIL).get()
    bell = messages(channel=Channel.BELL).get()
    assert email.url == reverse(
        "contracts:rate_change", args=[change.contract.public_id, change.public_id]
    )
    assert bell.subject == "Zmiana raty umowy OL/1"
    body = bell.body.replace("\u00a0", " ")
    assert "Stopa bazowa umowy OL/1 ma nową wartość. Zmiana działa od: 11 listopada 2026." in body
    assert "Rata netto: 2 803,79 zł, a po zmianie 2 782,74 zł." in body
    change.refresh_from_db()
    assert change.notified_at == AT


def test_several_contracts_are_summed_up_in_one_message(owner):
    for n in range(7):
        new_rate(owner.company, number=f"OL/{n}")
    new_rate(owner.company, number="OL/EUR", currency="EUR", new="2900.00")

    notify_changes(at=AT)

    bell = messages(channel=Channel.BELL).get()
    assert bell.url == reverse("contracts:rate_changes")
    assert bell.subject.startswith("Zmiana rat 8 ")
    body = bell.body.replace("\u00a0", " ")
    assert "−147,35 zł, 96,21 €" in body
    assert body.count("→") == 5
    assert "i jeszcze 3 umowy" in body or "i jeszcze 3 umów" in body
    assert messages(channel=Channel.EMAIL).count() == 1


def test_each_company_of_a_person_has_its_own_message(owner):
    second = f.MembershipFactory(user=owner.user)
    new_rate(owner.company)
    new_rate(second.company)

    notify_changes(at=AT)

    told = messages(channel=Channel.BELL).values_list("company", flat=True)
    assert sorted(told) == sorted([owner.company_id, second.company_id])


@pytest.mark.parametrize("role", list(Role))
def test_only_who_sees_money_is_told(role):
    member = f.MembershipFactory(role=role)
    new_rate(member.company)

    notify_changes(at=AT)

    expected = role in {
        *(Role.OWNER, Role.SIGNATORY, Role.FINANCE, Role.ACCOUNTANT, Role.READ_ONLY),
    }
    assert messages().exists() is expected


def test_member_with_selected_contracts_hears_of_these_alone(owner):
    own, other = new_rate(owner.company, number="OL/1"), new_rate(owner.company, number="OL/2")
    limited = f.MembershipFactory(company=owner.company, role=Role.FINANCE, is_limited=True)
    limited.allowed_contracts.create(contract=own.contract)
    nothing = f.MembershipFactory(company=owner.company, role=Role.FINANCE, is_limited=True)

    notify_changes(at=AT)

    mine = messages(user=limited.user, channel=Channel.BELL).get()
    assert own.contract.number in mine.subject
    assert other.contract.number not in mine.body
    assert not messages(user=nothing.user).exists()


@pytest.mark.parametrize("mandate", [{"is_active": False}, {"valid_to": dt.date(2026, 11, 21)}])
def test_who_does_not_act_for_the_company_is_not_told(mandate):
    member = f.MembershipFactory(**mandate)
    new_rate(member.company)

    notify_changes(at=AT)

    assert not messages().exists()
    assert not RateChange.objects.filter(notified_at=None).exists()


def test_person_who_never_came_in_is_not_told(owner):
    owner.user.set_unusable_password()
    owner.user.save()
    new_rate(owner.company)

    notify_changes(at=AT)

    assert not messages().exists()


def test_unchanged_instalment_is_no_news(owner):
    change = changed(contract=f.ContractFactory(company=owner.company))

    assert notify_changes(at=AT) == 0

    change.refresh_from_db()
    assert change.notified_at == AT
    assert not messages().exists()


def test_another_index_is_news_though_the_instalment_stayed(owner):
    contract = f.ContractFactory(company=owner.company, number="OL/1")
    changed(
        contract=contract,
        kind=RateChangeKind.CONVERSION,
        new_index="POLSTR_1M",
        outcome=RateChangeOutcome.SAME_ROWS,
        old_instalment=Decimal("2803.79"),
        new_instalment=Decimal("2803.79"),
    )

    notify_changes(at=AT)

    body = messages(channel=Channel.BELL).get().body.replace("\u00a0", " ")
    assert "W umowie OL/1 stopę bazową WIBOR 1M zastąpiła stopa POLSTR 1M." in body
    assert "Najbliższa rata pozostaje taka sama: 2 803,79 zł netto." in body


def test_preferences_and_quiet_hours_hold(owner):
    Preference.objects.create(
        user=owner.user, kind="rate_change", channel=Channel.BELL, is_wanted=False
    )
    DeliveryTimes.objects.create(user=owner.user, quiet_from=dt.time(8), quiet_to=dt.time(12, 30))
    new_rate(owner.company)

    notify_changes(at=AT)

    email = messages().get()
    assert email.channel == Channel.EMAIL
    assert email.send_after == dt.datetime(2026, 11, 22, 11, 30, tzinfo=dt.UTC)


def test_twice_tells_once(owner):
    new_rate(owner.company)

    notify_changes(at=AT)
    assert notify_changes(at=AT + dt.timedelta(minutes=10)) == 0

    assert messages().count() == 2


def test_later_change_is_told_in_a_message_of_its_own(owner):
    new_rate(owner.company, number="OL/1")
    notify_changes(at=AT)
    new_rate(owner.company, number="OL/2")

    notify_changes(at=AT)

    assert [m.subject for m in messages(channel=Channel.BELL)] == [
        "Zmiana raty umowy OL/1",
        "Zmiana raty umowy OL/2",
    ]


def test_changes_of_which_another_process_took_one_are_not_told_by_us(owner):
    changes = [new_rate(owner.company), new_rate(owner.company)]
    RateChange.objects.filter(pk=changes[1].pk).update(notified_at=AT)

    with pytest.raises(rate_change_messages._TakenMeanwhileError), transaction.atomic():
        rate_change_messages._claim(changes, at=AT)

    assert RateChange.objects.get(notified_at=None) == changes[0]
    notify_changes(at=AT)
    assert messages(channel=Channel.BELL).get().subject.endswith(changes[0].contract.number)


def test_task_goes_on_until_everybody_was_told(owner, monkeypatch):
    monkeypatch.setattr(rate_change_messages, "_COMPANIES_AT_ONCE", 1)
    new_rate(owner.company)
    new_rate(f.MembershipFactory().company)

    notify_rate_changes()

    assert messages(channel=Channel.BELL).count() == 2
    assert not RateChange.objects.filter(notified_at=None).exists()


def test_queries_do_not_grow_with_people_and_contracts(owner):
    counts = []
    for size in (1, 6):
        for _n in range(size):
            member = f.MembershipFactory()
            new_rate(member.company)
            new_rate(member.company)
        with CaptureQueriesContext(connection) as queries:
            notify_changes(at=AT)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_security_messages_leave_before_the_notices(owner):
    new_rate(owner.company)
    notify_changes(at=AT - dt.timedelta(hours=1))
    code = OutgoingMessage.objects.create(
        key="code",
        kind="operation_code",
        channel=Channel.SMS,
        user=owner.user,
        address="+48601234741",
        is_security=True,
        created_at=AT,
        send_after=AT,
        purge_after=f.TODAY,
    )

    due = sweeping.sweep(at=AT).due

    assert due[0] == code.pk
    assert len(due) == 2
