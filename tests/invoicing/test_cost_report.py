"""`/raporty/koszty/`: what is asked, what is summed, what goes to Excel, and for whom."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from eboks.exports import registry
from eboks.tenancy.rights import Role
from invoicing import report_views, reports
from invoicing.models import InvoiceRow
from tests.factories import (
    AssetFactory,
    ContractFactory,
    InvoiceFactory,
    InvoiceRowFactory,
    MembershipFactory,
)

URL = "/raporty/koszty/"
XLSX = "/raporty/koszty/koszty.xlsx"
OCTOBER = dt.date(2026, 10, 16)


def text_of(response) -> str:
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def book_of(response):
    assert response.status_code == 200
    return load_workbook(io.BytesIO(b"".join(response.streaming_content)))


def cost(company, *, contract=None, on=OCTOBER, position=1, invoice=None, **row) -> InvoiceRow:
    """One invoice row of a contract with a vehicle, issued in October 2026."""
    if contract is None:
        contract = ContractFactory.create(company=company)
        AssetFactory.create(contract=contract)
    invoice = invoice or InvoiceFactory.create(contract=contract, company=company, issued_on=on)
    return InvoiceRowFactory.create(invoice=invoice, position=position, **row)


@pytest.mark.parametrize("url", [URL, XLSX])
def test_who_is_let_in(url, company, fleet, reader, former, stranger, owner):
    cost(company)
    for browser in (fleet, reader, former):
        assert browser.get(url).status_code == 403
    assert "W tym okresie nie ma kosztów" in text_of(stranger.get(URL))
    assert book_of(stranger.get(XLSX))["Pozycje"].max_row == 1
    assert book_of(owner.get(XLSX))["Pozycje"].max_row == 3


def test_only_companies_with_the_right_are_reported(company, login, today):
    user = MembershipFactory.create(company=company).user
    second = MembershipFactory.create(user=user, role=Role.READ_ONLY).company
    mine = cost(company)
    cost(second)
    browser = login(user)
    response = browser.get(URL)
    assert response.context["count"] == 1
    assert "company" not in response.context["form"].fields
    rows = list(book_of(browser.get(XLSX))["Pozycje"].iter_rows(min_row=2, values_only=True))
    assert [row[2] for row in rows[:-1]] == [mine.invoice.number]


def test_the_previous_month_is_the_usual_period(owner, company):
    cost(company)
    cost(company, on=dt.date(2026, 11, 2))
    cost(company, on=dt.date(2026, 9, 30))
    response = owner.get(URL)
    assert (response.context["span"].since, response.context["span"].until) == (
        dt.date(2026, 10, 1),
        dt.date(2026, 10, 31),
    )
    assert response.context["count"] == 1
    text = text_of(response)
    assert "Koszty netto od 1 października 2026 do 31 października 2026" in text
    assert "2 803<small>,79 zł</small>" in text


@pytest.fixture
def mixed(company) -> dict[str, int]:
    """Rows of each sort; returns their ids by name."""
    contract = ContractFactory.create(company=company, number="OL/2024/000777")
    AssetFactory.create(contract=contract, plate="WGM7H42", vin="YS2R4X20001234567")
    rows = {
        "mine": cost(company, contract=contract),
        "other": cost(company),
        "insurance": cost(
            company, cost_kind="insurance", net=Decimal(100), gross=Decimal("744.87")
        ),
        "november": cost(company, on=dt.date(2026, 11, 2)),
        "last year": cost(company, on=dt.date(2025, 5, 5)),
    }
    return {name: row.pk for name, row in rows.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"mine", "other", "insurance"}),
        ({"period": "this_month"}, {"november"}),
        ({"period": "this_year"}, {"mine", "other", "insurance", "november"}),
        ({"period": "previous_year"}, {"last year"}),
        ({"period": "this_quarter"}, {"mine", "other", "insurance", "november"}),
        ({"period": "previous_quarter"}, set()),
        ({"period": "custom", "since": "2025-05-05", "until": "2025-05-05"}, {"last year"}),
        ({"contract": "ol/2024/000777"}, {"mine"}),
        ({"vehicle": "wgm 7h42"}, {"mine"}),
        ({"vehicle": "YS2R4X20001234567"}, {"mine"}),
        ({"vehicle": "nieznany"}, set()),
        ({"kind": "insurance"}, {"insurance"}),
        ({"kind": ["insurance", "instalment"]}, {"mine", "other", "insurance"}),
    ],
)
def test_filters_narrow_the_report(owner, mixed, query, expected):
    response = owner.get(URL, query)
    assert response.context["form"].errors == {}
    assert response.context["count"] == len(expected)
    rows = list(book_of(owner.get(XLSX, query))["Pozycje"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == (len(expected) + 1 if expected else 0)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"period": "custom"}, "Podaj datę."),
        (
            {"period": "custom", "since": "2026-05-02", "until": "2026-05-01"},
            "Koniec okresu nie może być przed jego początkiem.",
        ),
        ({"period": "custom", "since": "wczoraj", "until": "2026-05-01"}, "Wpisz poprawną datę."),
        ({"period": "zawsze"}, "Wybierz poprawną wartość"),
        ({"kind": "password"}, "Wybierz poprawną wartość"),
        ({"group": "x"}, "Wybierz poprawną wartość"),
    ],
)
@pytest.mark.parametrize("url", [URL, XLSX])
def test_wrong_questions_get_an_explanation_not_a_file(owner, company, url, query, words):
    response = owner.get(url, query)
    assert response.status_code == 200
    text = text_of(response)
    assert words in text
    assert "Błąd:" in text
    assert "Popraw formularz" in text


@pytest.mark.parametrize(
    "query", [{"contract": "\x00"}, {"vehicle": "\x00'"}, {"contract": "x" * 999}, {"kind": "\x00"}]
)
def test_odd_parameters_never_break_the_page(owner, company, query):
    assert owner.get(URL, query).status_code == 200
    response = owner.get(XLSX, query)
    assert response.status_code == 200
    if response.streaming:
        assert b"".join(response.streaming_content).startswith(b"PK")


def test_preview_sums_by_month_and_kind(owner, company):
    for on in (OCTOBER, dt.date(2026, 9, 1)):
        cost(company, on=on)
        cost(company, on=on, cost_kind="insurance", net=Decimal(100), vat=0, gross=Decimal(100))
    response = owner.get(URL, {"period": "this_year"})
    september, october = response.context["months"]
    assert [(row.group, row.net) for row in september.groups] == [
        ("rata leasingowa", Decimal("2803.79")),
        ("ubezpieczenie", Decimal(100)),
    ]
    assert october.totals[0].net == Decimal("2903.79")
    assert response.context["totals"][0].gross == Decimal("7097.32")


def test_preview_by_contract(owner, company):
    row = cost(company)
    response = owner.get(URL, {"group": "contract"})
    (month,) = response.context["months"]
    assert [g.group for g in month.groups] == [row.invoice.contract.number]


def test_currencies_are_never_added(owner, company):
    cost(company)
    euro = InvoiceFactory.create(
        contract=ContractFactory.create(company=company),
        company=company,
        issued_on=OCTOBER,
        currency="EUR",
        fx_rate=Decimal("4.2558"),
    )
    InvoiceRowFactory.create(invoice=euro)
    pln, eur = owner.get(URL).context["totals"]
    assert (pln.currency, eur.currency) == ("PLN", "EUR")
    assert pln.net == eur.net == Decimal("2803.79")


def test_long_preview_is_cut_and_says_so(owner, company, monkeypatch):
    monkeypatch.setattr(reports, "PREVIEW_ROWS", 2)
    for _number in range(3):
        cost(company)
    response = owner.get(URL, {"group": "contract"})
    assert response.context["is_cut"]
    assert sum(len(month.groups) for month in response.context["months"]) == 2
    assert "Pokazujemy pierwsze 2 wierszy" in text_of(response)


def test_too_many_rows_are_refused_before_the_work(owner, company, monkeypatch):
    monkeypatch.setattr(report_views, "ROW_LIMIT", 1)
    monkeypatch.setattr(reports, "cost_workbook", lambda *a, **k: pytest.fail("work was done"))
    limited = replace(registry.export("cost_report"), most=1)
    monkeypatch.setitem(registry._exports, "cost_report", limited)
    cost(company)
    cost(company)
    text = text_of(owner.get(URL))
    assert "Zawęź raport" in text
    assert "Pobierz raport" not in text
    response = owner.get(XLSX)
    assert response.status_code == 503
    assert "Zawęź wybór" in text_of(response)


def test_workbook_is_ready_to_import(owner, company):
    contract = ContractFactory.create(company=company, number="OL/2025/000009")
    AssetFactory.create(
        contract=contract, make="Scania", model="R450", plate="WGM1", vin="YS2R4X20009999999"
    )
    invoice = InvoiceFactory.create(
        contract=contract, company=company, issued_on=OCTOBER, number="FV/1"
    )
    InvoiceRowFactory.create(invoice=invoice, description="=1+1")
    response = owner.get(XLSX)
    assert response["Content-Disposition"] == (
        'attachment; filename="koszty-2026-10-01-2026-10-31.xlsx"'
    )
    assert "no-store" in response["Cache-Control"]
    book = book_of(response)
    assert book.sheetnames == ["Pozycje", "Miesiące", "Opis"]
    head, row, total = book["Pozycje"].iter_rows(values_only=True)
    assert dict(zip(head, row, strict=True)) == {
        "Data wystawienia": dt.datetime.fromisoformat("2026-10-16"),
        "Data sprzedaży": dt.datetime.fromisoformat("2026-11-16"),
        "Numer dokumentu": "FV/1",
        "Rodzaj dokumentu": "faktura",
        "Firma": "TRANS-ŻUK sp. z o.o.",
        "Umowa": "OL/2025/000009",
        "Przedmiot": "Scania R450",
        "Rejestracja": "WGM1",
        "VIN lub numer seryjny": "YS2R4X20009999999",
        "Rodzaj kosztu": "rata leasingowa",
        "Opis": "=1+1",
        "Netto": 2803.79,
        "Stawka VAT": "23%",
        "VAT": 644.87,
        "Brutto": 3448.66,
        "Część kapitałowa": 2431.79,
        "Część odsetkowa": 372,
        "Waluta": "PLN",
        "VAT w PLN": 644.87,
    }
    assert book["Pozycje"]["K2"].data_type == "s"
    assert (total[2], total[11], total[17], total[18]) == ("Razem", 2803.79, "PLN", 644.87)
    months = list(book["Miesiące"].iter_rows(min_row=2, max_row=2, values_only=True))
    assert months == [
        (
            dt.datetime.fromisoformat("2026-10-01"),
            "październik 2026",
            "rata leasingowa",
            "OL/2025/000009",
            "PLN",
            2803.79,
            644.87,
            3448.66,
        )
    ]
    about = {row[0]: row[1] for row in book["Opis"].iter_rows(values_only=True)}
    assert about["Firma"] == "TRANS-ŻUK sp. z o.o."
    assert about["Rodzaje kosztów"] == "wszystkie"


def euro_invoice(company, *, vat_pln: str, rate: str | None = "4.2558"):
    return InvoiceFactory.create(
        contract=ContractFactory.create(company=company),
        company=company,
        issued_on=OCTOBER,
        currency="EUR",
        net=Decimal("100.00"),
        vat=Decimal("23.00"),
        gross=Decimal("123.00"),
        fx_rate=rate and Decimal(rate),
        vat_pln=Decimal(vat_pln),
    )


def vats_in_pln(rows) -> list[Decimal]:
    return [row[-1] for row in reports.detail_rows(rows)]


@pytest.mark.django_db
def test_vat_in_zloty_adds_up_to_what_the_invoice_states(company):
    invoice = euro_invoice(company, vat_pln="97.88")
    parts = [("7.67", "33.34"), ("7.67", "33.33"), ("7.66", "33.33")]
    for position, (vat, net) in enumerate(parts, 1):
        InvoiceRowFactory.create(
            invoice=invoice,
            position=position,
            net=Decimal(net),
            vat=Decimal(vat),
            gross=Decimal(net) + Decimal(vat),
        )
    found = vats_in_pln(InvoiceRow.objects.all())
    assert found == [Decimal("32.64"), Decimal("32.64"), Decimal("32.60")]
    assert sum(found) == Decimal("97.88")
    # With one row filtered out nothing is pushed onto the others.
    assert vats_in_pln(InvoiceRow.objects.filter(position=3)) == [Decimal("32.60")]


@pytest.mark.django_db
def test_vat_in_zloty_without_a_rate_is_the_invoice_s_own(company):
    invoice = euro_invoice(company, vat_pln="97.88", rate=None)
    for position, vat in enumerate(("20.00", "3.00"), 1):
        InvoiceRowFactory.create(
            invoice=invoice,
            position=position,
            net=Decimal(10),
            vat=Decimal(vat),
            gross=Decimal(10) + Decimal(vat),
        )
    assert sum(vats_in_pln(InvoiceRow.objects.all())) == Decimal("97.88")


@pytest.mark.parametrize("count", [1, 3, 40])
def test_report_takes_the_same_queries_for_any_count(owner, company, count):
    contract = ContractFactory.create(company=company)
    AssetFactory.create(contract=contract)
    for _number in range(count):
        cost(company, contract=contract)
    owner.get(URL)
    with CaptureQueriesContext(connection) as queries:
        owner.get(URL)
    assert len(queries) == 9, [query["sql"] for query in queries]
    with CaptureQueriesContext(connection) as queries:
        b"".join(owner.get(XLSX).streaming_content)
    # Seven for the report; one counts its rows; seven hold it to the limits of a person; five note
    # it: a transaction, the chain read and moved, the entry.
    assert len(queries) == 20, [query["sql"] for query in queries]


def test_htmx_gets_the_report_alone(owner, company):
    text = text_of(owner.get(URL, headers={"HX-Request": "true"}))
    assert text.startswith('<div id="report"')
