"""When a contract is so near its end that the client chooses what comes then."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from contracts.enums import LIVE_STATUSES, ContractStatus
from contracts.models import Contract
from contracts.models.contract import ContractQuerySet

WINDOW = dt.timedelta(days=90)


def opens_on(contract: Contract) -> dt.date:
    """The first day on which the end of `contract` is chosen."""
    return contract.end_on - WINDOW


def near_end(rows: ContractQuerySet, *, on: dt.date) -> ContractQuerySet:
    """Contracts that are not over and end within 90 days, or wait for their buyout."""
    soon = Q(end_on__lte=on + WINDOW) | Q(status=ContractStatus.ENDED_BUYOUT_PENDING)
    return rows.live().filter(soon)


def is_near_end(contract: Contract, *, on: dt.date) -> bool:
    """The same of one contract."""
    soon = opens_on(contract) <= on or contract.status == ContractStatus.ENDED_BUYOUT_PENDING
    return soon and contract.status in LIVE_STATUSES
