"""What happens to an account: mails, visits, the end of its sessions."""

from __future__ import annotations

import datetime as dt

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from eboks.accounts import throttle
from eboks.accounts.backends import find_user
from eboks.accounts.models import User
from eboks.events import security_event
from eboks.tenancy.models import LessorProfile


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


def mail_reset_link(*, email: str) -> None:
    """Sends a reset link when an active person with a password has this address."""
    user = find_user(email) if "@" in email else None
    if user is None or user.email.lower() != email.lower():
        return
    if user.is_active and user.has_usable_password():
        _mail_link(user)


def mail_password_link(*, user_id: int) -> None:
    """Sends an active person a link for setting a password, also their first one."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None and user.email:
        _mail_link(user)


def mail_notice(*, user_id: int, template: str, at: dt.datetime) -> None:
    """Sends the notice `template` about something that happened at `at`."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None and user.email:
        _mail(user, template, {"at": timezone.localtime(at)})


def _mail_link(user: User) -> None:
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    link = f"{settings.SITE_URL}{path}"
    _mail(user, "account/email/password_reset_key", {"link": link, "minutes": minutes})
    security_event("password_link_sent", result="ok", actor_id=user.pk)


def _mail(user: User, template: str, context: dict[str, object]) -> None:
    lessor = LessorProfile.objects.order_by("pk").first()
    with translation.override(user.language):
        facts = {"user": user, "lessor": lessor, "site": settings.SITE_URL, **context}
        subject = " ".join(render_to_string(f"{template}_subject.txt", facts).split())
        body = render_to_string(f"{template}_message.txt", facts).strip() + "\n"
    EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email]).send()
