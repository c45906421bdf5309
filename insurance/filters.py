"""The lists of insurance: what was asked for in the address. Only known values ever get in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from contracts.filters import ASSET_TEXT
from contracts.models import Asset
from eboks.listing import Chip, clean_choice, clean_text, query_string, spellings, words
from insurance.cover import Attention
from insurance.enums import Placement, PolicyStatus, Risk, Verification
from insurance.models import Policy, PolicyCover, PolicyQuerySet
from insurance.statuses import EXPIRING_DAYS
from insurance.words import ATTENTION, risk_name

STATUSES = [
    status
    for status in PolicyStatus
    if status not in (PolicyStatus.MISSING, PolicyStatus.AWAITING_DOCUMENT)  # of risks alone
]


@dataclass(frozen=True, slots=True)
class Filters:
    """What both lists can be asked for; each empty when not set."""

    q: str = ""
    state: str = ""
    risk: str = ""
    placement: str = ""

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> Self:
        return cls(
            q=clean_text(params.get("q")),
            state=clean_choice(params.get("state"), cls.known_states()),
            risk=clean_choice(params.get("risk"), Risk.values),
            placement=clean_choice(params.get("placement"), Placement.values),
        )

    @classmethod
    def known_states(cls) -> Collection[str]:
        raise NotImplementedError

    def state_name(self) -> str:
        raise NotImplementedError

    def __bool__(self) -> bool:
        return any(self.as_params().values())

    def as_params(self) -> dict[str, str]:
        return {"q": self.q, "state": self.state, "risk": self.risk, "placement": self.placement}

    def chips(self) -> list[Chip]:
        """The filters in force, each with the address of the list without it."""
        labels = {
            "q": _("„%s”") % self.q if self.q else "",
            "state": self.state_name() if self.state else "",
            "risk": risk_name(self.risk) if self.risk else "",
            "placement": str(Placement(self.placement).label) if self.placement else "",
        }
        return [
            Chip(label, query_string(replace(self, **{name: ""}).as_params()))
            for name, label in labels.items()
            if label
        ]


class CoverFilters(Filters):
    """Of the list of assets. Its `state` needs `insurance.standing`; the rest is asked here."""

    __slots__ = ()

    @classmethod
    def known_states(cls) -> Collection[str]:
        return Attention.values

    def state_name(self) -> str:
        return str(ATTENTION[Attention(self.state)])

    def apply(self, rows: QuerySet[Asset], *, today: dt.date) -> QuerySet[Asset]:
        """`rows` that the search, the placement and (without a state) the risk leave."""
        running = Policy.objects.on_day(today).filter(
            asset=OuterRef("pk"), company=OuterRef("contract__company")
        )
        if self.placement:
            rows = rows.filter(Exists(running.filter(placement=self.placement)))
        if self.risk and not self.state:
            rows = rows.filter(Exists(running.filter(covers__risk=self.risk)))
        if self.q:
            in_policy = Policy.objects.filter(
                asset=OuterRef("pk"), company=OuterRef("contract__company")
            )
            rows = rows.annotate(text=ASSET_TEXT).filter(
                _matching(self.q, "text", "contract__number")
                | Exists(in_policy.filter(number__icontains=self.q))
            )
        return rows


class PolicyFilters(Filters):
    """Of the list of policies; `state` is a status of today."""

    __slots__ = ()

    @classmethod
    def known_states(cls) -> Collection[str]:
        return [status.value for status in STATUSES]

    def state_name(self) -> str:
        return str(PolicyStatus(self.state).label)

    def apply(self, rows: PolicyQuerySet, *, today: dt.date) -> PolicyQuerySet:
        """`rows` that the filters leave, with their `status_now` and `last_on`."""
        rows = with_status(rows, today=today)
        if self.state:
            rows = rows.filter(Q(status_now=self.state))
        if self.risk:
            rows = rows.filter(
                Exists(PolicyCover.objects.filter(policy=OuterRef("pk"), risk=self.risk))
            )
        if self.placement:
            rows = rows.filter(placement=self.placement)
        if self.q:
            found = Exists(
                Asset.objects.annotate(text=ASSET_TEXT)
                .filter(pk=OuterRef("asset"))
                .filter(_matching(self.q, "text"))
            )
            rows = rows.filter(
                Q(number__icontains=self.q)
                | Q(contract__number__icontains=self.q)
                | _matching(self.q, "insurer__name")
                | found
            )
        return rows


def with_status(rows: PolicyQuerySet, *, today: dt.date) -> PolicyQuerySet:
    """`rows` with `status_now`: the rule of `statuses.policy_status`, asked of the database."""
    soon = today + dt.timedelta(days=EXPIRING_DAYS)
    cut = Q(last_on__lt=F("valid_to"))
    over = cut & (Q(last_on__lt=today) | Q(last_on__lt=F("valid_from")))
    return rows.with_last_day().annotate(
        status_now=Case(
            _when(PolicyStatus.WITHDRAWN, verification=Verification.WITHDRAWN),
            When(over, then=Value(PolicyStatus.TERMINATED.value)),
            _when(PolicyStatus.REPLACED_BY_LESSOR, replaced_by__isnull=False),
            _when(PolicyStatus.TO_VERIFY, verification=Verification.TO_VERIFY),
            _when(PolicyStatus.RETURNED, verification=Verification.RETURNED),
            _when(PolicyStatus.UPCOMING, valid_from__gt=today),
            _when(PolicyStatus.EXPIRED, last_on__lt=today),
            _when(PolicyStatus.EXPIRING, last_on__lte=soon),
            default=Value(PolicyStatus.ACTIVE.value),
            output_field=CharField(),
        )
    )


def ordered(rows: PolicyQuerySet) -> PolicyQuerySet:
    """The last to end on top."""
    return rows.order_by(F("last_on").desc(), "number", "pk")


def _when(status: PolicyStatus, **condition: Any) -> When:
    return When(**condition, then=Value(status.value))


def _matching(text: str, *paths: str) -> Q:
    """Every word in one of `paths`; a plate or VIN typed with spaces is found too."""
    every_word = Q()
    for word in words(text):
        condition = Q()
        for spelling in spellings(word):
            for path in paths:
                condition |= Q(**{f"{path}__icontains": spelling})
        every_word &= condition
    return every_word | Q(**{f"{paths[0]}__icontains": text.replace(" ", "")})
