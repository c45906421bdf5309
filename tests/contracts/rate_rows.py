"""A contract whose rate has changed, with both schedules as the engine makes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from contracts.day_count import DayCount, Frequency
from contracts.enums import RateChangeKind, RateChangeOutcome, RowKind
from contracts.models import IndexFixing, RateChange, ReferenceRate, ScheduleVersion
from contracts.schedule import build_schedule, reprice
from contracts.schedule_terms import (
    BuyoutTiming,
    IndexMethod,
    PaymentPattern,
    PaymentRounding,
    Product,
    Schedule,
    ScheduleTerms,
)
from tests import factories as f

START = dt.date(2025, 11, 10)
CREATED_AT = dt.datetime(2026, 11, 2, 5, 0, tzinfo=dt.UTC)


def changed_contract(
    *,
    company: Any,
    method: IndexMethod = IndexMethod.REANNUITISE,
    after: int | None = 12,
    effective_on: dt.date | None = None,
    old_rate: str = "6.50",
    new_rate: str = "5.75",
    financed: str = "90000.00",
    n: int = 35,
    buyout: str = "1000.00",
    timing: BuyoutTiming = BuyoutTiming.WITH_LAST,
    day_count: DayCount = DayCount.THIRTY_360,
    months: int = 1,
    in_advance: bool = False,
    pattern: PaymentPattern = PaymentPattern.ANNUITY,
    rounding: PaymentRounding = PaymentRounding.GROSZ,
    start_on: dt.date = START,
    due_day: int = 10,
    **change: Any,
) -> RateChange:
    """The change, stored with its contract and versions 1 and 2."""
    terms = ScheduleTerms(
        financed=Decimal(financed),
        n=n,
        annual_rate_pct=Decimal(old_rate),
        start_on=start_on,
        buyout=Decimal(buyout),
        buyout_timing=timing,
        day_count=day_count,
        frequency=Frequency(months),
        in_advance=in_advance,
        due_day=due_day,
        pattern=pattern,
        payment_rounding=rounding,
        product=Product.OPERATING,
        vat_pct=Decimal(23),
    )
    old = build_schedule(terms)
    if effective_on is not None:
        after = None
    new = reprice(
        old,
        annual_rate_pct=Decimal(new_rate),
        method=method,
        after_instalment=after,
        effective_on=effective_on,
    )
    starts = effective_on or old.rows[(after or 1) - 1].nominal_due_on + dt.timedelta(days=1)
    frozen = sum(row.nominal_due_on < starts for row in old.rows)
    contract = f.ContractFactory(
        company=company,
        financed=Decimal(financed),
        instalment_count=n,
        buyout=Decimal(buyout),
        buyout_timing=timing.value,
        day_count=day_count.value,
        frequency_months=months,
        in_advance=in_advance,
        due_day=due_day,
        pattern=pattern.value,
        payment_rounding=rounding.value,
        index_method=method.value,
        signed_on=start_on,
        handover_on=start_on,
        end_on=new.rows[-1].nominal_due_on,
        annual_rate_pct=Decimal(new_rate),
        index_value=Decimal(new_rate) - Decimal("2.60"),
    )
    first = stored(old, contract=contract, number=1, is_current=False, valid_from=start_on)
    second = stored(new, contract=contract, number=2, is_current=True, valid_from=starts)
    return changed(
        contract=contract,
        old_value=Decimal(old_rate) - Decimal("2.60"),
        new_value=Decimal(new_rate) - Decimal("2.60"),
        old_rate_pct=Decimal(old_rate),
        new_rate_pct=Decimal(new_rate),
        effective_on=starts,
        method=method.value,
        old_version=first,
        new_version=second,
        frozen_through=frozen,
        old_instalment=old.rows[frozen].payment,
        new_instalment=new.rows[frozen].payment,
        total_difference=new.total_payments - old.total_payments,
        **change,
    )


def changed(*, contract: Any, **values: Any) -> RateChange:
    """A row of the change alone; without a new version nothing happened to the schedule."""
    day = values.get("effective_on", dt.date(2026, 11, 11))
    outcome = (
        RateChangeOutcome.CHANGED if values.get("new_version") else RateChangeOutcome.SAME_VALUE
    )
    defaults: dict[str, Any] = {
        "kind": RateChangeKind.RESET,
        "reset_on": day,
        "effective_on": day,
        "old_index": "WIBOR_1M",
        "new_index": "WIBOR_1M",
        "old_value": Decimal("3.90"),
        "new_value": Decimal("3.90"),
        "old_fixed_on": dt.date(2026, 9, 30),
        "new_fixed_on": dt.date(2026, 10, 30),
        "source": "GPW Benchmark",
        "margin_pp": Decimal("2.60"),
        "old_rate_pct": Decimal("6.50"),
        "new_rate_pct": Decimal("6.50"),
        "method": contract.index_method,
        "outcome": outcome,
        "created_at": CREATED_AT,
    }
    return RateChange.objects.create(contract=contract, **defaults | values)


def stored(schedule: Schedule, **version: Any) -> ScheduleVersion:
    """`schedule` as a version with its rows."""
    made = f.ScheduleVersionFactory(**version)
    for row in schedule.rows:
        f.ScheduleRowFactory(
            version=made,
            n=row.n,
            kind=RowKind.INSTALMENT,
            **{
                name: getattr(row, name)
                for name in (
                    *("nominal_due_on", "effective_due_on", "payment", "interest"),
                    *("principal", "balance", "vat", "gross"),
                )
            },
        )
    return made


def fixings(code: str, *points: tuple[str, str]) -> None:
    """Published values of an index: (day, percent)."""
    rate, _made = ReferenceRate.objects.get_or_create(
        code=code,
        defaults={"title": code.replace("_", " "), "kind": "term", "valid_from": START},
    )
    for day, value in points:
        IndexFixing.objects.create(
            rate=rate,
            on=dt.date.fromisoformat(day),
            value=Decimal(value),
            source="GPW Benchmark",
            entered_at=CREATED_AT,
        )
