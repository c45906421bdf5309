"""What people hear about their way in, and where the secrets of these messages come from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.onboarding import activation, links

_EMAIL = (Channel.EMAIL,)


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_secret_source("invitation_link", links.invitation_secret)
    registry.add_secret_source("activation_password", activation.password_for_message)
    registry.add_secret_source("application_link", links.application_secret)
    for kind in (
        MessageKind(
            name="invitation",
            title=_("Zaproszenie do portalu"),
            channels=_EMAIL,
            security=True,
            in_settings=False,
        ),
        MessageKind(
            name="activation_password",
            title=_("Hasło SMS do aktywacji"),
            channels=(Channel.SMS,),
            security=True,
            in_settings=False,
        ),
        # To people who are nobody's client yet: kept no longer than their applications.
        *(
            MessageKind(name=name, title=title, channels=_EMAIL, keep_days=90, in_settings=False)
            for name, title in (
                ("application_received", _("Wniosek o dostęp przyjęty do sprawdzenia")),
                ("application_needs_more", _("Wniosek o dostęp do uzupełnienia")),
                ("application_refused", _("Wniosek o dostęp odrzucony")),
            )
        ),
        MessageKind(
            name="access_granted",
            title=_("Dostęp do kolejnej firmy"),
            channels=(Channel.EMAIL, Channel.BELL),
            security=True,
        ),
        MessageKind(
            name="account_activated",
            title=_("Aktywacja konta"),
            channels=(Channel.EMAIL, Channel.BELL),
            security=True,
        ),
    ):
        registry.add_kind(kind)
