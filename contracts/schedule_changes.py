"""Reads the changes of the rate that a JSON file asks for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.schedule_fields import Fields, as_date, as_decimal
from contracts.schedule_terms import IndexMethod

_METHODS = {
    "a": IndexMethod.REANNUITISE,
    "b": IndexMethod.KEEP_PRINCIPAL,
    "c": IndexMethod.KEEP_PAYMENT,
    **{method.value: method for method in IndexMethod},
}


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A rate change asked for in the file; without a method all three are to be compared."""

    annual_rate_pct: Decimal
    after_instalment: int | None
    effective_on: dt.date | None
    method: IndexMethod | None


def read_changes(fields: Fields) -> tuple[PlannedChange, ...]:
    """`rate_changes`, or a single change in fields of its own; problems stay in `fields`."""
    method = fields.choice(_METHODS, "method")
    rate = fields.decimal("new_annual_rate_pct")
    after = fields.integer("change_after_instalment")
    on = fields.date("change_date")
    default = method or IndexMethod.REANNUITISE
    changes = fields.items(lambda item: _as_change(item, default), "rate_changes") or []
    if rate is not None:
        if (after is None) == (on is None):
            reason = "podaj change_after_instalment albo change_date (jedno z nich)"
            fields.fail("new_annual_rate_pct", reason)
        changes.append(PlannedChange(rate, after, on, method))
    elif (after is not None or on is not None) and not fields.has("new_annual_rate_pct"):
        fields.fail("new_annual_rate_pct", "brak nowej stopy")
    return tuple(changes)


def _as_change(value: Any, method: IndexMethod) -> PlannedChange:
    """[date, rate], or an object with annual_rate_pct and date or after_instalment."""
    if isinstance(value, list) and len(value) == 2:
        return PlannedChange(as_decimal(value[1]), None, as_date(value[0]), method)
    if not isinstance(value, dict):
        raise ValueError('oczekiwana para [data, stopa] albo obiekt, np. ["2024-02-15", "4.0"]')
    item = Fields(value)
    rate = item.decimal("annual_rate_pct", "new_annual_rate_pct")
    after, on = item.integer("after_instalment"), item.date("date")
    own = item.choice(_METHODS, "method")
    if rate is None and not item.problems:
        item.fail("annual_rate_pct", "brak nowej stopy")
    if (after is None) == (on is None) and not item.problems:
        item.fail("date", "podaj date albo after_instalment (jedno z nich)")
    if item.problems or rate is None:
        raise ValueError("; ".join(map(str, item.problems)))
    return PlannedChange(rate, after, on, own or method)
