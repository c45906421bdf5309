"""Where the work of this moment comes from: address, browser, session, request.

Set once per request by `eboks.security.OriginMiddleware`; services read it for the evidence they
write without seeing a request. Empty in tasks and commands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`session` is a hash of the session's key: enough to compare, not enough to enter."""

    ip: str | None = None
    agent: str = ""
    session: str = ""
    request_id: str = ""
    viewer_id: int | None = None  # a member of the staff who is looking through a client's eyes


_current: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 -- frozen


def current() -> Origin:
    return _current.get()


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """What is done inside comes from `origin`."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def session_hash(session_key: str | None) -> str:
    return hashlib.sha256((session_key or "").encode()).hexdigest() if session_key else ""
