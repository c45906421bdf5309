"""How fresh the data is: what every figure of the portal says beside itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Subquery

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
    """What the portal knows of its own age at the moment `at`. One query, two before any feed."""
    # Payments live a floor above; their model is asked for by name, so that no import goes up.
    transfers = apps.get_model("invoicing", "Payment")._default_manager.filter(kind="transfer")
    last = transfers.order_by("-booked_on").values("booked_on")[:1]
    run = (
        FeedRun.objects.filter(
            status=FeedStatus.APPLIED, finished_at__isnull=False, finished_at__lte=at
        )
        .order_by("-finished_at", "-pk")
        .annotate(booked_on=Subquery(last))
        .values_list("pk", "finished_at", "business_date", "booked_on")
        .first()
    )
    if run is None or run[1] is None:
        booked_on = transfers.order_by("-booked_on").values_list("booked_on", flat=True).first()
        return Freshness(0, None, None, booked_on, is_stale=False)
    run_id, taken_at, business_date, booked_on = run
    return Freshness(run_id, taken_at, business_date, booked_on, is_stale=at - run[1] > STALE_AFTER)
