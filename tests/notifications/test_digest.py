"""One e-mail at the hour that the person chose instead of many."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from eboks.clock import WARSAW
from eboks.notifications import digests, rendering, sending, tasks
from eboks.notifications.models import DeliveryTimes, MessageState, OutgoingMessage
from eboks.notifications.services import notify
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

MORNING = dt.datetime(2026, 11, 26, 9, 0, tzinfo=WARSAW)
EVENING = dt.datetime(2026, 11, 26, 17, 0, tzinfo=WARSAW)


@pytest.fixture
def reader():
    user = UserFactory()
    DeliveryTimes.objects.create(user=user, digest_at=dt.time(17))
    return user


def tell(user, number, *, kind="instruction_awaits_second", at=MORNING):
    facts = {"title": f"Zmiana {number}", "reference": f"D-{number}", "author": "Jan Kos"}
    url = f"/dyspozycje/{number}/"
    rows = notify(kind=kind, user=user, at=at, key=f"e:{number}", facts=facts, url=url)
    return next(row for row in rows if row.channel == "email")


def make(at, capture):
    with capture(execute=True):
        return digests.send_due(at=at)


def test_messages_of_the_day_go_as_one(
    reader, django_capture_on_commit_callbacks, time_machine, settings
):
    time_machine.move_to(EVENING)
    rows = [tell(reader, number) for number in (1, 2, 3)]
    assert {row.send_after for row in rows} == {EVENING}

    assert make(EVENING, django_capture_on_commit_callbacks) == 1

    [letter] = mail.outbox
    assert letter.to == [reader.email]
    for number in (1, 2, 3):
        assert f"Czeka na Twój podpis: Zmiana {number}" in letter.body
        assert f"{settings.SITE_URL}/dyspozycje/{number}/" in letter.body
    for row in rows:
        row.refresh_from_db()
        assert (row.state, row.provider_answer) == (MessageState.SENT, "zbiorczo")
    assert make(EVENING, django_capture_on_commit_callbacks) == 0
    assert len(mail.outbox) == 1


def test_nothing_goes_before_the_hour(reader, django_capture_on_commit_callbacks):
    row = tell(reader, 1)

    assert make(EVENING - dt.timedelta(minutes=1), django_capture_on_commit_callbacks) == 0
    assert sending.deliver(message_id=row.pk, at=EVENING) is None, "never by itself"


def test_security_is_not_put_into_a_digest(reader):
    row = tell(reader, 1, kind="instruction_executed")

    assert not row.in_digest
    assert row.send_after == MORNING


def test_people_do_not_get_each_others(reader, django_capture_on_commit_callbacks, time_machine):
    time_machine.move_to(EVENING)
    other = UserFactory()
    DeliveryTimes.objects.create(user=other, digest_at=dt.time(17))
    tell(reader, 1)
    tell(other, 2)

    assert make(EVENING, django_capture_on_commit_callbacks) == 2
    texts = {letter.to[0]: letter.body for letter in mail.outbox}
    assert "Zmiana 1" in texts[reader.email]
    assert "Zmiana 2" not in texts[reader.email]


def test_digest_made_twice_at_once_is_one(reader, monkeypatch):
    row = tell(reader, 1)
    real = rendering.subject_of

    def meanwhile(message):
        OutgoingMessage.objects.filter(pk=row.pk).update(state=MessageState.SENT)
        return real(message)

    monkeypatch.setattr(rendering, "subject_of", meanwhile)

    assert digests.send_due(at=EVENING) == 0
    assert not OutgoingMessage.objects.filter(kind="digest").exists()


def test_sweeper_makes_digests_too(reader, time_machine, django_capture_on_commit_callbacks):
    tell(reader, 1)
    time_machine.move_to(EVENING + dt.timedelta(seconds=30))
    assert timezone.now() > EVENING
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()

    assert len(mail.outbox) == 1
