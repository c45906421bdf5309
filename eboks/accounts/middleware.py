"""The session's limits and the person's language, on every request."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import translation

from eboks.accounts import sessions
from eboks.events import security_event

GetResponse = Callable[[HttpRequest], HttpResponse]

BACKGROUND_HEADER = "X-Background"


class SessionLimitsMiddleware:
    """Ends sessions that are idle, old, or whose person has been switched off.

    A request with the header `X-Background` (polling) does not count as activity. Sets
    `request.session_ends_at` for the warning before the end.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.session_ends_at = None  # type: ignore[attr-defined]
        request.session_ended = False  # type: ignore[attr-defined]
        if SESSION_KEY in request.session:
            self._check(request, at=time.time())
        response = self.get_response(request)
        return _for_htmx(request, response)

    def _check(self, request: HttpRequest, *, at: float) -> None:
        user, session = request.user, request.session
        if not user.is_authenticated:  # switched off; Django itself would keep the session
            _end(request, actor_id=None, why="account")
            return
        if sessions.STARTED not in session:
            sessions.begin(session, at=at)
        if sessions.is_over(session, user, at=at):
            _end(request, actor_id=user.pk, why="limit")
            return
        asks_only = request.method == "GET" and request.path == reverse("extend_session")
        if not asks_only and BACKGROUND_HEADER not in request.headers:
            sessions.touch(session, at=at)
        moment = dt.datetime.fromtimestamp(sessions.ends_at(session, user), tz=dt.UTC)
        request.session_ends_at = moment  # type: ignore[attr-defined]


def _end(request: HttpRequest, *, actor_id: int | None, why: str) -> None:
    request.session.flush()
    request.user = AnonymousUser()
    request.session_ended = True  # type: ignore[attr-defined]
    security_event("session_ended", result="ok", actor_id=actor_id, why=why)


def _for_htmx(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends to log-in: says why, and makes htmx load the page instead of a fragment of it."""
    if not isinstance(response, HttpResponseRedirect):
        return response
    login = resolve_url(settings.LOGIN_URL)
    if urlsplit(response.url).path != login:
        return response
    url = response.url
    if getattr(request, "session_ended", False):
        url += ("&" if "?" in url else "?") + "koniec=1"
    if "HX-Request" not in request.headers:
        response["Location"] = url
        return response
    back = {"next": _path(request.headers.get("HX-Current-URL", "")), "koniec": "1"}
    return HttpResponse(status=204, headers={"HX-Redirect": f"{login}?{urlencode(back)}"})


def _path(url: str) -> str:
    """The path of an address that anyone may have typed; the start page for what is none."""
    try:
        return urlsplit(url).path or "/"
    except ValueError:  # „//[” looks like the beginning of an IPv6 host
        return "/"


class LanguageMiddleware:
    """The person's language; before log-in the one chosen on this browser; otherwise Polish.

    The browser's own list is not asked: most clients' browsers speak English, the clients do not.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if request.user.is_authenticated:
            chosen = request.user.language
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response
