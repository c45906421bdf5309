"""Browsers that a person has logged in with before, so that a stranger cannot lock them out.

A signed cookie holds a random id and, for each account that logged in here, a tag bound to the
account and its present password. It opens nothing by itself: it only moves the counting of
failures from the account and the address to this one browser.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from eboks.accounts.models import User

_SALT = "eboks.accounts.trusted"
_ACCOUNTS = 5


@dataclass(frozen=True, slots=True)
class Browser:
    id: str
    tags: tuple[str, ...]

    def knows(self, user: User) -> bool:
        """Whether `user` has logged in here since they last changed their password."""
        tag = _tag(user)
        return any(constant_time_compare(tag, known) for known in self.tags)


def read(request: HttpRequest) -> Browser | None:
    """The browser of this request, or None for an unknown, forged or outdated cookie."""
    value = request.COOKIES.get(settings.TRUSTED_BROWSER_COOKIE_NAME, "")
    try:
        data = signing.loads(value, salt=_SALT, max_age=settings.TRUSTED_BROWSER_SECONDS)
        return Browser(id=str(data["id"]), tags=tuple(map(str, data["tags"])))
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None


def remember(request: HttpRequest, response: HttpResponse, user: User) -> Browser:
    """Marks the browser as one that `user` logs in with; returns it as it is known from now on."""
    browser = read(request) or Browser(id=secrets.token_urlsafe(16), tags=())
    tag = _tag(user)
    tags = [tag, *(known for known in browser.tags if known != tag)][:_ACCOUNTS]
    response.set_cookie(
        settings.TRUSTED_BROWSER_COOKIE_NAME,
        signing.dumps({"id": browser.id, "tags": tags}, salt=_SALT),
        max_age=settings.TRUSTED_BROWSER_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return Browser(id=browser.id, tags=tuple(tags))


def _tag(user: User) -> str:
    value = f"{user.pk}:{user.get_session_auth_hash()}"
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()[:32]
