"""How long a session lives: idle and absolute limits, and the end of all of a person's sessions."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from eboks.accounts.models import User

STARTED = "session_started_at"
SEEN = "session_seen_at"
# Within this time of the last note nothing is written, so most requests leave the row alone.
_NOTE_EVERY = 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of idleness and of life altogether."""

    idle: int
    absolute: int


def limits_of(user: User) -> Limits:
    """Clients' limits, or those of the lessor's staff."""
    if user.is_staff:
        return Limits(settings.STAFF_SESSION_IDLE_SECONDS, settings.STAFF_SESSION_ABSOLUTE_SECONDS)
    return Limits(settings.SESSION_IDLE_SECONDS, settings.SESSION_ABSOLUTE_SECONDS)


def begin(session: SessionBase, *, at: float) -> None:
    """Starts both clocks, at log-in."""
    session[STARTED] = session[SEEN] = int(at)


def ends_at(session: SessionBase, user: User) -> float:
    """When the session ends if nobody touches it (seconds since 1970)."""
    limits = limits_of(user)
    return min(float(session[SEEN]) + limits.idle, float(session[STARTED]) + limits.absolute)


def is_over(session: SessionBase, user: User, *, at: float) -> bool:
    """Whether a limit has passed, or the person's sessions were ended."""
    if at >= ends_at(session, user):
        return True
    valid_from = user.sessions_valid_from
    return valid_from is not None and float(session[STARTED]) < valid_from.timestamp()


def touch(session: SessionBase, *, at: float, now: bool = False) -> None:
    """Notes that the person did something; writes at most every half a minute unless `now`."""
    if now or at - float(session[SEEN]) >= _NOTE_EVERY:
        session[SEEN] = int(at)
