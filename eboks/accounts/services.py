"""What happens to an account: mails, visits, the end of its sessions."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import F

from eboks.accounts import throttle
from eboks.accounts.backends import find_user
from eboks.accounts.models import User
from eboks.accounts.password_mails import LINK, link_ref
from eboks.accounts.security_notices import tell
from eboks.clock import WARSAW
from eboks.events import security_event
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to


def note_visit(*, user_id: int, at: dt.datetime) -> None:
    """Moves the last visit to the previous one and sets the last to `at`."""
    User.objects.filter(pk=user_id).update(previous_visit_at=F("last_visit_at"), last_visit_at=at)


def end_sessions(*, user_id: int, at: dt.datetime) -> None:
    """Kills every session that the person began before `at`, on all devices."""
    User.objects.filter(pk=user_id).update(sessions_valid_from=at)


def switch_off(*, user_id: int, at: dt.datetime) -> None:
    """Takes the person's access away at once; sessions do not come back with it."""
    User.objects.filter(pk=user_id).update(is_active=False, sessions_valid_from=at)


def free_after_reset(*, user_id: int) -> None:
    """A new password set through the person's own e-mail: earlier failures no longer count."""
    amount, _ = settings.LOGIN_FAILURES_PER_ACCOUNT
    key = throttle.account_key(str(user_id))
    throttle.forget(key=key, streak_key=f"{key}:streak", amount=amount)


def mail_reset_link(*, email: str, key: str, at: dt.datetime) -> None:
    """Sends a reset link when an active person with a password has this address."""
    user = find_user(email) if "@" in email else None
    if user is None or user.email.lower() != email.lower():
        return
    if user.is_active and user.frozen_at is None and user.has_usable_password():
        _mail_link(user, key=key, at=at)


def mail_password_link(*, user_id: int, key: str, at: dt.datetime) -> None:
    """Sends an active person a link for setting a password, also their first one."""
    user = User.objects.filter(pk=user_id, is_active=True, frozen_at=None).first()
    if user is not None and user.email:
        _mail_link(user, key=key, at=at)


def mail_notice(*, user: User, kind: str, at: dt.datetime) -> None:
    """Tells the person about something that happened to their account at `at`."""
    moment = at.astimezone(WARSAW)
    facts = {"day": f"{moment:%d.%m.%Y}", "hour": f"{moment:%H:%M}"}
    tell(kind=kind, user=user, at=at, facts=facts)


def _mail_link(user: User, *, key: str, at: dt.datetime) -> None:
    """One link for one `key`: a task that runs twice sends it once."""
    send_to(
        kind=LINK,
        channel=Channel.EMAIL,
        address=user.email,
        at=at,
        key=f"{LINK}:{key}",
        user=user,
        language=user.language,
        facts={"minutes": settings.PASSWORD_RESET_TIMEOUT // 60},
        secret_source=LINK,
        secret_ref=link_ref(user=user, at=at),
    )
    security_event("password_link_sent", result="ok", actor_id=user.pk)
