"""The list of contracts: search, filters, order, pages, sums, Excel, and who sees what."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from openpyxl import load_workbook

from contracts.enums import AssetCategory, ContractStatus, Product
from eboks.tenancy.rights import Role
from tests import factories as f

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
LIST = "/umowy/"


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    return f.MembershipFactory()


@pytest.fixture
def browser(owner, client):
    client.force_login(owner.user)
    return client


def workbook(response):
    """The first sheet of a downloaded file. Reading it to the end closes it."""
    return load_workbook(io.BytesIO(response.getvalue())).worksheets[0]


def numbers(response):
    return [line.number for line in response.context["lines"]]


def with_asset(company, number, **asset):
    contract = f.ContractFactory(company=company, number=number)
    f.AssetFactory(contract=contract, **asset)
    return contract


def test_list_shows_own_contracts_only(browser, owner):
    f.ContractFactory(company=owner.company, number="OL/1")
    f.ContractFactory(number="OL/STRANGER")

    response = browser.get(LIST)

    assert numbers(response) == ["OL/1"]
    assert "OL/STRANGER" not in response.text


@pytest.mark.parametrize(
    "mandate",
    [
        {"is_active": False},
        {"valid_to": dt.date(2026, 11, 21)},
        {"valid_from": dt.date(2026, 11, 23)},
    ],
)
def test_list_is_refused_for_a_mandate_not_in_force(client, mandate):
    membership = f.MembershipFactory(**mandate)
    contract = f.ContractFactory(company=membership.company)
    client.force_login(membership.user)

    response = client.get(LIST)

    assert response.status_code == 403
    assert contract.number not in response.text


def test_list_asks_to_log_in(client):
    response = client.get(LIST)

    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]


@pytest.mark.parametrize(
    "text",
    [
        "OL/77",
        "ol/77",
        "WGM 7H42",
        "wgm7h42",
        "YS2R4X20005399401",
        "ŠKODA",
        "škoda superb",
        "superb",
    ],
)
def test_search_finds_by_number_plate_vin_and_model(browser, owner, text):
    with_asset(
        owner.company,
        "OL/77",
        make="Škoda",
        model="Superb",
        plate="WGM7H42",
        vin="YS2R4X20005399401",
    )
    with_asset(owner.company, "OL/88", make="Volvo", model="FH")

    assert numbers(browser.get(LIST, {"q": text})) == ["OL/77"]


def test_search_finds_by_serial_and_company_name(client, browser, owner):
    other = f.MembershipFactory(user=owner.user, company=f.CompanyFactory(name="Żwir Łódź S.A."))
    with_asset(
        owner.company, "OL/77", category=AssetCategory.MACHINE, vin="", serial_number="TX-900/1"
    )
    f.ContractFactory(company=other.company, number="OL/88")

    assert numbers(browser.get(LIST, {"q": "tx-900 / 1"})) == ["OL/77"]
    assert numbers(browser.get(LIST, {"q": "żwir łódź"})) == ["OL/88"]


def test_search_needs_every_word(browser, owner):
    with_asset(owner.company, "OL/77", make="Scania", model="R450")
    with_asset(owner.company, "OL/88", make="Scania", model="S500")

    assert numbers(browser.get(LIST, {"q": "scania r450"})) == ["OL/77"]


def test_filters_narrow_and_show_as_chips_that_can_be_removed(browser, owner):
    company = owner.company
    f.ContractFactory(company=company, number="A", end_on=dt.date(2026, 12, 31))
    f.ContractFactory(company=company, number="B", end_on=dt.date(2027, 12, 31))
    f.ContractFactory(company=company, number="C", product=Product.LOAN)
    f.ContractFactory(
        company=company, number="D", status=ContractStatus.CLOSED, end_on=dt.date(2026, 12, 1)
    )
    f.ContractFactory(company=company, number="E", currency="EUR")

    assert numbers(browser.get(LIST, {"ends": "90"})) == ["A"]
    assert numbers(browser.get(LIST, {"product": "loan"})) == ["C"]
    assert numbers(browser.get(LIST, {"state": "ended"})) == ["D"]
    assert numbers(browser.get(LIST, {"currency": "EUR"})) == ["E"]

    response = browser.get(LIST, {"state": "ended", "currency": "EUR", "sort": "-end"})

    chips = {chip.label: chip.href for chip in response.context["chips"]}
    assert chips == {"zakończone": "?currency=EUR&sort=-end", "EUR": "?state=ended&sort=-end"}
    assert "Nic nie pasuje do filtrów" in response.text


def test_company_filter_takes_own_companies_only(browser, owner):
    second = f.MembershipFactory(user=owner.user)
    stranger = f.CompanyFactory()
    f.ContractFactory(company=owner.company, number="A")
    f.ContractFactory(company=second.company, number="B")
    f.ContractFactory(company=stranger, number="C")

    assert numbers(browser.get(LIST, {"company": str(second.company.public_id)})) == ["B"]
    assert numbers(browser.get(LIST, {"company": str(stranger.public_id)})) == ["A", "B"]


def test_company_of_the_header_narrows_the_list(browser, owner):
    second = f.MembershipFactory(user=owner.user)
    f.ContractFactory(company=owner.company, number="A")
    f.ContractFactory(company=second.company, number="B")
    browser.post(
        reverse("tenancy:switch_company"), {"company": str(second.company.public_id), "next": LIST}
    )

    assert numbers(browser.get(LIST)) == ["B"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("number", ["A", "B", "C"]),
        ("-number", ["C", "B", "A"]),
        ("value", ["B", "C", "A"]),
        ("-value", ["A", "C", "B"]),
        ("end", ["C", "A", "B"]),
        ("evil", ["A", "B", "C"]),
        ("-", ["A", "B", "C"]),
    ],
)
def test_list_is_sorted_by_the_column_asked_for(browser, owner, sort, expected):
    rows = [("A", 3, 2), ("B", 1, 3), ("C", 2, 1)]
    for number, value, year in rows:
        f.ContractFactory(
            company=owner.company,
            number=number,
            net_value=Decimal(value * 1000),
            end_on=dt.date(2027 + year, 1, 1),
        )

    assert numbers(browser.get(LIST, {"sort": sort})) == expected


def test_list_can_be_sorted_by_next_payment_and_capital_left(browser, owner):
    for number, day, balance in [("A", 20, "500.00"), ("B", 5, "900.00")]:
        version = f.ScheduleVersionFactory(contract__company=owner.company, contract__number=number)
        f.ScheduleRowFactory(
            version=version, n=1, effective_due_on=dt.date(2026, 11, 1), balance=balance
        )
        f.ScheduleRowFactory(version=version, n=2, effective_due_on=dt.date(2026, 12, day))
    f.ContractFactory(company=owner.company, number="C", status=ContractStatus.CLOSED)

    assert numbers(browser.get(LIST, {"sort": "next"})) == ["B", "A", "C"]
    assert numbers(browser.get(LIST, {"sort": "-left"})) == ["B", "A", "C"]


def test_totals_are_of_everything_filtered_and_per_currency(browser, owner):
    for n in range(30):
        version = f.ScheduleVersionFactory(contract__company=owner.company)
        f.ScheduleRowFactory(
            version=version, n=n + 1, effective_due_on=dt.date(2026, 11, 10), balance="40000.10"
        )
    f.ContractFactory(company=owner.company, currency="EUR", financed=Decimal(700))
    f.ContractFactory(company=owner.company, status=ContractStatus.TERMINATED)

    totals = browser.get(LIST, {"rozmiar": "25"}).context["totals"]

    assert [(t.currency, t.count, t.net_value, t.capital_left) for t in totals] == [
        ("PLN", 31, Decimal("3100000.00"), Decimal("1200003.00")),
        ("EUR", 1, Decimal("100000.00"), Decimal("700.00")),
    ]


def test_paging_remembers_the_size(browser, owner):
    f.ContractFactory.create_batch(30, company=owner.company)

    assert len(numbers(browser.get(LIST, {"rozmiar": "25"}))) == 25
    assert len(numbers(browser.get(LIST))) == 25
    assert len(numbers(browser.get(LIST, {"strona": "2"}))) == 5


@pytest.mark.parametrize(
    "query",
    [
        "strona=99999999999999999999",
        "strona=-1",
        "strona=%00",
        "strona=abc&rozmiar=7",
        "rozmiar=99999999999999999999999",
        "sort=evil&product=%27&state=x&ends=-5&currency=XXX&company=1",
        "q=%00%00",
        "q=%ED%A0%80",
        "q=" + "A" * 7000,
        "q=%25%5F%5C",
        "q=a&q=b&state=live&state=ended",
        "ends=999999999999",
        "sort=" + "9" * 5000,
        "q=%E2%80%AEmoc",
    ],
)
def test_odd_parameters_are_ignored(browser, owner, query):
    f.ContractFactory(company=owner.company)

    assert browser.get(f"{LIST}?{query}").status_code == 200
    workbook(browser.get(f"{reverse('contracts:list_xlsx')}?{query}"))


@pytest.mark.parametrize("count", [1, 3, 60])
def test_query_count_is_constant(browser, owner, count, django_assert_num_queries):
    for _n in range(count):
        version = f.ScheduleVersionFactory(contract__company=owner.company)
        f.AssetFactory(contract=version.contract)
        f.ScheduleRowFactory(version=version, n=1)
    browser.get(LIST, {"rozmiar": "100"})  # remembers the size

    # session, user, memberships, lessor, whether positions hold, totals, rows, assets, next rows,
    # feed, last payment, last night, the bell
    with django_assert_num_queries(12):
        response = browser.get(LIST)

    assert len(numbers(response)) == count


def test_htmx_gets_the_rows_alone(browser, owner):
    f.ContractFactory(company=owner.company, number="OL/1")

    response = browser.get(LIST, {"q": "ol", "state": ""}, headers={"HX-Request": "true"})

    assert response.text.strip().startswith('<div id="rows"')
    assert response["HX-Push-Url"] == "/umowy/?q=ol"
    assert "HX-Request" in response["Vary"]


def test_excel_holds_what_the_list_shows_as_types(browser, owner):
    contract = f.ContractFactory(company=owner.company, number="=1+1", currency="EUR")
    f.AssetFactory(contract=contract, make="=cmd|' /C calc'!A0", model="R450", plate="WGM1")
    f.ContractFactory(company=owner.company, number="OL/2", status=ContractStatus.CLOSED)
    f.ContractFactory(number="OL/STRANGER")

    response = browser.get(reverse("contracts:list_xlsx"), {"sort": "number"})

    assert "attachment" in response["Content-Disposition"]
    sheet = workbook(response)
    rows = list(sheet.iter_rows(min_row=2))
    assert [row[0].value for row in rows][:2] == ["=1+1", "OL/2"]
    first = rows[0]
    assert first[0].data_type == "s"
    assert first[4].value == "=cmd|' /C calc'!A0 R450"
    assert first[8].is_date
    assert first[10].value == 100000
    assert {(row[9].value, row[10].value) for row in rows[2:]} == {("EUR", 100000), ("PLN", 100000)}
    assert sheet.freeze_panes == "A2"


def test_excel_keeps_the_filters(browser, owner):
    f.ContractFactory(company=owner.company, number="OL/1")
    f.ContractFactory(company=owner.company, number="FL/1", product=Product.FINANCIAL)

    response = browser.get(reverse("contracts:list_xlsx"), {"product": "financial"})

    sheet = workbook(response)
    assert [cell.value for cell in sheet["A"]][1:2] == ["FL/1"]


@pytest.mark.parametrize(("role", "status"), [(Role.FLEET, 403), (Role.ACCOUNTANT, 200)])
def test_excel_needs_the_right_to_export(client, role, status):
    membership = f.MembershipFactory(role=role)
    client.force_login(membership.user)

    f.ContractFactory(company=membership.company)

    response = client.get(reverse("contracts:list_xlsx"))

    assert response.status_code == status
    assert response.getvalue() if response.streaming else response.content
    assert ("Pobierz do Excela" in client.get(LIST).text) is (status == 200)


def test_excel_of_all_companies_leaves_out_those_without_the_right(browser, owner):
    fleet = f.MembershipFactory(user=owner.user, role=Role.FLEET)
    f.ContractFactory(company=owner.company, number="A")
    f.ContractFactory(company=fleet.company, number="B")

    response = browser.get(reverse("contracts:list_xlsx"))

    sheet = workbook(response)
    assert "B" not in [cell.value for cell in sheet["A"]]
    assert numbers(browser.get(LIST)) == ["A", "B"]
