"""Keys of links in mails: which row, and a token that only the mail carries (`eboks.codes`)."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from eboks import codes
from eboks.onboarding.models import AccessApplication, ApplicationState, Invitation

_KEY = re.compile(r"([0-9a-f]{32})([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class LinkKey:
    """What a link carries after the path, taken apart."""

    public_id: uuid.UUID
    token: str


def read_key(key: str) -> LinkKey | None:
    """The parts of a key, or None for a text that is no key."""
    found = _KEY.fullmatch(key)
    return LinkKey(uuid.UUID(found[1]), found[2]) if found else None


def invitation_key(invitation: Invitation) -> str:
    return (
        f"{invitation.public_id.hex}{_token('invitation', invitation.public_id, invitation.seed)}"
    )


def application_key(application: AccessApplication) -> str:
    token = _token("application", application.public_id, application.seed)
    return f"{application.public_id.hex}{token}"


def invitation_of(key: str) -> Invitation | None:
    """The invitation that the key opens, whatever its state; None for a wrong key."""
    parts = read_key(key)
    if parts is None:
        return None
    row = Invitation.objects.select_related("user").filter(public_id=parts.public_id).first()
    if row is None:
        return None
    expected = _token("invitation", row.public_id, row.seed)
    return row if codes.is_same(parts.token, expected) else None


def application_of(key: str) -> AccessApplication | None:
    """The application that the key opens, while something may be added to it."""
    parts = read_key(key)
    if parts is None:
        return None
    row = AccessApplication.objects.filter(public_id=parts.public_id).first()
    if row is None or row.state not in {ApplicationState.SUBMITTED, ApplicationState.NEEDS_MORE}:
        return None
    expected = _token("application", row.public_id, row.seed)
    return row if codes.is_same(parts.token, expected) else None


def is_open(invitation: Invitation, *, at: dt.datetime) -> bool:
    """Whether the link may still be used: not used, closed or too old, and sent to where the
    person is reached today.
    """
    user = invitation.user
    return (
        invitation.used_at is None
        and invitation.voided_at is None
        and at < invitation.valid_until
        and user.activated_at is None
        and user.is_active
        and not user.has_usable_password()
        and (invitation.email, invitation.phone) == (user.email, user.phone)
    )


def invitation_secret(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The link of an `invitation` message; None once it is worth nothing."""
    row = Invitation.objects.select_related("user").filter(public_id=ref).first()
    if row is None or not is_open(row, at=at):
        return None
    path = reverse("onboarding:activation_link", args=[invitation_key(row)])
    return {"link": f"{settings.SITE_URL}{path}"}


def application_secret(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The link by which an applicant adds to an application."""
    row = AccessApplication.objects.filter(public_id=ref).first()
    if row is None or row.state not in {ApplicationState.SUBMITTED, ApplicationState.NEEDS_MORE}:
        return None
    path = reverse("onboarding:supplement_link", args=[application_key(row)])
    return {"link": f"{settings.SITE_URL}{path}"}


def _token(purpose: str, public_id: uuid.UUID, seed: str) -> str:
    return codes.token(purpose=purpose, ref=str(public_id), seed=seed)
