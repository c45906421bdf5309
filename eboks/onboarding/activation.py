"""Activation: whoever holds the link and the one-time password from the SMS sets an own password.

Outcomes are returned, not raised: a raise would give back the try that a wrong password cost.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from eboks import codes
from eboks.accounts.models import User
from eboks.audit.services import record_for_companies
from eboks.authorisation import limits
from eboks.authorisation.models import SmsDevice
from eboks.codes import new_seed
from eboks.events import security_event
from eboks.notifications.models import Channel
from eboks.notifications.services import notify, send_to
from eboks.onboarding.links import invitation_of, is_open
from eboks.onboarding.models import Invitation
from eboks.onboarding.services import live
from eboks.phones import masked

PASSWORD_DIGITS = 8


class Outcome(enum.Enum):
    ACTIVATED = enum.auto()
    REFUSED = enum.auto()


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether an SMS is on its way; `text` says why not, for the person."""

    ok: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    outcome: Outcome
    user: User | None = None


def refusal() -> str:
    """The one answer to everything that does not fit: it tells nothing about what does not."""
    return _(
        "Nie udało się aktywować konta. Link albo hasło z SMS-a nie pasują do siebie, straciły"
        " ważność albo zostały już użyte. Wyślij nowe hasło SMS albo poproś o nowy link."
    )


def open_invitation(key: str, *, at: dt.datetime) -> Invitation | None:
    """The invitation of the link while it may be used."""
    invitation = invitation_of(key)
    return invitation if invitation is not None and is_open(invitation, at=at) else None


@transaction.atomic
def send_password(*, key: str, at: dt.datetime) -> Sent:
    """Sends a one-time password to the phone of the invitation; an earlier one is void.

    At most every `settings.SMS_RESEND_SECONDS`, and so many a link and a day as `settings.SMS_…`
    allow.
    """
    invitation = open_invitation(key, at=at)
    if invitation is None:
        return Sent(False, refusal())
    if text := limits.refusal_to_send(user=invitation.user, phone=invitation.phone, at=at):
        return Sent(False, text)
    if invitation.password_count >= settings.SMS_CODES_PER_INSTRUCTION:
        return Sent(False, _("Z tego linku nie wyślemy już hasła SMS. Poproś o nowy link."))
    pause = at - dt.timedelta(seconds=settings.SMS_RESEND_SECONDS)
    number = invitation.password_count + 1
    # Two presses at once: the number decides whose password it is.
    taken = (
        _usable(invitation, at=at)
        .filter(Q(password_sent_at=None) | Q(password_sent_at__lte=pause))
        .filter(password_count=number - 1)
        .update(
            password_seed=new_seed(),
            password_sent_at=at,
            password_count=number,
            tries_left=settings.INVITATION_PASSWORD_TRIES,
        )
    )
    if not taken:
        return Sent(False, _("Hasło SMS jest w drodze. Nowe możesz wysłać za minutę."))
    send_to(
        kind="activation_password",
        channel=Channel.SMS,
        address=invitation.phone,
        at=at,
        key=f"activation_password:{invitation.public_id}:{number}",
        user=invitation.user,
        language=invitation.user.language,
        facts={"number": number, "minutes": minutes()},
        secret_source="activation_password",  # noqa: S106 -- a name
        secret_ref=f"{invitation.public_id}:{number}",
    )
    security_event("activation_password_sent", result="ok", user_id=invitation.user_id)
    return Sent(True)


def password_for_message(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The secret of an `activation_password` message; None once it is worth nothing."""
    public_id, _colon, number = ref.partition(":")
    row = Invitation.objects.select_related("user").filter(public_id=public_id).first()
    if row is None or str(row.password_count) != number or not is_open(row, at=at):
        return None
    return {"code": _password(row)} if _is_in_time(row, at=at) else None


def activate(*, key: str, sms_password: str, password: str, at: dt.datetime) -> Result:
    """Sets the person's own password, once; `password` has passed the validators.

    Each call costs a try before anything is compared, so tries at once share the same few.
    """
    invitation = open_invitation(key, at=at)
    if invitation is None:
        security_event("account_activated", result="refused", why="link")
        return Result(Outcome.REFUSED)
    in_time = at - dt.timedelta(seconds=settings.INVITATION_PASSWORD_SECONDS)
    taken = (
        _usable(invitation, at=at)
        .filter(
            password_count=invitation.password_count,
            password_sent_at__gt=in_time,
            tries_left__gt=0,
        )
        .update(tries_left=F("tries_left") - 1)
    )
    fits = codes.is_same(_digits_of(sms_password), _password(invitation))
    if not (taken and fits and _set_password(invitation, password=password, at=at)):
        return _refused(invitation, at=at, noted=bool(taken))
    user = User.objects.get(pk=invitation.user_id)
    return Result(Outcome.ACTIVATED, user)


@transaction.atomic
def _set_password(invitation: Invitation, *, password: str, at: dt.datetime) -> bool:
    """Whether this call is the one that activates."""
    won = (
        _usable(invitation, at=at)
        .filter(password_count=invitation.password_count)
        .update(used_at=at, password_seed="", tries_left=0)
    )
    user = User.objects.select_for_update().get(pk=invitation.user_id)
    fresh = (user.email, user.phone) == (invitation.email, invitation.phone)
    if not won or not fresh or user.activated_at is not None or user.has_usable_password():
        transaction.set_rollback(True)
        return False
    user.set_password(password)
    user.activated_at = at
    user.save(update_fields=["password", "activated_at"])
    SmsDevice.objects.update_or_create(
        user=user, defaults={"number": invitation.phone, "name": "sms", "confirmed": True}
    )
    live().filter(user=user).update(voided_at=at)
    notify(
        kind="account_activated",
        user=user,
        at=at,
        key=f"account_activated:{user.public_id}",
        facts={"phone": masked(invitation.phone)},
    )
    security_event("account_activated", result="ok", actor_id=user.pk)
    record_for_companies(
        event="account_activated",
        at=at,
        user=user,
        facts={"phone": masked(invitation.phone), "invitation": str(invitation.public_id)},
    )
    return True


def _usable(invitation: Invitation, *, at: dt.datetime) -> QuerySet[Invitation]:
    return live().filter(pk=invitation.pk, valid_until__gt=at)


def _is_in_time(invitation: Invitation, *, at: dt.datetime) -> bool:
    sent = invitation.password_sent_at
    return sent is not None and at < sent + dt.timedelta(
        seconds=settings.INVITATION_PASSWORD_SECONDS
    )


def _refused(invitation: Invitation, *, at: dt.datetime, noted: bool) -> Result:
    """`noted`: the try was one of the few; the trail tells of no more than those."""
    security_event("account_activated", result="refused", user_id=invitation.user_id, why="pair")
    if noted:
        record_for_companies(
            event="activation_refused", at=at, user=invitation.user, result="refused"
        )
    return Result(Outcome.REFUSED)


def _password(invitation: Invitation) -> str:
    ref = f"{invitation.public_id}:{invitation.password_count}"
    return codes.digits(
        purpose="activation", ref=ref, seed=invitation.password_seed, length=PASSWORD_DIGITS
    )


def _digits_of(typed: str) -> str:
    """What was typed without the spaces and dashes that people put between digits."""
    return "".join(character for character in typed if character not in " -\u00a0")


def minutes() -> int:
    """How long a one-time password is good for."""
    return int(settings.INVITATION_PASSWORD_SECONDS // 60)
