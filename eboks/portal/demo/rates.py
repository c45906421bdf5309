"""Reference rates of the demo, and what they did to its contracts this month."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

from contracts import rate_proposals
from contracts.enums import RateProposalKind
from contracts.fixings import import_fixings
from contracts.models import ReferenceRate
from contracts.rate_proposals import Wish
from contracts.repricing import reprice_due
from eboks import clock
from eboks.accounts.models import User
from eboks.portal.demo import rate_history
from eboks.portal.demo.people import STAFF


def load_rates(*, at: dt.datetime, on: dt.date) -> None:
    """History of the values; WIBOR 6M comes to its end; contracts follow. Safe to repeat."""
    if ReferenceRate.objects.filter(code="WIBOR_6M", valid_to__isnull=False).exists():
        return
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        path = Path(folder) / "notowania.csv"
        path.write_text("\n".join(rate_history.rows(on)) + "\n", encoding="utf-8")
        import_fixings(path=path, at=at)
    first, second = (User.objects.get(username=name) for name in STAFF[:2])
    rates = ReferenceRate.objects.in_bulk(["WIBOR_3M", "WIBOR_6M", "POLSTR_6M"], field_name="code")
    end = Wish(
        kind=RateProposalKind.REPLACEMENT,
        rate=rates["WIBOR_6M"],
        on=on.replace(day=1) - dt.timedelta(days=1),
        value=Decimal("0.15"),
        replaced_by=rates["POLSTR_6M"],
        source=rate_history.SOURCE,
    )
    proposal = rate_proposals.propose(wish=end, staff=first, at=at)
    rate_proposals.accept(proposal_id=proposal.pk, staff=second, at=at)
    if clock.is_working_day(on):
        # Today's value waits for the second person.
        today = Wish(
            kind=RateProposalKind.FIXING,
            rate=rates["WIBOR_3M"],
            on=on,
            value=rate_history.wibor(0),
            source=rate_history.SOURCE,
        )
        rate_proposals.propose(wish=today, staff=first, at=at)
    reprice_due(on=on, at=at)
