"""What the audit trail says of reference rates."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from eboks.audit.events import add_event


def register() -> None:
    add_event("fixings_imported", _("wczytał(a) notowania stóp: %(name)s, nowych %(new)s"))
    add_event("rate_proposed", _("zgłosił(a) zmianę stóp: %(what)s"))
    add_event("rate_accepted", _("zatwierdził(a) zmianę stóp: %(what)s"))
    add_event("rate_refused", _("odrzucił(a) zmianę stóp: %(what)s"))
    add_event("rates_applied", _("nowe wartości stóp zastosowano do umów"))
