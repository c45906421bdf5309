"""What happens at every log-in and log-out, whichever way in was used."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from eboks.accounts import services, sessions
from eboks.accounts.models import User
from eboks.events import security_event


@receiver(user_logged_in, dispatch_uid="eboks.accounts.visits.logged_in")
def logged_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Starts the session's clocks and notes the visit."""
    sessions.begin(request.session, at=time.time())
    services.note_visit(user_id=user.pk, at=timezone.now())
    security_event("login", result="ok", actor_id=user.pk)


@receiver(user_logged_out, dispatch_uid="eboks.accounts.visits.logged_out")
def logged_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:
        security_event("logout", result="ok", actor_id=user.pk)
