"""Which policy a damage falls under: the checked one that covered that moment for the risk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from contracts.enums import AssetCategory
from contracts.models import Asset
from eboks import clock
from insurance.enums import ClaimKind, Fault, Risk
from insurance.models import Insurer, Policy

# Whoever did it pays from their own compulsory insurance.
_HAS_CULPRIT = frozenset({ClaimKind.COLLISION, ClaimKind.PARKING})


@dataclass(frozen=True, slots=True)
class Cover:
    """`risk` empty: no policy in the portal fits. OC without a policy: that of the culprit."""

    risk: str = ""
    policy: Policy | None = None

    @property
    def insurer(self) -> Insurer | None:
        return self.policy.insurer if self.policy else None


def cover_of(asset: Asset, *, kind: ClaimKind, fault: Fault, at: dt.datetime) -> Cover:
    """What pays for a damage of `kind` to `asset` at the moment `at`, by the Warsaw day of it."""
    if fault == Fault.OTHER and kind in _HAS_CULPRIT:
        return Cover(Risk.OC)
    rows = Policy.objects.on_day(clock.today(at)).filter(
        asset=asset, company=asset.contract.company_id
    )
    for risk in _risks(asset, kind):
        found = (
            rows.filter(covers__risk=risk)
            .select_related("insurer")
            .order_by("-valid_from", "-pk")
            .first()
        )
        if found is not None:
            return Cover(risk, found)
    return Cover()


def _risks(asset: Asset, kind: ClaimKind) -> tuple[Risk, ...]:
    """The risks to look for, the fitting one first."""
    if kind == ClaimKind.BREAKDOWN:
        return (Risk.MACHINERY, Risk.ELECTRONICS)
    if asset.category == AssetCategory.VEHICLE:
        return (Risk.AC,)
    return (Risk.AC, Risk.ALL_RISKS, Risk.ELECTRONICS)
