"""Messages about passwords: their kinds, and where a reset link comes from.

The link is made at the moment of sending and lives half an hour from then; the queue holds only
whose it is (SEC-14).
"""

from __future__ import annotations

import datetime as dt

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind

LINK = "password_reset_link"


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_secret_source(LINK, link_for_message)
    registry.add_kind(
        MessageKind(
            name=LINK,
            title=_("Linki do ustawienia hasła"),
            channels=(Channel.EMAIL,),
            security=True,
            in_settings=False,
        )
    )
    for name in ("password_changed", "password_reset"):
        registry.add_kind(
            MessageKind(
                name=name,
                title=_("Zmiana hasła"),
                channels=(Channel.BELL,),  # the e-mail goes apart, with its freeze link
                security=True,
                in_settings=name == "password_changed",  # one line says it for both
            )
        )


def link_ref(*, user: User, at: dt.datetime) -> str:
    """What the queue keeps of a link: whose, and when it was asked for."""
    return f"{user.pk}:{int(at.timestamp())}"


def link_for_message(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The link, or None when it was asked for too long ago or the person may have none any more."""
    user_id, _colon, asked_at = ref.partition(":")
    if at.timestamp() - int(asked_at) > settings.PASSWORD_RESET_TIMEOUT:
        return None
    user = User.objects.filter(pk=user_id, is_active=True, frozen_at=None).first()
    if user is None:
        return None
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return {"link": f"{settings.SITE_URL}{path}"}
