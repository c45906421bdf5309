"""Background work of contracts. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from contextlib import suppress

from celery import shared_task
from django.utils import timezone


@shared_task  # type: ignore[untyped-decorator]
def refresh_positions() -> None:
    """Capital left and next payment of contracts that a feed or the calendar has overtaken."""
    from contracts import positions  # noqa: PLC0415 -- leaf
    from eboks import clock  # noqa: PLC0415

    positions.refresh(on=clock.today(timezone.now()))


@shared_task  # type: ignore[untyped-decorator]
def notify_rate_changes() -> None:
    """Messages about instalments that have changed, until everybody has been told."""
    from contracts import rate_change_messages  # noqa: PLC0415 -- leaf

    while rate_change_messages.notify_changes(at=timezone.now()):
        pass


@shared_task(soft_time_limit=3_300, time_limit=3_500)  # type: ignore[untyped-decorator]
def reprice() -> None:
    """New rates of the day. What was broken off goes on; what is done is not done again."""
    from contracts.fixing_corrections import FixingCorrectedError  # noqa: PLC0415 -- leaf
    from contracts.repricing import reprice_due  # noqa: PLC0415 -- leaf
    from eboks import clock  # noqa: PLC0415
    from eboks.jobs.leases import AlreadyRunningError  # noqa: PLC0415

    at = timezone.now()
    with suppress(AlreadyRunningError, FixingCorrectedError):  # the next run goes on
        reprice_due(on=clock.today(at), at=at)
