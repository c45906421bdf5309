"""Background work of contracts. Each task calls one service and is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task  # type: ignore[untyped-decorator]
def refresh_positions() -> None:
    """Capital left and next payment of contracts that a feed or the calendar has overtaken."""
    from contracts import positions  # noqa: PLC0415 -- leaf
    from eboks import clock  # noqa: PLC0415

    positions.refresh(on=clock.today(timezone.now()))
