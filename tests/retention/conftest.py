"""Invoices with stored PDFs, old enough to go."""

from __future__ import annotations

import datetime as dt

import pytest

from eboks.documents.services import store
from invoicing.models import Invoice
from tests import factories as f

AT = dt.datetime(2026, 11, 26, 4, 30, tzinfo=dt.UTC)
ON = dt.date(2026, 11, 26)
OLD = dt.date(2018, 5, 10)  # its periods ended on 1 January 2025


@pytest.fixture
def kept():
    """`kept(contract, issued_on=…)` is an invoice whose PDF is in the store."""

    def make(contract=None, issued_on=OLD, content=b"%PDF-1.7 x"):
        contract = contract or f.ContractFactory()
        invoice = f.InvoiceFactory(contract=contract, issued_on=issued_on, due_on=issued_on)
        invoice.pdf = store(
            company=invoice.company,
            key=f"invoice:{invoice.public_id}",
            content=content,
            file_name=f"{invoice.number}.pdf",
            content_type="application/pdf",
            renderer="test",
            at=AT,
        )
        invoice.save(update_fields=["pdf"])
        return Invoice.objects.select_related("pdf", "company", "contract").get(pk=invoice.pk)

    return make
