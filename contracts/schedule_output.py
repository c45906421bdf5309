"""Writes a schedule as plain JSON data: decimals and dates as text, two decimals for money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from contracts.schedule_terms import Schedule, ScheduleRow
from eboks.money import ZERO, to_grosz

_HUNDRED = Decimal(100)
_PERCENT_PLACES = Decimal("0.0001")


def schedule_as_data(schedule: Schedule, *, dated: bool, first_row: int = 1) -> dict[str, Any]:
    """The schedule from row `first_row` on; without dates when they were never given."""
    previous_due = schedule.terms.start_on
    rows = []
    for row in schedule.rows:
        data = _row_as_data(row, dated=dated)
        if dated:
            data["days"] = (row.nominal_due_on - previous_due).days
        previous_due = row.nominal_due_on
        rows.append(data)
    result: dict[str, Any] = {
        "payment": str(schedule.payment),
        "rows": rows[first_row - 1 :],
        "totals": _totals(schedule),
    }
    if schedule.initial_fee_row is not None:
        result["initial_fee"] = _row_as_data(schedule.initial_fee_row, dated=dated)
    if schedule.buyout_row is not None:
        result["buyout"] = _row_as_data(schedule.buyout_row, dated=dated)
    if schedule.upfront_vat is not None:
        upfront = schedule.upfront_vat
        result["upfront_vat"] = {
            "vat_base": str(upfront.base),
            "vat": str(upfront.vat),
            "first_payment_gross": str(upfront.first_payment_gross),
        }
    return result


def _row_as_data(row: ScheduleRow, *, dated: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"n": row.n}
    if dated:
        data["nominal_due"] = row.nominal_due_on.isoformat()
        data["payable_by"] = row.effective_due_on.isoformat()
    for name in ("payment", "interest", "principal", "balance", "vat", "gross"):
        data[name] = str(getattr(row, name))
    data["kind"] = row.kind.value
    return data


def _totals(schedule: Schedule) -> dict[str, str]:
    """Sums of the instalments; `total_net` adds the initial fee and the buyout."""
    rows = schedule.rows
    totals = {
        name: sum((getattr(row, name) for row in rows), ZERO)
        for name in ("payment", "interest", "principal", "vat", "gross")
    }
    totals["total_net"] = schedule.total_net
    result = {name: str(to_grosz(amount)) for name, amount in totals.items()}
    if schedule.terms.net_value:
        share = schedule.total_net * _HUNDRED / schedule.terms.net_value
        result["total_net_pct"] = str(share.quantize(_PERCENT_PLACES))
    return result
