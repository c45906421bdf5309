"""Whether the comprehensive cover of an asset reaches where it is going, on each day of a trip."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from contracts.models import Asset
from insurance.enums import TERRITORIES, Risk, Territory, Verification
from insurance.models import Policy
from insurance.statuses import next_day


@dataclass(frozen=True, slots=True)
class Reach:
    """`is_known` False: the portal has no checked AC policy of the asset and says nothing."""

    is_known: bool
    policies: tuple[Policy, ...]  # that reach so far, and cover a day of the trip
    covers_all: bool


def reach_of(asset: Asset, *, first: dt.date, last: dt.date, territory: Territory) -> Reach:
    """How far checked AC policies of `asset` cover every day from `first` to `last` in
    `territory`."""
    rows = Policy.objects.with_last_day().filter(
        asset=asset,
        company=asset.contract.company_id,
        verification=Verification.VERIFIED,
        covers__risk=Risk.AC,
    )
    found = list(rows.order_by("valid_from", "pk"))
    place = TERRITORIES.index(territory)
    wide = tuple(
        policy
        for policy in found
        if TERRITORIES.index(Territory(policy.territory)) >= place
        and policy.valid_from <= last
        and policy.last_day >= first
    )
    covered_to = first - dt.timedelta(days=1)
    for policy in wide:  # by their first days
        if policy.valid_from > next_day(covered_to):
            break
        covered_to = max(covered_to, policy.last_day)
    return Reach(bool(found), wide, covered_to >= last)
