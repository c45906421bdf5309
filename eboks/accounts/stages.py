"""What stands between the right password and the portal (SEC-08).

Nobody is logged in until the last stage has ended. People with an authenticator app or a passkey
use it; others get an SMS code; the lessor's staff never do (SEC-95).
"""

from __future__ import annotations

from typing import Any

from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone

from eboks.accounts import second_factor


class FactorStage(AuthenticateStage):  # type: ignore[misc]
    """Authenticator app, passkey or recovery code."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if not super()._should_handle(request):
            return False
        return not second_factor.is_trusted(request, self.login.user)


class SmsStage(LoginStage):  # type: ignore[misc]
    """A code by SMS, for everybody who has nothing stronger."""

    key = "sms_code"
    urlname = "account_sms_code"

    def handle(self) -> tuple[Any, bool]:
        user = self.login.user
        if not settings.SECOND_FACTOR_ENABLED or user is None or user.is_staff:
            return None, True
        if second_factor.has_strong_factor(user):  # the stage before has asked for it
            return None, True
        if did_use_passwordless_login(self.request, user):
            return None, True
        if second_factor.is_trusted(self.request, user):
            return None, True
        if not self.state.get("ref"):
            self.send()
        return redirect(self.urlname), True

    def send(self) -> None:
        """Sends a code and keeps its reference with this half-way log-in alone."""
        ref, why = second_factor.send_code(user=self.login.user, at=timezone.now())
        if ref:
            self.state["ref"] = ref
        self.state["why"] = why
