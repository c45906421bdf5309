"""Reads from the database what `insurance.cover` works on: for one asset or thousands, in a fixed
number of queries.

Only policies of the company that holds the contract now count: what the previous lessee insured
is theirs.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from contracts.enums import BEFORE_HANDOVER_STATUSES, LIVE_STATUSES
from contracts.models import Asset
from contracts.models.contract import AssetQuerySet
from eboks.tenancy.rights import Right
from insurance.cover import AssetCover, AssetFacts, Part, PolicyFacts, cover_of
from insurance.models import Policy, PolicyCover
from insurance.requirements import Rulebook, rulebook

_ONE_DAY = dt.timedelta(days=1)
_POLICY = (
    *("pk", "asset_id", "insurer_id", "placement", "valid_from", "valid_to", "terminated_on"),
    *("verification", "replaced_by_id", "territory", "has_assignment", "currency"),
)
_ASSET = (
    *("pk", "category", "contract_id", "contract__handover_on", "contract__signed_on"),
    *("contract__end_on", "contract__status", "net_price", "contract__vat_pct"),
    "contract__currency",
)


class InsuredAssetQuerySet(AssetQuerySet):
    """Assets as the pages of insurance show them."""

    right = Right.VIEW_INSURANCE

    def on_lease(self) -> InsuredAssetQuerySet:
        """Assets of contracts that are not over."""
        return self.filter(contract__status__in=LIVE_STATUSES)


def insured_assets() -> InsuredAssetQuerySet:
    """Every asset; go on with `.for_user()`."""
    return InsuredAssetQuerySet(Asset)


def needed_days(
    *,
    status: str,
    signed_on: dt.date,
    handover_on: dt.date | None,
    end_on: dt.date,
    today: dt.date,
) -> tuple[dt.date, dt.date]:
    """From when to when a lease needs its asset insured.

    From the handover (where nobody wrote it down: the signing) to the end; past the end too while
    the contract still runs or waits for the buyout. Of a contract that is over, no longer today. On
    no day (the last one is before the first) while the asset waits to be handed over.
    `lapses.uncovered` says the same in SQL.
    """
    first = handover_on or signed_on
    if handover_on is None and status in BEFORE_HANDOVER_STATUSES:
        return first, first - _ONE_DAY
    if status in LIVE_STATUSES:
        return first, max(end_on, today)
    return first, min(end_on, today - _ONE_DAY)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Facts of a set of assets, ready for `cover_of` and `timeline`."""

    facts: dict[int, AssetFacts]
    policies: dict[int, list[PolicyFacts]]
    parts: dict[int, list[Part]]
    rules: Rulebook

    def cover(self, asset_id: int, *, today: dt.date) -> AssetCover:
        facts = self.facts[asset_id]
        return cover_of(
            facts,
            self.policies.get(asset_id, ()),
            self.parts.get(asset_id, ()),
            self.rules.on(today, category=facts.category, contract_id=facts.contract_id),
            today=today,
        )

    def covers(self, *, today: dt.date) -> dict[int, AssetCover]:
        return {pk: self.cover(pk, today=today) for pk in self.facts}


def load(
    assets: QuerySet[Asset],
    *,
    today: dt.date,
    since: dt.date | None = None,
    rules: Rulebook | None = None,
) -> Loaded:
    """Facts of `assets`, which the caller has scoped. Four queries, whatever their number; three
    with `rules` that were read before.

    With `since` only policies that cover that day or a later one.
    """
    assets = assets.order_by()
    facts, holders = {}, {}
    for company_id, *row in assets.values_list("contract__company_id", *_ASSET):
        facts[row[0]] = _facts(row, today)
        holders[row[0]] = company_id
    rows = Policy.objects.filter(asset__in=assets)
    covers = PolicyCover.objects.filter(policy__asset__in=assets)
    if since is not None:
        rows = rows.filter(_lasts(since))
        covers = covers.filter(_lasts(since, "policy__"))
    found: dict[int, PolicyFacts] = {}
    policies: dict[int, list[PolicyFacts]] = defaultdict(list)
    for company_id, *row in rows.order_by("valid_from", "pk").values_list("company_id", *_POLICY):
        policy = PolicyFacts(*row)
        # Compared here: a join to the contract makes SQLite read every policy for each asset.
        if holders.get(policy.asset_id) == company_id:
            found[policy.pk] = policy
            policies[policy.asset_id].append(policy)
    lines = covers.order_by("pk").values_list("policy_id", "risk", "sum_insured", "vat_basis")
    if rules is None:
        rules = rulebook(assets.values("contract_id"))
    return Loaded(facts, policies, _parts(lines, found), rules)


def _lasts(day: dt.date, path: str = "") -> Q:
    """Policies that cover `day` or a later one, or would once they are checked."""
    ended = Q(**{f"{path}terminated_on__isnull": True}) | Q(**{f"{path}terminated_on__gte": day})
    return Q(**{f"{path}valid_to__gte": day}) & ended


def _facts(row: Sequence[Any], today: dt.date) -> AssetFacts:
    pk, category, contract_id, handover_on, signed_on, end_on, status, price, vat, currency = row
    first, last = needed_days(
        status=status, signed_on=signed_on, handover_on=handover_on, end_on=end_on, today=today
    )
    return AssetFacts(pk, category, contract_id, first, last, price, vat, currency)


def _parts(rows: Iterable[Any], policies: dict[int, PolicyFacts]) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = defaultdict(list)
    for policy_id, risk, sum_insured, vat_basis in rows:
        policy = policies.get(policy_id)
        if policy is not None:  # sent in between the two reads
            found[policy.asset_id].append(Part(policy, risk, sum_insured, vat_basis))
    return found
