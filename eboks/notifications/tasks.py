"""Sending messages, and looking after those that were left. A task carries ids, never texts."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

_SOON_SECONDS = 60


@shared_task  # type: ignore[untyped-decorator]
def deliver(*, message_id: int) -> None:
    """Sends one message, unless somebody else has it or it is not due."""
    from eboks.notifications import sending  # noqa: PLC0415 -- leaf
    from eboks.notifications.models import MessageState  # noqa: PLC0415

    at = timezone.now()
    message = sending.deliver(message_id=message_id, at=at)
    if message is None or message.state != MessageState.PENDING or not settings.REDIS_URL:
        return
    # A code's next attempt is due before the sweeper comes again.
    seconds = (message.send_after - at).total_seconds()
    if seconds < _SOON_SECONDS:
        deliver.apply_async(kwargs={"message_id": message_id}, countdown=seconds + 1)


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Every minute: digests that are due, rows that were left, messages whose time has come."""
    from eboks.notifications import digests, sweeping  # noqa: PLC0415 -- leaf

    at = timezone.now()
    digests.send_due(at=at)
    for message_id in sweeping.sweep(at=at).due:
        deliver.delay(message_id=message_id)


@shared_task  # type: ignore[untyped-decorator]
def purge() -> None:
    """Every day: deletes messages that have been kept long enough."""
    from eboks.notifications import sweeping  # noqa: PLC0415 -- leaf

    sweeping.purge(at=timezone.now())
