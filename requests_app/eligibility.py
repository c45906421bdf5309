"""Which contracts a kind of request is for, where several kinds say the same."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from contracts.enums import Product
from contracts.models import Contract


def live(rows: QuerySet[Contract], on: dt.date) -> QuerySet[Contract]:
    return rows.live()  # type: ignore[attr-defined, no-any-return]


def live_leases(rows: QuerySet[Contract], on: dt.date) -> QuerySet[Contract]:
    """Of a leasing loan the client is the owner, who needs nobody's consent (domain 1.1)."""
    return live(rows, on).exclude(product=Product.LOAN)


def with_schedule(rows: QuerySet[Contract], on: dt.date) -> QuerySet[Contract]:
    """Handed over, with a schedule in force that can be changed."""
    return live(rows, on).filter(handover_on__isnull=False, schedule_versions__is_current=True)
