"""One e-mail instead of many, at the hour that the person chose."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.clock import WARSAW
from eboks.notifications import registry, rendering, services
from eboks.notifications.models import (
    Channel,
    MessageState,
    OutgoingMessage,
    OutgoingMessageQuerySet,
)
from eboks.notifications.registry import MessageKind

_MOST = 100


class _TakenMeanwhileError(Exception):
    """Another process is making the same digest."""


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_kind(
        MessageKind(
            name="digest",
            title=_("Wiadomości zbiorcze"),
            channels=(Channel.EMAIL,),
            in_settings=False,
        )
    )


def send_due(*, at: dt.datetime) -> int:
    """Queues the digest of every person whose hour has come. Returns how many."""
    people = _due(at).order_by("user_id").values_list("user_id", flat=True).distinct()
    made = 0
    for user_id in list(people):
        try:
            made += _send_one(user_id, at=at)
        except _TakenMeanwhileError:
            continue
    return made


@transaction.atomic
def _send_one(user_id: int, *, at: dt.datetime) -> int:
    rows = list(
        _due(at).filter(user_id=user_id).select_related("user").order_by("created_at", "pk")[:_MOST]
    )
    if not rows:
        return 0
    for row in rows:
        row.subject = rendering.subject_of(row)
    OutgoingMessage.objects.bulk_update(rows, ["subject"])
    waiting = OutgoingMessage.objects.filter(
        pk__in=[row.pk for row in rows], state=MessageState.PENDING
    )
    if waiting.update(state=MessageState.SENT, sent_at=at, provider_answer="zbiorczo") != len(rows):
        raise _TakenMeanwhileError  # rolls everything back
    user = User.objects.get(pk=user_id)
    services.send_to(
        kind="digest",
        channel=Channel.EMAIL,
        address=user.email or rows[0].address,
        at=at,
        key=f"digest:{user_id}:{rows[0].pk}",
        user=user,
        language=user.language,
        facts={
            "day": f"{at.astimezone(WARSAW):%d.%m.%Y}",
            "rows": [{"subject": row.subject, "url": row.url} for row in rows],
        },
    )
    return 1


def _due(at: dt.datetime) -> OutgoingMessageQuerySet:
    return OutgoingMessage.objects.filter(
        state=MessageState.PENDING, in_digest=True, send_after__lte=at, user__isnull=False
    )
