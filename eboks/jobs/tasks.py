"""The night and its sweeper. Both ask for the same: whatever is due."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

_LONGEST = 4 * 3600  # seconds; longer than a holder may keep a run


@shared_task(soft_time_limit=_LONGEST, time_limit=_LONGEST + 60)  # type: ignore[untyped-decorator]
def run_night() -> None:
    """At 04:15 in Warsaw, and every five minutes: goes on with what was missed or broke off."""
    from eboks.jobs import nights  # noqa: PLC0415 -- leaf

    nights.run_due(now=timezone.now)
