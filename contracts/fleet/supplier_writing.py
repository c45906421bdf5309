"""Rows of a supplier's file as records of vehicles: each once, whichever file brings it again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from contracts.fleet.enums import UNITS, Product, ReadingSource
from contracts.fleet.models import FuelTransaction, MileageReading, ServiceVisit, Toll
from contracts.fleet.models.imports import Target
from contracts.fleet.supplier_matching import Owner
from contracts.fleet.supplier_reading import Row
from eboks.clock import WARSAW

BATCH = 1_000
_INSERT = 500


@dataclass(frozen=True, slots=True)
class Owned:
    """A whole row and whose it is."""

    row: Row
    owner: Owner


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from: the code of the supplier, the day and moment of reading the file."""

    system: str
    as_of: dt.date
    at: dt.datetime


def key_of(target: str, row: Row) -> str:
    """What makes a row the same one in another file: SHA-256, 64 characters."""
    values = row.values
    moment = _moment(row)
    match target:
        case Target.FUEL:
            parts = [values["card"], moment, values["product"], values["quantity"], values["gross"]]
        case Target.SERVICE:
            parts = [values["plate"], moment, values["kind"], values["net"]]
        case Target.MILEAGE:
            parts = [values["plate"], moment, values["source"], values["km"]]
        case _:
            parts = [values["plate"], moment, values["kind"], values["amount"]]
    return _digest(target, *parts)


def known_keys(target: str, rows: Sequence[Row], system: str) -> set[str]:
    """Which of at most a batch of `rows` are stored already. A purchase is known by what it is,
    whatever brought it; anything else by the supplier's key."""
    if target != Target.FUEL:
        return _stored(_MODELS[target], system, [key_of(target, row) for row in rows])
    by_what = {
        (
            row.values["card"],
            fuel_moment(row),
            row.values["product"],
            row.values["quantity"],
            row.values["gross"],
        ): key_of(target, row)
        for row in rows
    }
    stored = FuelTransaction.objects.filter(
        card__in={what[0] for what in by_what}, at__in={what[1] for what in by_what}
    ).values_list("card", "at", "product", "quantity", "gross")
    return {by_what[found] for found in stored.iterator() if found in by_what}


def write(target: str, owned: Sequence[Owned], source: Source) -> tuple[int, int]:
    """Stores at most a batch of rows; how many were new, and how many readings of odometers were.

    Rows that are stored by now, also by somebody else at this moment, are left as they are.
    """
    build = _BUILDERS[target]
    made = [build(one, _common(one, key_of(target, one.row), source)) for one in owned]
    new = _insert(_MODELS[target], made, source.system)
    readings = [_odometer(one, source) for one in owned if one.row.values.get("odometer_km")]
    return new, _insert(MileageReading, readings, source.system) if readings else 0


def fuel_moment(row: Row) -> dt.datetime:
    """The moment of a purchase; without a time, the beginning of its day in Warsaw."""
    at: dt.datetime | None = row.values["at"]
    start = dt.datetime.combine(row.values["on"], dt.time(), WARSAW)
    return start.astimezone(dt.UTC) if at is None else at


def _insert(model: type[Model], rows: list[Any], system: str) -> int:
    keys = [row.source_id for row in rows]
    before = _stored(model, system, keys)
    fresh = [row for row in rows if row.source_id not in before]
    model._default_manager.bulk_create(fresh, batch_size=_INSERT, ignore_conflicts=True)
    return len(_stored(model, system, keys)) - len(before) if fresh else 0


def _stored(model: type[Model], system: str, keys: Sequence[str]) -> set[str]:
    rows = model._default_manager.filter(source_system=system, source_id__in=set(keys))
    return set(rows.values_list("source_id", flat=True))


def _moment(row: Row) -> str:
    found = row.values.get("at") or row.values["on"]
    return str(found.isoformat())


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


def _common(owned: Owned, key: str, source: Source) -> dict[str, Any]:
    return {
        "source_system": source.system,
        "source_id": key,
        "as_of": source.as_of,
        "asset_id": owned.owner.asset,
        "company_id": owned.owner.company,
        "on": owned.row.values["on"],
    }


def _given(row: Row, *names: str) -> dict[str, Any]:
    return {name: row.values[name] for name in names if name in row.values}


def _fuel(owned: Owned, common: dict[str, Any]) -> FuelTransaction:
    row = owned.row
    values = row.values
    return FuelTransaction(
        **common,
        at=fuel_moment(row),
        unit=values.get("unit") or UNITS[Product(values["product"])],
        vat=values["vat"] if "vat" in values else values["gross"] - values["net"],
        **_given(row, "card", "driver", "station", "country", "product", "product_name"),
        **_given(row, "quantity", "unit_price", "currency", "net", "gross", "odometer_km"),
        **_given(row, "cost_centre", "invoice_number"),
    )


def _service(owned: Owned, common: dict[str, Any]) -> ServiceVisit:
    names = ("kind", "odometer_km", "workshop", "items", "net", "covered_by", "next_due_km")
    return ServiceVisit(**common, **_given(owned.row, *names, "next_due_on"))


def _mileage(owned: Owned, common: dict[str, Any]) -> MileageReading:
    return MileageReading(**common, **_given(owned.row, "km", "source"))


def _toll(owned: Owned, common: dict[str, Any]) -> Toll:
    names = ("kind", "provider", "at", "place", "currency", "net", "amount")
    return Toll(**common, **_given(owned.row, *names))


def _odometer(owned: Owned, source: Source) -> MileageReading:
    """What the odometer showed at a purchase or a visit. A zero means that nobody typed it."""
    values = owned.row.values
    at_service = "workshop" in values or "covered_by" in values
    km = values["odometer_km"]
    key = _digest("odometer", values["plate"], values["on"].isoformat(), km)
    return MileageReading(
        **_common(owned, key, source),
        km=km,
        source=ReadingSource.SERVICE if at_service else ReadingSource.FUEL,
        recorded_at=source.at,
    )


_MODELS: dict[str, type[Model]] = {
    Target.FUEL: FuelTransaction,
    Target.SERVICE: ServiceVisit,
    Target.MILEAGE: MileageReading,
    Target.TOLL: Toll,
}
_BUILDERS: dict[str, Callable[[Owned, dict[str, Any]], Model]] = {
    Target.FUEL: _fuel,
    Target.SERVICE: _service,
    Target.MILEAGE: _mileage,
    Target.TOLL: _toll,
}
