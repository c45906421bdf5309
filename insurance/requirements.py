"""Which risks the lessor requires of an asset on a day: general rows, and those of a contract.

One query for any number of assets; the rest is worked out here from plain rows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from contracts.models import Asset, Contract
from eboks.money import to_grosz
from insurance.enums import TERRITORIES, Risk, Territory, VatBasis
from insurance.models import Requirement
from insurance.statuses import next_day

_ONE_DAY = dt.timedelta(days=1)
_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of `Requirement`. Without a contract it holds for each asset of the category."""

    category: str
    contract_id: int | None
    risk: str
    is_waived: bool
    sum_pct: Decimal  # of the asset's net price; 0: no sum is asked for
    vat_basis: str
    territory: str
    needs_assignment: bool
    valid_from: dt.date
    valid_to: dt.date | None

    def holds_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def least_sum(self, *, net_price: Decimal, vat_pct: Decimal) -> Decimal | None:
        """The least sum insured of an asset of `net_price`, in its currency and on the rule's VAT
        basis, rounded to the grosz; `vat_pct` in percent. None: any sum will do."""
        if not self.sum_pct:
            return None
        vat = vat_pct / 100 * vat_share(self.vat_basis)
        return to_grosz(net_price * self.sum_pct / 100 * (1 + vat))

    @property
    def risk_label(self) -> str:
        return str(Risk(self.risk).label)

    @property
    def vat_basis_label(self) -> str:
        """Empty where any basis will do."""
        return str(VatBasis(self.vat_basis).label) if self.vat_basis else ""

    @property
    def territory_label(self) -> str:
        return str(Territory(self.territory).label)


@dataclass(frozen=True, slots=True)
class Window:
    """Days, both included, on which `rule` asks for its risk."""

    first: dt.date
    last: dt.date
    rule: Rule


class Rulebook:
    """Answers what is required of an asset, from the rows it was given."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rows = tuple(rules)
        self._general: dict[str, list[Rule]] = defaultdict(list)
        self._special: dict[tuple[str, int], list[Rule]] = defaultdict(list)
        # Thousands of assets ask the same; a fleet has a handful of categories.
        self._same: dict[tuple[str, dt.date], dict[str, Rule]] = {}
        for rule in sorted(self.rows, key=lambda rule: rule.valid_from):
            if rule.contract_id is None:
                self._general[rule.category].append(rule)
            else:
                self._special[rule.category, rule.contract_id].append(rule)

    def general_on(self, day: dt.date) -> list[Rule]:
        """Rules for whole categories in force on `day`, one for each category and risk."""
        return [rule for category in self._general for rule in self._of(category, day).values()]

    def _of(self, category: str, day: dt.date) -> dict[str, Rule]:
        if (category, day) not in self._same:
            rules = self._general.get(category, [])
            self._same[category, day] = {rule.risk: rule for rule in rules if rule.holds_on(day)}
        return self._same[category, day]

    def on(self, day: dt.date, *, category: str, contract_id: int) -> dict[str, Rule]:
        """Required risks on `day`. A contract's row replaces the general one of its risk, or lifts
        it; of several rows for a risk the one that began last holds."""
        general = self._of(category, day)
        special = self._special.get((category, contract_id))
        if not special:
            return general
        found = general | {rule.risk: rule for rule in special if rule.holds_on(day)}
        return {risk: rule for risk, rule in found.items() if not rule.is_waived}

    def windows(
        self, *, category: str, contract_id: int, first: dt.date, last: dt.date
    ) -> dict[str, list[Window]]:
        """When each risk is required between `first` and `last`, in order, not overlapping."""
        if last < first:
            return {}
        rules = [*self._general.get(category, []), *self._special.get((category, contract_id), [])]
        starts = {first}
        for rule in rules:
            starts.add(rule.valid_from)
            if rule.valid_to is not None:
                starts.add(next_day(rule.valid_to))
        days = sorted(day for day in starts if first <= day <= last)
        ends = [day - _ONE_DAY for day in days[1:]] + [last]
        found: dict[str, list[Window]] = defaultdict(list)
        for start, end in zip(days, ends, strict=True):
            required = self.on(start, category=category, contract_id=contract_id)
            for risk, rule in required.items():
                before = found[risk][-1] if found[risk] else None
                if before and before.rule == rule and before.last + _ONE_DAY == start:
                    found[risk][-1] = Window(before.first, end, rule)
                else:
                    found[risk].append(Window(start, end, rule))
        return dict(found)


def vat_share(basis: str) -> Decimal:
    """How much of the VAT a basis takes in: 0, a half, all of it. An empty one takes in none."""
    return {VatBasis.NET_HALF.value: _HALF, VatBasis.GROSS.value: Decimal(1)}.get(basis, Decimal(0))


def reach(territory: str) -> int:
    """Territories in order: each covers those of a smaller number."""
    return TERRITORIES.index(Territory(territory))


def required_of(asset: Asset, *, on: dt.date) -> dict[str, Rule]:
    """What the lessor requires of one asset on the day `on`, by risk. One query."""
    rules = rulebook([asset.contract_id])
    return rules.on(on, category=asset.category, contract_id=asset.contract_id)


def least_sum(asset: Asset, rule: Rule) -> Decimal | None:
    """The sum that `rule` asks for `asset`, in the contract's currency; None: any."""
    return rule.least_sum(net_price=asset.net_price, vat_pct=Decimal(asset.contract.vat_pct))


def rulebook(contracts: QuerySet[Contract] | QuerySet[Any, Any] | Iterable[int]) -> Rulebook:
    """The general rows and those of `contracts` (rows, or ids). One query."""
    wanted = Q(contract__isnull=True) | Q(contract__in=contracts)
    rows = Requirement.objects.filter(wanted).order_by("valid_from", "pk")
    return Rulebook(Rule(*row) for row in rows.values_list(*Rule.__slots__))
