"""What confirming balances tells people and writes into the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from invoicing.balance_confirmations import KIND


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_kind(
        MessageKind(
            name=KIND, title=_("Potwierdzenia sald"), channels=(Channel.EMAIL, Channel.BELL)
        )
    )
    for name, text, group in (
        ("balance_confirmations_asked", _("poprosił(a) klientów o potwierdzenie sald"), "staff"),
        ("balance_agreed", _("potwierdził(a) saldo na dzień %(as_of)s"), "data"),
        ("balance_disagreed", _("nie zgodził(a) się z saldem na dzień %(as_of)s"), "data"),
        ("balance_downloaded", _("pobrał(a) potwierdzenie salda na dzień %(as_of)s"), "documents"),
        (
            "balance_confirmation_handled",
            _("wyjaśnił(a) niezgodność salda na dzień %(as_of)s"),
            "staff",
        ),
    ):
        add_event(name, text, group=Group(group))
