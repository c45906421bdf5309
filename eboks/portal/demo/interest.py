"""A client of the demo who is late: a part of the interest charged by a note, the rest running."""

from __future__ import annotations

import datetime as dt

from eboks import clock
from eboks.portal.demo.people import FLEET_COMPANY, OWNER_COMPANY
from invoicing.accruals import overdue
from invoicing.enums import DebtorKind
from invoicing.interest_notes import issue_interest_notes
from invoicing.models import LateInterestRate, ReceivableItem

_DAY = dt.timedelta(days=1)
_RUNNING = dt.timedelta(days=5)  # of which no note has been written yet


def load_interest(*, at: dt.datetime, on: dt.date) -> None:
    """A note for the oldest overdue invoice of each known client, up to some days ago."""
    _confirm_rates(on)
    items = overdue(ReceivableItem.objects.all(), on=on - _RUNNING)
    for company in (OWNER_COMPANY, FLEET_COMPANY):
        mine = items.filter(company__source_id=company, is_disputed=False)
        item = mine.order_by("effective_due_on", "pk").first()
        if item is not None:
            issue_interest_notes(item_ids=[item.pk], until=on - _RUNNING, at=at)


def _confirm_rates(on: dt.date) -> None:
    """The invented lessor goes on with the last known rate and says that it is right."""
    rates = LateInterestRate.objects.filter(debtor=DebtorKind.GENERAL)
    last = rates.latest("valid_from")
    while last.valid_to is not None and last.valid_to < on:
        first = last.valid_to + _DAY
        last = LateInterestRate.objects.create(
            debtor=DebtorKind.GENERAL,
            valid_from=first,
            valid_to=clock.add_months(first, 6) - _DAY,
            rate_pct=last.rate_pct,
            source="dane pokazowe",
        )
    rates.update(is_provisional=False)
