"""What the trail and the messages say about keeping and removing documents."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind, add_kind

LEAVING = "documents_leaving"


def register() -> None:
    """Called once, when the app is ready."""
    for name, text in {
        "legal_hold_placed": _("wstrzymał(a) usuwanie dokumentów: %(object)s"),
        "legal_hold_confirmed": _("potwierdził(a) wstrzymanie usuwania: %(object)s"),
        "legal_hold_lift_asked": _("poprosił(a) o zwolnienie wstrzymania: %(object)s"),
        "legal_hold_lifted": _("zwolnił(a) wstrzymanie usuwania: %(object)s"),
        "purge_planned": _("zaplanował(a) usuwanie dokumentów (%(count)s)"),
        "purge_approved": _("zatwierdził(a) usuwanie dokumentów (%(count)s)"),
        "purge_cancelled": _("odwołał(a) usuwanie dokumentów"),
    }.items():
        add_event(name, text, group=Group.STAFF)
    add_event(
        "document_purged",
        _("usunął(-ęła) dokumenty po okresie przechowywania (%(count)s)"),
    )
    add_kind(
        MessageKind(
            name=LEAVING,
            title=_("Dokumenty, które niedługo znikną z portalu"),
            channels=(Channel.EMAIL, Channel.BELL),
        )
    )
