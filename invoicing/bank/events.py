"""What the audit trail says about statements and about entries that people have explained."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event


def register() -> None:
    """Called once, when the app is ready."""
    for name, text in {
        "statement_booked": _("zaksięgowano wyciąg bankowy %(object)s"),
        "statement_accepted": _("kazał(a) zaksięgować wyciąg %(object)s mimo: %(wait)s"),
        "statement_withdrawn": _("wycofał(a) wyciąg bankowy %(object)s"),
        "payment_booked_by_hand": _("zaksięgował(a) ręcznie wpłatę %(amount)s %(currency)s"),
        "bank_entry_set_aside": _("uznał(a) operację bankową za niedotyczącą klientów"),
        "bank_entry_reopened": _("wrócił(a) operację bankową do wyjaśnienia"),
        "bank_booking_undone": _("cofnął (cofnęła) księgowanie wpłaty %(amount)s %(currency)s"),
    }.items():
        add_event(name, text, group=Group.STAFF)
