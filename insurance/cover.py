"""What covers an asset: today by risk, over time, where it breaks and where it is paid for twice.

Pure: plain facts in, plain answers out (`insurance.loading` reads the facts). Days are both
included everywhere; sums are in the currency that stands beside them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import models

from insurance.enums import (
    RENEWS_ITSELF,
    Placement,
    PolicyStatus,
    Verification,
)
from insurance.requirements import Rule, reach, vat_share
from insurance.statuses import covered_until, ends_soon, last_day, next_day, risk_status

_ONE_DAY = dt.timedelta(days=1)


class Attention(models.TextChoices):
    """What is wrong with the insurance of an asset; the worst comes first."""

    MISSING = "missing", "missing"
    ENDING = "ending", "ending"
    FIX = "fix", "fix"
    DOUBLE = "double", "double"


class Defect(models.TextChoices):
    """How a policy that covers today falls short of what the lessor requires."""

    SUM = "sum", "sum"
    VAT = "vat", "vat"
    TERRITORY = "territory", "territory"
    ASSIGNMENT = "assignment", "assignment"


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """An asset and the days on which its lease needs it insured (`needed_from` > `needed_until`:
    none)."""

    pk: int
    category: str
    contract_id: int
    needed_from: dt.date
    needed_until: dt.date
    net_price: Decimal
    vat_pct: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    pk: int
    asset_id: int
    insurer_id: int
    placement: str
    valid_from: dt.date
    valid_to: dt.date
    terminated_on: dt.date | None
    verification: str
    replaced_by_id: int | None
    territory: str
    has_assignment: bool
    currency: str


@dataclass(frozen=True, slots=True)
class Part:
    """One risk of a policy."""

    policy: PolicyFacts
    risk: str
    sum_insured: Decimal | None = None
    vat_basis: str = ""

    @property
    def last(self) -> dt.date:
        return last_day(self.policy)

    @property
    def is_checked(self) -> bool:
        return (
            self.policy.verification == Verification.VERIFIED
            and self.policy.valid_from <= self.last
        )

    def covers(self, day: dt.date) -> bool:
        return self.is_checked and self.policy.valid_from <= day <= self.last


@dataclass(frozen=True, slots=True)
class Double:
    """Days on which two checked policies cover the same risk."""

    risk: str
    first: dt.date
    last: dt.date
    old: Part
    new: Part


@dataclass(frozen=True, slots=True)
class Trap:
    """A policy that will renew itself although another insurer's goes on after it (art. 28).

    `terminate_by` is the last day to terminate `old`: one day before its end.
    """

    risk: str
    terminate_by: dt.date
    old: Part
    new: Part


@dataclass(frozen=True, slots=True)
class RiskCover:
    """One risk of one asset as it stands today. `status` None: not required and not covered."""

    risk: str
    rule: Rule | None
    status: PolicyStatus | None
    until: dt.date | None  # the last day of unbroken cover from today
    needs_renewal: bool = False  # ends within 30 days and nothing checked follows
    today: tuple[Part, ...] = ()
    doubles: tuple[Double, ...] = ()
    traps: tuple[Trap, ...] = ()
    defects: tuple[Defect, ...] = ()

    @property
    def attention(self) -> list[Attention]:
        found = []
        if self.status == PolicyStatus.MISSING:
            found.append(Attention.MISSING)
        if self.needs_renewal:
            found.append(Attention.ENDING)
        if self.defects or self.status == PolicyStatus.RETURNED:
            found.append(Attention.FIX)
        if self.doubles or self.traps:
            found.append(Attention.DOUBLE)
        return found


@dataclass(frozen=True, slots=True)
class AssetCover:
    """Every risk of an asset that is required, covered, or was ever in a policy that still runs."""

    asset_id: int
    risks: dict[str, RiskCover]
    returned: tuple[PolicyFacts, ...] = ()  # still to be corrected by the client
    to_verify: tuple[PolicyFacts, ...] = ()
    attention: frozenset[Attention] = field(default_factory=frozenset)


def cover_of(
    facts: AssetFacts,
    policies: Sequence[PolicyFacts],
    parts: Iterable[Part],
    rules: Mapping[str, Rule],
    *,
    today: dt.date,
) -> AssetCover:
    """How the asset stands on `today`. `rules` are the risks required on that day by contract and
    category; before the handover and after the end of the lease none of them counts."""
    is_needed = facts.needed_from <= today <= facts.needed_until
    by_risk: dict[str, list[Part]] = {risk: [] for risk in rules} if is_needed else {}
    for part in parts:
        by_risk.setdefault(part.risk, []).append(part)
    risks: dict[str, RiskCover] = {}
    attention: set[Attention] = set()
    for risk, same in by_risk.items():
        found = _risk(risk, facts, same, rules.get(risk) if is_needed else None, today)
        if found.status is not None or found.doubles or found.traps:
            risks[risk] = found
            attention.update(found.attention)
    returned = tuple(p for p in policies if _waits(p, Verification.RETURNED, today))
    if returned:
        attention.add(Attention.FIX)
    to_verify = tuple(p for p in policies if _waits(p, Verification.TO_VERIFY, today))
    return AssetCover(facts.pk, risks, returned, to_verify, frozenset(attention))


def _waits(policy: PolicyFacts, verification: Verification, today: dt.date) -> bool:
    is_current = policy.replaced_by_id is None and last_day(policy) >= today
    return policy.verification == verification and is_current


def _risk(
    risk: str, facts: AssetFacts, parts: Sequence[Part], rule: Rule | None, today: dt.date
) -> RiskCover:
    policies = [part.policy for part in parts]
    until = covered_until(policies, today=today)
    status = risk_status(
        policies, required=rule is not None, today=today, needed_until=facts.needed_until
    )
    needs_renewal = (
        until is not None and ends_soon(until, today=today) and until < facts.needed_until
    )
    now = tuple(part for part in parts if part.covers(today))
    return RiskCover(
        risk=risk,
        rule=rule,
        status=status,
        until=until,
        needs_renewal=needs_renewal,
        today=now,
        doubles=tuple(doubles(parts, since=today)) if len(parts) > 1 else (),
        traps=tuple(traps(parts, today=today)) if len(parts) > 1 else (),
        defects=_least(now, rule, facts) if rule is not None and now else (),
    )


# --- paid twice -----------------------------------------------------------------------------
def doubles(parts: Sequence[Part], *, since: dt.date) -> list[Double]:
    """Pairs of checked policies for one risk on the same days, from the day `since` on."""
    checked = sorted(
        (part for part in parts if part.is_checked),
        key=lambda part: (part.policy.valid_from, part.policy.pk),
    )
    found = []
    for n, old in enumerate(checked):
        for new in checked[n + 1 :]:
            first = max(new.policy.valid_from, since)
            last = min(old.last, new.last)
            if first <= last:
                found.append(Double(old.risk, first, last, old, new))
    return found


def traps(parts: Sequence[Part], *, today: dt.date) -> list[Trap]:
    """Policies that renew themselves (OC, art. 28) while another insurer's follows: two to pay.

    Only those that are still to be prevented or found out: the old one runs today, nobody has
    terminated it, and it is the client's own (the lessor terminates its policies itself).
    """
    found = []
    for old in parts:
        policy = old.policy
        may_renew = old.risk in RENEWS_ITSELF and policy.terminated_on is None
        if not (may_renew and policy.placement == Placement.OWN and old.covers(today)):
            continue
        for new in parts:
            follows = new.policy.valid_from <= next_day(policy.valid_to) <= new.last
            if new.is_checked and follows and new.policy.insurer_id != policy.insurer_id:
                found.append(Trap(old.risk, policy.valid_to - _ONE_DAY, old, new))
    return found


# --- short of what is required ---------------------------------------------------------------
def defects(part: Part, rule: Rule, facts: AssetFacts) -> tuple[Defect, ...]:
    """How `part` falls short of `rule`. A sum that nobody gave, or in another currency than the
    contract's, cannot be compared and is not held against it."""
    found = []
    needed = rule.least_sum(net_price=facts.net_price, vat_pct=facts.vat_pct)
    is_comparable = part.sum_insured is not None and part.policy.currency == facts.currency
    if needed is not None and is_comparable and part.sum_insured < needed:  # type: ignore[operator]
        found.append(Defect.SUM)
    if part.vat_basis and vat_share(part.vat_basis) < vat_share(rule.vat_basis):
        found.append(Defect.VAT)
    if reach(part.policy.territory) < reach(rule.territory):
        found.append(Defect.TERRITORY)
    if rule.needs_assignment and not part.policy.has_assignment:
        found.append(Defect.ASSIGNMENT)
    return tuple(found)


def _least(now: Iterable[Part], rule: Rule, facts: AssetFacts) -> tuple[Defect, ...]:
    """One policy that meets everything is enough."""
    return min((defects(part, rule, facts) for part in now), key=len)
