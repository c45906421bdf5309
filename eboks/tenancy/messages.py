"""What this room tells people and writes into the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import add_event
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind


def register() -> None:
    """Called once, when the app is ready."""
    both = (Channel.EMAIL, Channel.BELL)
    for name, title in (
        ("people_changed", _("Nowe osoby w firmie i zmiany ich dostępu")),
        ("access_changed", _("Zmiany Twojego dostępu do firm")),
        ("company_data_changed", _("Zmiany danych firmy")),
    ):
        registry.add_kind(MessageKind(name=name, title=title, channels=both, security=True))
    # By the name that the company's administrator sees: a person who has not come in yet may have
    # had an account before, and its name is not for them.
    add_event("person_invited", _("zaprosił(a) osobę: %(name)s"))
    add_event("person_changed", _("zmienił(a) uprawnienia osoby: %(name)s"))
    add_event("person_suspended", _("zawiesił(a) dostęp osoby: %(name)s"))
    add_event("person_restored", _("przywrócił(a) dostęp osoby: %(name)s"))
    add_event("person_removed", _("usunął(-ęła) dostęp osoby: %(name)s"))
    add_event("person_invited_again", _("ponowił(a) zaproszenie osoby: %(name)s"))
    add_event("company_two_people_on", _("włączył(a) podpisywanie przez dwie osoby"))
    add_event("company_two_people_off", _("wyłączył(a) podpisywanie przez dwie osoby"))
