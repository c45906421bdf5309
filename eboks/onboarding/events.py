"""Events of this room in the audit trail, in the words that a client reads."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event


def register() -> None:
    """Called once, when the app is ready."""
    add_event(
        "activation_refused",
        _("podał(a) błędne hasło SMS przy aktywacji konta"),
        group=Group.ACCESS,
    )
    for name, text in (
        ("application_completed", _("uzupełnił(a) wniosek o dostęp")),
        ("application_proposed", _("sprawdził(a) wniosek o dostęp; czeka na drugą osobę")),
        ("application_representation_noted", _("zapisał(a), kto reprezentuje firmę")),
        ("application_scan_read", _("pobrał(a) podpisany wniosek o dostęp")),
        ("applications_deleted", _("usunięto stare wnioski o dostęp")),
    ):
        add_event(name, text, group=Group.PEOPLE)
