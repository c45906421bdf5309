"""The second step of a log-in: who needs which, the SMS code, browsers where it is not asked."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from eboks import origin
from eboks.accounts import trusted
from eboks.accounts.models import TrustedBrowser, User
from eboks.authorisation.limits import refusal_to_send
from eboks.authorisation.models import SmsDevice
from eboks.events import security_event
from eboks.notifications import registry
from eboks.notifications.models import Channel, MessageState, OutgoingMessage
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import send_to
from eboks.phones import masked

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True, slots=True)
class LoginCode:
    """The log-in code on its way: where to, since when, until when. Never the code itself."""

    ref: str
    number: str
    sent_at: dt.datetime
    valid_until: dt.datetime
    tries_left: int
    next_at: dt.datetime
    failed: bool

    def is_live(self, at: dt.datetime) -> bool:
        return self.tries_left > 0 and at < self.valid_until


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_secret_source("login_code", code_for_message)
    registry.add_kind(
        MessageKind(
            name="login_code",
            title=_("Kody logowania"),
            channels=(Channel.SMS,),
            security=True,
            keep_days=30,
            in_settings=False,
        )
    )


def has_strong_factor(user: User) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user.pk, type__in=STRONG).exists())


def device_of(user: User) -> SmsDevice | None:
    found: SmsDevice | None = SmsDevice.objects.filter(user=user, confirmed=True).first()
    return found


@transaction.atomic
def send_code(*, user: User, at: dt.datetime) -> tuple[str, str]:
    """Sends a log-in code: (its reference, "") or ("", why not, in words)."""
    device = SmsDevice.objects.select_for_update(of=("self",)).filter(user=user).first()
    if device is None or not device.confirmed:
        return "", _("Nie mamy Twojego numeru do kodów SMS. Zadzwoń do nas, a go dodamy.")
    allowed, _why = device.generate_is_allowed()
    if not allowed:
        return "", _("Kod jest w drodze. Nowy możesz wysłać za chwilę.")
    if text := refusal_to_send(user=user, phone=device.number, at=at):
        return "", text
    ref = device.generate_challenge()
    send_to(
        kind="login_code",
        channel=Channel.SMS,
        address=device.number,
        at=at,
        key=f"login_code:{ref}",
        user=user,
        language=user.language,
        secret_source="login_code",  # noqa: S106 -- a name
        secret_ref=ref,
    )
    security_event("login_code_sent", result="ok", actor_id=user.pk)
    return ref, ""


def code_for_message(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The secret of a `login_code` message; None once the code is worth nothing."""
    device = SmsDevice.objects.filter(challenge_ref=ref).first()
    if device is None or not device.challenge_tries or at >= device.challenge_until:
        return None
    return {"code": device.challenge_code()}


def code_status(*, user: User, ref: str) -> LoginCode | None:
    """About the code `ref` of this half-way log-in; None when another one has replaced it."""
    device = device_of(user)
    if device is None or not ref or str(device.challenge_ref) != ref:
        return None
    until = device.challenge_until or timezone.now()
    message = OutgoingMessage.objects.filter(key=f"login_code:{ref}").first()
    sent_at = until - dt.timedelta(seconds=settings.SMS_CODE_SECONDS)
    return LoginCode(
        ref=ref,
        number=masked(device.number),
        sent_at=sent_at,
        valid_until=until,
        tries_left=device.challenge_tries,
        next_at=sent_at + dt.timedelta(seconds=settings.SMS_RESEND_SECONDS),
        failed=message is not None
        and message.state in {MessageState.FAILED, MessageState.UNKNOWN, MessageState.CANCELLED},
    )


def check_code(*, user: User, ref: str, typed: str) -> bool:
    """Whether `typed` is the code of this very log-in; one use, three tries (SEC-35, 36)."""
    device = device_of(user)
    if device is None or not ref or str(device.challenge_ref) != ref:
        security_event("login_code", result="refused", actor_id=user.pk)
        return False
    right: bool = device.verify_token(typed)
    security_event("login_code", result="ok" if right else "failed", actor_id=user.pk)
    return right


# --- browsers where no second factor is asked for a while -------------------------------------


def is_trusted(request: HttpRequest, user: User) -> bool:
    """Whether the person asked not to be asked here, within 30 days and the same password."""
    if user.is_staff:
        return False
    browser = trusted.read(request)
    if browser is None or not browser.knows(user):
        return False
    rows = TrustedBrowser.objects.filter(
        user=user,
        browser=_hash(browser),
        revoked_at__isnull=True,
        valid_until__gt=timezone.now(),
    )
    return rows.exists()


def trust(*, browser: trusted.Browser, user: User, at: dt.datetime) -> None:
    """Remembers this browser for the person's second factor."""
    if user.is_staff:
        return
    here = origin.current()
    TrustedBrowser.objects.create(
        user=user,
        browser=_hash(browser),
        agent=here.agent,
        ip=here.ip,
        created_at=at,
        valid_until=at + dt.timedelta(seconds=settings.TRUSTED_SECOND_FACTOR_SECONDS),
    )
    security_event("browser_trusted", result="ok", actor_id=user.pk)


def forget_browsers(*, user: User, at: dt.datetime, public_id: str | None = None) -> int:
    """Asks for the second factor again: everywhere, or in one browser."""
    rows = TrustedBrowser.objects.filter(user=user, revoked_at__isnull=True)
    if public_id is not None:
        rows = rows.filter(public_id=public_id)
    return rows.update(revoked_at=at)


def _hash(browser: trusted.Browser) -> str:
    return hashlib.sha256(browser.id.encode()).hexdigest()
