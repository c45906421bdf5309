"""What people do to their own log-in, heard through the signals of Django and allauth.

A failed log-in is only in the security log: writing it here for the people we know, and not for the
others, would tell a stranger by the time who has an account (SEC-07).
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.utils import timezone

from eboks.accounts.models import User
from eboks.audit.services import record_for_companies


@receiver(user_logged_in, dispatch_uid="eboks.audit.logged_in")
def logged_in(user: User, **kwargs: Any) -> None:
    record_for_companies(event="login", at=timezone.now(), user=user)


@receiver(user_logged_out, dispatch_uid="eboks.audit.logged_out")
def logged_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record_for_companies(event="logout", at=timezone.now(), user=user)


@receiver(signals.password_changed, dispatch_uid="eboks.audit.password_changed")
@receiver(signals.password_set, dispatch_uid="eboks.audit.password_set")
def password_changed(user: User, **kwargs: Any) -> None:
    record_for_companies(event="password_changed", at=timezone.now(), user=user)


@receiver(signals.password_reset, dispatch_uid="eboks.audit.password_reset")
def password_reset(user: User, **kwargs: Any) -> None:
    record_for_companies(event="password_reset", at=timezone.now(), user=user)
