"""Issued documents do not change; sums of rows are the document, on ten thousand of them."""

from __future__ import annotations

import ast
import datetime as dt
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from django.db import DatabaseError, transaction

import invoicing.issuing
from contracts.enums import Product, RowKind
from contracts.models import Contract, ScheduleRow
from contracts.vat import vat_of
from eboks.money import GROSZ
from eboks.tenancy.models import Company
from invoicing.issuing.drafting import draft, vat_pct_of
from invoicing.issuing.due import Work
from invoicing.models import Charge, ExchangeRate, Invoice, InvoiceRow
from tests import factories as f

ON = dt.date(2026, 11, 26)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("gross", Decimal("1.00")),
        ("number", "X/1"),
        ("issued_on", dt.date(2026, 1, 1)),
        ("buyer_name", "INNY"),
        ("source_system", "x"),
    ],
)
def test_issued_invoice_cannot_be_changed(column, value):
    row = f.InvoiceRowFactory()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Invoice.objects.filter(pk=row.invoice_id).update(**{column: value})


@pytest.mark.django_db
def test_rows_cannot_be_changed_and_nothing_deleted():
    row = f.InvoiceRowFactory()
    for change in (
        lambda: InvoiceRow.objects.filter(pk=row.pk).update(net=1),
        lambda: InvoiceRow.objects.filter(pk=row.pk).delete(),
        lambda: Invoice.objects.filter(pk=row.invoice_id).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.django_db
def test_link_to_the_pdf_and_the_ksef_number_come_later():
    invoice = f.InvoiceRowFactory().invoice
    assert Invoice.objects.filter(pk=invoice.pk).update(pdf=None, ksef_number="1") == 1


def amount(random: Random, most: int) -> Decimal:
    return Decimal(random.randint(0, most)) / 100


def work_of(random: Random, number: int) -> tuple[Contract, Work]:
    """A contract of any kind with something to invoice. Nothing of it is stored."""
    product = random.choice(list(Product))
    pct = random.choice([23, 8])
    contract = Contract(
        pk=number + 1,
        number=f"OL/{number}",
        product=product,
        currency=random.choice(["PLN", "PLN", "EUR"]),
        vat_code=str(pct),
        vat_pct=Decimal(pct),
        initial_fee=amount(random, 5_000_000),
        handover_on=ON,
    )
    rows = []
    for n in range(1, random.randint(1, 3) + 1):
        interest, principal = amount(random, 100_000), amount(random, 1_000_000) + GROSZ
        net = interest + principal
        vat = vat_of(net, contract.vat_pct) if product == Product.OPERATING else Decimal(0)
        rows.append(
            ScheduleRow(
                n=n,
                kind=random.choice([RowKind.INSTALMENT, RowKind.INSTALMENT, RowKind.BUYOUT]),
                nominal_due_on=ON + dt.timedelta(days=n),
                payment=net,
                interest=interest,
                principal=principal,
                vat=vat,
                gross=net + vat,
            )
        )
    charges = [
        Charge(
            pk=1 + n,
            cost_kind="insurance",
            description="x",
            charged_on=ON,
            currency=random.choice(["PLN", "EUR"]),
            net=amount(random, 100_000),
            vat_code=random.choice(["23", "zw", "np", "8"]),
        )
        for n in range(random.randint(0, 2))
    ]
    financial = product == Product.FINANCIAL and random.random() < 0.5
    later = sum((row.payment for row in rows), Decimal(0))
    return contract, Work(rows, charges, financial, later, len(rows))


def test_rows_of_ten_thousand_random_invoices_add_up():
    """REL-03: whole grosze, sums of rows are the document, VAT is that of the law."""
    random = Random(2026)
    company = Company(name="TRANS-ŻUK", street="ul. Polna 7", city="Kalisz")
    rate = ExchangeRate(currency="EUR", on=ON, rate=Decimal("4.2558"), table="1/A/NBP/2026")
    made = 0
    while made < 10_000:
        contract, work = work_of(random, made)
        drafts = draft(
            company=company,
            contract=contract,
            work=work,
            on=ON,
            payment_days=14,
            rate_of=lambda currency, day: rate,
        )
        made += len(drafts)
        for one in drafts:
            amounts = [n for x in one.lines for n in (x.net, x.vat, x.principal, x.interest)]
            assert all(type(n) is Decimal and n == n.quantize(GROSZ) for n in amounts)
            assert one.net == sum(line.net for line in one.lines)
            assert one.vat == sum(line.vat for line in one.lines)
            if one.upfront_base is not None:
                assert one.vat == vat_of(one.upfront_base, contract.vat_pct)
            else:
                wanted = [vat_of(line.net, vat_pct_of(line.vat_code)) for line in one.lines]
                assert [line.vat for line in one.lines] == wanted
            assert all(
                line.principal + line.interest == line.net
                for line in one.lines
                if line.principal or line.interest
            )
            in_zloty = one.currency == "PLN" or not one.vat
            assert (one.rate is None) == in_zloty


def test_issuing_knows_no_floating_point():
    for path in Path(invoicing.issuing.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            line = getattr(node, "lineno", 0)
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
            is_call = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
            assert not is_float, f"{path.name}:{line}"
            assert not is_call, f"{path.name}:{line}"
