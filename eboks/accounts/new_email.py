"""Another e-mail address: signed by a code, then confirmed by whoever reads the new mailbox.

Whether somebody else has the address is told to its mailbox alone (SEC-07).
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from eboks import codes
from eboks.accounts.models import EmailChange, User
from eboks.accounts.security_notices import tell
from eboks.audit.services import record_for_companies
from eboks.events import security_event
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import send_to
from eboks.phones import masked_email

_SOURCE = "email_change"


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_secret_source(_SOURCE, link_for_message)
    for name in ("email_confirmation", "email_taken"):
        registry.add_kind(
            MessageKind(
                name=name,
                title=_("Potwierdzenie nowego adresu e-mail"),
                channels=(Channel.EMAIL,),
                security=True,
                in_settings=False,
            )
        )


@transaction.atomic
def start_change(*, user: User, email: str, reference: str, at: dt.datetime) -> EmailChange:
    """Sends a link to the new address and tells the old one; an earlier change is void."""
    EmailChange.objects.filter(user=user, used_at=None, voided_at=None).update(voided_at=at)
    change = EmailChange.objects.create(
        user=user,
        old_email=user.email,
        new_email=email,
        reference=reference,
        created_at=at,
        valid_until=at + dt.timedelta(seconds=settings.EMAIL_CHANGE_SECONDS),
    )
    others = User.objects.alias(email_=Lower("email")).exclude(pk=user.pk)
    is_taken = others.filter(email_=email.lower()).exists()
    send_to(
        kind="email_taken" if is_taken else "email_confirmation",
        channel=Channel.EMAIL,
        address=email,
        at=at,
        key=f"email_change:{change.public_id}",
        user=None if is_taken else user,
        language=user.language,
        facts={"hours": settings.EMAIL_CHANGE_SECONDS // 3600},
        secret_source="" if is_taken else _SOURCE,
        secret_ref="" if is_taken else str(change.public_id),
    )
    security_event("email_change_started", result="started", actor_id=user.pk)
    tell(kind="email_change_started", user=user, at=at, facts={"new": masked_email(email)})
    return change


def link_for_message(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The link of an `email_confirmation` message; None once it is worth nothing."""
    change = EmailChange.objects.filter(public_id=ref).first()
    if change is None or not is_open(change, at=at):
        return None
    path = reverse("account_confirm_email", kwargs={"key": key_of(change)})
    return {"link": f"{settings.SITE_URL}{path}"}


def change_of(key: str, *, at: dt.datetime) -> EmailChange | None:
    """The change that `key` of a link confirms, while it can be confirmed."""
    ref, _dash, _token = key.partition("-")
    try:
        wanted = uuid.UUID(ref)
    except ValueError:
        return None
    change = EmailChange.objects.select_related("user").filter(public_id=wanted).first()
    if change is None or not codes.is_same(key, key_of(change)):
        return None
    return change if is_open(change, at=at) else None


def is_open(change: EmailChange, *, at: dt.datetime) -> bool:
    return change.used_at is None and change.voided_at is None and at < change.valid_until


def confirm(*, change: EmailChange, at: dt.datetime) -> bool:
    """Puts the new address in the place of the old one, once.

    False, and nothing is done: used, void or too old, the address has somebody by now, or the
    account was frozen or got another address meanwhile.
    """
    try:
        with transaction.atomic():
            return _confirmed(change, at=at)
    except IntegrityError:  # somebody else has this address by now
        security_event("email_changed", result="refused", actor_id=change.user_id)
        return False


def key_of(change: EmailChange) -> str:
    token = codes.token(purpose="email", ref=str(change.public_id), seed=change.seed)
    return f"{change.public_id.hex}-{token}"


def _confirmed(change: EmailChange, *, at: dt.datetime) -> bool:
    won = EmailChange.objects.filter(
        pk=change.pk, used_at=None, voided_at=None, valid_until__gt=at
    ).update(used_at=at)
    moved = won and User.objects.filter(
        pk=change.user_id, email=change.old_email, is_active=True, frozen_at=None
    ).update(email=change.new_email)
    if not moved:
        transaction.set_rollback(True)
        return False
    user = User.objects.get(pk=change.user_id)
    facts = {"old": masked_email(change.old_email), "new": masked_email(change.new_email)}
    security_event("email_changed", result="ok", actor_id=user.pk)
    tell(kind="email_changed", user=user, at=at, facts=facts, old_email=change.old_email)
    record_for_companies(event="email_changed", at=at, user=user, facts=facts)
    return True
