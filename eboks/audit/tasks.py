"""The daily anchor. Beat asks for it a few times a day: the first run makes it."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from eboks import clock


@shared_task  # type: ignore[untyped-decorator]
def drop_anchor() -> None:
    from eboks.audit import anchoring  # noqa: PLC0415 -- leaf

    at = timezone.now()
    anchoring.drop_anchor(day=clock.today(at), at=at)
