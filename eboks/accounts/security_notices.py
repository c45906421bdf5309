"""Notices about a person's own account, each with the link „to nie ja” that freezes it (SEC-11)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from eboks import codes
from eboks.accounts.models import FreezeLink, User
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify, send_to

_KINDS = {
    "new_device": _("Logowanie z nowego urządzenia"),
    "login_after_failures": _("Logowanie po nieudanych próbach"),
    "factor_added": _("Nowy sposób potwierdzania logowania"),
    "factor_removed": _("Usunięty sposób potwierdzania logowania"),
    "phone_changed": _("Zmiana telefonu do kodów"),
    "email_change_started": _("Prośba o zmianę adresu e-mail"),
    "email_changed": _("Zmiana adresu e-mail"),
    "account_frozen": _("Blokada konta"),
}


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_secret_source("freeze_link", link_for_message)
    for name, title in _KINDS.items():
        registry.add_kind(
            MessageKind(name=name, title=title, channels=(Channel.BELL,), security=True)
        )


@transaction.atomic
def tell(
    *,
    kind: str,
    user: User,
    at: dt.datetime,
    facts: dict[str, Any] | None = None,
    old_email: str = "",
    old_number: str = "",
) -> None:
    """Tells the person by e-mail (with the freeze link) and by the bell; also at an address or a
    number that has just been replaced, so that a thief cannot hide the change."""
    event = f"{kind}:{user.pk}:{uuid.uuid4().hex}"
    notify_facts = dict(facts or {})
    notify(kind=kind, user=user, at=at, key=event, facts=notify_facts, url=security_page())
    link = FreezeLink.objects.create(
        user=user,
        event=kind,
        created_at=at,
        valid_until=at + dt.timedelta(seconds=settings.FREEZE_LINK_SECONDS),
    )
    for address in {user.email, old_email} - {""}:
        send_to(
            kind=kind,
            channel=Channel.EMAIL,
            address=address,
            at=at,
            key=f"{event}:{'old' if address == old_email else 'own'}",
            user=user,
            language=user.language,
            facts=notify_facts,
            secret_source="freeze_link",  # noqa: S106 -- a name
            secret_ref=str(link.public_id),
        )
    if old_number:
        send_to(
            kind=kind,
            channel=Channel.SMS,
            address=old_number,
            at=at,
            key=f"{event}:sms",
            user=user,
            language=user.language,
            facts=notify_facts,
        )


def security_page() -> str:
    return reverse("account_security")


def link_for_message(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The variable `freeze_link` of a notice; None once the link is used or outdated."""
    link = FreezeLink.objects.filter(public_id=ref, used_at=None, valid_until__gt=at).first()
    if link is None:
        return None
    path = reverse("account_freeze", kwargs={"key": key_of(link)})
    return {"freeze_link": f"{settings.SITE_URL}{path}"}


def key_of(link: FreezeLink) -> str:
    token = codes.token(purpose="freeze", ref=str(link.public_id), seed=link.seed)
    return f"{link.public_id.hex}-{token}"


def link_of(key: str, *, at: dt.datetime) -> FreezeLink | None:
    """The link that `key` opens, while it can still be used."""
    ref, _dash, token = key.partition("-")
    try:
        wanted = uuid.UUID(ref)
    except ValueError:
        return None
    link = FreezeLink.objects.filter(public_id=wanted, used_at=None, valid_until__gt=at).first()
    if link is None or not codes.is_same(f"{ref}-{token}", key_of(link)):
        return None
    return link
