"""A person's sessions: which devices are logged in, ending one or all others, the cap of five."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils.translation import gettext as _

from eboks.accounts import sessions
from eboks.accounts.models import User

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One logged-in browser as its owner recognises it."""

    pk: int
    device: str
    ip: str
    since: dt.datetime
    seen: dt.datetime
    is_this: bool


def device_name(agent: str) -> str:
    """„Chrome, Windows”: as much of a user agent as a person recognises."""
    browser = next((name for mark, name in _BROWSERS if re.search(rf"{mark}\w*/", agent)), "")
    if not browser and "Safari/" in agent:
        browser = "Safari"
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system))) or _("nieznane urządzenie")


def open_sessions(*, user: User, session_key: str | None) -> list[OpenSession]:
    """The person's live sessions, this one first, then by last activity."""
    found = []
    for row in UserSession.objects.filter(user=user).order_by("-created_at", "-pk")[:50]:
        data = _data(row.session_key)
        if not data or "_auth_user_id" not in data:
            continue
        seen = data.get(sessions.SEEN)
        found.append(
            OpenSession(
                pk=row.pk,
                device=device_name(row.user_agent),
                ip=row.ip,
                since=row.created_at,
                seen=dt.datetime.fromtimestamp(seen, tz=dt.UTC) if seen else row.created_at,
                is_this=row.session_key == session_key,
            )
        )
    return sorted(found, key=lambda row: (not row.is_this, -row.seen.timestamp()))


def end(*, user: User, pk: int | None, keep: str | None) -> int:
    """Ends one session of the person, or (without `pk`) all but `keep`. Returns how many."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    if pk is not None:
        rows = rows.filter(pk=pk)
    ended = list(rows.order_by("pk"))
    for row in ended:
        row.end()
    return len(ended)


def note(*, user: User, session_key: str, ip: str, agent: str, at: dt.datetime) -> bool:
    """Writes the new session down, ends the oldest above the cap. True: a device not seen before.

    A device is the pair of browser and system: an address changes too often to alarm anybody.
    """
    earlier = UserSession.objects.filter(user=user).exclude(session_key=session_key)
    known = {device_name(agent) for agent in earlier.values_list("user_agent", flat=True)}
    UserSession.objects.update_or_create(
        session_key=session_key,
        defaults={
            "user": user,
            "ip": ip,
            "user_agent": agent[:200],
            "created_at": at,
            "last_seen_at": at,
        },
    )
    rows = list(UserSession.objects.filter(user=user).order_by("-created_at", "-pk"))
    live = [row for row in rows if row.session_key == session_key or row.exists()]
    for row in live[settings.SESSIONS_PER_PERSON :]:
        row.end()
    return bool(known) and device_name(agent) not in known


def rename(*, old: str | None, new: str | None) -> None:
    """The same session goes on under a new key (after a re-authentication)."""
    UserSession.objects.filter(session_key=old or "").update(session_key=new or "")


def _data(session_key: str) -> dict[str, Any]:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    loaded: dict[str, Any] = store.load()
    return loaded
