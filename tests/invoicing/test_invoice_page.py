"""`/faktury/<id>/` and its PDF: the answer, how it was paid, and who is let in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from eboks.documents import pdf
from eboks.documents.models import Document
from eboks.tenancy.rights import Role
from invoicing.models import SetOff
from tests.factories import (
    AllocationFactory,
    ContractFactory,
    InvoiceFactory,
    MembershipFactory,
    PaymentFactory,
)
from tests.invoicing.conftest import make_invoice

ROUTES = ["invoice_detail", "invoice_pdf", "invoice_download"]


def url(invoice, route: str = "invoice_detail") -> str:
    return reverse(f"invoicing:{route}", args=[invoice.public_id])


def text_of(response) -> str:
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("route", ROUTES)
def test_who_is_let_in(route, company, owner, reader, fleet, stranger, former):
    invoice = make_invoice(company)
    assert stranger.get(url(invoice, route)).status_code == 404
    assert former.get(url(invoice, route)).status_code == 404
    assert fleet.get(url(invoice, route)).status_code == 403
    for browser in (owner, reader):
        response = browser.get(url(invoice, route))
        assert response.status_code == 200
        if response.streaming:
            assert b"".join(response.streaming_content).startswith(b"%PDF-")


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_gets_a_page_without_logging_in(route, company, today):
    from django.test import Client

    invoice = make_invoice(company)
    response = Client().get(url(invoice, route))
    assert response.status_code == 302
    assert "/konto/" in response["Location"]
    assert not Document.objects.exists()  # nothing is rendered for a stranger


def test_a_stranger_makes_no_pdf(company, stranger, fleet):
    invoice = make_invoice(company)
    for browser in (stranger, fleet):
        browser.get(url(invoice, "invoice_pdf"))
    assert not Document.objects.exists()


def test_rights_are_those_of_the_invoice_s_company(company, login, today):
    """An owner elsewhere who is only fleet here is refused here."""
    user = MembershipFactory.create(company=company, role=Role.FLEET).user
    MembershipFactory.create(user=user, role=Role.OWNER)
    assert login(user).get(url(make_invoice(company))).status_code == 403


def test_a_ceded_contract_opens_no_old_invoices(company, owner, client_of, today):
    """After a cession the contract is the new lessee's, the invoice stays with its buyer."""
    invoice = make_invoice(company)
    heir = MembershipFactory.create()
    invoice.contract.company = heir.company
    invoice.contract.save(update_fields=["company"])
    assert client_of(heir.user).get(url(invoice)).status_code == 404
    response = owner.get(url(invoice))
    assert response.status_code == 200
    assert reverse("contracts:detail", args=[invoice.contract.public_id]) not in text_of(response)


def test_open_invoice_says_what_to_pay_when_and_where(owner, company):
    invoice = make_invoice(company, rows=2)
    text = text_of(owner.get(url(invoice)))
    assert "Do zapłaty do 30 listopada 2026 (za 8 dni)" in text
    assert "3 448<small>,66 zł</small>" in text
    assert "61 1090 1014 0000 0712 1981 2874" in text
    assert 'data-copy="61109010140000071219812874"' in text
    assert f'data-copy="{invoice.number}"' in text
    assert text.count("część kapitałowa") == 2
    assert "Nie ma jeszcze wpłaty" in text


def test_overdue_invoice_says_so(owner, company):
    text = text_of(owner.get(url(make_invoice(company, due_on=dt.date(2026, 11, 19)))))
    assert "termin minął 19 listopada 2026" in text
    assert "Po terminie 3 dni" in text


def test_paid_invoice_shows_what_paid_it(owner, company):
    invoice = make_invoice(company, left="0.00")
    payment = PaymentFactory.create(
        company=company, booked_on=dt.date(2026, 11, 18), payer_name="ŻUK & Syn", title="<b>FV</b>"
    )
    AllocationFactory.create(payment=payment, item=invoice.item, amount=Decimal("3448.66"))
    text = text_of(owner.get(url(invoice)))
    assert "Zapłacona w całości" in text
    assert "Zapłacona 18.11" in text
    assert "ŻUK &amp; Syn" in text
    assert "„&lt;b&gt;FV&lt;/b&gt;”" in text
    assert "wskazana w przelewie" in text
    assert "Rachunek do zapłaty" not in text


def test_partly_paid_invoice_shows_both_amounts(owner, company):
    text = text_of(owner.get(url(make_invoice(company, left="448.66"))))
    assert "448<small>,66 zł</small>" in text
    assert "Już zapłacone" in text
    assert "3 000,00 zł" in text


def test_correction_and_invoice_point_at_each_other(owner, company):
    invoice = make_invoice(company, left="3325.66")
    correction = make_invoice(
        company,
        contract=invoice.contract,
        left="0.00",
        kind="correction",
        number="FK/7",
        corrects=invoice,
        net=Decimal(-100),
        vat=Decimal(-23),
        gross=Decimal(-123),
    )
    SetOff.objects.create(
        company=company,
        credit_item=correction.item,
        debit_item=invoice.item,
        amount=Decimal(123),
        set_off_on=dt.date(2026, 11, 20),
    )
    text = text_of(owner.get(url(invoice)))
    assert url(correction) in text
    assert "kompensata" in text
    assert "123,00" in text
    back = text_of(owner.get(url(correction)))
    assert url(invoice) in back
    assert "Korekta zmniejsza należność" in back
    assert "Rozliczona" in back


def test_invoice_without_an_item_still_opens(owner, company):
    invoice = InvoiceFactory.create(contract=ContractFactory.create(company=company))
    text = text_of(owner.get(url(invoice)))
    assert "Poza rozrachunkami" in text
    assert "Ten dokument nie wchodzi do rozrachunków" in text


def test_holiday_due_date_is_explained(owner, company):
    saturday, monday = dt.date(2026, 11, 28), dt.date(2026, 11, 30)
    invoice = make_invoice(company, due_on=saturday, effective_due_on=monday)
    assert "w terminie do 30 listopada 2026" in text_of(owner.get(url(invoice)))


def test_query_count_is_constant(owner, company):
    def count(rows: int) -> int:
        invoice = make_invoice(company, rows=rows, left="0.00")
        for _number in range(rows):
            payment = PaymentFactory.create(company=company)
            AllocationFactory.create(payment=payment, item=invoice.item, amount=Decimal(1))
        owner.get(url(invoice))
        with CaptureQueriesContext(connection) as queries:
            owner.get(url(invoice))
        return len(queries)

    counts = {count(1), count(3), count(30)}
    assert len(counts) == 1
    # session, user, memberships, lessor; invoice; allocations, set-offs; rows, corrections,
    # assets; freshness 2
    assert counts.pop() <= 13


# --- the file -------------------------------------------------------------------------------
def test_pdf_is_shown_in_a_frame_of_ours_only(owner, company):
    invoice = make_invoice(company)
    response = owner.get(url(invoice, "invoice_pdf"))
    content = b"".join(response.streaming_content)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith('inline; filename="Faktura FV-L-2026')
    assert response["Content-Length"] == str(len(content))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    page = owner.get(url(invoice))
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert f'src="{url(invoice, "invoice_pdf")}"' in text_of(page)


def test_download_is_an_attachment_and_not_framed(owner, company):
    invoice = make_invoice(company)
    response = owner.get(url(invoice, "invoice_download"))
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_opening_twice_serves_the_same_stored_file(owner, company, monkeypatch):
    invoice = make_invoice(company)
    first = b"".join(owner.get(url(invoice, "invoice_pdf")).streaming_content)
    monkeypatch.setattr(pdf, "render_pdf", lambda *args, **kwargs: pytest.fail("rendered again"))
    assert b"".join(owner.get(url(invoice, "invoice_pdf")).streaming_content) == first
    assert Document.objects.count() == 1


@pytest.mark.parametrize("route", ["invoice_pdf", "invoice_download"])
def test_damaged_file_is_never_served(owner, company, route, settings, caplog):
    invoice = make_invoice(company)
    b"".join(owner.get(url(invoice, "invoice_pdf")).streaming_content)
    path = Path(settings.MEDIA_ROOT) / Document.objects.get().storage_name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    response = owner.get(url(invoice, route))
    assert response.status_code == 503
    assert "nie przeszedł kontroli" in text_of(response)
    assert "differs from what was stored" in caplog.text


def test_without_pango_the_page_works_and_says_so(owner, company, monkeypatch):
    def missing() -> None:
        raise pdf.PdfUnavailableError("Na tym serwerze nie da się tworzyć plików PDF")

    monkeypatch.setattr(pdf, "_load", missing)
    invoice = make_invoice(company)
    text = text_of(owner.get(url(invoice)))
    assert "nie da się teraz tworzyć plików PDF" in text
    assert "<iframe" not in text
    response = owner.get(url(invoice, "invoice_pdf"))
    assert response.status_code == 503
    assert "nie da się tworzyć plików PDF" in text_of(response)
