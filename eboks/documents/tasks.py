"""Background work on stored files."""

from __future__ import annotations

import datetime as dt

from celery import shared_task
from django.utils import timezone

_AGE = dt.timedelta(hours=1)  # a younger file may still get its row


@shared_task  # type: ignore[untyped-decorator]
def sweep_orphans() -> None:
    """Files that a killed process left without a row (FI-03)."""
    from eboks.documents import services  # noqa: PLC0415 -- leaf

    services.sweep_orphans(older_than=timezone.now() - _AGE)
