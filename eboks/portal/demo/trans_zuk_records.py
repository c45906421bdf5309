"""TRANS-ŻUK's policies, claims and vehicles: a policy that ends in a fortnight, one that lapsed,
two OC policies for one car, and vehicles that the lessor looks after."""
# ruff: noqa: S311 -- made-up data, nothing secret

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from eboks.clock import add_months
from eboks.portal.demo.contracts import MadeContract
from eboks.portal.demo.policies import (
    LESSOR_NAME,
    MadeClaim,
    MadePolicy,
    Row,
    gap_policy,
    make_claim,
    second_oc,
)
from eboks.portal.demo.vehicle_life import VehicleLife
from insurance.enums import ClaimStatus, Placement, Risk, Territory

_DAY = dt.timedelta(days=1)
_MOTOR = (Risk.OC, Risk.AC, Risk.NNW, Risk.ASS)
_WITH_CFM = ("OL/PL-01", "OL/CON-01", "OL/TZ-05")


def records_of(
    contracts: Sequence[MadeContract], assets: Sequence[tuple[Any, ...]], on: dt.date
) -> list[Row]:
    """Rows of the feed files as of `on`."""
    pairs = {made.deal.number: (made, asset) for made, asset in zip(contracts, assets, strict=True)}
    policies = {number: _policies(pairs[number], on) for number in pairs}
    claims = dict(_claims(policies, on))
    rows = [row for some in policies.values() for policy in some for row in policy.rows(on)]
    rows += [claim.row(on) for some in claims.values() for claim in some]
    for number in _WITH_CFM:
        made, asset = pairs[number]
        life = VehicleLife(Random(f"trans-zuk/{number}"), made, asset, on)
        rows += life.rows(claims.get(number, ()))
    return rows


def _policies(pair: tuple[MadeContract, tuple[Any, ...]], on: dt.date) -> list[MadePolicy]:
    made, asset = pair
    current = _policy(made, asset)
    match made.deal.number:
        case "OL/PL-01":  # ends in a fortnight, nothing follows
            return _until(current, on + 14 * _DAY, made)
        case "OL/CON-01":
            return [*_until(current, on + 130 * _DAY, made)]
        case "OL/TZ-03":  # an own policy that lapsed; the next one waits to be checked
            own = replace(
                current,
                placement=Placement.OWN,
                holder=made.client.name,
                risks=(Risk.OC, Risk.AC),
                insurer="bezpieczna-flota",
            )
            return _until(own, on - 10 * _DAY, made)
        case "FL/TZ-04":
            machine = replace(
                current,
                risks=(Risk.ALL_RISKS, Risk.MACHINERY),
                insurer="pewna-maszyna",
                premium=Decimal("1390.00"),
                parts=1,
                territory=Territory.PL,
            )
            return _until(machine, on + 40 * _DAY, made)
        case "FL/CON-08":  # the old owner's OC renewed by itself: two of them
            first = _until(current, made.deal.start_on + 364 * _DAY, made)
            return [*first, second_oc(first[-1])]
        case _:  # ends in 25 days and the next one is there; GAP besides
            years = _until(current, on + 25 * _DAY, made)
            last = years[-1]
            following = replace(
                last,
                source_id=f"{last.source_id}N",
                first=last.last + _DAY,
                last=add_months(last.last, 12),
            )
            return [*years, following, gap_policy(last, first=made.deal.start_on)]


def _policy(made: MadeContract, asset: tuple[Any, ...]) -> MadePolicy:
    return MadePolicy(
        source_id=f"{str(asset[0])[1:]}",
        asset=str(asset[0]),
        insurer="przykladowe-tu",
        placement=Placement.LESSOR,
        holder=LESSOR_NAME,
        first=made.deal.start_on,
        last=made.end_on,
        premium=(made.deal.net_value * Decimal("0.032")).quantize(Decimal(1)),
        parts=2,
        risks=_MOTOR,
        value=made.deal.net_value,
    )


def _until(policy: MadePolicy, end: dt.date, made: MadeContract) -> list[MadePolicy]:
    """Years of cover from the handover, the last of which ends on `end`."""
    ends = [end]
    while (earlier := add_months(ends[0], -12, min(end.day, 28))) > made.deal.start_on:
        ends.insert(0, earlier)
    policies, first = [], made.deal.start_on
    for year, last in enumerate(ends, start=1):
        policies.append(
            replace(policy, source_id=f"{policy.source_id}-{year}", first=first, last=last)
        )
        first = last + _DAY
    return policies


def _claims(
    policies: Mapping[str, Sequence[MadePolicy]], on: dt.date
) -> Iterator[tuple[str, list[MadeClaim]]]:
    random = Random("trans-zuk/claims")
    for number, back, status in (
        ("OL/PL-01", 21, ClaimStatus.INSPECTION),
        ("OL/CON-01", 75, ClaimStatus.PAID),
        ("OL/TZ-05", 160, ClaimStatus.CLOSED),
        ("FL/TZ-04", 34, ClaimStatus.AUTHORISED),
    ):
        day = on - back * _DAY
        policy = next((one for one in policies[number] if one.first <= day <= one.last), None)
        if policy is not None:
            yield number, [make_claim(random, policy, day, status)]
