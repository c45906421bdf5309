"""What of the insurance needs the client: counts and the first lines, for the start page."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from contracts.models import Asset
from eboks.accounts.models import User
from insurance.cover import AssetCover, Attention
from insurance.loading import insured_assets
from insurance.standing import company_standing
from insurance.words import RiskTag, risk_tag


@dataclass(frozen=True, slots=True)
class Line:
    """An asset that needs somebody; `tags` name the risks because of which."""

    asset: Asset
    kind: Attention
    tags: list[RiskTag]


@dataclass(frozen=True, slots=True)
class Needs:
    """How many assets need somebody, by reason, and the worst of them. False when none does."""

    total: int
    counts: Counter[Attention]
    lines: list[Line]

    def __bool__(self) -> bool:
        return bool(self.total)

    @property
    def rest(self) -> int:
        return self.total - len(self.lines)


def needs_attention(*, user: User, companies: Collection[int], today: dt.date) -> Needs:
    """What `user` should see to in `companies` (ids), where they may see insurance. Two queries
    when everything is insured, three when not, as long as the standing is kept."""
    stands = company_standing(user=user, companies=companies, today=today)
    if not stands.wrong:
        return Needs(0, stands.counts, [])
    rows = insured_assets().for_user(user).select_related("contract__company")
    assets = rows.in_bulk([cover.asset_id for cover in stands.first])
    lines = [
        _line(assets[cover.asset_id], stands.wrong[cover.asset_id].attention[0], cover)
        for cover in stands.first
        if cover.asset_id in assets
    ]
    return Needs(len(stands.wrong), stands.counts, lines)


def _line(asset: Asset, kind: Attention, cover: AssetCover) -> Line:
    return Line(asset, kind, [risk_tag(risk) for risk in cover.risks.values() if risk.attention])
