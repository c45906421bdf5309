"""`/rozrachunki/wyciag/`: what the page shows, the files with the same grosz, and who is let in."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from pypdf import PdfReader

from eboks.audit.models import AuditEntry
from eboks.tenancy.rights import Role
from invoicing import statement_files
from invoicing.enums import PaymentKind
from tests import factories as f
from tests.invoicing.posting import add, pay
from tests.security.crawling import content

URL = "/rozrachunki/wyciag/"
PDF = f"{URL}wyciag.pdf"
XLSX = f"{URL}wyciag.xlsx"


def text_of(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.text)
    return " ".join(text.replace("\u00a0", " ").split())


def in_pdf(response) -> str:
    reader = PdfReader(io.BytesIO(content(response)))
    text = " ".join(page.extract_text() for page in reader.pages)
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.fixture
def contract(company):
    return f.ContractFactory.create(company=company, number="OL/1")


@pytest.fixture
def booked(contract, today):
    """Last year: 100 owed and 40 paid. This year: 200 owed, a correction of 50, 150 paid, one
    transfer taken back, and 10 given back."""
    add(contract, "stara", due=dt.date(2025, 12, 10))
    pay(contract, "40.00", key="w1", booked_on=dt.date(2025, 12, 12))
    add(contract, "nowa", gross="200.00", due=dt.date(2026, 3, 15))
    add(contract, "korekta", gross="-50.00", due=dt.date(2026, 4, 14))
    back = pay(contract, "70.00", key="w2", booked_on=dt.date(2026, 5, 4))
    pay(contract, "-70.00", key="w3", booked_on=dt.date(2026, 5, 5), reverses=back)
    pay(contract, "220.00", key="w4", booked_on=dt.date(2026, 6, 1), title="za wszystko")
    pay(contract, "-10.00", key="w5", booked_on=dt.date(2026, 6, 8), kind=PaymentKind.REFUND)
    return contract


def test_page_shows_the_year(owner, booked):
    response = owner.get(URL)

    statement = response.context["statement"]
    assert (statement.since, statement.until) == (dt.date(2026, 1, 1), dt.date(2026, 11, 22))
    assert (statement.opening, statement.debits, statement.credits, statement.closing) == (
        Decimal("60.00"),
        Decimal("280.00"),
        Decimal("340.00"),
        Decimal("0.00"),
    )
    text = text_of(response)
    for said in (
        "FV/nowa faktura OL/1",
        "200,00 260,00",
        "FV/korekta faktura korygująca",
        "50,00 210,00",
        "cofnięcie wpłaty z 04.05.2026",
        "za wszystko wpłata",
        "zwrot nadpłaty",
        "Razem i saldo zamknięcia 280,00 340,00 0,00",
    ):
        assert said in text


def test_period_and_days_can_be_chosen(owner, booked):
    year_before = owner.get(URL, {"period": "previous_year"}).context["statement"]
    days = owner.get(URL, {"since": "2026-05-01", "until": "2026-06-01"}).context["statement"]
    ahead = owner.get(URL, {"since": "2026-06-02", "until": "2027-12-31"}).context["statement"]

    assert (year_before.opening, year_before.closing) == (0, Decimal("60.00"))
    assert (days.opening, days.closing) == (Decimal("210.00"), Decimal("-10.00"))
    assert ahead.until == dt.date(2026, 11, 22)  # nothing is known of tomorrow


@pytest.mark.parametrize(
    "query",
    [
        {"period": "'"},
        {"since": "x", "until": "9999-99-99"},
        {"currency": "XXX"},
        {"contract": "nie ma\x00"},
        {"strona": "999999999999"},
        {"since": "2026-06-02", "until": "2026-01-01"},
    ],
)
def test_odd_parameters_are_passed_over(owner, booked, query):
    assert owner.get(URL, query).status_code == 200


def test_currency_and_contract_narrow_it(owner, booked, company):
    euro = f.ContractFactory.create(company=company, number="OL/EUR", currency="EUR")
    add(euro, "euro", gross="30.00", currency="EUR", due=dt.date(2026, 11, 1))
    other = f.ContractFactory.create(company=company, number="OL/2")
    add(other, "druga", gross="80.00", due=dt.date(2026, 11, 1))

    in_euro = owner.get(URL, {"currency": "EUR"}).context["statement"]
    of_one = owner.get(URL, {"contract": "OL/2"})
    unknown = owner.get(URL, {"contract": "OL/99"})

    assert in_euro.closing == Decimal("30.00")
    assert of_one.context["statement"].closing == Decimal("80.00")
    assert "umowa OL/2" in text_of(of_one)
    assert unknown.context["statement"].closing == Decimal("80.00")


def test_payment_of_another_contract_is_a_line_of_the_one_that_it_paid(owner, contract, company):
    other = f.ContractFactory.create(company=company, number="OL/2")
    item = add(other, "druga", gross="80.00", due=dt.date(2026, 11, 1))
    pay(contract, "80.00", contract=contract, indicated_items=[item], title="wspólna")

    paid = owner.get(URL, {"contract": "OL/2"})
    payer = owner.get(URL, {"contract": "OL/1"})

    assert paid.context["statement"].closing == payer.context["statement"].closing == 0
    assert "FV/druga zapłacono wpłatą spoza tego zestawienia" in text_of(paid)
    assert "wspólna zaliczono na dokument spoza tego zestawienia" in text_of(payer)


def test_nothing_in_a_period_is_said_plainly(owner, company, today):
    text = text_of(owner.get(URL))

    assert "W tym okresie nic się nie działo" in text


# --- files ----------------------------------------------------------------------------------
def test_files_have_the_same_grosz_as_the_page(owner, booked):
    statement = owner.get(URL).context["statement"]

    pdf = in_pdf(owner.get(PDF))
    book = load_workbook(io.BytesIO(content(owner.get(XLSX))))

    rows = list(book["Zestawienie obrotów"].iter_rows(min_row=2, values_only=True))
    balances = [statement.opening, *(line.balance for line in statement), statement.closing]
    assert [Decimal(str(row[8])) for row in rows[:-1]] == balances
    assert rows[0][1] == "Saldo otwarcia"
    assert (Decimal(str(rows[-1][6])), Decimal(str(rows[-1][7]))) == (
        statement.debits,
        statement.credits,
    )
    ages = list(book["Wiekowanie"].iter_rows(min_row=2, values_only=True))
    assert Decimal(str(ages[-1][2])) == statement.closing
    for line in statement:
        shown = f"{line.balance:.2f}".replace(".", ",").replace("-", "\u2212")
        assert shown in pdf
    assert "Razem i saldo zamknięcia 280,00 340,00 0,00" in pdf
    assert "01.01.2026 Saldo otwarcia 60,00" in pdf


def test_files_are_of_the_chosen_period(owner, booked):
    query = {"since": "2026-05-01", "until": "2026-06-01"}

    assert "01.06.2026 Razem i saldo zamknięcia 70,00 290,00 −10,00" in in_pdf(
        owner.get(PDF, query)
    )
    book = load_workbook(io.BytesIO(content(owner.get(XLSX, query))))
    assert book["Zestawienie obrotów"].cell(2, 9).value == 210


def test_too_many_lines_for_a_pdf_are_refused_in_words(owner, booked, monkeypatch):
    monkeypatch.setattr(statement_files, "PDF_LINES", 3)

    response = owner.get(PDF)

    assert response.status_code == 503
    assert "ma 6 pozycji, a w pliku PDF mieści się 3" in text_of(response)


def test_taking_a_file_is_written_down(owner, booked, company):
    content(owner.get(XLSX))

    entry = AuditEntry.objects.filter(event="report_exported", company=company).get()
    assert entry.facts == {"name": "zestawienie-obrotow 2026-01-01 2026-11-22 PLN.xlsx"}


# --- who reads it ---------------------------------------------------------------------------
@pytest.mark.parametrize("url", [URL, PDF, XLSX])
def test_who_is_let_in(url, booked, fleet, stranger, former, reader):
    assert fleet.get(url).status_code == 403
    assert former.get(url).status_code == 403
    allowed = reader.get(url)
    content(allowed)
    assert allowed.status_code == (200 if url == URL else 403)
    foreign = stranger.get(url)
    assert "FV/nowa" not in content(foreign).decode(errors="replace")


def test_person_of_two_companies_chooses_one(owner, booked, company, client_of):
    membership = f.MembershipFactory.create(company=company)
    second = f.MembershipFactory.create(user=membership.user)
    browser = client_of(membership.user)

    asked = browser.get(URL)
    browser.post("/firma/wybierz/", {"company": second.company.public_id})
    other = browser.get(URL)

    assert "Której firmy to dotyczy?" in asked.text
    assert other.context["statement"].closing == 0
    assert other.context["heading"].company == second.company


def test_member_with_selected_contracts_sees_theirs_and_is_told_so(booked, company, client_of):
    other = f.ContractFactory.create(company=company, number="OL/2")
    add(other, "druga", gross="80.00", due=dt.date(2026, 11, 1))
    limited = f.MembershipFactory.create(company=company, role=Role.FINANCE, is_limited=True)
    limited.allowed_contracts.create(contract=other)

    response = client_of(limited.user).get(URL)

    assert response.context["statement"].closing == Decimal("80.00")
    text = text_of(response)
    assert "nie obejmuje całej firmy" in text
    assert "FV/nowa" not in text


def test_settlements_lead_to_it(owner, booked):
    assert URL in owner.get("/rozrachunki/").text


def test_page_takes_the_same_queries_for_few_and_many_lines(owner, contract, today):
    counts = []
    for size in (1, 12):
        add(contract, *(f"{size}-{n}" for n in range(size)), due=dt.date(2026, 11, 1))
        pay(contract, "1.00", key=f"w{size}")
        owner.get(URL)
        with CaptureQueriesContext(connection) as queries:
            owner.get(URL)
        counts.append(len(queries))

    assert counts[0] == counts[1]
