"""The pages of „Zapłaciłem” and „Zapłacę do…”, and who may say what."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from eboks.documents.models import Document
from eboks.tenancy.rights import Role
from invoicing import selection
from invoicing.enums import PromiseState, ReportState
from invoicing.models import PaymentPromise, PaymentReport, ReceivableItem
from tests.factories import (
    ContractFactory,
    MembershipFactory,
    UserFactory,
)
from tests.invoicing.conftest import TODAY, make_invoice
from tests.invoicing.said import (
    LIST,
    PROMISE,
    REPORT,
    items_of,
    promise,
    report,
    state_of,
    text_of,
)
from tests.security.crawling import content

# --- pages ---------------------------------------------------------------------------------------


def picture():
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "white").save(out, format="PNG")
    return SimpleUploadedFile("potwierdzenie.png", out.getvalue(), content_type="image/png")


def sent(browser, url, **extra):
    """The form of the page as it would be sent."""
    page = browser.get(url)
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields if name != "proof"}
    data["item"] = [key for _item, key in page.context["items"]]
    return {name: value for name, value in {**data, **extra}.items() if value is not None}


def test_transfer_is_reported_from_the_invoice(owner, company):
    invoice = make_invoice(company, left="1000.00")
    url = f"{REPORT}?faktura={invoice.public_id}"
    data = sent(owner, url)
    assert data["amount"] == "1\u00a0000,00"

    response = owner.post(REPORT, {**data, "proof": picture()})

    row = PaymentReport.objects.get()
    assert response.url == LIST
    assert (row.amount, row.paid_on, row.currency) == (Decimal("1000.00"), TODAY, "PLN")
    assert [item.invoice for item in row.items.all()] == [invoice]
    assert row.proof == Document.objects.get(key=f"payment_report:{row.public_id}")
    assert "Przelew zgłoszony" in text_of(owner.get(f"/faktury/{invoice.public_id}/"))
    assert "Przelew zgłoszony" in text_of(owner.get("/rozrachunki/"))


def test_proof_is_given_back_to_the_company_alone(owner, reader, stranger, company):
    owner.post(REPORT, {**sent(owner, REPORT, amount="10"), "proof": picture()})
    row = PaymentReport.objects.get()
    url = f"{REPORT}{row.public_id}/potwierdzenie/"

    response = owner.get(url)

    assert content(response).startswith(b"\x89PNG")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert content(reader.get(url)).startswith(b"\x89PNG")
    assert stranger.get(url).status_code == 404
    PaymentReport.objects.update(proof=None)
    assert owner.get(url).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": ""},
        {"amount": "-5"},
        {"amount": "0"},
        {"amount": "dużo"},
        {"amount": "1" * 25},
        {"paid_on": "2027-01-01"},
        {"paid_on": "wczoraj"},
        {"form_key": "x"},
        {"currency": "USD"},
        {"proof": SimpleUploadedFile("a.png", b"<svg onload=alert(1)>")},
        {"proof": SimpleUploadedFile("a.exe", b"MZ")},
    ],
)
def test_odd_report_is_shown_again(owner, company, wrong):
    response = owner.post(REPORT, sent(owner, REPORT, amount="10,00") | wrong)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not PaymentReport.objects.exists()
    assert not Document.objects.exists()


def test_ticked_items_are_reported_together(owner, company):
    one, other = make_invoice(company), make_invoice(company)
    keys = [selection.key_of(item) for item in items_of(one, other)]
    response = owner.post("/rozrachunki/wybor/", {"item": keys, "then": "report"})
    assert response.url == REPORT

    owner.post(REPORT, sent(owner, REPORT))

    assert PaymentReport.objects.get().amount == Decimal("6897.32")
    assert owner.get("/rozrachunki/").context["chosen"].items == ()


@pytest.mark.parametrize("then", ["report", "promise"])
def test_items_that_do_not_go_together_lead_back(owner, company, then):
    keys = [
        selection.key_of(item)
        for item in items_of(make_invoice(company), make_invoice(company, currency="EUR"))
    ]

    response = owner.post("/rozrachunki/wybor/", {"item": keys, "then": then}, follow=True)

    assert response.redirect_chain[-1][0] == "/rozrachunki/"
    assert "w jednej walucie" in text_of(response)


def test_promise_is_made_shown_and_withdrawn(owner, company):
    invoice = make_invoice(company)
    url = f"{PROMISE}?faktura={invoice.public_id}"

    owner.post(PROMISE, sent(owner, url, pay_by="2026-12-01"))

    row = PaymentPromise.objects.get()
    assert row.pay_by == dt.date(2026, 12, 1)
    assert "Obiecana zapłata do 01.12.2026" in text_of(owner.get("/rozrachunki/"))
    owner.post(f"{PROMISE}{row.public_id}/wycofaj/")
    assert state_of(row) == PromiseState.WITHDRAWN


def test_promise_against_the_rules_is_said_on_the_page(owner, company):
    invoice = make_invoice(company)
    url = f"{PROMISE}?faktura={invoice.public_id}"
    data = sent(owner, url, pay_by="2027-06-01")

    response = owner.post(PROMISE, data)

    assert "najwyżej za 14 dni" in text_of(response)
    ReceivableItem.objects.update(dunning_level=3)
    assert "wezwanie do zapłaty" in text_of(owner.get(url))
    assert not PaymentPromise.objects.exists()


def test_withdrawn_report_is_not_withdrawn_again(owner, company):
    row = report(company, make_invoice(company))
    url = f"{REPORT}{row.public_id}/wycofaj/"

    owner.post(url)
    response = owner.post(url, follow=True)

    assert state_of(row) == ReportState.WITHDRAWN
    assert "nie można już wycofać" in text_of(response)


def test_who_may_say_what(company, fleet, reader, stranger, former):
    invoice = make_invoice(company)
    row = report(company, invoice)
    vow = promise(company, invoice)
    withdrawals = [
        f"{REPORT}{row.public_id}/wycofaj/",
        f"{PROMISE}{vow.public_id}/wycofaj/",
    ]

    for url in (REPORT, PROMISE):
        assert reader.get(url).status_code == 403
        assert fleet.get(url).status_code == 403
        assert former.get(url).status_code == 403
        foreign = stranger.get(f"{url}?faktura={invoice.public_id}")
        assert list(foreign.context["items"]) == []
    for url in withdrawals:
        assert reader.post(url).status_code == 403
        assert fleet.post(url).status_code == 403
        assert stranger.post(url).status_code == 404
        assert former.post(url).status_code == 404
    assert reader.get(LIST).status_code == 200
    assert fleet.get(LIST).status_code == 403
    assert (state_of(row), state_of(vow)) == (ReportState.OPEN, PromiseState.OPEN)


@pytest.mark.parametrize("query", ["faktura=x", "przelew=%00", "faktura=" + "1" * 400])
def test_odd_address_is_no_page(owner, company, query):
    assert owner.get(f"{REPORT}?{query}").status_code == 404


def test_member_with_selected_contracts_names_what_was_paid(company, client_of, today):
    own = ContractFactory.create(company=company)
    invoice, other = make_invoice(company, contract=own), make_invoice(company)
    membership = MembershipFactory.create(company=company, role=Role.FINANCE, is_limited=True)
    membership.allowed_contracts.create(contract=own)
    browser = client_of(membership.user)
    hidden = report(company, other)

    assert browser.get(REPORT).url == "/rozrachunki/"
    browser.post(REPORT, sent(browser, f"{REPORT}?faktura={invoice.public_id}"))

    assert PaymentReport.objects.filter(items__invoice=invoice).count() == 1
    assert browser.post(f"{REPORT}{hidden.public_id}/wycofaj/").status_code == 404
    assert len(browser.get(LIST).context["reports"]) == 1


def test_person_of_several_companies_says_for_which(company, client_of, today):
    user = MembershipFactory.create(company=company).user
    MembershipFactory.create(user=user)
    browser = client_of(user)

    assert "company" not in (browser.get(REPORT).context.get("form") or {})
    assert browser.get(REPORT).context["companies"]
    invoice = make_invoice(company)
    page = browser.get(f"{REPORT}?faktura={invoice.public_id}")
    assert page.context["company"] == company


def test_back_office_gets_the_proof_as_an_attachment(owner, company, client_of):
    owner.post(REPORT, {**sent(owner, REPORT, amount="10"), "proof": picture()})
    row = PaymentReport.objects.get()
    staff = client_of(UserFactory.create(is_staff=True, is_superuser=True))
    url = f"/zaplecze/invoicing/paymentreport/{row.pk}/potwierdzenie/"

    response = staff.get(url)

    assert response.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(response.streaming_content)
    assert owner.get(url).status_code == 404
    assert staff.get(url.replace(str(row.pk), str(10**19))).status_code == 404
    clerk = client_of(UserFactory.create(is_staff=True))
    assert clerk.get(url).status_code == 403
