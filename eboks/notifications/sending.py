"""Sending one message: claim (one UPDATE), call outside any transaction, record.

Whoever wins the claim is the only one to call; what they record counts only while the claim is
theirs. After a crash the sweeper looks at what was left (`sweeping`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from django.db.models import F

from eboks.events import security_event
from eboks.notifications import alarm, channels, registry, rendering
from eboks.notifications.channels import Outcome, Result
from eboks.notifications.models import Channel, MessageState, OutgoingMessage

log = structlog.get_logger("ebok.notifications")

MAX_ATTEMPTS = 8
WORTHLESS = "już nieaktualna"
# Seconds until the next attempt. A code is wanted now or not at all.
_PAUSES = (60, 120, 600, 1800, 3600, 2 * 3600, 6 * 3600)
_PAUSES_OF_CODES = (5, 15, 30, 60)
_JITTER = 0.2


def claim(*, message_id: int, at: dt.datetime) -> OutgoingMessage | None:
    """The message, if it is now ours alone to send; None when it is not due or somebody has it."""
    due = OutgoingMessage.objects.filter(
        pk=message_id, state=MessageState.PENDING, send_after__lte=at, in_digest=False
    )
    if not due.update(state=MessageState.SENDING, attempts=F("attempts") + 1, claimed_at=at):
        return None
    return OutgoingMessage.objects.select_related("user", "company").get(pk=message_id)


def deliver(*, message_id: int, at: dt.datetime) -> OutgoingMessage | None:
    """Claims, sends and records. None when there was nothing to do."""
    waiting = (
        OutgoingMessage.objects.filter(pk=message_id).values_list("channel", flat=True).first()
    )
    if waiting == Channel.SMS and alarm.is_resting():
        return None  # the sweeper comes back to it
    message = claim(message_id=message_id, at=at)
    if message is None:
        return None
    secrets = _secrets(message, at)
    if secrets is None:
        return record(message, state=MessageState.CANCELLED, answer=WORTHLESS)
    try:
        call, kept = _prepared(message, secrets)
    except Exception:
        record(message, state=MessageState.FAILED, answer="nie udało się ułożyć treści")
        raise  # whoever wrote the text must see why
    try:
        outcome = call()
    except Exception:  # not a failure that we know of: it may be on its way
        record(message, state=MessageState.UNKNOWN, answer="nieoczekiwany błąd", **kept)
        raise
    if message.channel == Channel.SMS:
        alarm.note(worked=outcome.result in {Result.SENT, Result.NEVER})
    return settle(message, outcome, at=at, **kept)


def settle(
    message: OutgoingMessage, outcome: Outcome, *, at: dt.datetime, **kept: Any
) -> OutgoingMessage:
    """Writes down what became of a claimed message."""
    facts = kept | {"answer": outcome.answer, "provider_id": outcome.provider_id}
    if outcome.result == Result.SENT:
        return record(message, state=MessageState.SENT, sent_at=at, **facts)
    _log(message, outcome)
    if outcome.result == Result.UNSURE:
        return record(message, state=MessageState.UNKNOWN, **facts)
    if outcome.result == Result.NEVER or message.attempts >= MAX_ATTEMPTS:
        security_event(
            "message_failed",
            result="failed",
            actor_id=message.user_id,
            message=str(message.public_id),
            kind=message.kind,
        )
        return record(message, state=MessageState.FAILED, **facts)
    return record(message, state=MessageState.PENDING, send_after=at + pause(message), **facts)


def record(
    message: OutgoingMessage, *, state: MessageState, answer: str, **values: Any
) -> OutgoingMessage:
    """Ends the claim, unless the message has been given to somebody else meanwhile."""
    mine = OutgoingMessage.objects.filter(
        pk=message.pk,
        attempts=message.attempts,
        state__in=(MessageState.SENDING, MessageState.UNKNOWN),  # unknown: the sweeper gave us up
    )
    mine.update(state=state, provider_answer=answer[:200], **values)
    message.refresh_from_db()
    return message


def pause(message: OutgoingMessage) -> dt.timedelta:
    """Until the next attempt: longer each time, and not the same for all messages."""
    pauses = _PAUSES_OF_CODES if message.secret_source and message.is_sms else _PAUSES
    seconds = pauses[min(message.attempts, len(pauses)) - 1]
    share = (message.public_id.int % 1000) / 1000  # as random as the id
    return dt.timedelta(seconds=seconds * (1 + _JITTER * share))


def _secrets(message: OutgoingMessage, at: dt.datetime) -> Mapping[str, str] | None:
    if not message.secret_source:
        return {}
    return registry.secret_source(message.secret_source)(message.secret_ref, at)


def _prepared(
    message: OutgoingMessage, secrets: Mapping[str, str]
) -> tuple[Callable[[], Outcome], dict[str, str]]:
    """The call to make, and the texts without secrets that stay in the row."""
    if message.channel == Channel.SMS:
        sms = rendering.sms(message, secrets)
        return partial(channels.send_sms, message, sms), {"body": sms.kept}
    letter = rendering.letter(message, secrets)
    kept = {"subject": letter.subject, "body": letter.kept}
    return partial(channels.send_email, message, letter), kept


def _log(message: OutgoingMessage, outcome: Outcome) -> None:
    log.warning(
        "message not sent",
        message=str(message.public_id),
        kind=message.kind,
        channel=message.channel,
        result=outcome.result.value,
        answer=outcome.answer,
        attempt=message.attempts,
    )
