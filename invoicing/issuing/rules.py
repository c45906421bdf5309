"""What issuing tells the rest of the portal: which tables do not change, and its events."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit import triggers
from eboks.audit.events import Group, add_event

# An issued document stays as it is (REL-13). Beside it are kept the link to its PDF, the number
# that KSeF gives it, and what a correction that came first was waiting for; the account is filled
# in by the transaction that issues the invoice.
MAY_CHANGE = {
    "invoicing_invoice": ("pdf_id", "ksef_number", "corrects_id", "account"),
    "invoicing_invoicerow": (),
    "invoicing_upfrontvat": (),
    "invoicing_correction": (),
    "invoicing_interestnoteline": (),
}


def register() -> None:
    """Called once, when the app is ready."""
    for table, columns in MAY_CHANGE.items():
        triggers.add_table(table, may_change=columns)
    add_event(
        "invoices_issued",
        _("portal wystawił faktury z dnia %(day)s: %(count)s"),
        group=Group.STAFF,
    )
    add_event(
        "invoice_corrected",
        _("wystawił(a) korektę %(number)s do faktury %(corrects)s"),
        group=Group.STAFF,
    )
