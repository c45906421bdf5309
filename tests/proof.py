"""A session in which the person has just given the password again (SEC-27)."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows import login
from django.contrib.auth import SESSION_KEY


def prove(client: Any, *, seconds_ago: int = 0) -> Any:
    """`client`, freshly proven (or that long ago)."""
    session = client.session
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = session[SESSION_KEY]
    earlier = session.get(login.AUTHENTICATION_METHODS_SESSION_KEY, [])
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
        *earlier,
        {"method": "password", "at": time.time() - seconds_ago, "reauthenticated": True},
    ]
    session.save()
    return client
