"""A balance to be confirmed, for the back office's lists."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from eboks.tenancy.models import Membership
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation
from tests import factories as f


def make_balance_rows(membership: Membership, n: int) -> None:
    """One row of this member's company, answered; `n` keeps unique columns apart."""
    now = timezone.now()
    row = {
        "label": f"FV/{n}",
        "contract": "",
        "issued_on": "2026-11-01",
        "due_on": "2026-11-15",
        "amount": "100.00",
        "currency": "PLN",
    }
    BalanceConfirmation.objects.create(
        company=membership.company,
        as_of=f.TODAY,
        rows=[row],
        totals={"PLN": "100.00"},
        created_at=now,
        answer_by=f.TODAY + dt.timedelta(days=14),
        answer=ConfirmationAnswer.DISAGREED,
        explanation="zapłacone",
        answered_at=now,
        answered_by=membership.user,
    )
