"""How allauth works here: sign-up closed, failures throttled, mails sent by tasks."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from eboks.accounts import services, throttle, trusted
from eboks.accounts.backends import find_user
from eboks.accounts.models import User
from eboks.accounts.security_notices import tell
from eboks.events import security_event

_MISMATCH = gettext_lazy(
    "Nie rozpoznajemy tych danych. Sprawdź e-mail lub identyfikator klienta i hasło;"
    " jeśli nie pamiętasz hasła, ustaw nowe."
)


def _wait(seconds: int | None) -> str:
    if seconds is None:
        return _("Za dużo nieudanych prób. Żeby się zalogować, ustaw nowe hasło.")
    minutes = -(-seconds // 60)
    return ngettext(
        "Za dużo nieudanych prób. Spróbuj ponownie za %(minutes)d minutę albo ustaw nowe hasło.",
        "Za dużo nieudanych prób. Spróbuj ponownie za %(minutes)d min albo ustaw nowe hasło.",
        minutes,
    ) % {"minutes": minutes}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _MISMATCH,
        "username_password_mismatch": _MISMATCH,
        "too_many_login_attempts": gettext_lazy(
            "Za dużo nieudanych prób. Spróbuj ponownie później."
        ),
        "enter_current_password": gettext_lazy("To nie jest Twoje obecne hasło."),
        "incorrect_password": gettext_lazy("To nie jest Twoje obecne hasło."),
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Clients start at their dashboard; staff who are nobody's client, in the back office."""
        user = request.user
        if isinstance(user, User) and user.is_staff and not user.memberships.exists():
            return reverse("admin:index")
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def get_login_stages(self) -> list[str]:
        return ["eboks.accounts.stages.FactorStage", "eboks.accounts.stages.SmsStage"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Log-in answers pages, never JSON; only the passkey's script fetches its challenge."""
        match = request.resolver_match
        return bool(match and match.view_name == "mfa_login_webauthn" and request.method == "GET")

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of this portal: no host at all, not even ours (SEC-56)."""
        if not url or not url.startswith("/") or url.startswith("//"):
            return False
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """allauth's messages, except that a log-in shows by itself."""
        if message_template != "account/messages/logged_in.txt":
            super().add_message(
                request, level, message_template, message_context, extra_tags, message
            )

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None for a wrong password.

        Raises ValidationError (code `too_many_login_attempts`, `seconds` in its params) when the
        account, the address or the browser has used up its failures.
        """
        login = credentials.get("email") or credentials.get("username") or ""
        known = find_user(login)
        try:
            attempt = self._begin(request, login, known)
        except throttle.Throttled as stop:
            actor_id = known.pk if known else None
            security_event("login", result="throttled", actor_id=actor_id, seconds=stop.seconds)
            raise ValidationError(
                _wait(stop.seconds),
                code="too_many_login_attempts",
                params={"seconds": stop.seconds},
            ) from None
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            attempt.failed()
            security_event("login", result="failed", actor_id=known.pk if known else None)
        else:
            failures = int(cache.get(attempt.streak_key, 0))
            attempt.succeeded()
            if failures >= settings.LOGIN_FAILURES_PER_ACCOUNT[0]:
                tell(
                    kind="login_after_failures",
                    user=user,
                    at=timezone.now(),
                    facts={"count": failures},
                )
        return user

    def _begin(self, request: HttpRequest, login: str, known: User | None) -> throttle.Attempt:
        account = throttle.account_key(str(known.pk) if known else f"?{login.strip()}")
        amount, seconds = settings.LOGIN_FAILURES_PER_ACCOUNT
        browser = trusted.read(request)
        if browser and known and browser.knows(known):
            key = f"{account}:browser:{browser.id}"
            limits = [throttle.Limit(key, amount, seconds, grows=True)]
            return throttle.begin(
                limits=limits, streak_key=f"{key}:streak", at=time.time(), capped=False
            )
        address = throttle.address_key(self.get_client_ip(request))
        limits = [
            throttle.Limit(account, amount, seconds, grows=True),
            *(
                throttle.Limit(f"{address}:{seconds}", amount, seconds)
                for amount, seconds in settings.LOGIN_FAILURES_PER_ADDRESS
            ),
        ]
        return throttle.begin(
            limits=limits, streak_key=f"{account}:streak", at=time.time(), capped=True
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth counts per typed word; `_begin` counts per account."""

    def _rollback_login_failed_rl_usage(self) -> None:
        """Nothing was counted by allauth."""

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Called by allauth after a reset; `views.PasswordResetFromKeyView` frees the account."""

    def login(self, request: HttpRequest, user: User) -> None:
        """The last look, whatever led here: nobody switched off or frozen since the password."""
        if not User.objects.filter(pk=user.pk, is_active=True, frozen_at=None).exists():
            security_event("login", result="refused", actor_id=user.pk)
            raise ImmediateHttpResponse(redirect("account_inactive"))
        super().login(request, user)

    def set_password(self, user: User, password: str) -> None:
        """Only the password is written: the rest of the row may be newer than ours."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Queues a notice about the person's account; its kind is the last part of the name.

        Of factors the receivers in `factors` tell, with the freeze link.
        """
        if template_prefix.startswith("mfa/"):
            return
        kind = template_prefix.rpartition("/")[2]
        services.mail_notice(user=user, kind=kind, at=timezone.now())

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every mail of this portal is a row of `notifications`; allauth sends none itself."""
        raise NotImplementedError(template_prefix)
