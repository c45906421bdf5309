"""A lessee whose contract has a whole schedule: 35 instalments on the tenth, 12 of them past."""

from __future__ import annotations

import datetime as dt
from typing import Any

from contracts.models import ScheduleVersion
from requests_app.models import Request
from tests import factories as f
from tests.contracts.reset_rows import floating

NOW = "2026-11-26T10:00:00Z"
TODAY = dt.date(2026, 11, 26)


def with_schedule(lessee: Any, **values: Any) -> Any:
    """`lessee` with another contract and asset: con-01, the next instalment (13) on 10 December
    2026."""
    lessee.contract = floating(company=lessee.company, number="OL/2026/2", **values)
    lessee.asset = f.AssetFactory(contract=lessee.contract, plate="WX 54321")
    return lessee


def invoice(lessee: Any, n: int, **values: Any) -> Any:
    """Instalment `n` stands on an invoice, the portal's own."""
    return f.InvoiceFactory(
        contract=lessee.contract, instalment_n=n, source_system="portal", **values
    )


def in_force(lessee: Any) -> ScheduleVersion:
    return ScheduleVersion.objects.get(contract=lessee.contract, is_current=True)


def lines_of(row: Request) -> dict[str, str]:
    return {line["label"]: line["value"] for line in row.lines}
