"""What contracts say about an application for access: only a client with one gets in."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import LIVE_STATUSES
from contracts.models import Contract
from eboks.onboarding.checks import Finding, add_check
from eboks.tenancy.models import Company


def register() -> None:
    """Called once, when the app is ready."""
    add_check("live_contract", gettext_lazy("Czynna umowa"), live_contract)


def live_contract(company: Company) -> Finding:
    """Whether the company has a contract that is running or about to."""
    live = Contract.objects.filter(company=company, status__in=LIVE_STATUSES)
    first = live.order_by("-signed_on", "-pk").first()
    if first is None:
        return Finding("bad", _("nie ma"))
    facts = {"count": live.count(), "number": first.number}
    return Finding("good", _("jest: %(count)s, ostatnia %(number)s") % facts)
