"""What happens at every log-in and log-out, whichever way in was used."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from eboks.accounts import services, sessions, sessions_list
from eboks.accounts.models import User
from eboks.accounts.security_notices import tell
from eboks.events import security_event
from eboks.security import client_address


@receiver(user_logged_in, dispatch_uid="eboks.accounts.visits.logged_in")
def logged_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Starts the session's clocks and notes the visit."""
    now = timezone.now()
    sessions.begin(request.session, at=time.time())
    services.note_visit(user_id=user.pk, at=now)
    security_event("login", result="ok", actor_id=user.pk)
    _note_device(request, user, now)


def _note_device(request: HttpRequest, user: User, at: dt.datetime) -> None:
    """Writes the session into the person's list; tells them when the device is new to us."""
    address = client_address(request)
    if address is None:  # no browser: a command or a test
        return
    if not request.session.session_key:
        request.session.save()
    agent = request.headers.get("User-Agent", "")
    is_new = sessions_list.note(
        user=user, session_key=str(request.session.session_key), ip=address, agent=agent, at=at
    )
    if is_new:
        device = sessions_list.device_name(agent)
        security_event("login_new_device", result="ok", actor_id=user.pk)
        tell(kind="new_device", user=user, at=at, facts={"device": device, "ip": address})


@receiver(user_logged_out, dispatch_uid="eboks.accounts.visits.logged_out")
def logged_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:
        security_event("logout", result="ok", actor_id=user.pk)
