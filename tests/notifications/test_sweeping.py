"""What a dead worker, an old code or a lost answer leave behind (REL-08, FI-10)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.management import call_command
from django.utils import timezone

from eboks.authorisation.models import Instruction, OperationAuthorisation
from eboks.integrations.sms import fake
from eboks.integrations.sms.fake import FakeGateway, Mode
from eboks.notifications import sending, sweeping, tasks
from eboks.notifications.models import MessageState, OutgoingMessage
from tests.notifications.conftest import PHONE

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


def claimed(message, *, ago):
    """As a worker leaves it that died in the middle of sending."""
    at = timezone.now() - ago
    rows = OutgoingMessage.objects.filter(pk=message.pk)
    rows.update(send_after=at, created_at=at)
    assert sending.claim(message_id=message.pk, at=at)
    return message


def sweep(message):
    swept = sweeping.sweep(at=timezone.now())
    message.refresh_from_db()
    return swept


def test_due_messages_are_named(code_sms):
    now = code_sms()
    OutgoingMessage.objects.filter(pk=code_sms().pk).update(send_after=timezone.now() + 10 * MINUTE)

    assert sweep(now).due == [now.pk]


def test_claim_of_a_living_worker_is_left_alone(code_sms):
    message = claimed(code_sms(), ago=MINUTE)
    sweep(message)

    assert message.state == MessageState.SENDING


def test_stuck_sms_is_asked_about_and_sent_when_it_never_came(code_sms):
    FakeGateway.tells_status = True
    message = claimed(code_sms(), ago=3 * MINUTE)

    assert sweep(message).due == [message.pk]
    assert message.state == MessageState.PENDING
    assert fake.calls == [], "asked, not sent"


def test_stuck_sms_that_went_out_is_sent(code_sms):
    FakeGateway.tells_status = True
    message = claimed(code_sms(), ago=3 * MINUTE)
    fake.outbox.append(fake.Sms(str(message.public_id), PHONE, "kod"))
    sweep(message)

    assert message.state == MessageState.SENT
    assert len(fake.outbox) == 1


@pytest.mark.parametrize("kind", ["sms", "letter"])
def test_stuck_message_that_nobody_knows_of_is_not_repeated(kind, code_sms, letter, mailoutbox):
    message = claimed(code_sms() if kind == "sms" else letter(), ago=3 * MINUTE)
    for _ in range(3):
        tasks.sweep()

    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN
    assert fake.calls == []
    assert mailoutbox == []


def test_stuck_sms_goes_again_where_the_gateway_sees_to_it(code_sms):
    FakeGateway.repeats_are_safe = True
    message = claimed(code_sms(), ago=3 * MINUTE)
    sweep(message)

    assert message.state == MessageState.PENDING


def test_message_that_kills_every_worker_comes_to_an_end(code_sms):
    FakeGateway.repeats_are_safe = True
    message = claimed(code_sms(), ago=3 * MINUTE)
    OutgoingMessage.objects.filter(pk=message.pk).update(attempts=sending.MAX_ATTEMPTS)
    sweep(message)

    assert message.state == MessageState.UNKNOWN


def test_lost_answer_is_asked_for_later(code_sms, deliver):
    FakeGateway.mode = Mode.ACCEPT_THEN_DROP
    message = deliver(code_sms())
    assert message.state == MessageState.UNKNOWN
    FakeGateway.tells_status = True
    sweep(message)

    assert message.state == MessageState.SENT
    assert len(fake.outbox) == 1


def test_code_that_nobody_can_use_is_cancelled(code_sms, source):
    fresh, old = code_sms(), code_sms()
    OutgoingMessage.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - 6 * MINUTE, send_after=timezone.now() + MINUTE
    )
    source.code = None
    sweep(old)
    fresh.refresh_from_db()

    assert old.state == MessageState.CANCELLED
    assert fresh.state == MessageState.PENDING


def test_task_sends_what_is_due(code_sms):
    message = code_sms()
    tasks.sweep()

    message.refresh_from_db()
    assert message.state == MessageState.SENT


def test_command_does_it_without_a_broker(code_sms, monkeypatch, capsys):
    monkeypatch.setattr("eboks.notifications.tasks.deliver.delay", None)
    message = code_sms()
    call_command("deliver_messages")

    message.refresh_from_db()
    assert message.state == MessageState.SENT
    assert "Do wysłania: 1" in capsys.readouterr().out


def test_schedule_runs_the_sweeper_every_minute(settings):
    plan = settings.CELERY_BEAT_SCHEDULE

    assert plan["sweep-messages"]["task"] == tasks.sweep.name
    assert plan["sweep-messages"]["schedule"] == MINUTE
    assert plan["purge-messages"]["task"] == tasks.purge.name


# --- retention -----------------------------------------------------------------------------------


def aged(message):
    OutgoingMessage.objects.filter(pk=message.pk).update(
        purge_after=timezone.now().date() - dt.timedelta(days=2), body="treść"
    )
    return message


def test_old_messages_are_deleted(code_sms):
    old, new = aged(code_sms()), code_sms()
    tasks.purge()

    assert list(OutgoingMessage.objects.order_by("pk")) == [new]
    assert old.pk != new.pk


def test_message_that_evidence_points_at_stays_without_its_texts(code_sms):
    message = aged(code_sms())
    at = timezone.now()
    instruction = Instruction.objects.create(
        user=message.user, reference="D-1", form_key=uuid.uuid4(), created_at=at, expires_at=at
    )
    OperationAuthorisation.objects.create(
        instruction=instruction,
        user=message.user,
        message=message,
        ordinal=1,
        phone=PHONE,
        tries_left=3,
        created_at=at,
        valid_until=at,
    )
    tasks.purge()

    message.refresh_from_db()
    assert (message.address, message.body, message.facts) == ("", "", {})
