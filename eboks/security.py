"""What every answer carries: a request id, the browser's limits, and no copy in any cache."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string
from django.urls import get_callable

from eboks.events import security_event
from eboks.origin import Origin, coming_from, session_hash

GetResponse = Callable[[HttpRequest], HttpResponse]

_UNUSED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES)


class RequestIdMiddleware:
    """Names each request: in the log lines written on the way, the answer and the error page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response.headers["X-Request-ID"] = request_id
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of an error of ours, with the number under which the log tells about it."""
    facts = {"request_id": getattr(request, "request_id", "")}
    return HttpResponseServerError(render_to_string("500.html", facts))


class HeadersMiddleware:
    """Headers that Django's SecurityMiddleware and django-csp leave out, on static files too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class OriginMiddleware:
    """Says where the work of this request comes from, for the evidence that services write.

    Stands below the session and above everything that acts.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = Origin(
            ip=client_address(request),
            agent=request.headers.get("User-Agent", "")[:200],
            session=session_hash(request.session.session_key),
            request_id=getattr(request, "request_id", ""),
        )
        with coming_from(origin):
            return self.get_response(request)


def client_address(request: HttpRequest) -> str | None:
    """The client's address as the configured proxy says it (SEC-60); None when it says none."""
    try:
        address: str = get_adapter().get_client_ip(request)
    except PermissionDenied:
        return None
    return address


class PrivateAnswersMiddleware:
    """`Cache-Control: no-store, private` on everything that a view answers.

    Only a view that is open to strangers may ask for a public cache (the lessor's colours).
    Stands below WhiteNoise, so static files keep their own, long life.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        wanted = response.headers.get("Cache-Control", "")
        if not (getattr(request, "is_open_view", False) and "public" in wanted):
            response.headers["Cache-Control"] = "no-store, private"
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        request.is_open_view = not getattr(view, "login_required", True)  # type: ignore[attr-defined]
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method in _SAFE_METHODS or site in {"same-origin", "none"}:
            return None
        # A browser that says where a form came from is believed before any token is.
        refuse = get_callable(settings.CSRF_FAILURE_VIEW)
        answer: HttpResponse = refuse(request, reason="Sec-Fetch-Site")
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied):
            match = request.resolver_match
            security_event(
                "permission_denied",
                result="refused",
                actor_id=getattr(getattr(request, "user", None), "pk", None),
                route=match.view_name if match else "",
            )
