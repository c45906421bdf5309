"""Last night of the demo: the core system sent its balances, one of them other than ours."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from eboks import clock
from eboks.feeds.importer import import_feeds
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.jobs import nights
from eboks.jobs.models import BALANCES_JOB
from eboks.portal.demo.lessor import LESSOR
from eboks.portal.demo.people import OWNER_COMPANY
from eboks.portal.demo.writing import FeedSet
from invoicing.balances import refresh_balances
from invoicing.models import Balance

# A fee that the core system knows of and the portal does not.
_NOT_HERE = Decimal("150.00")


def load_night(*, at: dt.datetime, on: dt.date) -> None:
    """The night before is caught up; the core system's figures come in a feed; then every duty of
    the night of `on` is done.
    """
    begun = min(at, dt.datetime.combine(on, nights.STARTS, tzinfo=clock.WARSAW))
    start = time.monotonic()

    def now() -> dt.datetime:
        return begun + dt.timedelta(seconds=time.monotonic() - start)

    nights.attempt(nights.duty(BALANCES_JOB), on=on - dt.timedelta(days=1), now=now)
    refresh_balances(on=on, at=begun)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.DATA_DIR) as folder:
        directory = Path(folder) / "balances"
        _write_feed(directory, on)
        import_feeds(directories=[directory], now=now)
    for duty in nights.duties():
        nights.attempt(duty, on=on, now=now)


def _write_feed(directory: Path, on: dt.date) -> None:
    known = FeedRun.objects.filter(status=FeedStatus.APPLIED).aggregate(last=Max("sequence"))
    rows = Balance.objects.filter(as_of=on).select_related("contract", "contract__company")
    own = rows.filter(contract__company__source_id=OWNER_COMPANY, open_amount__gt=0)
    other = own.order_by("contract__number").first()
    with FeedSet(
        directory, business_dates=[on], lessor=LESSOR, first_sequence=known["last"] + 1
    ) as feeds:
        for row in rows.order_by("contract__source_id", "currency"):
            more = _NOT_HERE if other is not None and row.pk == other.pk else Decimal(0)
            values = (row.open_amount + more, row.overpaid_amount)
            feeds.write("core_balances", on, (row.contract.source_id, row.currency, *values))
