"""What a client owes past its due date: one answer for every kind and for whoever decides."""

from __future__ import annotations

import datetime as dt

from contracts.models import Contract
from eboks.tenancy.models import Company
from invoicing.models import ReceivableItem, ReceivableItemQuerySet


def arrears_of(
    company: Company, *, on: dt.date, contract: Contract | None = None
) -> ReceivableItemQuerySet:
    """Items of `company` that are open after their due date on `on`, interest notes too, as
    Rozrachunki shows them. `contract`: of that contract alone."""
    rows = ReceivableItem.objects.filter(
        company=company, open_amount__gt=0, effective_due_on__lt=on
    )
    return rows if contract is None else rows.filter(contract=contract)
