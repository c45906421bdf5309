"""Search: finds what the person may see, opens the one exact hit, survives anything typed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from contracts.enums import AssetCategory
from eboks.tenancy.rights import Role
from tests import factories as f

pytestmark = pytest.mark.django_db
SEARCH = "/szukaj/"


@pytest.fixture
def owner():
    return f.MembershipFactory()


@pytest.fixture
def browser(owner, client):
    client.force_login(owner.user)
    return client


@pytest.fixture
def contract(owner):
    row = f.ContractFactory(company=owner.company, number="OL/2025/000777")
    f.AssetFactory(
        contract=row, make="Škoda", model="Octavia", plate="WX4471K", vin="TMBZZZ1Z000000001"
    )
    return row


@pytest.fixture
def invoice(contract):
    return f.InvoiceFactory(contract=contract, number="FV/L/2026/11/000043")


def test_empty_search_shows_the_form(browser):
    response = browser.get(SEARCH)

    assert response.status_code == 200
    assert "found" not in response.context


@pytest.mark.parametrize(
    "text", ["OL/2025/000777", "ol/2025/000777", "WX4471K", "wx 4471k", "TMBZZZ1Z000000001"]
)
def test_exact_hit_opens_the_contract(browser, contract, text):
    response = browser.get(SEARCH, {"q": text})

    assert response.status_code == 302
    assert response["Location"] == reverse("contracts:detail", args=[contract.public_id])


def test_exact_serial_opens_the_contract(browser, owner):
    row = f.ContractFactory(company=owner.company)
    f.AssetFactory(contract=row, category=AssetCategory.MACHINE, vin="", serial_number="tx-9/a")

    assert browser.get(SEARCH, {"q": "tx-9/a"})["Location"] == reverse(
        "contracts:detail", args=[row.public_id]
    )


def test_exact_invoice_number_opens_the_invoice(browser, invoice):
    assert browser.get(SEARCH, {"q": "fv/l/2026/11/000043"})["Location"] == reverse(
        "invoicing:invoice_detail", args=[invoice.public_id]
    )


def test_two_exact_hits_are_listed(browser, contract, owner):
    second = f.ContractFactory(company=owner.company)
    f.AssetFactory(contract=second, plate="WX4471K")

    response = browser.get(SEARCH, {"q": "WX4471K"})

    assert response.status_code == 200
    assert len(response.context["found"].assets) == 2


@pytest.mark.parametrize("text", ["octavia", "škoda octavia", "ŠKODA", "4471"])
def test_part_of_an_asset_finds_it(browser, contract, text):
    found = browser.get(SEARCH, {"q": text}).context["found"]

    assert [asset.contract for asset in found.assets] == [contract]


@pytest.mark.parametrize(
    "text", ["3448,66", "3 448,66", "3\u00a0448,66 zł", "3448.66", "2803,79", "/000043"]
)
def test_amount_or_part_of_a_number_finds_the_invoice(browser, invoice, text):
    f.InvoiceFactory(
        contract=invoice.contract, net=Decimal(1), vat=Decimal(0), gross=Decimal(1), number="FV/9"
    )

    assert list(browser.get(SEARCH, {"q": text}).context["found"].invoices) == [invoice]


def test_at_most_twenty_and_a_link_to_all(browser, owner):
    f.ContractFactory.create_batch(21, company=owner.company)

    response = browser.get(SEARCH, {"q": "OL/2025"})

    assert len(response.context["found"].contracts) == 20
    assert f"{reverse('contracts:list')}?q=OL%2F2025" in response.text


def test_strangers_rows_are_never_found(browser, contract, invoice, client_of):
    stranger = client_of(f.MembershipFactory().user)

    for text in ("OL/2025/000777", "WX4471K", "octavia", "FV/L/2026/11/000043", "3448,66"):
        response = stranger.get(SEARCH, {"q": text})

        assert response.status_code == 200
        assert not response.context["found"]


def test_fleet_manager_finds_no_invoices(contract, invoice, client_of):
    fleet = client_of(f.MembershipFactory(company=contract.company, role=Role.FLEET).user)

    assert fleet.get(SEARCH, {"q": "OL/2025/000777"}).status_code == 302
    for text in ("FV/L/2026/11/000043", "3448,66"):
        assert not fleet.get(SEARCH, {"q": text}).context["found"]


def test_search_keeps_to_the_company_of_the_header(browser, owner, contract):
    second = f.MembershipFactory(user=owner.user)
    browser.post(reverse("tenancy:switch_company"), {"company": str(second.company.public_id)})

    assert not browser.get(SEARCH, {"q": "octavia"}).context["found"]


def test_search_asks_to_log_in(client):
    assert client.get(SEARCH, {"q": "a"}).status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%00OL",
        "q=%ED%A0%80",
        "q=" + "9" * 5000,
        "q=1e309",
        "q=NaN",
        "q=-1",
        "q=%27%20OR%201%3D1--",
        "q=%25",
        "q=_",
        "q=%5C",
        "q=a&q=b",
        "q=" + "a%20" * 300,
        "q=%E2%80%AE",
        "q[]=1",
    ],
)
def test_anything_may_be_typed(browser, contract, invoice, query):
    assert browser.get(f"{SEARCH}?{query}").status_code in {200, 302}


@pytest.mark.parametrize("text", ["%", "_", "\\"])
def test_wildcards_of_sql_mean_themselves(browser, contract, invoice, text):
    assert not browser.get(SEARCH, {"q": text}).context["found"]


@pytest.mark.parametrize("count", [1, 3, 30])
def test_query_count_is_constant(browser, owner, count, django_assert_num_queries):
    for _n in range(count):
        row = f.ContractFactory(company=owner.company, number=f"X/OL/{_n}")
        f.AssetFactory(contract=row, make="Olx")
        f.InvoiceFactory(contract=row, number=f"FV/OL/{_n}")

    # session, user, memberships, lessor; three exact; contracts, their assets, assets, invoices
    with django_assert_num_queries(12):
        browser.get(SEARCH, {"q": "OL/0"})
