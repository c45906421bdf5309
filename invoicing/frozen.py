"""Instalments that were invoiced: a new rate leaves them as they are."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Max

from contracts.frozen import add_source
from invoicing.models import Invoice


def last_invoiced(contracts: Collection[int]) -> dict[int, int]:
    """The highest instalment on an invoice of each contract (by id). One query."""
    rows = Invoice.objects.filter(contract__in=contracts, instalment_n__isnull=False)
    found = rows.order_by().values_list("contract").annotate(Max("instalment_n"))
    return {contract: number for contract, number in found if contract is not None}


def register() -> None:
    add_source("invoices", last_invoiced)
