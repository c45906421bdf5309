"""The demo shows a month that the portal issued itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.models import Contract
from eboks.jobs.models import JobFailure, JobRun
from eboks.portal.demo.issuing import load_issuing
from eboks.portal.demo.loading import load_demo
from invoicing.issuing.running import JOB, issue
from invoicing.models import ExchangeRate, Invoice, ReceivableItem

ON = dt.date(2026, 11, 26)
AT = dt.datetime(2026, 11, 26, 8, 0, tzinfo=dt.UTC)
SINCE = ON - dt.timedelta(days=45)


@pytest.mark.slow
@pytest.mark.django_db
def test_young_contracts_of_the_demo_are_invoiced_by_the_portal(settings, tmp_path):
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "documents"
    settings.ISSUER_CONTRACTS_FROM = SINCE
    load_demo(at=AT, on=ON, contracts=24)

    # The two kinds of contract do not mix.
    young = Contract.objects.filter(signed_on__gte=SINCE)
    invoices = Invoice.objects.filter(kind="invoice")
    here, core = invoices.filter(contract__in=young), invoices.exclude(contract__in=young)
    assert set(here.values_list("source_system", flat=True)) == {"portal"}
    assert set(core.exclude(contract=None).values_list("source_system", flat=True)) == {"core"}
    assert JobRun.objects.filter(job=JOB).count() == 31
    assert not JobFailure.objects.filter(job=JOB).exists()

    # con-08 with its published figures, and a correction.
    contract = Contract.objects.get(number="FL/CON-08")
    upfront = Invoice.objects.get(contract=contract, upfront_vat__isnull=False)
    assert (upfront.vat, upfront.gross) == (Decimal("30161.21"), Decimal("42506.89"))
    assert upfront.upfront_vat.base == Decimal("131135.70")
    first = Invoice.objects.get(contract=contract, instalment_n=1)
    assert (first.gross, first.vat) == (Decimal("4949.58"), 0)
    assert ReceivableItem.objects.get(invoice=upfront).open_amount == 0  # paid
    correction = Invoice.objects.get(contract=contract, kind="correction")
    assert correction.gross == -correction.corrects.gross
    assert ExchangeRate.objects.filter(currency="EUR", on=dt.date(2026, 11, 25)).exists()

    # Again adds nothing; the next month has its own.
    before = Invoice.objects.count()
    load_issuing(at=AT, on=ON)
    assert Invoice.objects.count() == before
    assert issue(on=ON + dt.timedelta(days=20), at=AT).count > 0
