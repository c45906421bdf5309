"""`/faktury/`: what is listed, filtered, summed and taken to Excel, and by whom."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from contracts.models import Contract
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.tenancy.rights import Role
from tests.factories import (
    AllocationFactory,
    AssetFactory,
    ContractFactory,
    InvoiceFactory,
    MembershipFactory,
    PaymentFactory,
    ReceivableItemFactory,
)
from tests.invoicing.conftest import NOW, make_invoice

URL = "/faktury/"
XLSX = "/faktury/faktury.xlsx"


def numbers(response) -> list[str]:
    return [line.invoice.number for line in response.context["lines"]]


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_owner_sees_the_company_s_invoices_only(owner, company):
    mine = make_invoice(company)
    other = make_invoice(ContractFactory.create().company)
    response = owner.get(URL)
    assert numbers(response) == [mine.number]
    assert other.number not in response.content.decode()


@pytest.mark.parametrize("url", [URL, XLSX])
def test_who_is_let_in(url, company, fleet, stranger, former, reader, client):
    make_invoice(company)
    assert client.get(url).status_code == 302  # to the log-in
    assert fleet.get(url).status_code == 403
    assert former.get(url).status_code == 403  # nobody's member any more
    assert reader.get(URL).status_code == 200
    assert reader.get(XLSX).status_code == 403
    response = stranger.get(url)
    assert response.status_code == 200
    if url == URL:
        assert numbers(response) == []
    else:
        assert load_workbook(io.BytesIO(body(response)))["Faktury"].max_row == 1


def test_empty_list_says_why_and_filtered_list_offers_a_way_out(owner, company):
    assert "Nie masz jeszcze faktur" in owner.get(URL).content.decode()
    make_invoice(company)
    text = owner.get(URL, {"q": "nie ma takiej"}).content.decode()
    assert "Nic nie pasuje" in text
    assert "Wyczyść filtry" in text


@pytest.mark.parametrize(
    ("left", "due", "words"),
    [
        ("3448.66", dt.date(2026, 11, 30), "Do zapłaty do 30 listopada"),
        ("3448.66", dt.date(2027, 1, 10), "Do zapłaty do 10 stycznia 2027"),
        ("3448.66", dt.date(2026, 11, 22), "Do zapłaty do 22 listopada"),
        ("3448.66", dt.date(2026, 11, 19), "Po terminie 3 dni"),
        ("100.00", dt.date(2026, 11, 30), "Częściowo zapłacona, reszta do 30 listopada"),
        ("100.00", dt.date(2026, 11, 21), "Częściowo zapłacona, po terminie 1 d"),
        ("0.00", dt.date(2026, 11, 19), "Zapłacona"),
    ],
)
def test_state_is_said_in_the_client_s_words(owner, company, left, due, words):
    make_invoice(company, left=left, due_on=due)
    assert words in owner.get(URL).content.decode()


def test_paid_invoice_names_the_day_of_the_last_payment(owner, company):
    invoice = make_invoice(company, left="0.00")
    for day, amount in ((9, "1000.00"), (12, "2448.66")):
        payment = PaymentFactory.create(company=company, booked_on=dt.date(2026, 11, day))
        AllocationFactory.create(payment=payment, item=invoice.item, amount=Decimal(amount))
    assert "Zapłacona 12.11" in owner.get(URL).content.decode()


@pytest.fixture
def mixed(company) -> dict[str, str]:
    """One invoice of each sort; returns their numbers by name."""
    contract = ContractFactory.create(company=company, number="OL/2024/777777")
    AssetFactory.create(contract=contract, plate="WGM7H42", vin="YS2R4X20001234567")
    rows = {
        "due": make_invoice(company, issued_on=dt.date(2026, 11, 16)),
        "late": make_invoice(
            company, issued_on=dt.date(2026, 10, 16), due_on=dt.date(2026, 10, 30)
        ),
        "partly": make_invoice(company, left="48.66", issued_on=dt.date(2026, 9, 1)),
        "paid": make_invoice(company, left="0.00", issued_on=dt.date(2025, 12, 31)),
        "new": make_invoice(company, received_at=NOW, contract=contract),
        "note": make_invoice(
            company,
            kind="interest_note",
            issued_on=dt.date(2026, 8, 5),
            net=Decimal("45.10"),
            vat=Decimal("0.00"),
            gross=Decimal("45.10"),
        ),
    }
    return {name: row.number for name, row in rows.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"due", "late", "partly", "paid", "new", "note"}),
        ({"state": "to_pay"}, {"due", "late", "partly", "new", "note"}),
        ({"state": "overdue"}, {"late"}),
        ({"state": "partly"}, {"partly"}),
        ({"state": "paid"}, {"paid"}),
        ({"period": "this_month"}, {"due", "new"}),
        ({"period": "previous_month"}, {"late"}),
        ({"period": "this_quarter"}, {"due", "late", "new"}),
        ({"period": "this_year"}, {"due", "late", "partly", "new", "note"}),
        ({"period": "previous_year"}, {"paid"}),
        ({"since": "2026-09-01", "until": "2026-10-16"}, {"late", "partly"}),
        ({"kind": "interest_note"}, {"note"}),
        ({"contract": "OL/2024/777777"}, {"new"}),
        ({"new": "1"}, {"new"}),
        ({"q": "wgm 7h42"}, {"new"}),
        ({"q": "YS2R4X20001234567"}, {"new"}),
        ({"q": "777777"}, {"new"}),
        ({"q": "45,10 zł"}, {"note"}),
        ({"q": "48.66"}, {"partly"}),
        ({"q": "trans-żuk"}, {"due", "late", "partly", "paid", "new", "note"}),
        ({"q": "TRANS-ŻUK 45,10"}, {"note"}),
        ({"q": "nikt"}, set()),
    ],
)
def test_filters_narrow_the_list(owner, mixed, query, expected):
    assert set(numbers(owner.get(URL, query))) == {mixed[name] for name in expected}


def test_new_invoices_are_counted_and_marked(owner, mixed):
    text = owner.get(URL).content.decode()
    assert "od ostatniej wizyty" in text
    assert text.count("Nowa</span>") == 1


def test_on_a_first_visit_nothing_is_new(company, login, today):
    user = MembershipFactory.create(company=company).user
    make_invoice(company, received_at=NOW)
    browser = login(user)
    assert "od ostatniej wizyty" not in browser.get(URL).content.decode()
    assert numbers(browser.get(URL, {"new": "1"})) == []


def test_chips_remove_one_filter_and_keep_the_rest(owner, mixed):
    response = owner.get(URL, {"state": "paid", "q": "FV", "sort": "gross"})
    chips = {chip.label: chip.href for chip in response.context["chips"]}
    assert chips == {"„FV”": "?state=paid&sort=gross", "zapłacone": "?q=FV&sort=gross"}


def test_totals_cover_every_page_and_each_currency(owner, company):
    for _number in range(30):
        make_invoice(company, left="100.00")
    make_invoice(
        company,
        currency="EUR",
        net=Decimal("1000.00"),
        vat=Decimal("230.00"),
        gross=Decimal("1230.00"),
    )
    response = owner.get(URL, {"rozmiar": "25"})
    assert len(response.context["lines"]) == 25
    pln, eur = response.context["totals"]
    assert (pln.currency, pln.count, pln.gross) == ("PLN", 30, Decimal("103459.80"))
    assert (pln.net, pln.vat, pln.left) == (
        Decimal("84113.70"),
        Decimal("19346.10"),
        Decimal("3000.00"),
    )
    assert (eur.currency, eur.count, eur.gross, eur.left) == ("EUR", 1, 1230, 1230)
    assert "1\u00a0230,00\u00a0€" in response.content.decode()


def test_a_correction_in_minus_lowers_the_sum_but_not_what_is_left(owner, company):
    make_invoice(company)
    make_invoice(
        company, kind="correction", net=Decimal(-100), vat=Decimal(-23), gross=Decimal(-123)
    )
    (total,) = owner.get(URL).context["totals"]
    assert (total.gross, total.left) == (Decimal("3325.66"), Decimal("3448.66"))


@pytest.mark.parametrize("sort", ["number", "issued", "due", "contract", "gross"])
def test_sort_orders_both_ways_and_tells_so(owner, company, sort):
    for day in (1, 2, 3):
        make_invoice(
            company,
            issued_on=dt.date(2026, 11, day),
            due_on=dt.date(2026, 12, day),
            net=Decimal(day),
            vat=Decimal(0),
            gross=Decimal(day),
        )
    up, down = owner.get(URL, {"sort": sort}), owner.get(URL, {"sort": f"-{sort}"})
    assert numbers(up) == sorted(numbers(up))
    assert numbers(down) == list(reversed(numbers(up)))
    assert 'aria-sort="ascending"' in up.content.decode()
    assert 'aria-sort="descending"' in down.content.decode()


ODD = [
    {"sort": "password"},
    {"sort": "--"},
    {"strona": "999999999999999999999"},
    {"strona": "-1"},
    {"rozmiar": "1000000"},
    {"since": "2026-02-31", "until": "zawsze"},
    {"since": "9999-12-31"},
    {"since": "0001-01-01"},
    {"since": "2026-12-01", "until": "2026-01-01"},
    {"period": "next_century"},
    {"state": "x", "kind": "y", "company": "z", "new": "tak"},
    {"q": "\x00'; DROP TABLE --"},
    {"q": "%_\\"},
    {"q": "9" * 500},
    {"q": "\ud800"},
    {"q": "-99999999999999999999,99"},
    {"contract": "\x00" * 50},
]


@pytest.mark.parametrize("url", [URL, XLSX, "/rozrachunki/", "/rozrachunki/rozrachunki.xlsx"])
def test_odd_parameters_never_break_a_page(owner, company, url):
    make_invoice(company)
    for query in ODD:
        safe = {key: value.encode("utf-8", "surrogatepass") for key, value in query.items()}
        response = owner.get(url, safe)
        assert response.status_code == 200, query
        if response.streaming:
            assert body(response).startswith(b"PK")


def test_company_filter_works_among_the_person_s_companies_only(login, company, today):
    user = MembershipFactory.create(company=company).user
    second = MembershipFactory.create(user=user).company
    third = ContractFactory.create().company
    mine, other, foreign = (make_invoice(c) for c in (company, second, third))
    browser = login(user)
    assert set(numbers(browser.get(URL))) == {mine.number, other.number}
    query = {"company": str(second.public_id)}
    assert numbers(browser.get(URL, query)) == [other.number]
    # A stranger's company is not a filter at all.
    assert foreign.number not in numbers(browser.get(URL, {"company": str(third.public_id)}))


def test_export_leaves_out_companies_without_the_right(login, company, today):
    user = MembershipFactory.create(company=company).user
    second = MembershipFactory.create(user=user, role=Role.READ_ONLY).company
    mine, seen = make_invoice(company), make_invoice(second)
    browser = login(user)
    assert set(numbers(browser.get(URL))) == {mine.number, seen.number}
    sheet = load_workbook(io.BytesIO(body(browser.get(XLSX))))["Faktury"]
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        mine.number,
        "Razem",
    ]


def test_export_is_exactly_what_is_seen(owner, mixed):
    query = {"state": "to_pay", "sort": "-number"}
    shown = numbers(owner.get(URL, query))
    response = owner.get(XLSX, query)
    assert response["Content-Disposition"] == 'attachment; filename="faktury-2026-11-22.xlsx"'
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert response["X-Content-Type-Options"] == "nosniff"
    book = load_workbook(io.BytesIO(body(response)))
    rows = list(book["Faktury"].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:-1]] == shown
    assert rows[-1][14] == pytest.approx(10439.74)  # 3 x 3 448,66 + 48,66 + 45,10
    about = {row[0]: row[1] for row in book["Opis"].iter_rows(values_only=True)}
    assert about["Filtry"] == "do zapłaty"
    assert about["Firma"] == "TRANS-ŻUK sp. z o.o."
    assert about["Stan na dzień"] == dt.datetime.fromisoformat("2026-11-22")


def test_htmx_gets_the_list_alone(owner, company):
    make_invoice(company)
    response = owner.get(URL, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert text.lstrip().startswith('<div id="list"')
    assert "<html" not in text
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("count", [1, 3, 60])
def test_query_count_is_constant(owner, company, count):
    contracts = [ContractFactory.create(company=company) for _number in range(min(count, 3))]
    for contract in contracts:
        AssetFactory.create(contract=contract)
    for number in range(count):
        make_invoice(company, contract=contracts[number % len(contracts)], left="0.00")
    owner.get(URL)
    with CaptureQueriesContext(connection) as queries:
        response = owner.get(URL)
    assert len(response.context["lines"]) == min(count, 25)
    # session, user, memberships, lessor; state of the ledger, 3 kept values, totals; rows, assets,
    # payment days; contracts; freshness 2
    assert len(queries) <= 17, [query["sql"] for query in queries]
    baseline = _queries_of_one(owner, company, Contract.objects.count())
    assert len(queries) == baseline


def test_kept_sums_are_made_again_when_something_is_written(owner, company, monkeypatch):
    monkeypatch.setattr("invoicing.totals.WORTH_KEEPING", 1)
    invoice = make_invoice(company)

    def left() -> Decimal:
        (total,) = owner.get(URL).context["totals"]
        return total.left

    assert left() == left() == Decimal("3448.66")
    with CaptureQueriesContext(connection) as queries:
        left()
    assert not [query for query in queries if "SUM(" in query["sql"]]
    AllocationFactory.create(payment=PaymentFactory.create(company=company), item=invoice.item)
    invoice.item.open_amount = Decimal("2448.66")
    invoice.item.save(update_fields=["open_amount"])
    assert left() == Decimal("2448.66")
    make_invoice(company)
    assert left() == Decimal("5897.32")


def test_sums_made_while_a_feed_runs_are_not_kept_for_its_result(owner, company, monkeypatch):
    """A feed that only renames things adds no row to the ledger; its own row stands before it."""
    monkeypatch.setattr("invoicing.totals.WORTH_KEEPING", 1)
    contract = make_invoice(company).contract
    asset = contract.assets.get()
    run = FeedRun.objects.create(
        lessor_code="x", source_system="core", status=FeedStatus.RUNNING, started_at=NOW
    )
    question = {"q": "WGM7H42"}
    assert owner.get(URL, question).context["totals"] == []
    assert len(owner.get(URL, {"q": asset.vin}).context["totals"]) == 1

    asset.vin, old = "WGM7H42WGM7H42WGM", asset.vin
    asset.save()
    FeedRun.objects.filter(pk=run.pk).update(status=FeedStatus.APPLIED, finished_at=NOW)

    assert len(owner.get(URL, question).context["totals"]) == 1
    assert owner.get(URL, {"q": old}).context["totals"] == []


def test_kept_sums_are_one_person_s_and_one_role_s(company, owner, stranger, monkeypatch):
    monkeypatch.setattr("invoicing.totals.WORTH_KEEPING", 0)
    make_invoice(company)
    assert len(owner.get(URL).context["totals"]) == 1
    assert stranger.get(URL).context["totals"] == []
    company.memberships.update(role=Role.FLEET)
    assert owner.get(URL).status_code == 403


def _queries_of_one(owner, company, contracts: int) -> int:
    """How many queries the page takes when the filter leaves one invoice."""
    only = make_invoice(company, left="0.00")
    owner.get(URL, {"q": only.number})  # sums are made again after something was written
    with CaptureQueriesContext(connection) as queries:
        assert numbers(owner.get(URL, {"q": only.number})) == [only.number]
    return len(queries)


@pytest.mark.slow
def test_query_count_is_the_same_for_a_thousand(owner, company):
    contract = ContractFactory.create(company=company)
    invoices = InvoiceFactory.create_batch(1_000, contract=contract, company=company)
    for invoice in invoices:
        ReceivableItemFactory.create(invoice=invoice, open_amount=Decimal(0))
    owner.get(URL, {"rozmiar": "100"})  # the size is remembered for the person
    with CaptureQueriesContext(connection) as queries:
        response = owner.get(reverse("invoicing:invoice_list"))
    assert len(response.context["lines"]) == 100
    assert len(queries) == _queries_of_one(owner, company, 1)
