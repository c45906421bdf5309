"""Consumption between fills, its median, and fills that deserve a look (domain 6).

A fill is a purchase of what the vehicle drives on. Consumption of a fill is its quantity over the
kilometres since the fill before it, from full to full; it is known only where both of them state
the odometer. AdBlue, washing and the like are no fills, and neither are corrections in minus.
Litres, kilowatt-hours and kilograms are kept apart: a plug-in hybrid has two consumptions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from django.db import models
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import Propulsion
from contracts.fleet.enums import DRIVING, RIGHT_PRODUCTS, Product, Unit
from contracts.fleet.models import FuelTransaction
from contracts.models import Asset
from eboks.ui import words

TANK_MARGIN = Decimal("1.05")
TIMES_MEDIAN = Decimal("1.5")
# A median of fewer says nothing yet.
LEAST_FOR_MEDIAN = 3
_CHUNK = 5_000
_TENTH = Decimal("0.1")


class Rule(models.TextChoices):
    """Why a fill deserves a look."""

    TANK = "tank", gettext_lazy("więcej, niż mieści zbiornik lub bateria")
    DISTANCE = "distance", gettext_lazy("licznik nie przybył od poprzedniego tankowania")
    CONSUMPTION = "consumption", gettext_lazy("zużycie o wiele większe niż zwykle")
    PRODUCT = "product", gettext_lazy("paliwo niewłaściwe dla tego napędu")


@dataclass(frozen=True, slots=True)
class Holds:
    """What a vehicle drives on and how much it holds; None or empty where it is not known."""

    propulsion: str = ""
    tank_litres: Decimal | None = None
    battery_kwh: Decimal | None = None

    def capacities(self) -> dict[str, Decimal]:
        """How much goes in at once, by unit; nothing where it is not known."""
        known = {Unit.LITRE.value: self.tank_litres, Unit.KWH.value: self.battery_kwh}
        return {unit: value for unit, value in known.items() if value is not None}

    def products(self) -> frozenset[str]:
        """What the vehicle drives on: anything that drives, when its propulsion is not known."""
        return RIGHT_PRODUCTS[Propulsion(self.propulsion)] if self.propulsion else DRIVING


class Fill(NamedTuple):
    """A purchase of something that drives: a row of FuelTransaction, as far as rules go."""

    pk: int
    asset_id: int
    on: dt.date
    product: str
    unit: str
    quantity: Decimal
    odometer_km: int | None


class Consumption(NamedTuple):
    """`per_100`: litres, kWh or kg on 100 km, not rounded."""

    fill: Fill
    distance_km: int
    per_100: Decimal


@dataclass(frozen=True, slots=True)
class Outlier:
    """A fill and the rule that it breaks, with the two figures that the rule compares."""

    fill: Fill
    rule: Rule
    found: Decimal = Decimal(0)
    bound: Decimal = Decimal(0)

    @property
    def words(self) -> str:
        """The rule and its figures, for people."""
        unit = Unit(self.fill.unit).label
        if self.rule == Rule.TANK:
            return _("%(found)s %(unit)s, a mieści się %(bound)s %(unit)s") % {
                "found": figure(self.found),
                "bound": figure(self.bound),
                "unit": unit,
            }
        if self.rule == Rule.DISTANCE:
            return _("licznik %(found)s km, poprzednio %(bound)s km") % {
                "found": words.number(int(self.found)),
                "bound": words.number(int(self.bound)),
            }
        if self.rule == Rule.CONSUMPTION:
            return _("%(found)s %(unit)s/100 km, zwykle %(bound)s %(unit)s/100 km") % {
                "found": figure(self.found),
                "bound": figure(self.bound),
                "unit": unit,
            }
        return _("zatankowano: %(product)s") % {"product": Product(self.fill.product).label}


@dataclass(frozen=True, slots=True)
class VehicleFuel:
    """Fills of one vehicle looked through: consumption, usual consumption by unit, outliers."""

    consumption: Sequence[Consumption]
    medians: dict[str, Decimal]
    outliers: Sequence[Outlier]


def figure(value: Decimal) -> str:
    """`8,4`: one decimal place, half up."""
    shown = value.quantize(_TENTH, rounding=ROUND_HALF_UP)
    return f"{shown:,}".replace(",", words.NBSP).replace(".", ",")


def look_through(fills: Iterable[Fill], holds: Holds) -> VehicleFuel:
    """Fills of one vehicle in order of time. Pure.

    Rules (domain 6): more than the tank or battery holds and 5 %; no kilometres since the fill
    before; consumption over 1.5 times the median of the vehicle's own (of at least three); a
    product that its propulsion does not use. One fill may break several.
    """
    outliers: list[Outlier] = []
    found: list[Consumption] = []
    before: dict[str, Fill] = {}
    right, capacities = holds.products(), holds.capacities()
    fits = {unit: capacity * TANK_MARGIN for unit, capacity in capacities.items()}
    for fill in fills:
        unit, quantity, km = fill.unit, fill.quantity, fill.odometer_km
        if fill.product not in right:
            outliers.append(Outlier(fill, Rule.PRODUCT))
            continue
        if unit in fits and quantity > fits[unit]:
            outliers.append(Outlier(fill, Rule.TANK, quantity, capacities[unit]))
        previous, before[unit] = before.get(unit), fill
        if previous is None or previous.odometer_km is None or km is None:
            continue
        distance = km - previous.odometer_km
        if distance <= 0:
            seen = Decimal(km), Decimal(previous.odometer_km)
            outliers.append(Outlier(fill, Rule.DISTANCE, *seen))
            continue
        found.append(Consumption(fill, distance, quantity * 100 / distance))
    medians = _medians(found)
    bounds = {unit: usual * TIMES_MEDIAN for unit, usual in medians.items()}
    for row in found:
        unit = row.fill.unit
        if unit in bounds and row.per_100 > bounds[unit]:
            outliers.append(Outlier(row.fill, Rule.CONSUMPTION, row.per_100, medians[unit]))
    outliers.sort(key=lambda row: (row.fill.on, row.fill.pk))
    return VehicleFuel(found, medians, outliers)


def _medians(rows: Iterable[Consumption]) -> dict[str, Decimal]:
    by_unit: dict[str, list[Decimal]] = {}
    for row in rows:
        by_unit.setdefault(row.fill.unit, []).append(row.per_100)
    return {
        unit: median(values) for unit, values in by_unit.items() if len(values) >= LEAST_FOR_MEDIAN
    }


def monthly_consumption(rows: Iterable[Consumption]) -> dict[tuple[dt.date, str], Decimal]:
    """By (first of the month, unit): what was filled in the month over the kilometres since."""
    sums: dict[tuple[dt.date, str], tuple[Decimal, int]] = {}
    for row in rows:
        key = row.fill.on.replace(day=1), row.fill.unit
        quantity, km = sums.get(key, (Decimal(0), 0))
        sums[key] = quantity + row.fill.quantity, km + row.distance_km
    return {key: quantity * 100 / km for key, (quantity, km) in sorted(sums.items())}


def fleet_fuel(
    assets: QuerySet[Asset], *, first: dt.date, last: dt.date
) -> Iterator[tuple[int, VehicleFuel]]:
    """Each of `assets` that filled up from `first` to `last` under its present lessee.

    Two queries. A year of a big fleet is some 150 000 fills: the median needs each of them, and no
    function for it is common to both databases, so they stream through here in order of vehicles.
    """
    about = assets.order_by().values_list(
        "pk", "propulsion", "mileage_terms__tank_litres", "mileage_terms__battery_kwh"
    )
    held = {pk: Holds(propulsion, tank, battery) for pk, propulsion, tank, battery in about}
    rows = FuelTransaction.objects.filter(
        asset__in=assets.order_by().values("pk"),
        company=F("asset__contract__company"),
        product__in=DRIVING,
        quantity__gt=0,
        on__gte=first,
        on__lte=last,
    ).order_by("asset_id", "at", "pk")
    found = rows.values_list("pk", "asset_id", "on", "product", "unit", "quantity", "odometer_km")
    fills = map(Fill._make, found.iterator(chunk_size=_CHUNK))
    for asset_id, own in groupby(fills, key=attrgetter("asset_id")):
        if asset_id in held:
            yield asset_id, look_through(own, held[asset_id])
