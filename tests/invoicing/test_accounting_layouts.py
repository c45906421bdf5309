"""Files for accounting programs: a financial lease is bought once, however often it is paid."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest

from contracts.enums import Product
from invoicing.enums import CostKind
from invoicing.issuing.running import issue
from invoicing.models import Invoice, UpfrontVat
from tests import factories as f
from tests.invoicing.issuing_rows import AT, SINCE, issuer_contract

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 26)


@pytest.fixture(autouse=True)
def issuer(settings, time_machine):
    time_machine.move_to(AT)
    settings.ISSUER_CONTRACTS_FROM = SINCE
    f.LessorFactory()


@pytest.fixture
def lease():
    """Handed over on 10 November: its VAT is invoiced, and the first instalment after it."""
    lease = issuer_contract(product=Product.FINANCIAL, n=12)
    issue(on=dt.date(2026, 11, 10), at=AT)
    issue(on=TODAY, at=AT)
    return lease


@pytest.fixture
def read(client_of):
    def read(contract, layout):
        user = f.MembershipFactory(company=contract.company, role="finance").user
        response = client_of(user).get(f"/raporty/ksiegowosc/ksiegowosc.csv?uklad={layout}")
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter=";"))

    return read


def amount(text):
    return Decimal(text.replace(",", "."))


def test_register_has_the_whole_base_once_and_no_later_instalment(lease, read):
    first, later = Invoice.objects.order_by("pk")
    assert later.vat == 0

    (row,) = read(lease, "rejestr")

    assert row["DowodZakupu"] == first.number
    assert (amount(row["K_40"]), amount(row["K_41"])) == (first.upfront_vat.base, first.vat)
    assert first.upfront_vat.base > first.net
    assert (row["K_42"], row["K_43"], row["LpZakupu"]) == ("", "", "1")


def test_rates_tell_the_base_from_what_is_asked_for(lease, read):
    first, later = Invoice.objects.order_by("pk")

    taxed, outside = read(lease, "stawki")

    assert (taxed["numer"], taxed["stawka"]) == (first.number, "23")
    assert amount(taxed["netto_pln"]) == first.upfront_vat.base
    assert amount(taxed["vat_pln"]) == first.vat
    assert amount(taxed["brutto_pln"]) == first.upfront_vat.base + first.vat
    assert amount(taxed["do_zaplaty_pln"]) == first.gross
    assert (outside["numer"], outside["stawka"], outside["vat_pln"]) == (later.number, "np", "0,00")
    assert amount(outside["netto_pln"]) == amount(outside["do_zaplaty_pln"]) == later.gross


def test_postings_add_up_to_what_is_asked_for(lease, read):
    rows = read(lease, "dekrety")

    for invoice in Invoice.objects.all():
        mine = [row for row in rows if row["numer"] == invoice.number]
        assert sum(amount(row["netto_pln"]) for row in mine) == invoice.net
        assert sum(amount(row["vat_pln"]) for row in mine) == invoice.vat


def test_correction_of_the_base_stands_with_its_difference(lease, read):
    original = Invoice.objects.order_by("pk")[0]
    correction = f.InvoiceFactory(
        contract=lease,
        kind="correction",
        corrects=original,
        number="FPK/1",
        issued_on=TODAY,
        net=0,
        vat=Decimal("-52.95"),
        gross=Decimal("-52.95"),
        vat_pln=Decimal("-52.95"),
    )
    f.InvoiceRowFactory(
        invoice=correction,
        cost_kind=CostKind.OTHER,
        net=0,
        vat=Decimal("-52.95"),
        gross=Decimal("-52.95"),
        principal=0,
        interest=0,
    )
    UpfrontVat.objects.create(invoice=correction, base=Decimal("-230.23"), vat_pct=Decimal(23))

    (row,) = [row for row in read(lease, "rejestr") if row["DowodZakupu"] == "FPK/1"]

    assert (row["K_40"], row["K_41"], row["K_42"]) == ("-230,23", "-52,95", "")


def test_base_in_euro_is_converted_at_the_rate_of_the_invoice(read):
    invoice = f.InvoiceFactory(
        currency="EUR",
        fx_rate=Decimal("4.2558"),
        net=Decimal("1000.00"),
        vat=Decimal("2300.00"),
        gross=Decimal("3300.00"),
        vat_pln=Decimal("9788.34"),
        issued_on=TODAY,
    )
    f.InvoiceRowFactory(
        invoice=invoice,
        net=Decimal("1000.00"),
        vat=Decimal("2300.00"),
        gross=Decimal("3300.00"),
        principal=1000,
        interest=0,
    )
    UpfrontVat.objects.create(invoice=invoice, base=Decimal("10000.00"), vat_pct=Decimal(23))

    (row,) = read(invoice.contract, "rejestr")

    assert (row["K_40"], row["K_41"]) == ("42558,00", "9788,34")


def test_deposit_beside_an_instalment_is_in_no_sum_of_the_register(read):
    invoice = f.InvoiceFactory(issued_on=TODAY)
    f.InvoiceRowFactory(invoice=invoice)
    f.InvoiceRowFactory(
        invoice=invoice,
        position=2,
        cost_kind=CostKind.OTHER,
        net=500,
        vat_code="np",
        vat=0,
        gross=500,
        principal=0,
        interest=0,
    )

    (row,) = read(invoice.contract, "rejestr")

    assert (row["K_40"], row["K_42"], row["K_43"]) == ("", "2803,79", "644,87")
