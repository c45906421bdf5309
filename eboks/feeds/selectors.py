"""How fresh the data is: what every figure of the portal says beside itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Max, Subquery
from django.db.models.functions import Coalesce

from eboks.feeds.models import FeedRun, FeedStatus
from eboks.jobs.models import BALANCES_JOB, JobRun, JobState

STALE_AFTER = dt.timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the data was taken over and which day it describes; None where nothing came yet."""

    run_id: int  # of the last feed applied; 0 before the first one
    at: dt.datetime | None  # of the figures: see `freshness`
    business_date: dt.date | None  # the day the core system's data stand for
    booked_on: dt.date | None  # the last bank statement booked, or the last transfer in the books
    feed_is_stale: bool = False  # no feed applied within the last 26 hours, though there were some
    night_is_stale: bool = False  # likewise no night finished

    @property
    def is_stale(self) -> bool:
        return self.feed_is_stale or self.night_is_stale


def freshness(*, at: dt.datetime) -> Freshness:
    """What the portal knows of its own age at the moment `at`. One query, two before any feed.

    Figures are as of the last run that was finished, be it a feed or a night of balances; when one
    of the two is late, as of that one.
    """
    # They live a floor above; their models are asked for by name, so that no import goes up.
    transfers = apps.get_model("invoicing", "Payment")._default_manager.filter(kind="transfer")
    statements = apps.get_model("invoicing", "BankStatement")._default_manager.filter(
        state="booked"
    )
    nights = JobRun.objects.filter(job=BALANCES_JOB, state=JobState.DONE, finished_at__lte=at)
    # Of the newest day: one that was counted later for an earlier day makes nothing fresher.
    newest = nights.order_by("-business_on", "-finished_at").values_list("finished_at", flat=True)
    night_at = Subquery(newest[:1])
    stated_on = Subquery(statements.order_by("-closed_on").values("closed_on")[:1])
    paid_on = Subquery(transfers.order_by("-booked_on").values("booked_on")[:1])
    names = ("night_at", "paid_on", "stated_on")
    run: tuple[Any, ...] | None = (
        FeedRun.objects.filter(
            status=FeedStatus.APPLIED, finished_at__isnull=False, finished_at__lte=at
        )
        .order_by("-finished_at", "-pk")
        .annotate(night_at=night_at, paid_on=paid_on, stated_on=stated_on)
        .values_list("pk", "finished_at", "business_date", *names)
        .first()
    )
    if run is None:
        # No row is there to carry the answers, but the sum of none is one.
        known = FeedRun.objects.filter(pk=0).aggregate(
            night_at=Coalesce(night_at, Max("finished_at")),
            paid_on=Coalesce(paid_on, Max("business_date")),
            stated_on=Coalesce(stated_on, Max("business_date")),
        )
        run = (0, None, None, *(known[name] for name in names))
    run_id, feed_at, business_date, finished_at, *booked = run
    moments = [moment for moment in (feed_at, finished_at) if moment is not None]
    late = [moment for moment in moments if at - moment > STALE_AFTER]
    return Freshness(
        run_id,
        min(late) if late else max(moments, default=None),
        business_date,
        max((day for day in booked if day is not None), default=None),
        feed_is_stale=feed_at in late,
        night_is_stale=finished_at in late,
    )
