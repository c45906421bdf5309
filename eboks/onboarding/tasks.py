"""Work about people's way in that no request waits for. Links are made when a mail is sent."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task  # type: ignore[untyped-decorator]
def resend_link(*, email: str) -> None:
    """A new link for the person with this address, if somebody waits there."""
    from eboks.onboarding import services  # noqa: PLC0415 -- leaf

    services.resend_asked(email=email, at=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def invite_known_people(*, after: int = 0) -> None:
    """Invites those whom a feed named, a batch at a time."""
    from eboks.onboarding import known_people  # noqa: PLC0415 -- leaf

    last = known_people.invite_batch(after=after, at=timezone.now())
    if last is not None:
        invite_known_people.delay(after=last)


@shared_task  # type: ignore[untyped-decorator]
def clean() -> None:
    """Every day: links whose time is over, applications that came to nothing."""
    from eboks.onboarding import cleaning, services  # noqa: PLC0415 -- leaf

    now = timezone.now()
    services.void_outdated(at=now)
    cleaning.delete_old_applications(at=now)
