"""Which contracts the portal invoices itself (issuer mode), by settings of the installation.

Contracts signed on or after ISSUER_CONTRACTS_FROM are invoiced here, all others by the core
system, whose invoices come in the feed (mirror). Never both on one contract: the feed is refused
when it brings an invoice of a contract that is invoiced here, and a contract that has invoices of
the core system is left alone and reported.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from contracts.models import ContractQuerySet
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice

SOURCE = "portal"  # `source_system` of what the portal issues


def issuer_from() -> dt.date | None:
    """Contracts signed from this day on are invoiced by the portal; None: none are."""
    day: dt.date | None = settings.ISSUER_CONTRACTS_FROM
    return day


def signed_for_issuer(prefix: str = "") -> Q:
    """Condition on a contract's day of signing (`prefix` leads to the contract)."""
    day = issuer_from()
    if day is None:
        return Q(pk__in=[])
    return Q(**{f"{prefix}signed_on__gte": day})


def has_foreign_invoice() -> Exists:
    """Of a contract: whether another system has issued an invoice on it."""
    invoices = Invoice.objects.filter(contract=OuterRef("pk"), kind=InvoiceKind.INVOICE)
    return Exists(invoices.exclude(source_system=SOURCE))


def issued_here(contracts: ContractQuerySet) -> ContractQuerySet:
    """Those of `contracts` that the portal invoices."""
    return contracts.filter(signed_for_issuer(), ~has_foreign_invoice())


def mixed(contracts: ContractQuerySet) -> ContractQuerySet:
    """Those that would be invoiced here by their day of signing, were they not invoiced by the
    core system already: somebody has to say which."""
    return contracts.live().filter(signed_for_issuer(), has_foreign_invoice())
