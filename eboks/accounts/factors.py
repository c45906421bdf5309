"""Authenticator apps, recovery codes and passkeys: allauth.mfa in our words and with our limits."""

from __future__ import annotations

import base64
import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn_forms
from cryptography.fernet import Fernet, MultiFernet
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from eboks.accounts import second_factor, throttle
from eboks.accounts.models import User
from eboks.accounts.security_notices import tell
from eboks.audit.services import record_for_companies
from eboks.events import security_event
from eboks.tenancy.models import LessorProfile

_TRIES, _SECONDS = 5, 15 * 60


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps lie encrypted; the key is not in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("Ten kod się nie zgadza. Wpisz ten, który aplikacja pokazuje teraz."),
        "cannot_generate_recovery_codes": _(
            "Kody zapasowe działają razem z aplikacją albo kluczem. Najpierw włącz jedno z nich."
        ),
    }

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        lessor = LessorProfile.objects.order_by("pk").first()
        return lessor.short_name if lessor else "eBOK"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The lessor's staff keep at least one strong factor (SEC-95)."""
        user = authenticator.user
        if not user.is_staff or authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        others = Authenticator.objects.filter(user=user, type__in=second_factor.STRONG)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The receivers below send our own notices, with the freeze link."""


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(secret: str) -> bytes:
    digest = salted_hmac("eboks.accounts.factors", "totp", secret=secret, algorithm="sha256")
    return base64.urlsafe_b64encode(digest.digest())


def used_in_session(request: HttpRequest) -> bool:
    """Whether an authenticator app, passkey or recovery code was used in this session."""
    records = get_authentication_records(request, request.user)
    return any(entry.get("method") == "mfa" for entry in records)


class _Throttled(forms.Form):
    """Five wrong codes in a quarter of an hour, then longer and longer (SEC-36)."""

    user: User

    def clean_code(self) -> str:
        key = throttle.account_key(f"factor:{self.user.pk}")
        limits = [throttle.Limit(key, _TRIES, _SECONDS, grows=True)]
        try:
            attempt = throttle.begin(
                limits=limits, streak_key=f"{key}:streak", at=time.time(), capped=False
            )
        except throttle.Throttled:
            security_event("factor", result="throttled", actor_id=self.user.pk)
            raise ValidationError(
                _("Za dużo błędnych kodów. Spróbuj ponownie za kilkanaście minut."),
                code="too_many_codes",
            ) from None
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            attempt.failed()
            security_event("factor", result="failed", actor_id=self.user.pk)
            raise
        attempt.succeeded()
        security_event("factor", result="ok", actor_id=self.user.pk)
        return code


def _code_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "code-input",
                "spellcheck": "false",
            }
        ),
    )


class AuthenticateForm(_Throttled, base_forms.AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(_("Kod z aplikacji albo kod zapasowy"))


class ReauthenticateFactorForm(_Throttled, base_forms.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(_("Kod z aplikacji albo kod zapasowy"))


class ActivateTotpForm(ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(_("Kod, który pokazuje aplikacja"))


class _PasskeyName(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Nazwa klucza, na przykład „telefon”")
        self.fields["name"].required = False


class AddPasskeyForm(_PasskeyName, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    pass


class EditPasskeyForm(_PasskeyName, webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]
    pass


@receiver(signals.authenticator_added, dispatch_uid="eboks.accounts.factors.added")
def factor_added(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _changed("factor_added", user, authenticator)


@receiver(signals.authenticator_removed, dispatch_uid="eboks.accounts.factors.removed")
def factor_removed(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _changed("factor_removed", user, authenticator)


@receiver(signals.authenticator_reset, dispatch_uid="eboks.accounts.factors.reset")
def factor_reset(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _changed("factor_added", user, authenticator)


def _changed(event: str, user: User, authenticator: Authenticator) -> None:
    """A new way in, or one less: trusted browsers are asked again, the person is told."""
    at = timezone.now()
    second_factor.forget_browsers(user=user, at=at)
    what = {"type": str(authenticator.type)}
    security_event(event, result="ok", actor_id=user.pk, type=str(authenticator.type))
    # Recovery codes come and go with the factor that they belong to: one notice is enough.
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        tell(kind=event, user=user, at=at, facts=what)
    record_for_companies(event=f"second_{event}", user=user, actor=user, at=at, facts=what)
