"""Case con-01 of the domain's schedules in the database, and a rule to settle it by."""

from __future__ import annotations

import datetime as dt
from typing import Any

from contracts.enums import Product, RowKind
from contracts.models import Contract, ScheduleVersion
from eboks.clock import add_months
from eboks.money import to_grosz
from requests_app.models.settlements import SettlementRule
from tests import factories as f
from tests.requests_app.conftest import zl

NOW = dt.datetime(2026, 12, 5, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
DUE = dt.date(2026, 12, 10)  # of instalment 12


def con_01(contract: Contract) -> ScheduleVersion:
    """The schedule of case con-01 as it stands in the database: 35 instalments from 10 January."""
    version: ScheduleVersion = f.ScheduleVersionFactory.create(contract=contract)
    balance = zl("90000.00")
    for n in range(1, 36):
        interest = to_grosz(balance * zl("6.50") / 1200)
        principal = zl("2803.79") - interest if n < 35 else balance - 1000
        balance -= principal
        due_on = add_months(dt.date(2025, 12, 10), n)
        vat = to_grosz((principal + interest) * zl("0.23"))
        f.ScheduleRowFactory.create(
            version=version,
            n=n,
            nominal_due_on=due_on,
            effective_due_on=due_on,
            payment=principal + interest,
            interest=interest,
            principal=principal,
            balance=balance,
            vat=vat,
            gross=principal + interest + vat,
        )
    f.ScheduleRowFactory.create(
        version=version,
        n=36,
        kind=RowKind.BUYOUT,
        nominal_due_on=add_months(dt.date(2025, 12, 10), 35),
        effective_due_on=add_months(dt.date(2025, 12, 10), 35),
        payment=1000,
        interest=0,
        principal=1000,
        balance=0,
        vat=230,
        gross=1230,
    )
    return version


def make_rule(**values: Any) -> SettlementRule:
    return SettlementRule.objects.create(
        **{
            "product": Product.OPERATING,
            "valid_from": dt.date(2026, 1, 1),
            "discount": "contract",
            "valid_days": 3,
            "price_vat": "contract_rate",
            "basis": "Tabela rozliczeń testu, § 4",
            **values,
        }
    )
