"""Corrections: new documents with differences, linked both ways, refused when nothing changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from eboks.audit.models import AuditEntry
from invoicing import documents
from invoicing.enums import InvoiceKind
from invoicing.issuing.corrections import (
    CorrectionError,
    NewAmounts,
    basis_of,
    correct,
    states,
)
from invoicing.issuing.running import issue
from invoicing.models import Invoice, ReceivableItem
from tests import factories as f
from tests.invoicing.issuing_rows import AT, SINCE, TODAY, euro_rate, fee_of, issuer_contract
from tests.invoicing.test_invoice_pdf import text_of

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 12, 1)


@pytest.fixture(autouse=True)
def issuer(settings, db):
    settings.ISSUER_CONTRACTS_FROM = SINCE
    f.LessorFactory()


@pytest.fixture
def invoice() -> Invoice:
    """An instalment of 2 803.79 and a fee of 150.00."""
    contract = issuer_contract(net_value="90000.00", initial_fee="0.00")
    fee_of(contract)
    issue(on=TODAY, at=AT)
    return Invoice.objects.get()


def new(position: int, net: str, interest: str | None = None) -> NewAmounts:
    parts = None if interest is None else Decimal(interest)
    return NewAmounts(position=position, net=Decimal(net), interest=parts)


def correction_of(invoice: Invoice, *rows: NewAmounts, **kwargs) -> Invoice:
    return correct(invoice=invoice, rows=rows, on=ON, at=AT, **{"reason": "pomyłka", **kwargs})


def test_correction_has_the_difference_and_both_documents_know_each_other(invoice):
    actor = f.UserFactory(is_staff=True)
    correction = correction_of(invoice, new(2, "100.00"), actor=actor)

    assert (correction.kind, correction.number) == (InvoiceKind.CORRECTION, "FPK/2026/12/000001")
    assert (correction.net, correction.vat, correction.gross) == (
        *(Decimal("-50.00"), Decimal("-11.50"), Decimal("-61.50")),
    )
    row = correction.rows.get()
    assert (row.position, row.net, row.vat) == (2, Decimal("-50.00"), Decimal("-11.50"))
    assert correction.corrects == invoice
    assert list(invoice.corrections.order_by("pk")) == [correction]
    assert (correction.issued_on, correction.sold_on) == (ON, invoice.sold_on)
    assert (correction.buyer_name, correction.account) == (invoice.buyer_name, invoice.account)
    assert (correction.correction.reason, correction.correction.made_by) == ("pomyłka", actor)
    assert correction.instalment_n is None
    invoice.refresh_from_db()
    assert (invoice.net, invoice.gross) == (Decimal("2953.79"), Decimal("3633.16"))
    entry = AuditEntry.objects.get(event="invoice_corrected")
    assert entry.facts["corrects"] == invoice.number


def test_correction_in_minus_lessens_the_debt(invoice):
    correction = correction_of(invoice, new(2, "0"))

    debt, credit = (ReceivableItem.objects.get(invoice=one) for one in (invoice, correction))
    assert (debt.open_amount, credit.open_amount) == (Decimal("3448.66"), 0)


def test_correction_in_plus_is_to_be_paid_in_two_weeks(invoice):
    correction = correction_of(invoice, new(2, "160.00"))

    item = ReceivableItem.objects.get(invoice=correction)
    assert (item.gross, item.open_amount) == (Decimal("12.30"), Decimal("12.30"))
    assert correction.due_on == ON + dt.timedelta(days=14)


def test_parts_of_an_instalment_follow(invoice):
    correction = correction_of(invoice, new(1, "2700.00", "400.00"))

    row = correction.rows.get()
    assert (row.net, row.interest, row.principal) == (
        *(Decimal("-103.79"), Decimal("-87.50"), Decimal("-16.29")),
    )
    after = states(invoice)[0]
    assert (after.net, after.interest, after.principal) == (
        *(Decimal("2700.00"), Decimal("400.00"), Decimal("2300.00")),
    )


def test_parts_alone_may_be_corrected_and_nothing_is_owed(invoice):
    correction = correction_of(invoice, new(1, "2803.79", "400.00"))

    assert (correction.gross, correction.rows.get().interest) == (0, Decimal("-87.50"))
    assert not ReceivableItem.objects.filter(invoice=correction).exists()


def test_second_correction_starts_from_the_first(invoice):
    correction_of(invoice, new(2, "100.00"))
    second = correction_of(invoice, new(2, "120.00"))

    assert second.net == Decimal("20.00")
    assert [row.net for row in states(invoice)] == [Decimal("2803.79"), Decimal("120.00")]
    assert [row.net for row in states(invoice, before=second)][1] == Decimal("100.00")


def test_nothing_changed_is_refused(invoice):
    for rows in ((), (new(2, "150.00"),), (new(1, "2803.79"),)):
        with pytest.raises(CorrectionError, match="Nic się nie zmienia"):
            correction_of(invoice, *rows)
    correction_of(invoice, new(2, "100.00"))
    with pytest.raises(CorrectionError, match="Nic się nie zmienia"):  # sent twice
        correction_of(invoice, new(2, "100.00"))
    assert Invoice.objects.filter(kind=InvoiceKind.CORRECTION).count() == 1


def test_correction_of_what_was_corrected_meanwhile_is_refused(invoice):
    seen = basis_of(states(invoice))
    correction_of(invoice, new(2, "100.00"), basis=seen)

    with pytest.raises(CorrectionError, match="właśnie poprawiona"):
        correction_of(invoice, new(2, "90.00"), basis=seen)


def test_unknown_row_bad_parts_no_reason_and_earlier_date_are_refused(invoice):
    for rows, kwargs, words in (
        ([new(7, "1.00")], {}, "nie ma pozycji 7"),
        ([new(1, "100.00", "100.01")], {}, "Część odsetkowa"),
        ([new(1, "100.00", "-1")], {}, "Część odsetkowa"),
        ([new(2, "1.00")], {"reason": "  "}, "przyczynę"),
        ([new(2, "1.00")], {"on": TODAY - dt.timedelta(days=1)}, "wcześniejsza"),
    ):
        about: Any = {"reason": "x", "on": ON, "at": AT} | kwargs
        with pytest.raises(CorrectionError, match=words):
            correct(invoice=invoice, rows=rows, **about)


def test_only_invoices_issued_here_are_corrected(invoice):
    correction = correction_of(invoice, new(2, "100.00"))
    foreign = f.InvoiceFactory()
    for refused, words in ((correction, "nie do noty"), (foreign, "system główny")):
        with pytest.raises(CorrectionError, match=words):
            correction_of(refused, new(1, "1.00"))


def test_vat_in_zloty_adds_up_over_corrections():
    euro_rate(dt.date(2026, 11, 25))
    contract = issuer_contract(net_value="90000.00", initial_fee="0.00", currency="EUR")
    issue(on=TODAY, at=AT)
    invoice = Invoice.objects.get(contract=contract)
    for net in ("2803.80", "2803.81", "1.03"):
        correction = correction_of(invoice, new(1, net))
        assert (correction.fx_rate, correction.fx_on) == (invoice.fx_rate, invoice.fx_on)

    documents_ = Invoice.objects.order_by("pk")
    vat = sum(one.vat for one in documents_)
    assert vat == Decimal("0.24")
    assert sum(one.vat_pln for one in documents_) == Decimal("1.02")


def test_pdf_of_a_correction_shows_before_and_after(invoice):
    correction_of(invoice, new(2, "100.00"))
    second = correction_of(
        invoice, new(1, "2700.00", "400.00"), new(2, "120.00"), reason="Błędna stawka"
    )
    text = " ".join(text_of(documents.invoice_pdf(second)).split())

    for words in (
        f"do faktury {invoice.number} z dnia 26.11.2026",
        "Rata leasingowa 1 z 35 przed korektą: część kapitałowa 2 316,29, odsetkowa 487,50",
        "2 803,79 23% 644,87 3 448,66",
        "po korekcie: część kapitałowa 2 300,00, odsetkowa 400,00",
        "2 700,00 23% 621,00 3 321,00",
        "100,00 23% 23,00 123,00",
        "120,00 23% 27,60 147,60",
        "Razem różnica −83,79 23% −19,27 −103,06",
        "Przyczyna korekty: Błędna stawka",
        "Zmniejsza należność o",
    ):
        assert words in text, (words, text)
