"""Background work of retention. Each task calls one service and is safe to run twice."""

from __future__ import annotations

import contextlib

from celery import shared_task
from django.utils import timezone


@shared_task  # type: ignore[untyped-decorator]
def look_after_documents() -> None:
    """Nightly: give new documents their date, and tell clients of those that go soon."""
    from eboks import clock  # noqa: PLC0415 -- leaf
    from eboks.retention import dating, telling  # noqa: PLC0415

    at = timezone.now()
    on = clock.today(at)
    dating.date_documents(on=on)
    telling.tell_companies(on=on, at=at)


@shared_task  # type: ignore[untyped-decorator]
def execute_purge(*, run_id: int) -> None:
    """Remove what an approved run lists; a second one at the same time leaves at once."""
    from eboks.jobs.leases import AlreadyDoneError, AlreadyRunningError  # noqa: PLC0415 -- leaf
    from eboks.retention import purging  # noqa: PLC0415

    with contextlib.suppress(AlreadyRunningError, AlreadyDoneError):
        purging.execute(run_id=run_id, now=timezone.now)


@shared_task  # type: ignore[untyped-decorator]
def resume_purges() -> None:
    """Goes on with an approved run whose process died."""
    from eboks.retention.models import PurgeRun, PurgeState  # noqa: PLC0415 -- leaf

    for run_id in PurgeRun.objects.filter(state=PurgeState.APPROVED).values_list("pk", flat=True):
        execute_purge.delay(run_id=run_id)
