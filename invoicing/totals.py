"""Sums over a whole selection, kept while the ledger stands still.

A fleet client has a hundred thousand invoices; summing them on every page view costs more than
the page. The ledger is append-only (see `invoicing.models`), so the highest ids and the last feed
say whether anything was written since; what was summed under the same ids is still true.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection

from eboks.caching import keep, kept
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.http import PortalRequest
from eboks.tenancy.models import has_limits
from invoicing.models import Allocation, Invoice, Payment, ReceivableItem, SetOff

T = TypeVar("T")

WORTH_KEEPING = 2_000  # rows; below it the sum is as quick as asking the cache
_SECONDS = 24 * 3600
# A feed's row stands before its data do: while it runs, sums of the old data must not be kept
# under its number.
_WRITTEN = {
    **dict.fromkeys((Invoice, ReceivableItem, Payment, Allocation, SetOff), ""),
    FeedRun: f" WHERE status = '{FeedStatus.APPLIED.value}'",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What one person may sum on one day, while the ledger is as it is. Made once for a page.

    Without a scope nothing is kept.
    """

    scope: str

    def value(self, asked: str, make: Callable[[], T], *, rows: Callable[[T], int]) -> T:
        """What `make()` gives, or gave before for the same question `asked` (name and filters).

        `rows` says how many rows it took; a sum of few is not kept.
        """
        if not self.scope:
            return make()
        digest = hashlib.sha256(f"{self.scope}|{asked}".encode()).hexdigest()
        key = f"totals:{digest[:40]}"
        found: dict[str, T] = kept([key])
        if key in found:
            return found[key]
        made = make()
        if rows(made) >= WORTH_KEEPING:
            keep({key: made}, _SECONDS)
        return made


def kept_for(request: PortalRequest, *, on: dt.date) -> Kept:
    """Sums of the person of `request`, with the company and the roles of this very moment.

    One query, for the state of the ledger. A person with selected contracts sums few rows, and
    their selection may change at any time: nothing is kept for them.
    """
    if has_limits(request.user):
        return Kept("")
    company = request.company.pk if request.company else None
    roles = [(membership.company_id, membership.role) for membership in request.memberships]
    return Kept(f"{ledger_state()}|{request.user.pk}|{company}|{roles}|{on}")


def ledger_state() -> str:
    """Changes with every invoice, payment, allocation, set-off and applied feed."""
    parts = ", ".join(
        f"(SELECT MAX(id) FROM {connection.ops.quote_name(model._meta.db_table)}{where})"  # noqa: S608
        for model, where in _WRITTEN.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        return str(cursor.fetchone())
