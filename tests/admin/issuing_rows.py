"""What issuing invoices leaves behind, for the back office's lists."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from contracts.models import Contract
from invoicing.enums import InvoiceKind
from invoicing.models import Correction, ExchangeRate, NumberSeries, SeriesCounter, UpfrontVat
from tests import factories as f


def make_issuing_rows(contract: Contract, n: int) -> None:
    """A series with its counter, a rate, and a corrected invoice of a financial lease."""
    series, _made = NumberSeries.objects.get_or_create(
        kind=InvoiceKind.INVOICE,
        valid_from=f.TODAY + dt.timedelta(days=n),
        defaults={"pattern": f"T{n}/{{year}}/{{n}}"},
    )
    SeriesCounter.objects.create(series=series, year=2026, last=n)
    ExchangeRate.objects.create(
        currency="EUR",
        on=dt.date(2026, 1, 5) + dt.timedelta(days=n),
        rate=Decimal("4.2558"),
        table=f"{n + 1:03}/A/NBP/2026",
    )
    invoice = f.InvoiceFactory.create(contract=contract, source_system="portal")
    UpfrontVat.objects.create(invoice=invoice, base=Decimal("131135.70"), vat_pct=Decimal(23))
    corrected = f.InvoiceFactory.create(
        contract=contract, source_system="portal", kind=InvoiceKind.CORRECTION, corrects=invoice
    )
    Correction.objects.create(invoice=corrected, reason="pomyłka")
