"""Looking after what was left: due messages, claims of workers that died, unknown fates, old rows.

A row stuck in `sending` may have gone out: it is sent again only when the gateway says that it
never came, or promises that a second call sends nothing twice.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import models
from django.db.models import Exists, OuterRef

from eboks.clock import today
from eboks.integrations.sms.client import Fate, gateway
from eboks.notifications import registry, sending
from eboks.notifications.models import Channel, MessageState, OutgoingMessage

_STUCK = dt.timedelta(minutes=2)  # far longer than any call may last
_ASK_FOR = dt.timedelta(hours=1)  # how long an unknown fate is asked about
_BATCH = 500
_A_WHILE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Swept:
    due: list[int]  # to be sent now
    freed: int
    unknown: int
    cancelled: int


def sweep(*, at: dt.datetime) -> Swept:
    """Puts rows in order and names those that are due. Sends nothing itself."""
    cancelled = _cancel_old_codes(at)
    freed, unknown = 0, 0
    for message in _doubtful(at):
        if _settle_doubt(message, at) == MessageState.PENDING:
            freed += 1
        else:
            unknown += 1
    due = OutgoingMessage.objects.filter(
        state=MessageState.PENDING, send_after__lte=at, in_digest=False
    ).order_by("-is_security", "send_after", "pk")  # a code does not queue behind 50 000 notices
    return Swept(list(due.values_list("pk", flat=True)[:_BATCH]), freed, unknown, cancelled)


def _cancel_old_codes(at: dt.datetime) -> int:
    """Secrets that have run out or been used meanwhile; their sources know."""
    waiting = (
        OutgoingMessage.objects.filter(state=MessageState.PENDING, created_at__lte=at - _A_WHILE)
        .exclude(secret_source="")
        .order_by("pk")
    )
    cancelled = 0
    for message in waiting[:_BATCH]:
        if registry.secret_source(message.secret_source)(message.secret_ref, at) is None:
            cancelled += OutgoingMessage.objects.filter(
                pk=message.pk, state=MessageState.PENDING
            ).update(state=MessageState.CANCELLED, provider_answer=sending.WORTHLESS)
    return cancelled


def _doubtful(at: dt.datetime) -> list[OutgoingMessage]:
    stuck = models.Q(state=MessageState.SENDING, claimed_at__lte=at - _STUCK)
    unknown = models.Q(
        state=MessageState.UNKNOWN, channel=Channel.SMS, claimed_at__gt=at - _ASK_FOR
    )
    rows = OutgoingMessage.objects.filter(stuck | unknown).order_by("claimed_at", "pk")
    return list(rows[:_BATCH])


def _settle_doubt(message: OutgoingMessage, at: dt.datetime) -> MessageState:
    """Asks the gateway and writes down what it says; nothing else may have touched the row."""
    state, answer = MessageState.UNKNOWN, "przerwana w trakcie wysyłania"
    values: dict[str, object] = {}
    if message.channel == Channel.SMS:
        fate = gateway().status(id=str(message.public_id))
        if fate == Fate.SENT:
            state, answer, values = MessageState.SENT, "potwierdzona później", {"sent_at": at}
        elif message.attempts < sending.MAX_ATTEMPTS and (
            fate == Fate.MISSING
            or (gateway().repeats_are_safe and message.state == MessageState.SENDING)
        ):
            state, answer = MessageState.PENDING, "operator jej nie dostał"
    if state == message.state:
        return state
    OutgoingMessage.objects.filter(
        pk=message.pk, state=message.state, attempts=message.attempts
    ).update(state=state, provider_answer=answer, **values)
    return state


def purge(*, at: dt.datetime) -> int:
    """Deletes what has been kept long enough. A row that evidence points at stays, without its
    address and texts.
    """
    old = OutgoingMessage.objects.filter(purge_after__lt=today(at))
    free = old
    for relation in OutgoingMessage._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):
            rows = relation.related_model._base_manager
            free = free.exclude(Exists(rows.filter(**{relation.field.name: OuterRef("pk")})))
    deleted = 0
    while batch := list(free.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        deleted += OutgoingMessage.objects.filter(pk__in=batch).delete()[0]
    old.exclude(address="", body="").update(address="", subject="", body="", facts={}, url="")
    return deleted
