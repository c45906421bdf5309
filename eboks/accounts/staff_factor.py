"""The lessor's staff work only with an authenticator app or a passkey, never by SMS (SEC-95)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from eboks.accounts import factors, second_factor
from eboks.accounts.models import User
from eboks.events import security_event

GetResponse = Callable[[HttpRequest], HttpResponse]

# What a member of the staff may do before a factor is there: add one, prove who they are, leave.
_ENROLMENT = {
    *("mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes"),
    *("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_reauthenticate"),
    *("account_logout", "set_language", "extend_session", "brand_css", "brand_logo"),
}


class StaffFactorMiddleware:
    """Keeps staff whose session has seen no factor out of everything but the page to add one.

    Stands below the session's limits, so that `request.user` is who it will stay.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        lacking = isinstance(user, User) and user.is_staff and not factors.used_in_session(request)
        # Kept: a middleware below may let the staff see with a client's eyes.
        request.staff_without_factor = user if lacking else None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        user: User | None = request.staff_without_factor  # type: ignore[attr-defined]
        if user is None:
            return None
        match = request.resolver_match
        route = match.view_name if match else ""
        if route in _ENROLMENT:
            return None
        security_event("staff_without_factor", result="refused", actor_id=user.pk, route=route)
        return HttpResponseRedirect(_where_to(request, user))


@receiver(signals.authenticator_added, dispatch_uid="eboks.accounts.staff_factor.added")
def added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Whoever adds a factor has just shown that they hold it: the session need not ask again."""
    if user.is_staff and authenticator.type in second_factor.STRONG:
        record_authentication(
            request, user, method="mfa", id=authenticator.pk, type=str(authenticator.type)
        )


def _where_to(request: HttpRequest, user: User) -> str:
    """To the page that proves a factor, or to the one that adds the first."""
    strong = Authenticator.objects.filter(user=user, type__in=second_factor.STRONG)
    kinds = set(strong.values_list("type", flat=True))
    if not kinds:
        return reverse("mfa_activate_totp")
    by_code = Authenticator.Type.TOTP in kinds
    name = "mfa_reauthenticate" if by_code else "mfa_reauthenticate_webauthn"
    back = request.get_full_path() if request.method == "GET" else reverse("admin:index")
    return f"{reverse(name)}?{urlencode({'next': back})}"
