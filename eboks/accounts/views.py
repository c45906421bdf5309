"""Log-in and what belongs to it: allauth's views with our limits, and the session's own."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal import flows
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from eboks.accounts import services, sessions, sessions_list, trusted
from eboks.accounts.models import User
from eboks.accounts.validators import MinimumLength, NotAboutOwner
from eboks.events import security_event
from eboks.http import PortalRequest

CLEAR_ON_LOGOUT = '"cache", "storage"'


class LoginView(allauth_views.LoginView):  # type: ignore[misc]
    """Says 429 while too many tries have failed; remembers the browser after a good one."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if self.request.user.is_authenticated:
            trusted.remember(self.request, response, self.request.user)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if (seconds := form.retry_seconds) is not None:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            if seconds:
                response.headers["Retry-After"] = str(seconds)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["session_ended"] = self.request.GET.get("koniec") == "1"
        return context


@method_decorator(login_not_required, name="dispatch")
class LogoutView(allauth_views.LogoutView):  # type: ignore[misc]
    """GET asks, POST logs out and makes the browser forget what it has stored."""

    http_method_names = ["get", "head", "post"]

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        response.headers["Clear-Site-Data"] = CLEAR_ON_LOGOUT
        return response


class PasswordChangeView(allauth_views.PasswordChangeView):  # type: ignore[misc]
    """Every other session of the person ends with the old password (its hash signs them)."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        user: User = form.user
        update_session_auth_hash(self.request, user)
        trusted.remember(self.request, response, user)
        security_event("password_changed", result="ok", actor_id=user.pk)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"password_rules": password_rules()}


class PasswordResetView(allauth_views.PasswordResetView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        security_event("password_reset_asked", result="started")
        response: HttpResponse = super().form_valid(form)
        return response


class PasswordResetFromKeyView(allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]
    """GET of the link moves its key to the session and shows a form; only the form's POST acts."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        self.request.session.pop(allauth_views.INTERNAL_RESET_SESSION_KEY, None)
        services.free_after_reset(user_id=self.reset_user.pk)
        security_event("password_reset", result="ok", actor_id=self.reset_user.pk)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"password_rules": password_rules()}


class ReauthenticateView(allauth_views.ReauthenticateView):  # type: ignore[misc]
    """A new session id after each proof of who it is."""

    def form_valid(self, form: Any) -> HttpResponse:
        old = self.request.session.session_key
        self.request.session.cycle_key()
        sessions_list.rename(old=old, new=self.request.session.session_key)
        security_event("reauthenticated", result="ok", actor_id=self.request.user.pk)
        flows.reauthentication.reauthenticate_by_password(self.request)
        response: HttpResponse = super().form_valid(form)
        return response


def password_rules() -> list[str]:
    """The rules as sentences, for the page where a password is chosen."""
    return [MinimumLength().get_help_text(), NotAboutOwner().get_help_text()]


@require_http_methods(["GET", "POST"])
def session(request: PortalRequest) -> HttpResponse:
    """POST goes on working: 204. GET tells the seconds left (JSON) and does not prolong them.

    Both say the seconds in the header `X-Session-Seconds`.
    """
    now = time.time()
    if request.method == "POST":
        sessions.touch(request.session, at=now, now=True)
    left = max(0, int(sessions.ends_at(request.session, request.user) - now))
    answer: HttpResponse = JsonResponse({"seconds": left})
    if request.method == "POST":
        answer = HttpResponse(status=204)
    answer.headers["X-Session-Seconds"] = str(left)
    return answer


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen language with the person, or in a cookie before log-in."""
    language = request.POST.get("language", "")
    target = request.POST.get("next", "")
    local = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    response = redirect(target if local else "/")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=language)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere: says so and offers the way back."""
    security_event(
        "csrf_refused",
        result="refused",
        actor_id=getattr(request.user, "pk", None),
        reason=reason.partition(" - ")[0],  # what follows is an address that the browser sent
    )
    return render(request, "403_csrf.html", status=403)
