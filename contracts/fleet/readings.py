"""Odometer readings of a whole fleet at once: the latest, and those around a period."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.db.models import F, Max, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from contracts.fleet.mileage import Point
from contracts.fleet.models import MileageReading
from contracts.models import Asset

_ONE_DAY = dt.timedelta(days=1)
_PAD = 10_000_000_000
# „2026-11-10 10000030000”: day and padded kilometres in one text, so that the greatest of a group
# is its latest day with the highest figure there, in both databases and without a window.
_STAMP = Concat(
    Cast("on", TextField()),
    Value(" "),
    Cast(F("km") + Value(_PAD), TextField()),
    output_field=TextField(),
)


class Seen(NamedTuple):
    """The latest reading of a vehicle, and those next to the ends of the period, by day."""

    latest: Point
    points: list[Point]


def fleet_readings(assets: QuerySet[Asset], *, first: dt.date, last: dt.date) -> dict[int, Seen]:
    """By vehicle: what `mileage.driven` needs for the days from `first` to `last`. One query.

    Readings of the present lessee that were not withdrawn; vehicles without any are not there.
    """
    start = first - _ONE_DAY
    rows = (
        MileageReading.objects.filter(
            asset__in=assets.order_by().values("pk"),
            company=F("asset__contract__company"),
            withdrawn_at__isnull=True,
        )
        .order_by()
        .values("asset_id")
        .annotate(
            latest=Max(_STAMP),
            before_start=Max(_STAMP, filter=Q(on__lte=start)),
            after_start=Min(_STAMP, filter=Q(on__gt=start)),
            before_end=Max(_STAMP, filter=Q(on__lte=last)),
            after_end=Min(_STAMP, filter=Q(on__gt=last)),
        )
        .values_list(
            *("asset_id", "latest", "before_start", "after_start", "before_end", "after_end")
        )
        .order_by("asset_id")
    )
    return {
        pk: Seen(_point(latest), sorted({_point(text) for text in around if text}))
        for pk, latest, *around in rows
    }


def _point(text: str) -> Point:
    day, _space, km = text.partition(" ")
    return dt.date.fromisoformat(day), int(km) - _PAD


def all_points(asset: Asset) -> list[Point]:
    """Every reading of one vehicle by its present lessee, one for a day (the highest), by day."""
    rows = MileageReading.objects.filter(
        asset=asset, company=asset.contract.company_id, withdrawn_at__isnull=True
    )
    return list(dict(rows.order_by("on", "km", "pk").values_list("on", "km")).items())
