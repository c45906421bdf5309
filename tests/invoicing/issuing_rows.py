"""Contracts that the portal invoices, with schedules made by the engine."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from contracts import schedule_terms
from contracts.enums import ContractStatus, Product
from contracts.models import Contract, ScheduleRow, ScheduleVersion
from contracts.schedule import ScheduleTerms, build_schedule
from contracts.schedule_terms import Schedule
from invoicing.enums import CostKind
from invoicing.models import Charge, ExchangeRate, FeeLine, FeeTable
from tests import factories as f

SINCE = dt.date(2026, 9, 1)  # contracts signed from this day on are invoiced by the portal
TODAY = dt.date(2026, 11, 26)  # a Thursday
AT = dt.datetime(2026, 11, 26, 5, 45, tzinfo=dt.UTC)


def issuer_contract(
    *,
    net_value: str = "100000.00",
    initial_fee: str = "10000.00",
    n: int = 35,
    rate_pct: str = "6.50",
    buyout: str = "1000.00",
    first_due_on: dt.date = dt.date(2026, 12, 10),
    start_on: dt.date = dt.date(2026, 11, 10),
    **contract: Any,
) -> Contract:
    """An operating lease of con-01 (a rate of 2 803.79), unless told otherwise."""
    product = contract.pop("product", Product.OPERATING)
    vat_pct = Decimal(contract.pop("vat_pct", 23))
    built = build_schedule(
        ScheduleTerms(
            financed=Decimal(net_value) - Decimal(initial_fee),
            n=n,
            annual_rate_pct=Decimal(rate_pct),
            start_on=start_on,
            first_due_on=first_due_on,
            buyout=Decimal(buyout),
            product=schedule_terms.Product(product.value),
            vat_pct=None if product == Product.LOAN else vat_pct,
            net_value=Decimal(net_value),
            initial_fee=Decimal(initial_fee),
        )
    )
    row = f.ContractFactory.create(
        **{
            "net_value": Decimal(net_value),
            "initial_fee": Decimal(initial_fee),
            "financed": Decimal(net_value) - Decimal(initial_fee),
            "buyout": Decimal(buyout),
            "instalment_count": n,
            "annual_rate_pct": Decimal(rate_pct),
            "product": product,
            "vat_pct": vat_pct,
            "vat_code": str(int(vat_pct)),
            "signed_on": start_on - dt.timedelta(days=6),
            "handover_on": start_on,
            "end_on": built.rows[-1].nominal_due_on,
            "status": ContractStatus.ACTIVE,
            **contract,
        }
    )
    add_version(row, built)
    return row


def add_version(contract: Contract, built: Schedule, **version: Any) -> ScheduleVersion:
    """The schedule as the version in force."""
    ScheduleVersion.objects.filter(contract=contract).update(is_current=False)
    made = f.ScheduleVersionFactory.create(contract=contract, **version)
    ScheduleRow.objects.bulk_create(
        ScheduleRow(
            version=made,
            **{
                name: getattr(row, name)
                for name in (
                    *("n", "kind", "nominal_due_on", "effective_due_on"),
                    *("payment", "interest", "principal", "balance", "vat", "gross"),
                )
            },
        )
        for row in (built.initial_fee_row, *built.rows, built.buyout_row)
        if row is not None
    )
    return made


def fee_of(contract: Contract | None, *, company: Any = None, **charge: Any) -> Charge:
    """A fee of 150.00 that waits for an invoice, by version 2026-1 of the fee table."""
    table, _made = FeeTable.objects.get_or_create(
        version="2026-1", defaults={"title": "Tabela", "valid_from": dt.date(2026, 1, 1)}
    )
    line, _made = FeeLine.objects.get_or_create(
        table=table,
        code="opinion",
        channel="online",
        defaults={"position": 1, "title": "Opinia", "base": "fixed", "net": Decimal(150)},
    )
    number = Charge.objects.count()
    return Charge.objects.create(
        **{
            "key": f"test:{number}",
            "company": company or contract.company,
            "contract": contract,
            "cost_kind": CostKind.FEE,
            "description": "Opinia o kliencie",
            "charged_on": TODAY,
            "net": Decimal("150.00"),
            "fee_line": line,
            "created_at": AT,
            **charge,
        }
    )


def premium_of(contract: Contract, **charge: Any) -> Charge:
    """An insurance premium passed on unchanged: exempt from VAT."""
    values: dict[str, Any] = {
        "cost_kind": CostKind.INSURANCE,
        "description": "Ubezpieczenie OC/AC, refaktura",
    }
    values |= {"net": Decimal("310.50"), "vat_code": "zw", "fee_line": None}
    return fee_of(contract, **{**values, **charge})


def euro_rate(on: dt.date, rate: str = "4.2558") -> ExchangeRate:
    table = f"{on.timetuple().tm_yday:03d}/A/NBP/{on.year}"
    return ExchangeRate.objects.create(currency="EUR", on=on, rate=Decimal(rate), table=table)
