"""Rows about fees and paying for the back office's tests."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from invoicing.enums import CostKind
from invoicing.models import (
    Charge,
    FeeLine,
    FeeTable,
    PaymentBasket,
    PaymentPromise,
    PaymentReport,
)
from tests import factories as f


def make_paying_rows(company: Any, item: Any, payment: Any, n: int) -> None:
    """A fee table with a charge, a basket, a report and a promise of `company`."""
    now = timezone.now()
    user = company.memberships.get().user
    table = FeeTable.objects.create(version=f"T{n}", title="Tabela opłat", valid_from=f.TODAY)
    line = FeeLine.objects.create(
        table=table,
        position=1,
        code="opinion",
        title="Opinia",
        channel="online",
        base="fixed",
        net=50,
    )
    Charge.objects.create(
        key=f"hand:{n}",
        company=company,
        cost_kind=CostKind.FEE,
        description="Opinia",
        charged_on=f.TODAY,
        net=50,
        fee_line=line,
        created_at=now,
    )
    basket = PaymentBasket.objects.create(
        company=company,
        code=f"KPAAAAAAA{n}",
        currency="PLN",
        total=10,
        account="61109010140000071219812874",
        title=f"KPAAAAAAA{n}",
        created_at=now,
        created_by=user,
        payment=payment,
    )
    report = PaymentReport.objects.create(
        form_key=uuid.uuid4(),
        company=company,
        paid_on=f.TODAY,
        amount=10,
        waits_until=f.TODAY,
        reported_at=now,
        reported_by=user,
        payment=payment,
    )
    promise = PaymentPromise.objects.create(
        form_key=uuid.uuid4(),
        company=company,
        pay_by=f.TODAY,
        amount=10,
        promised_at=now,
        promised_by=user,
    )
    for row in (basket, report, promise):
        row.items.add(item)
