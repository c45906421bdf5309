"""How fresh the data is: what every figure of the portal says beside itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.apps import apps

from eboks.feeds.models import FeedRun, FeedStatus

STALE_AFTER = dt.timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the data was taken over and which day it describes; None where nothing came yet."""

    run_id: int  # of the last feed applied; 0 before the first one
    at: dt.datetime | None  # the last feed was applied
    business_date: dt.date | None  # the day the core system's data stand for
    booked_on: dt.date | None  # the last bank transfer in the books
    is_stale: bool  # no feed applied within the last 26 hours


def freshness(*, at: dt.datetime) -> Freshness:
    """What the portal knows of its own age at the moment `at`. Two queries."""
    run = (
        FeedRun.objects.filter(
            status=FeedStatus.APPLIED, finished_at__isnull=False, finished_at__lte=at
        )
        .order_by("-finished_at", "-pk")
        .values_list("pk", "finished_at", "business_date")
        .first()
    )
    # Payments live a floor above; their model is asked for by name, so that no import goes up.
    booked_on = (
        apps.get_model("invoicing", "Payment")
        ._default_manager.filter(kind="transfer")
        .order_by("-booked_on")
        .values_list("booked_on", flat=True)
        .first()
    )
    run_id, taken_at, business_date = run or (0, None, None)
    is_stale = taken_at is not None and at - taken_at > STALE_AFTER
    return Freshness(run_id, taken_at, business_date, booked_on, is_stale)
