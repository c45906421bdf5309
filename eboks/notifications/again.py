"""Sending a message again because a member of the staff says so. Nothing here resends by itself."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.events import security_event
from eboks.notifications import tasks
from eboks.notifications.models import MessageState, OutgoingMessage

_MAY_BE_REPEATED = (MessageState.FAILED, MessageState.UNKNOWN)


@transaction.atomic
def send_again(*, message: OutgoingMessage, actor: User, at: dt.datetime) -> bool:
    """One more attempt at a message that failed or whose fate is unknown. False for any other.

    Its id, `Message-ID` and code stay the same; a code that has run out is not sent at all.
    """
    ended = OutgoingMessage.objects.filter(pk=message.pk, state__in=_MAY_BE_REPEATED)
    if not ended.update(state=MessageState.PENDING, send_after=at, claimed_at=None):
        return False
    transaction.on_commit(partial(tasks.deliver.delay, message_id=message.pk), robust=True)
    security_event(
        "message_sent_again",
        result="started",
        actor_id=actor.pk,
        user_id=message.user_id,
        message=str(message.public_id),
        kind=message.kind,
    )
    record(
        event="message_sent_again",
        at=at,
        actor=actor,
        company=message.company,
        subject=message.user,
        object_kind="message",
        object_ref=str(message.public_id),
        facts={"kind": message.kind, "channel": message.channel},
    )
    return True
