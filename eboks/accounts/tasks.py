"""Mails about accounts. Links are made here, so no token ever lies in the queue."""

from __future__ import annotations

import datetime as dt
from typing import Any

from celery import shared_task
from django.core.management import call_command

_RETRIES: dict[str, Any] = {
    "autoretry_for": (OSError,),  # SMTP errors are among them
    "retry_backoff": True,
    "max_retries": 8,
}


@shared_task(**_RETRIES)  # type: ignore[untyped-decorator]
def send_password_reset(*, email: str) -> None:
    """Mails a reset link to the person with this address, if there is an active one.

    People who have never had a password get none: their first way in is opened by the lessor.
    """
    from eboks.accounts import services  # noqa: PLC0415 -- leaf

    services.mail_reset_link(email=email)


@shared_task(**_RETRIES)  # type: ignore[untyped-decorator]
def send_password_link(*, user_id: int) -> None:
    """Mails a link for setting a password, started by the lessor's staff."""
    from eboks.accounts import services  # noqa: PLC0415 -- leaf

    services.mail_password_link(user_id=user_id)


@shared_task  # type: ignore[untyped-decorator]
def clear_sessions() -> None:
    """Removes the rows of sessions that have run out; they are dead already."""
    call_command("clearsessions")


@shared_task(**_RETRIES)  # type: ignore[untyped-decorator]
def send_notice(*, user_id: int, template: str, at: str) -> None:
    """Mails a notice that something about the account changed at `at` (ISO 8601)."""
    from eboks.accounts import services  # noqa: PLC0415 -- leaf

    services.mail_notice(user_id=user_id, template=template, at=dt.datetime.fromisoformat(at))
