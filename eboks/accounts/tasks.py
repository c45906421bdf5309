"""Looking up who a link is for, outside the request, and clearing up."""

from __future__ import annotations

import uuid
from typing import Any

from celery import Task, shared_task
from django.core.management import call_command
from django.utils import timezone


@shared_task(bind=True)  # type: ignore[untyped-decorator]
def send_password_reset(task: Task, *, email: str) -> None:
    """Queues a reset link for the person with this address, if there is an active one.

    People who have never had a password get none: their first way in is opened by the lessor.
    """
    from eboks.accounts import services  # noqa: PLC0415 -- leaf

    services.mail_reset_link(email=email, key=_key(task), at=timezone.now())


@shared_task(bind=True)  # type: ignore[untyped-decorator]
def send_password_link(task: Task, *, user_id: int) -> None:
    """Queues a link for setting a password, started by the lessor's staff."""
    from eboks.accounts import services  # noqa: PLC0415 -- leaf

    services.mail_password_link(user_id=user_id, key=_key(task), at=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def clear_sessions() -> None:
    """Removes the rows of sessions that have run out; they are dead already."""
    call_command("clearsessions")


def _key(task: Any) -> str:
    """The same for a task that a lost worker left and another does again."""
    return str(task.request.id or uuid.uuid4())
