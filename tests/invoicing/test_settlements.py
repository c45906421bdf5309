"""`/rozrachunki/`: positions, open items, what paid what, payments, and by whom they are seen."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from eboks.feeds.models import FeedRun, FeedStatus
from tests.factories import (
    AllocationFactory,
    ContractFactory,
    PaymentFactory,
    ReceivableItemFactory,
)
from tests.invoicing.conftest import NOW, make_invoice

URL = "/rozrachunki/"
XLSX = "/rozrachunki/rozrachunki.xlsx"
ACCOUNTS = ["61109010140000071219812874", "27114020040000300201355387"]


def text_of(response) -> str:
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def labels(response) -> list[str]:
    return [line["item"].label for line in response.context["lines"]]


@pytest.mark.parametrize("url", [URL, XLSX])
def test_who_is_let_in(url, company, fleet, stranger, former, reader):
    make_invoice(company)
    assert fleet.get(url).status_code == 403
    assert former.get(url).status_code == 403
    assert reader.get(URL).status_code == 200
    assert reader.get(XLSX).status_code == 403
    response = stranger.get(URL)
    assert labels(response) == []
    assert response.context["main"].to_pay == 0


def test_positions_tell_overdue_due_and_overpaid_apart(owner, company):
    make_invoice(company, due_on=dt.date(2026, 11, 19))
    make_invoice(company, due_on=dt.date(2026, 11, 22), left="48.66")  # due today: in time
    make_invoice(company, left="0.00")
    make_invoice(
        company, kind="correction", net=Decimal(-10), vat=Decimal("-2.30"), gross=Decimal("-12.30")
    )
    make_invoice(company, currency="EUR", due_on=dt.date(2026, 10, 1))
    PaymentFactory.create(company=company, unallocated_amount=Decimal("100.00"))
    PaymentFactory.create(company=company, unallocated_amount=Decimal("0.00"))
    make_invoice(ContractFactory.create().company, due_on=dt.date(2026, 11, 1))

    response = owner.get(URL)

    pln, eur = response.context["positions"]
    assert (pln.overdue, pln.overdue_count, pln.oldest_due_on) == (
        Decimal("3448.66"),
        1,
        dt.date(2026, 11, 19),
    )
    assert (pln.due, pln.due_count, pln.next_due_on) == (
        Decimal("48.66"),
        1,
        dt.date(2026, 11, 22),
    )
    assert pln.overpaid == Decimal("112.30")
    assert (eur.currency, eur.overdue, eur.due) == ("EUR", Decimal("3448.66"), 0)
    text = text_of(response)
    assert "3 448<small>,66 zł</small>" in text
    assert "112,30 zł" in text


def test_refund_that_nothing_covers_is_owed(owner, company):
    back = {"kind": "refund", "amount": Decimal(-70), "unallocated_amount": Decimal(-70)}
    PaymentFactory.create(company=company, **back)
    PaymentFactory.create(company=company, unallocated_amount=Decimal("100.00"))
    PaymentFactory.create(company=company, currency="EUR", **back)

    response = owner.get(URL)

    pln, eur = response.context["positions"]
    assert (pln.to_pay, pln.overpaid, pln.paid_back) == (0, 100, 70)
    assert (eur.to_pay, eur.overpaid, eur.paid_back) == (0, 0, 70)
    text = text_of(response)
    assert 'Zwrócone ponad nadpłatę</dt><dd class="num">70,00 zł' in text
    assert "Zwrócone ponad nadpłatę, EUR" in text
    assert "Wszystko jest zapłacone" not in text


def test_nothing_to_pay_is_said_plainly(owner, company):
    text = text_of(owner.get(URL))
    assert "Wszystko jest zapłacone" in text
    assert "Nic nie czeka na zapłatę" in text


def test_open_items_come_most_overdue_first(owner, company):
    days = [dt.date(2026, 12, 1), dt.date(2026, 10, 1), dt.date(2026, 11, 1)]
    made = [make_invoice(company, due_on=day) for day in days]
    make_invoice(company, left="0.00")
    assert labels(owner.get(URL)) == [made[1].number, made[2].number, made[0].number]


def test_one_account_stands_in_the_answer_several_in_a_list(owner, company):
    make_invoice(company)
    response = owner.get(URL)
    assert response.context["account"].number == ACCOUNTS[0]
    assert f'data-copy="{ACCOUNTS[0]}"' in text_of(response)

    make_invoice(company, due_on=dt.date(2026, 11, 1), account=ACCOUNTS[1])
    response = owner.get(URL)
    assert response.context["account"] is None
    first, second = response.context["accounts"]
    assert (first.number, first.to_pay) == (ACCOUNTS[1], Decimal("3448.66"))  # due earlier
    assert second.number == ACCOUNTS[0]


def test_paid_items_say_what_paid_them(owner, company):
    invoice = make_invoice(company, left="0.00")
    for day, amount in ((9, "1000.00"), (12, "2448.66")):
        payment = PaymentFactory.create(company=company, booked_on=dt.date(2026, 11, day))
        AllocationFactory.create(payment=payment, item=invoice.item, amount=Decimal(amount))
    response = owner.get(URL, {"tab": "paid"})
    assert labels(response) == [invoice.number]
    text = text_of(response)
    assert "1 000,00 zł" in text
    assert "2 448,66 zł" in text
    assert "Zapłacona 12.11" in text


def test_payments_say_what_they_paid_and_what_is_left(owner, company):
    invoice = make_invoice(company, left="2448.66")
    payment = PaymentFactory.create(
        company=company, amount=Decimal(1500), unallocated_amount=Decimal(500), title="<i>raty</i>"
    )
    AllocationFactory.create(payment=payment, item=invoice.item, amount=Decimal(1000))
    text = text_of(owner.get(URL, {"tab": "payments"}))
    assert invoice.number in text
    assert "1 500,00 zł" in text
    assert "500,00 zł" in text
    assert "&lt;i&gt;raty&lt;/i&gt;" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"contract": "OL/1"}, {"one"}),
        ({"q": "OL/2"}, {"two"}),
        ({"q": "12,30"}, {"two"}),
        ({"period": "this_month"}, {"one"}),
        ({"since": "2026-12-01"}, {"two"}),
        ({"until": "2026-11-30"}, {"one"}),
        ({"contract": "OL/1", "q": "OL/2"}, set()),
    ],
)
def test_filters_narrow_the_items(owner, company, query, expected):
    one = make_invoice(company, contract=ContractFactory.create(company=company, number="OL/1"))
    two = make_invoice(
        company,
        contract=ContractFactory.create(company=company, number="OL/2"),
        due_on=dt.date(2026, 12, 5),
        net=Decimal(10),
        vat=Decimal("2.30"),
        gross=Decimal("12.30"),
    )
    names = {"one": one.number, "two": two.number}
    assert set(labels(owner.get(URL, query))) == {names[name] for name in expected}


def test_payments_of_a_contract_include_those_that_paid_its_items(owner, company):
    invoice = make_invoice(company)
    number = invoice.contract.number
    direct = PaymentFactory.create(company=company, contract=invoice.contract)
    through = PaymentFactory.create(company=company)
    PaymentFactory.create(company=company)
    AllocationFactory.create(payment=through, item=invoice.item)
    response = owner.get(URL, {"tab": "payments", "contract": number})
    assert {line["payment"].pk for line in response.context["lines"]} == {direct.pk, through.pk}


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"q": "żuk"}, 1), ({"q": "raty za"}, 1), ({"q": "1000"}, 2), ({"since": "2026-11-21"}, 0)],
)
def test_payments_are_found(owner, company, query, expected):
    PaymentFactory.create(company=company, payer_name="ŻUK", title="x")
    PaymentFactory.create(company=company, payer_name="y", title="Raty za listopad")
    response = owner.get(URL, {"tab": "payments", **query})
    assert len(response.context["lines"]) == expected


def test_figures_say_of_when_they_are(owner, company):
    FeedRun.objects.create(
        lessor_code="x",
        source_system="core",
        sequence=1,
        status=FeedStatus.APPLIED,
        business_date=dt.date(2026, 11, 21),
        started_at=NOW,
        finished_at=NOW - dt.timedelta(hours=5),
    )
    PaymentFactory.create(company=company, booked_on=dt.date(2026, 11, 20))
    text = text_of(owner.get(URL))
    assert "22.11.2026, 05:00" in text
    assert "20.11.2026" in text


@pytest.mark.parametrize(
    ("tab", "sheet", "name"),
    [
        ("open", "Do zapłaty", "do-zaplaty"),
        ("paid", "Zapłacone", "zaplacone"),
        ("payments", "Wpłaty", "wplaty"),
    ],
)
def test_export_is_the_chosen_tab(owner, company, tab, sheet, name):
    make_invoice(company, due_on=dt.date(2026, 11, 19), left="100.00")
    make_invoice(company, left="0.00")
    PaymentFactory.create(company=company)
    response = owner.get(XLSX, {"tab": tab})
    assert f"rozrachunki-{name}-2026-11-22.xlsx" in response["Content-Disposition"]
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert book.sheetnames == [sheet, "Opis"]
    assert book[sheet].max_row == 3  # head, row, total
    if tab == "open":
        row = [cell.value for cell in book[sheet][2]]
        assert (row[6], row[7], row[10]) == (
            3,
            "Częściowo zapłacona, po terminie 3 dni",
            100,
        )


@pytest.mark.parametrize("tab", ["open", "paid", "payments"])
def test_query_count_is_constant(owner, company, tab):
    def count(items: int) -> int:
        contract = ContractFactory.create(company=company)
        for _number in range(items):
            invoice = make_invoice(company, contract=contract, left="0" if tab == "paid" else None)
            payment = PaymentFactory.create(company=company)
            AllocationFactory.create(payment=payment, item=invoice.item)
        owner.get(URL, {"tab": tab})
        with CaptureQueriesContext(connection) as queries:
            owner.get(URL, {"tab": tab})
        return len(queries)

    counts = {count(1), count(2), count(60)}
    assert len(counts) == 1
    # session, user, memberships, lessor; positions 2, accounts; count, rows, what paid them 2;
    # contracts 3; freshness 2; what was said of open items 2, baskets, charges
    assert counts.pop() <= (21 if tab == "open" else 17)


def test_item_without_an_invoice_is_listed(owner, company):
    item = ReceivableItemFactory.create(
        invoice=None, contract=None, company=company, kind="opening_balance", label="BO 2026"
    )
    text = text_of(owner.get(URL))
    assert "BO 2026" in text
    assert "saldo otwarcia" in text
    assert str(item) == "BO 2026"


def test_htmx_gets_the_list_alone(owner, company):
    text = text_of(owner.get(URL, headers={"HX-Request": "true"}))
    assert text.startswith('<div id="list"')
