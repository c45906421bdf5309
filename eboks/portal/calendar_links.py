"""Secret links to a person's calendar: made, shown once, found by their digest, revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.audit.events import Group, add_event
from eboks.audit.services import record, record_for_companies
from eboks.portal.models import CalendarLink
from eboks.tenancy.models import Company, Membership

MOST_LINKS = 5  # of one person
_BYTES = 32
_READ_NOTED = dt.timedelta(hours=1)
_LONGEST = 100


class LinkError(Exception):
    """Why a link is not made, in words for the client."""


def register() -> None:
    """Called once, when the app is ready."""
    for name, text in (
        ("calendar_link_made", gettext_lazy("utworzył(a) link do kalendarza")),
        ("calendar_link_revoked", gettext_lazy("cofnął(ęła) link do kalendarza")),
    ):
        add_event(name, text, group=Group.ACCESS)


@transaction.atomic
def make(*, user: User, company: Company | None, form_key: uuid.UUID, at: dt.datetime) -> str:
    """A new link; returns its secret, which is kept nowhere. Empty when the form came before.

    Raises LinkError when the person has `MOST_LINKS` already.
    """
    if CalendarLink.objects.filter(user=user, revoked_at=None).count() >= MOST_LINKS:
        raise LinkError(
            _("Masz już %(n)d linków. Cofnij jeden z nich, żeby utworzyć nowy.") % {"n": MOST_LINKS}
        )
    token = secrets.token_urlsafe(_BYTES)
    try:
        with transaction.atomic():
            CalendarLink.objects.create(
                user=user,
                company=company,
                token_hash=digest(token),
                form_key=form_key,
                created_at=at,
            )
    except IntegrityError:
        return ""
    _note("calendar_link_made", user, company, at)
    return token


@transaction.atomic
def revoke(*, link: CalendarLink, actor: User, at: dt.datetime) -> bool:
    """From now on the address answers nothing; False when it did so before."""
    won = CalendarLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=at)
    if won == 1:
        _note("calendar_link_revoked", actor, link.company, at)
    return won == 1


def find(token: str, *, at: dt.datetime) -> CalendarLink | None:
    """The link with this secret, while it and its person are in force. Notes the reading."""
    if not 0 < len(token) <= _LONGEST:
        return None
    rows = CalendarLink.objects.select_related("user", "company")
    link = rows.filter(token_hash=digest(token), revoked_at=None).first()
    if link is None or link.user.frozen_at or not _acts(link):
        return None
    seldom = Q(last_read_at=None) | Q(last_read_at__lt=at - _READ_NOTED)
    CalendarLink.objects.filter(seldom, pk=link.pk).update(last_read_at=at)
    return link


def digest(token: str) -> str:
    """What is kept of a secret of 256 random bits: SHA-256 cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def _acts(link: CalendarLink) -> bool:
    mandates = Membership.objects.active().filter(user=link.user_id)
    return (mandates.filter(company=link.company_id) if link.company_id else mandates).exists()


def _note(event: str, user: User, company: Company | None, at: dt.datetime) -> None:
    if company is not None:
        record(event=event, at=at, actor=user, company=company)
    else:
        record_for_companies(event=event, at=at, user=user)
