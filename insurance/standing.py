"""Which of many assets need somebody because of their insurance, and how each of a page stands.

What stands for a whole company is kept until something changes: a fleet has thousands of vehicles,
and the start page, the list and its filters ask the same of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Case, Count, IntegerField, Max, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from contracts.models import Asset, Contract, ScheduleVersion
from eboks.accounts.models import User
from eboks.caching import keep, kept
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.tenancy.models import has_limits
from insurance.cover import AssetCover, Attention
from insurance.doubtful import doubtful
from insurance.loading import InsuredAssetQuerySet, insured_assets, load
from insurance.models import Policy
from insurance.requirements import Rulebook, rulebook

SHOWN = 3  # of the worst, on the start page
_KEEP_SECONDS = 6 * 3600


class Wrong(NamedTuple):
    """An asset that needs somebody: why, the worst first; the same by risk; what ends first."""

    asset_id: int
    attention: tuple[Attention, ...]
    risks: Mapping[str, tuple[Attention, ...]]
    until: dt.date

    @property
    def rank(self) -> tuple[int, dt.date, int]:
        """The worst reason first, then what ends first."""
        return _ORDER[self.attention[0]], self.until, self.asset_id


class Part(NamedTuple):
    """How the assets of one company stand, `first` being the worst of them."""

    total: int
    wrong: list[Wrong]
    first: list[AssetCover]


@dataclass(frozen=True, slots=True)
class Standing:
    """`wrong` holds those of `total` assets that need somebody; every other one is insured as
    required. `first` tells more of the worst of them."""

    rules: Rulebook
    total: int
    wrong: dict[int, Wrong]
    first: list[AssetCover]

    @property
    def counts(self) -> Counter[Attention]:
        return Counter(reason for row in self.wrong.values() for reason in row.attention)

    def ids(self, state: str, risk: str = "") -> list[int]:
        """Assets in `state`, because of `risk` when it is given."""
        asked = Attention(state)
        return [
            pk
            for pk, row in self.wrong.items()
            if asked in (row.risks.get(risk, ()) if risk else row.attention)
        ]

    def ordered(self, rows: QuerySet[Asset]) -> QuerySet[Asset]:
        """What needs somebody first, then by plate."""
        ranks: dict[Attention, list[int]] = {}
        for pk, row in self.wrong.items():
            ranks.setdefault(row.attention[0], []).append(pk)
        by_name = "plate", "make", "model", "pk"
        if not ranks:  # a constant in ORDER BY would be the number of a column
            return rows.order_by(*by_name)
        rank = Case(
            *(When(pk__in=ids, then=Value(_ORDER[reason])) for reason, ids in ranks.items()),
            default=Value(len(Attention)),
            output_field=IntegerField(),
        )
        return rows.annotate(rank=rank).order_by("rank", *by_name)


_ORDER = {attention: n for n, attention in enumerate(Attention)}


def standing(assets: InsuredAssetQuerySet, *, today: dt.date) -> Standing:
    """How `assets` (scoped, on lease) stand now. Seven queries at most, whatever their number."""
    rules = rulebook(assets.order_by().values("contract_id"))
    return _joined(rules, _parts(assets, rules, today).values())


def company_standing(*, user: User, companies: Collection[int], today: dt.date) -> Standing:
    """How the assets on lease of `companies` (ids) stand, those where `user` may see insurance.
    Two queries when it is kept.

    Kept for each company until a feed, a policy or a schedule that changes in the portal, other
    requirements, the next day; at most six hours. What a limited person sees is no whole company:
    it is neither kept nor taken from there.
    """
    rows = insured_assets().for_user(user).on_lease()
    if has_limits(user):
        return standing(rows.filter(contract__company__in=companies), today=today)
    # Asked before the rest: what is written in between is under the next mark as well.
    rules = rulebook(Contract.objects.filter(company__in=companies).values("pk"))
    mark = _mark(companies, rules, today)
    keys = {f"cover:{pk}:{mark}": pk for pk in companies}
    parts: dict[int, Part] = {keys[key]: part for key, part in kept(keys).items()}
    missing = [pk for pk in companies if pk not in parts]
    if missing:
        # Nothing is kept of a company in which the person sees nothing: others may see more.
        made = _parts(rows.filter(contract__company__in=missing), rules, today)
        keep({f"cover:{pk}:{mark}": part for pk, part in made.items()}, _KEEP_SECONDS)
        parts |= made
    return _joined(rules, parts.values())


def covers_of(
    ids: Iterable[int], *, rules: Rulebook | None, today: dt.date
) -> dict[int, AssetCover]:
    """The cover of assets that the caller has scoped. Three queries with `rules`."""
    rows = InsuredAssetQuerySet(Asset).filter(pk__in=list(ids))
    return load(rows, today=today, since=today, rules=rules).covers(today=today)


def _mark(companies: Collection[int], rules: Rulebook, today: dt.date) -> str:
    """Different after anything has changed that tells how the assets of `companies` stand. The end
    of a contract moves in the portal with a new version of its schedule."""
    applied = FeedRun.objects.filter(status=FeedStatus.APPLIED, finished_at__isnull=False)
    last_feed = Subquery(applied.order_by("-finished_at", "-pk").values("pk")[:1])
    schedule = Subquery(ScheduleVersion.objects.order_by("-pk").values("pk")[:1])
    changed_here = Policy.objects.filter(company__in=companies, revision__gt=0)
    # Beside a sum: without policies no row is there to carry the answers.
    facts = changed_here.aggregate(
        revisions=Sum("revision"),
        feed=Coalesce(last_feed, Max("pk")),
        schedule=Coalesce(schedule, Max("pk")),
    )
    about = today, sorted(companies), sorted(facts.items()), rules.rows
    return hashlib.sha256(repr(about).encode()).hexdigest()[:24]


def _parts(assets: InsuredAssetQuerySet, rules: Rulebook, today: dt.date) -> dict[int, Part]:
    """By company, of those that have any of `assets`."""
    totals = assets.order_by().values_list("contract__company").annotate(Count("pk"))
    parts = {company: Part(total, [], []) for company, total in totals}
    ids = list(doubtful(assets, rules=rules, today=today).values_list("pk", flat=True))
    if not ids:
        return parts
    found = covers_of(ids, rules=rules, today=today)
    wrong = {pk: _wrong(cover) for pk, cover in found.items() if cover.attention}
    owners = Asset.objects.filter(pk__in=wrong).order_by("pk")
    for pk, company in owners.values_list("pk", "contract__company"):
        if company in parts:  # not one that has just gone to another lessee
            parts[company].wrong.append(wrong[pk])
    for part in parts.values():
        worst = sorted(part.wrong, key=lambda row: row.rank)[:SHOWN]
        part.first.extend(found[row.asset_id] for row in worst)
    return parts


def _joined(rules: Rulebook, parts: Collection[Part]) -> Standing:
    wrong = {row.asset_id: row for part in parts for row in part.wrong}
    first = [cover for part in parts for cover in part.first]
    first.sort(key=lambda cover: wrong[cover.asset_id].rank)
    return Standing(rules, sum(part.total for part in parts), wrong, first[:SHOWN])


def _wrong(cover: AssetCover) -> Wrong:
    ends = [risk.until for risk in cover.risks.values() if risk.attention and risk.until]
    return Wrong(
        cover.asset_id,
        tuple(reason for reason in Attention if reason in cover.attention),
        {name: tuple(risk.attention) for name, risk in cover.risks.items() if risk.attention},
        min(ends, default=dt.date.max),
    )
