"""Background work of exports. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

_LONGEST = 50 * 60  # a broker hands a task out again after an hour


@shared_task(soft_time_limit=_LONGEST, time_limit=_LONGEST + 120)  # type: ignore[untyped-decorator]
def make(*, file_id: int) -> None:
    """Makes one ordered file, unless somebody else makes it or the person has two at work.

    A place that has become free goes to the person's next file.
    """
    from eboks.exports import making  # noqa: PLC0415 -- leaf

    for next_id in making.make(file_id=file_id, now=timezone.now):
        make.delay(file_id=next_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Every minute: files that were left, by a worker that died or a broker that was down."""
    from eboks.exports import sweeping  # noqa: PLC0415 -- leaf

    for file_id in sweeping.sweep(at=timezone.now()):
        make.delay(file_id=file_id)


@shared_task  # type: ignore[untyped-decorator]
def purge() -> None:
    """Every hour: removes files whose seven days are over."""
    from eboks.exports import sweeping  # noqa: PLC0415 -- leaf

    sweeping.purge(at=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def send_reports() -> None:
    """Every hour: favourite reports whose day has come."""
    from eboks.exports import scheduling  # noqa: PLC0415 -- leaf

    scheduling.order_due(at=timezone.now())
