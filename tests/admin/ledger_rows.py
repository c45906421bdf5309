"""A named item and a line of an interest note, for the back office's lists."""

from __future__ import annotations

from decimal import Decimal

from invoicing.models import InterestNoteLine, Payment, PaymentIndication, ReceivableItem
from tests import factories as f


def make_ledger_rows(item: ReceivableItem, payment: Payment) -> None:
    """Of this item, which this payment names. Rates stand in the database from the beginning."""
    PaymentIndication.objects.create(payment=payment, item=item, position=1)
    assert item.invoice is not None
    InterestNoteLine.objects.create(
        note=item.invoice,
        item=item,
        position=1,
        amount=Decimal(1000),
        since=f.TODAY,
        until=f.TODAY,
        days=1,
        rate_pct=Decimal("13.75"),
        interest=Decimal("0.376712"),
    )
