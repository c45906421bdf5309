"""Contracts of the published and constructed cases, as rows of the portal."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.enums import RowKind
from contracts.models import Contract, ScheduleVersion
from contracts.schedule import build_schedule
from contracts.schedule_terms import AmountRounding, Product, ScheduleTerms
from eboks.clock import add_months
from eboks.tenancy.models import Company
from tests import factories as f

CASES = Path(__file__).parent / "cases"


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    return found


def published_contract(
    name: str, *, company: Company, first_due_on: dt.date, **contract: Any
) -> tuple[Contract, ScheduleVersion]:
    """The case `name` with its schedule made by the engine, first instalment on `first_due_on`."""
    given = case(name)["inputs"]
    display = "display" in case(name)["convention"].get("rounding", "")
    net, fee = Decimal(given["net_value"]), Decimal(given["initial_fee"])
    start = add_months(first_due_on, -1)
    built = build_schedule(
        ScheduleTerms(
            financed=net - fee,
            n=given["n"],
            annual_rate_pct=Decimal(given["annual_rate_pct"]),
            start_on=start,
            first_due_on=first_due_on,
            buyout=Decimal(given["buyout"]),
            amount_rounding=AmountRounding.DISPLAY if display else AmountRounding.GROSZ,
            product=Product.OPERATING,
            vat_pct=Decimal(given.get("vat_pct", "23")),
            net_value=net,
            initial_fee=fee,
        )
    )
    row = f.ContractFactory(
        company=company,
        net_value=net,
        initial_fee=fee,
        initial_fee_pct=Decimal(given["initial_fee_pct"]),
        financed=net - fee,
        instalment_count=given["n"],
        buyout=Decimal(given["buyout"]),
        index=given["index"].replace(" ", "_"),
        index_value=Decimal(given["index_rate_pct"]),
        margin_pp=Decimal(given["margin_pct"]),
        annual_rate_pct=Decimal(given["annual_rate_pct"]),
        signed_on=start,
        handover_on=start,
        end_on=built.rows[-1].effective_due_on,
        **contract,
    )
    version = f.ScheduleVersionFactory(contract=row, valid_from=start)
    for made in built.rows:
        # A case that is only displayed with two decimals need not add up to the grosz.
        f.ScheduleRowFactory(
            version=version,
            n=made.n,
            kind=RowKind.INSTALMENT,
            nominal_due_on=made.nominal_due_on,
            effective_due_on=made.effective_due_on,
            payment=made.payment,
            interest=made.payment - made.principal,
            principal=made.principal,
            balance=made.balance,
            vat=made.vat,
            gross=made.payment + made.vat,
        )
    return row, version
