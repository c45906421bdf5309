"""A message is a row of the caller's transaction, once for each key (REL-08)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from eboks.integrations.sms import fake
from eboks.notifications.models import Channel, MessageState, OutgoingMessage, Preference
from eboks.notifications.services import notify, send_to
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

FACTS = {"title": "Zmiana adresu", "reference": "D-1", "author": "Jan Kos"}


def tell(user, *, kind="instruction_executed", key="event:1", **more):
    return notify(kind=kind, user=user, at=timezone.now(), key=key, facts=FACTS, **more)


def test_notify_goes_through_the_channels_of_the_kind(django_capture_on_commit_callbacks):
    user = UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        rows = tell(user, url="/dyspozycje/")

    assert {row.channel for row in rows} == {Channel.EMAIL, Channel.BELL}
    [message] = mail.outbox
    assert message.to == [user.email]
    assert message.subject == "Wykonana dyspozycja: Zmiana adresu"
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {MessageState.SENT}


def test_same_key_queues_nothing_a_second_time(django_capture_on_commit_callbacks):
    user = UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        first = tell(user)
    with django_capture_on_commit_callbacks(execute=True):
        second = tell(user)

    assert [row.pk for row in first] == [row.pk for row in second]
    assert OutgoingMessage.objects.count() == 2
    assert len(mail.outbox) == 1


def test_send_to_returns_the_earlier_row(code_sms):
    first, second = code_sms(key="once"), code_sms(key="once", address="+48601000000")

    assert first.pk == second.pk
    assert second.address == first.address


def test_used_key_does_not_spoil_the_transaction(code_sms):
    code_sms(key="once")
    with transaction.atomic():
        code_sms(key="once")
        assert OutgoingMessage.objects.count() == 1, "the transaction is still good"


def test_very_long_key_still_tells_messages_apart(code_sms):
    one, two = code_sms(key="x" * 200 + "1"), code_sms(key="x" * 200 + "2")

    assert one.pk != two.pk
    assert code_sms(key="x" * 200 + "1").pk == one.pk


def test_nothing_leaves_when_the_transaction_is_rolled_back(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        tell(UserFactory())
        transaction.set_rollback(True)

    assert not OutgoingMessage.objects.exists()
    assert mail.outbox == []


def test_broker_that_is_down_leaves_the_message_to_the_sweeper(
    code_sms, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(**_: Any) -> None:
        raise OSError("no broker")

    monkeypatch.setattr("eboks.notifications.tasks.deliver.delay", refuse)
    with django_capture_on_commit_callbacks() as callbacks:
        message = code_sms()

    assert len(callbacks) == 1
    with pytest.raises(OSError, match="no broker"):
        callbacks[0]()  # Django swallows it: the callback is registered as robust
    message.refresh_from_db()
    assert message.state == MessageState.PENDING


def test_person_without_an_address_gets_what_can_reach_them():
    user = UserFactory(email="", phone="")
    Preference.objects.create(
        user=user, kind="instruction_awaits_second", channel=Channel.SMS, is_wanted=True
    )

    assert [r.channel for r in tell(user, kind="instruction_awaits_second")] == [Channel.BELL]


def test_sms_goes_to_the_number_in_one_form(django_capture_on_commit_callbacks):
    user = UserFactory(phone="601 234 741")
    Preference.objects.create(
        user=user, kind="instruction_awaits_second", channel=Channel.SMS, is_wanted=True
    )
    with django_capture_on_commit_callbacks(execute=True):
        tell(user, kind="instruction_awaits_second")

    [sms] = fake.outbox
    assert sms.to == "+48601234741"
    assert sms.text == "Dyspozycja D-1 czeka na Twoj podpis w portalu."


def test_security_cannot_be_switched_off():
    user = UserFactory()
    for channel in Channel:
        Preference.objects.create(
            user=user, kind="instruction_executed", channel=channel, is_wanted=False
        )

    assert {row.channel for row in tell(user)} == {Channel.EMAIL, Channel.BELL}


def test_preference_switches_a_channel_off():
    user = UserFactory()
    Preference.objects.create(
        user=user, kind="instruction_awaits_second", channel=Channel.EMAIL, is_wanted=False
    )

    assert [r.channel for r in tell(user, kind="instruction_awaits_second")] == [Channel.BELL]


def test_row_says_how_long_it_is_kept():
    at = dt.datetime(2026, 11, 26, 23, 30, tzinfo=dt.UTC)  # already the 27th in Warsaw
    row = send_to(
        kind="operation_code",
        channel=Channel.SMS,
        address="+48601234741",
        at=at,
        key="k",
        secret_source="test_code",
    )

    assert row.purge_after == dt.date(2027, 11, 27)


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_message_is_in_the_language_of_the_person(
    language, django_capture_on_commit_callbacks, monkeypatch
):
    seen = set()

    def note(name: str, context: object) -> str:
        seen.add(get_language())
        return "text"

    monkeypatch.setattr("eboks.notifications.rendering.render_to_string", note)
    with django_capture_on_commit_callbacks(execute=True):
        tell(UserFactory(language=language))

    assert seen == {language}
