"""Contracts that are due for a new rate, and values of the index, for tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from contracts.enums import RowKind
from contracts.models import Contract, IndexFixing, RateChange, ReferenceRate, ScheduleRow
from contracts.schedule import Schedule, build_schedule
from contracts.schedule_terms import ScheduleTerms
from tests import factories as f

AT = dt.datetime(2026, 12, 1, 3, 45, tzinfo=dt.UTC)
ON = dt.date(2026, 12, 1)
START = dt.date(2025, 11, 10)  # so that the twelfth instalment falls due on 10 November 2026


def rate(code: str = "WIBOR_1M", **values: Any) -> ReferenceRate:
    """The reference rate, also after a test has emptied every table."""
    defaults = {"title": code.replace("_", " "), "kind": "term", "valid_from": START}
    row, _made = ReferenceRate.objects.get_or_create(code=code, defaults=defaults)
    if values:
        ReferenceRate.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
    return row


def fix(code: str, *points: tuple[str, str], **values: Any) -> None:
    """Published values: (day, percent)."""
    for day, value in points:
        IndexFixing.objects.create(
            rate=rate(code),
            on=dt.date.fromisoformat(day),
            value=Decimal(value),
            source="GPW Benchmark",
            entered_at=AT,
            **values,
        )


def floating(
    *, financed: str = "90000.00", n: int = 35, buyout: str = "1000.00", **values: Any
) -> Contract:
    """con-05 as rows: 6.50 % = 3.90 + 2.60, first instalment on 10 December 2025."""
    terms = ScheduleTerms(
        financed=Decimal(financed),
        n=n,
        annual_rate_pct=Decimal("6.50"),
        start_on=START,
        buyout=Decimal(buyout),
        vat_pct=Decimal(23),
        initial_fee=Decimal("10000.00"),
    )
    return stored(build_schedule(terms), **values)


def stored(schedule: Schedule, *, source: str = "portal", **values: Any) -> Contract:
    """A contract with `schedule` in force, every row of it."""
    terms = schedule.terms
    defaults: dict[str, Any] = {
        "financed": terms.financed,
        "instalment_count": len(schedule.rows),
        "buyout": terms.buyout,
        "buyout_timing": terms.buyout_timing.value,
        "day_count": str(terms.day_count),
        "frequency_months": terms.frequency.count,
        "in_advance": terms.in_advance,
        "pattern": terms.pattern.value,
        "product": terms.product.value,
        "signed_on": terms.start_on,
        "handover_on": terms.start_on,
        "end_on": schedule.rows[-1].nominal_due_on,
        "due_day": terms.due_day or schedule.rows[0].nominal_due_on.day,
        "annual_rate_pct": terms.annual_rate_pct,
        "index": "WIBOR_1M",
        "index_value": terms.annual_rate_pct - Decimal("2.60"),
        "index_fixed_on": terms.start_on,
        "reset_months": 1,
    }
    contract = f.ContractFactory(**defaults | values)
    version = f.ScheduleVersionFactory(
        contract=contract, annual_rate_pct=terms.annual_rate_pct, source_system=source
    )
    rows = [schedule.initial_fee_row, *schedule.rows, schedule.buyout_row]
    ScheduleRow.objects.bulk_create(
        ScheduleRow(
            version=version,
            **{
                name: getattr(row, name)
                for name in (
                    *("n", "kind", "nominal_due_on", "effective_due_on", "payment"),
                    *("interest", "principal", "balance", "vat", "gross"),
                )
            },
        )
        for row in rows
        if row is not None
    )
    return contract


def rows_of(contract: Contract, kind: str = RowKind.INSTALMENT) -> list[ScheduleRow]:
    """Rows of the schedule in force."""
    rows = ScheduleRow.objects.filter(
        version__contract=contract, version__is_current=True, kind=kind
    )
    return list(rows.order_by("n"))


def change_of(contract: Contract) -> RateChange:
    return RateChange.objects.get(contract=contract)
