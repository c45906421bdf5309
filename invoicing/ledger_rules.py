"""What the ledger tells the rest of the portal: which tables only grow, and its events."""

from __future__ import annotations

from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from eboks.audit import triggers
from eboks.audit.events import Group, add_event
from invoicing import entry_checks

# Sums kept beside the entries, and marks of the collectors.
MAY_CHANGE = {
    "invoicing_receivableitem": (
        *("open_amount", "is_disputed", "dunning_level", "collection_since", "written_off_on"),
    ),
    "invoicing_payment": ("unallocated_amount",),
    "invoicing_paymentindication": (),
    "invoicing_allocation": (),
    "invoicing_setoff": (),
}


def register(sender: object) -> None:
    """Called once, when the app is ready."""
    for table, columns in MAY_CHANGE.items():
        triggers.add_table(table, may_change=columns)
    post_migrate.connect(_keep_checked, sender=sender, dispatch_uid="invoicing.entry_checks")
    add_event(
        "payment_reversed",
        _("wycofał(a) wpłatę %(amount)s %(currency)s: %(reason)s"),
        group=Group.DOCUMENTS,
    )
    for name, text in (
        ("residue_written_off", _("umorzył(a) %(amount)s %(currency)s należności %(object)s")),
        ("write_off_taken_back", _("cofnął/cofnęła umorzenie %(amount)s %(currency)s: %(object)s")),
        ("collection_begun", _("przekazał(a) do windykacji: %(object)s")),
        ("collection_ended", _("wycofał(a) z windykacji: %(object)s")),
    ):
        add_event(name, text, group=Group.DOCUMENTS)
    add_event(
        "interest_note_issued",
        _("wystawił(a) notę odsetkową %(number)s za opóźnienie w zapłacie %(late)s"),
        group=Group.DOCUMENTS,
    )
    add_event(
        "compensation_note_issued",
        _("wystawił(a) notę o rekompensatę %(number)s za opóźnienie w zapłacie %(late)s"),
        group=Group.DOCUMENTS,
    )


def _keep_checked(*, using: str, **kwargs: object) -> None:
    entry_checks.stand(connections[using])
