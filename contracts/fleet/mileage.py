"""Mileage against the limit of the contract, and kilometres driven in a period (domain 6).

Whole kilometres, rounded half up; money net in PLN, rounded to the grosz half up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from contracts.fleet.models import MileageReading, MileageTerms
from contracts.models import Asset
from eboks.money import to_grosz

# What an odometer showed at the end of a day.
Point = tuple[dt.date, int]

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a vehicle stands on the day `on`. None where the contract sets no limit, and for what
    needs a whole day of use before the first one has passed.

    `expected_charge` is positive when over the limit (to pay), negative when under it (a refund).
    """

    on: dt.date
    reading_km: int
    driven_km: int
    allowed_km: int | None
    over_km: int
    forecast_km: int | None
    limit_km: int | None
    expected_charge: Decimal | None


def standing(*, terms: MileageTerms, km: int, on: dt.date) -> Standing:
    """Where the vehicle of `terms` stands with `km` on the clock on the day `on`.

    Days are counted from `start_on` (day 0) to `end_on`, when all of the limit is allowed; before
    and after them they are those ends. `allowed_km` and `forecast_km` are rounded to whole
    kilometres half up, and `over_km` and the charge are worked out from the rounded figures, so
    that they add up on the page. A clock behind the beginning counts as nothing driven. The charge
    is for the forecast: kilometres over the limit by `rate_over`, under it by `rate_under`.
    """
    term = (terms.end_on - terms.start_on).days
    elapsed = min(max((on - terms.start_on).days, 0), term)
    driven = max(km - terms.start_km, 0)
    limit = terms.limit_km
    allowed = None if limit is None else whole(Decimal(limit) * elapsed / term)
    forecast = whole(Decimal(driven) * term / elapsed) if elapsed else None
    return Standing(
        on=on,
        reading_km=km,
        driven_km=driven,
        allowed_km=allowed,
        over_km=0 if allowed is None else max(driven - allowed, 0),
        forecast_km=forecast,
        limit_km=limit,
        expected_charge=_charge(terms, forecast),
    )


def _charge(terms: MileageTerms, forecast: int | None) -> Decimal | None:
    if forecast is None or terms.limit_km is None:
        return None
    over = forecast - terms.limit_km
    return to_grosz(over * (terms.rate_over if over > 0 else terms.rate_under))


def whole(value: Decimal) -> int:
    """`value` as a whole number, half up."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def last_reading(asset: Asset) -> MileageReading | None:
    """The latest reading of the present lessee that was not withdrawn: the latest day, then the
    highest figure. None without any. The caller has checked who asks."""
    rows = MileageReading.objects.filter(
        asset=asset, company=asset.contract.company_id, withdrawn_at__isnull=True
    )
    found: MileageReading | None = rows.order_by("-on", "-km", "-pk").first()
    return found


def km_on(points: Sequence[Point], day: dt.date) -> int | None:
    """The clock at the end of `day`, on the line between the neighbouring readings of `points`
    (in order of days), rounded half up. None outside them: nothing is guessed."""
    before = [point for point in points if point[0] <= day]
    after = [point for point in points if point[0] >= day]
    if not before or not after:
        return None
    (left, left_km), (right, right_km) = before[-1], after[0]
    if left == day:
        return left_km
    share = Decimal((day - left).days) / (right - left).days
    return left_km + whole((right_km - left_km) * share)


def driven(
    points: Sequence[Point], *, first: dt.date, last: dt.date, since: dt.date | None = None
) -> int | None:
    """Kilometres of the days from `first` to `last`, both included, from readings in order of days.

    A reading stands for the end of its day; between two of them the clock goes evenly. Where the
    readings begin later or end earlier than the period, what they do not cover is not guessed. None
    („za mało odczytów”) without two different days, when the clock did not move, or when less than
    half of the period is covered: of its days since `since`, when the vehicle came later.
    """
    start = max(first - _ONE_DAY, since) if since else first - _ONE_DAY
    if last <= start or len(points) < 2:
        return None
    begins, ends = max(start, points[0][0]), min(last, points[-1][0])
    if (ends - begins).days * 2 < (last - start).days:
        return None
    from_km, to_km = km_on(points, begins), km_on(points, ends)
    if from_km is None or to_km is None or to_km <= from_km:
        return None
    return to_km - from_km
