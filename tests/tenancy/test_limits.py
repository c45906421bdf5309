"""A member with selected contracts, and a driver: what they never meet, what adds up (SEC-50)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.ahead import payments_ahead
from contracts.models import AllowedContract, Asset, AssignedAsset, Contract
from eboks import clock
from eboks.documents.models import Document
from eboks.tenancy.models import Company, Membership, has_limits
from eboks.tenancy.rights import Role
from invoicing.models import (
    Allocation,
    Balance,
    Invoice,
    InvoiceRow,
    Payment,
    ReceivableItem,
    SetOff,
)
from tests import factories as f
from tests.proof import prove
from tests.security.crawling import content, crawl, readable

pytestmark = pytest.mark.django_db

SEEN, HIDDEN = "WIDOCZNA", "UKRYTA"


def fill(company, mark, letter, money):
    """A contract with a row of everything; `mark` in all of its texts, `money` in its amounts."""
    contract = f.ContractFactory(company=company, number=f"OL/{mark}/1", net_value=money)
    asset = f.AssetFactory(
        contract=contract,
        make=mark,
        plate=f"{letter}{letter} 12345",
        vin=f"YS2R4X2000{letter}000001",
    )
    version = f.ScheduleVersionFactory(contract=contract, reason=f"zawarcie {mark}")
    due = clock.add_months(clock.today().replace(day=10), 2)
    for n in (1, 2):
        f.ScheduleRowFactory(
            version=version,
            n=n,
            nominal_due_on=clock.add_months(due, n),
            effective_due_on=clock.add_months(due, n),
        )
    invoice = f.InvoiceFactory(
        contract=contract, number=f"FV/{mark}/1", net=money, vat=Decimal(0), gross=money
    )
    f.InvoiceRowFactory(
        invoice=invoice, description=f"Rata {mark}", net=money, vat=Decimal(0), gross=money
    )
    document = Document.objects.create(
        company=company,
        key=f"invoice:{invoice.public_id}",
        storage_name=f"{mark}.pdf",
        file_name=f"{mark}.pdf",
        content_type="application/pdf",
        size=1,
        sha256="0" * 64,
        renderer="test",
        created_at=timezone.now(),
    )
    Invoice.objects.filter(pk=invoice.pk).update(pdf=document)
    item = f.ReceivableItemFactory(invoice=invoice, gross=money)
    payment = f.PaymentFactory(
        company=company, contract=contract, title=f"Tytuł {mark}", payer_name=f"Płaci {mark}"
    )
    Balance.objects.create(
        contract=contract,
        as_of=f.TODAY,
        open_amount=money,
        overdue_amount=0,
        overpaid_amount=0,
        refreshed_at=timezone.now(),
    )
    return {
        "contract": contract,
        "asset": asset,
        "version": version,
        "invoice": invoice,
        "item": item,
        "payment": payment,
        "document": document,
    }


@pytest.fixture
def company(db):
    f.LessorFactory()
    return f.CompanyFactory(name="TRANS-ŻUK sp. z o.o.")


@pytest.fixture
def seen(company):
    return fill(company, SEEN, "A", Decimal("1000.00"))


@pytest.fixture
def hidden(company, seen):
    """The other contract; and every way in which the two touch each other."""
    rows = fill(company, HIDDEN, "B", Decimal("70000.00"))
    f.AllocationFactory(payment=seen["payment"], item=rows["item"], amount=Decimal("11.11"))
    f.AllocationFactory(payment=rows["payment"], item=seen["item"], amount=Decimal("22.22"))
    credit = f.InvoiceFactory(
        contract=rows["contract"],
        number=f"FK/{HIDDEN}/1",
        kind="correction",
        corrects=seen["invoice"],
        net=Decimal(-50),
        vat=Decimal(0),
        gross=Decimal(-50),
    )
    credit_item = f.ReceivableItemFactory(invoice=credit, gross=Decimal(-50))
    SetOff.objects.create(
        company=company,
        credit_item=credit_item,
        debit_item=seen["item"],
        amount=Decimal("33.33"),
        set_off_on=f.TODAY,
    )
    f.PaymentFactory(company=company, title=f"Nadpłata {HIDDEN}", amount=Decimal("4444.00"))
    f.InvoiceFactory(company=company, contract=None, number=f"FV/{HIDDEN}/firma")
    return rows | {"credit": credit}


def limited(company, *contracts, role=Role.SIGNATORY):
    membership = f.MembershipFactory(company=company, role=role, is_limited=True)
    for contract in contracts:
        AllowedContract.objects.create(membership=membership, contract=contract)
    return membership.user


def driver(company, *assets):
    membership = f.MembershipFactory(company=company, role=Role.DRIVER)
    for asset in assets:
        AssignedAsset.objects.create(membership=membership, asset=asset)
    return membership.user


def ids_of(rows):
    return {str(row.public_id) for row in rows.values() if hasattr(row, "public_id")}


# --- selected contracts --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.SIGNATORY, Role.FINANCE, Role.FLEET, Role.READ_ONLY])
def test_limited_member_never_meets_another_contract(client_of, company, seen, hidden, role):
    browser = prove(client_of(limited(company, seen["contract"], role=role)))
    strange, own = [], set()

    for page in crawl(browser):
        own |= {page.route} if SEEN in page.text else set()
        if HIDDEN in page.text or any(key in page.text for key in ids_of(hidden)):
            strange.append(page.url)

    assert strange == []
    assert {"portal:dashboard", "contracts:list", "vehicles:list", "contracts:schedule"} <= own


@pytest.mark.parametrize("model", [Contract, Asset, Invoice, InvoiceRow, ReceivableItem, Document])
def test_limited_member_reads_rows_of_selected_contracts_alone(company, seen, hidden, model):
    person = limited(company, seen["contract"])

    assert model.objects.for_user(person).count() == 1
    assert model.objects.for_member(person).count() == 1


def test_money_of_no_contract_is_not_theirs(company, seen, hidden):
    person = limited(company, seen["contract"])

    assert list(Payment.objects.for_user(person)) == [seen["payment"]]
    assert list(Balance.objects.for_user(person).values_list("contract", flat=True)) == [
        seen["contract"].pk
    ]
    assert not SetOff.objects.for_user(person).exists()
    assert list(Company.objects.for_user(person)) == [company]


def test_allocation_is_read_when_what_it_paid_is(company, seen, hidden):
    rows = Allocation.objects.for_user(limited(company, seen["contract"]))

    assert [row.item for row in rows] == [seen["item"]]


def test_objects_of_another_contract_do_not_exist(client_of, company, seen, hidden):
    browser = client_of(limited(company, seen["contract"]))
    addresses = [
        *(
            reverse(f"contracts:{name}", args=[hidden["contract"].public_id])
            for name in ("detail", "schedule", "schedule_pdf", "schedule_xlsx", "asset")
        ),
        reverse("vehicles:detail", args=[hidden["asset"].public_id]),
        *(
            reverse(f"invoicing:{name}", args=[hidden["invoice"].public_id])
            for name in ("invoice_detail", "invoice_pdf", "invoice_download")
        ),
        *(
            reverse(f"portal:{name}", args=[hidden["contract"].public_id])
            for name in ("contract_invoices", "contract_documents")
        ),
    ]

    found = {url: browser.get(url).status_code for url in addresses}

    assert found == dict.fromkeys(addresses, 404)


def test_search_finds_nothing_of_another_contract(client_of, company, seen, hidden):
    browser = client_of(limited(company, seen["contract"]))

    for text in (HIDDEN, hidden["asset"].vin, hidden["asset"].plate, "70000"):
        response = browser.get("/szukaj/", {"q": text})
        assert response.status_code == 200, text
        assert not response.context["found"], text
    assert browser.get("/szukaj/", {"q": seen["asset"].vin}).status_code == 302


def totals(browser):
    """The sums that the pages say, each of them."""
    start = browser.get("/").context
    settled = browser.get("/rozrachunki/").context
    rows = browser.get("/umowy/").context["totals"][0]
    invoices = browser.get("/faktury/").context["totals"][0]
    report = browser.get("/raporty/koszty/?period=custom&since=2026-11-01&until=2026-11-30").context
    main = start["money"].main
    return {
        "dashboard": main.overdue + main.until + main.later,
        "credit": main.credit,
        "contracts": (start["contracts"].total, rows.count, rows.net_value),
        "invoices": (invoices.count, invoices.gross),
        "settlements": (settled["main"].to_pay, settled["main"].overpaid),
        "ahead": [str(chart.totals) for _currency, chart in start["ahead"]],
        "report": [total.gross for total in report["totals"]],
    }


def test_sums_are_of_selected_contracts(client_of, company, seen, hidden):
    """The owner comes first: nothing kept for the whole company may be shown to the other."""
    owner = f.MembershipFactory(company=company).user
    everything = totals(client_of(owner))

    own = totals(client_of(limited(company, seen["contract"])))

    assert own["dashboard"] == own["settlements"][0] == Decimal("1000.00")
    assert own["contracts"] == (1, 1, Decimal("1000.00"))
    assert own["invoices"] == (1, Decimal("1000.00"))
    assert (
        own["credit"] == own["settlements"][1] == Decimal("1000.00")
    )  # the contract's own payment
    assert everything["contracts"][0] == 2
    for name, value in own.items():
        assert value != everything[name], name
    assert totals(client_of(owner)) == everything


def test_year_ahead_of_the_company_and_of_a_part_do_not_mix(company, seen, hidden):
    owner = f.MembershipFactory(company=company).user
    person = limited(company, seen["contract"])
    first = clock.today().replace(day=1)

    def ahead(user):
        rows = payments_ahead(user=user, companies=[company.pk], first=first, months=12, stamp=1)
        return sum(row.principal for row in rows)

    part, whole, again = ahead(person), ahead(owner), ahead(person)

    assert part == again == whole / 2


def test_settlement_with_another_contract_shows_its_amount_alone(client_of, company, seen, hidden):
    browser = client_of(limited(company, seen["contract"]))

    payments = browser.get("/rozrachunki/?tab=payments").text
    invoice = browser.get(
        reverse("invoicing:invoice_detail", args=[seen["invoice"].public_id])
    ).text

    assert "inna umowa" in payments
    assert "11,11" in payments
    assert invoice.count("rozliczenie z inną umową") == 2
    assert HIDDEN not in payments + invoice


def test_whole_member_still_reads_both_sides(client_of, company, seen, hidden):
    browser = client_of(f.MembershipFactory(company=company).user)

    assert hidden["invoice"].number in browser.get("/rozrachunki/?tab=payments").text


def test_limits_of_one_company_say_nothing_of_another(company, seen, hidden):
    person = limited(company, seen["contract"])
    other = f.MembershipFactory(user=person, role=Role.FINANCE).company
    contract = f.ContractFactory(company=other)

    assert set(Contract.objects.for_user(person)) == {seen["contract"], contract}


def test_contract_that_went_to_another_company_is_out_of_reach(company, seen):
    """An allowed contract does not carry the member into the company that took it over."""
    person = limited(company, seen["contract"])
    Contract.objects.filter(pk=seen["contract"].pk).update(company=f.CompanyFactory())

    assert not Contract.objects.for_user(person).exists()
    assert Invoice.objects.for_user(person).get() == seen["invoice"]


def test_limit_without_contracts_shows_nothing(client_of, company, seen):
    browser = client_of(limited(company))

    assert browser.get("/umowy/").context["lines"] == []
    assert browser.get("/").status_code == 200


def test_limits_hold_on_the_next_request(client, company, seen, hidden):
    membership = f.MembershipFactory(company=company, role=Role.FINANCE)
    client.force_login(membership.user)
    url = reverse("contracts:detail", args=[hidden["contract"].public_id])
    assert client.get(url).status_code == 200

    Membership.objects.filter(pk=membership.pk).update(is_limited=True)
    AllowedContract.objects.create(membership=membership, contract=seen["contract"])
    assert client.get(url).status_code == 404

    AllowedContract.objects.filter(membership=membership).update(contract=hidden["contract"])
    assert client.get(url).status_code == 200


def test_whole_member_pays_nothing_for_limits(company, django_assert_num_queries):
    person = f.MembershipFactory(company=company).user
    assert not has_limits(person)

    with django_assert_num_queries(1) as captured:
        list(Contract.objects.for_user(person))

    assert "contracts_allowedcontract" not in captured[0]["sql"]
    assert captured[0]["sql"].count("EXISTS") == 1


def test_administrator_cannot_be_limited(company):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        f.MembershipFactory(company=company, role=Role.OWNER, is_limited=True)


# --- drivers -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_driver_meets_the_assigned_vehicle_and_no_money(client_of, company, seen, hidden):
    browser = client_of(driver(company, seen["asset"]))
    pages = list(crawl(browser))

    assert [page.url for page in pages if HIDDEN in page.text] == []
    assert [page.url for page in pages if "1 000,00" in page.text or "1000.00" in page.text] == []
    assert {page.route for page in pages if SEEN in page.text} == {
        "vehicles:list",
        "vehicles:detail",
        "mileage:enter",
    }
    assert seen["invoice"].number not in "".join(page.text for page in pages)


def test_driver_starts_with_the_vehicles(client_of, company, seen):
    browser = client_of(driver(company, seen["asset"]))

    response = browser.get("/")

    assert (response.status_code, response.url) == (302, "/pojazdy/")
    page = browser.get("/pojazdy/").text
    assert "Moje pojazdy" in page
    assert 'href="/umowy/"' not in page
    assert 'action="/szukaj/"' not in page


@pytest.mark.parametrize("name", ["contracts:list", "portal:search", "invoicing:invoice_list"])
def test_driver_has_no_lists(client_of, company, seen, name):
    assert client_of(driver(company, seen["asset"])).get(reverse(name)).status_code == 403


def test_vehicle_page_tells_what_a_driver_needs(client_of, company, seen):
    lessor = f.LessorFactory()
    browser = client_of(driver(company, seen["asset"]))

    text = browser.get(reverse("vehicles:detail", args=[seen["asset"].public_id])).text

    for wanted in (seen["asset"].plate, seen["asset"].vin, "OL/WIDOCZNA/1", lessor.phone):
        assert wanted in text
    assert "10 listopada 2028" in text
    assert f'href="/umowy/{seen["contract"].public_id}/"' not in text
    assert "zł" not in text.partition("<main")[2].partition("</main>")[0]


def test_driver_learns_of_the_company_no_more_than_its_name(client_of, company, seen):
    Company.objects.filter(pk=company.pk).update(nip="9990000014", email="biuro@firma.example")

    text = client_of(driver(company, seen["asset"])).get("/firma/").text

    assert company.name in text
    assert "kierowca" in text
    for secret in ("9990000014", "biuro@firma.example", company.street, company.client_id):
        assert secret not in text


def test_vehicle_of_nobody_and_of_a_colleague_does_not_exist(client_of, company, seen, hidden):
    browser = client_of(driver(company, seen["asset"]))
    driver(company, hidden["asset"])

    url = reverse("vehicles:detail", args=[hidden["asset"].public_id])
    assert browser.get(url).status_code == 404


def test_driver_without_a_vehicle_is_told_who_gives_one(client_of, company, seen):
    text = client_of(driver(company)).get("/pojazdy/").text

    assert "Nie masz przypisanego pojazdu" in text
    assert SEEN not in text


def test_vehicle_taken_away_is_gone_on_the_next_request(client, company, seen):
    person = driver(company, seen["asset"])
    client.force_login(person)
    url = reverse("vehicles:detail", args=[seen["asset"].public_id])
    assert client.get(url).status_code == 200

    AssignedAsset.objects.all().delete()

    assert client.get(url).status_code == 404


def test_mandate_of_a_driver_that_ended_opens_nothing(client, company, seen):
    person = driver(company, seen["asset"])
    Membership.objects.filter(user=person).update(valid_to=clock.today() - dt.timedelta(days=1))
    client.force_login(person)

    url = reverse("vehicles:detail", args=[seen["asset"].public_id])
    assert client.get(url).status_code == 404


def test_fleet_manager_sees_all_vehicles_and_finds_one(client_of, company, seen, hidden):
    browser = client_of(f.MembershipFactory(company=company, role=Role.FLEET).user)
    for n in range(30):
        f.AssetFactory(contract=seen["contract"], plate=f"CC{n:05d}")

    page = browser.get("/pojazdy/")
    found = browser.get("/pojazdy/", {"q": "bb12345"})
    spaced = browser.get("/pojazdy/", {"q": "BB 12345"})
    by_contract = browser.get("/pojazdy/", {"q": f"OL/{HIDDEN}"})

    assert page.context["page"].paginator.count == 32
    assert len(page.context["page"].object_list) == 25
    for answer in (spaced, by_contract):
        assert [row.pk for row in answer.context["page"].object_list] == [hidden["asset"].pk]
    assert found.context["page"].paginator.count == 0  # the plate has a space
    assert f'href="/umowy/{hidden["contract"].public_id}/"' in (
        browser.get(reverse("vehicles:detail", args=[hidden["asset"].public_id])).text
    )


def test_accountant_has_no_vehicles(client_of, company, seen):
    person = f.MembershipFactory(company=company, role=Role.ACCOUNTANT).user

    assert client_of(person).get("/pojazdy/").status_code == 403
    url = reverse("vehicles:detail", args=[seen["asset"].public_id])
    assert client_of(person).get(url).status_code == 403


@pytest.mark.parametrize("count", [1, 30])
def test_vehicle_list_asks_a_constant_number_of_queries(
    client, company, seen, count, django_assert_max_num_queries
):
    for n in range(count):
        f.AssetFactory(contract=seen["contract"], plate=f"CC{n:05d}")
    client.force_login(f.MembershipFactory(company=company, role=Role.FLEET).user)

    with django_assert_max_num_queries(12):
        readable(content(response := client.get("/pojazdy/")), response)
