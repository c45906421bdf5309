"""The pages of one contract: figures, states of instalments, files, and who sees what."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from contracts.enums import AssetCategory, ContractStatus, RowKind
from eboks.documents.models import Document
from eboks.documents.services import store
from eboks.tenancy.rights import Role
from invoicing.enums import CostKind, InvoiceKind
from tests import factories as f
from tests.contracts.published import published_contract

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
CONTRACT_PAGES = ["contracts:detail", "contracts:schedule", "contracts:asset"]
FILES = ["contracts:schedule_pdf", "contracts:schedule_xlsx"]
JOINED = ["portal:contract_invoices", "portal:contract_documents"]


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


def address(name, contract):
    return reverse(name, args=[contract.public_id])


def visible(response):
    """Text of the page with single spaces, as a reader sees it."""
    text = re.sub(r"<[^>]+>", " ", response.text)
    return re.sub(r"\s+", " ", text.replace("&nbsp;", " ").replace("\u00a0", " "))


def small_schedule(company, **contract):
    """Three instalments: past, due in a week, next month; and a buyout with the last."""
    contract = f.ContractFactory(company=company, instalment_count=3, **contract)
    version = f.ScheduleVersionFactory(contract=contract)
    days = [dt.date(2026, 10, 29), dt.date(2026, 11, 29), dt.date(2026, 12, 29)]
    for n, day in enumerate(days, start=1):
        f.ScheduleRowFactory(
            version=version,
            n=n,
            nominal_due_on=day,
            effective_due_on=dt.date(2026, 11, 30) if n == 2 else day,
            balance=Decimal(90000 - 2000 * n),
        )
    f.ScheduleRowFactory(
        version=version,
        n=1,
        kind=RowKind.BUYOUT,
        nominal_due_on=days[2],
        effective_due_on=days[2],
        payment=Decimal(1000),
        principal=Decimal(1000),
        interest=Decimal(0),
        vat=Decimal(230),
        gross=Decimal(1230),
        balance=Decimal(0),
    )
    return contract


def invoiced(contract, n, *, due_on, left, gross="3448.66", company=None):
    whose = company or contract.company
    invoice = f.InvoiceFactory(contract=contract, company=whose, instalment_n=n, due_on=due_on)
    f.InvoiceRowFactory(invoice=invoice)
    f.ReceivableItemFactory(
        invoice=invoice, effective_due_on=due_on, gross=Decimal(gross), open_amount=Decimal(left)
    )
    return invoice


# --- who sees what --------------------------------------------------------------------------
@pytest.mark.parametrize("name", [*CONTRACT_PAGES, *FILES, *JOINED])
def test_page_of_a_stranger_does_not_exist(browser, name):
    contract = small_schedule(f.CompanyFactory())

    assert browser.get(address(name, contract)).status_code == 404
    assert browser.get(reverse(name, args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("name", [*CONTRACT_PAGES, *FILES, *JOINED])
@pytest.mark.parametrize("mandate", [{"is_active": False}, {"valid_to": dt.date(2026, 11, 21)}])
def test_page_does_not_exist_without_a_mandate_in_force(client, name, mandate):
    membership = f.MembershipFactory(**mandate)
    contract = small_schedule(membership.company)
    client.force_login(membership.user)

    assert client.get(address(name, contract)).status_code == 404


@pytest.mark.parametrize("name", [*CONTRACT_PAGES, *FILES, *JOINED])
def test_page_asks_to_log_in(client, name):
    response = client.get(address(name, small_schedule(f.CompanyFactory())))

    assert response.status_code == 302


def test_fleet_manager_sees_the_contract_but_no_finance(client):
    membership = f.MembershipFactory(role=Role.FLEET)
    contract = small_schedule(membership.company)
    invoice = invoiced(contract, 1, due_on=dt.date(2026, 10, 29), left="3448.66")
    client.force_login(membership.user)

    overview = client.get(address("contracts:detail", contract))
    schedule = client.get(address("contracts:schedule", contract))
    documents = client.get(address("portal:contract_documents", contract))

    assert overview.status_code == schedule.status_code == documents.status_code == 200
    assert "zaległość" not in overview.text
    assert address("portal:contract_invoices", contract) not in overview.text
    assert "Po terminie" not in schedule.text
    assert invoice.number not in documents.text
    assert client.get(address("portal:contract_invoices", contract)).status_code == 403


# --- overview -------------------------------------------------------------------------------
def test_published_constructed_case_shows_its_figures(browser, owner):
    contract, _version = published_contract(
        "con-01-operating-arrears-35", company=owner.company, first_due_on=dt.date(2026, 1, 12)
    )

    overview = visible(browser.get(address("contracts:detail", contract)))
    schedule = visible(browser.get(address("contracts:schedule", contract)))

    assert "Następna rata, 12 z 35" in overview
    assert "3 448 ,66 zł" in overview
    assert "14 grudnia 2026, za 22 dni" in overview  # 12 December is a Saturday
    assert "2 803,79 + 644,87 zł" in overview
    assert "6,50% = WIBOR 1M 3,90%" in overview
    assert "marża 2,60%" in overview
    assert "1 000,00 zł netto" in overview
    assert "11 z 35 terminów rat minęło" in overview
    assert "63 819,39 zł" in overview  # capital left after instalment 11
    assert "2 803,79 2 316,29 487,50 644,87 3 448,66 87 683,71" in schedule


def test_published_case_shows_its_figures(browser, owner):
    contract, _version = published_contract(
        "pl-01-fmleasing-operating-35", company=owner.company, first_due_on=dt.date(2026, 12, 10)
    )

    overview = visible(browser.get(address("contracts:detail", contract)))
    schedule = visible(browser.get(address("contracts:schedule", contract)))

    assert "3 935,45 + " in overview
    assert "133 967,21 zł" in overview
    assert "121 910,16 zł" in overview
    assert "1 339,67 zł netto" in overview
    assert "WIBOR 3M 4,97%" in overview
    assert "3 935,45 3 028,58" in schedule


def test_contract_before_handover_says_that_nothing_is_known_yet(browser, owner):
    contract = f.ContractFactory(
        company=owner.company, status=ContractStatus.AWAITING_HANDOVER, handover_on=None
    )

    for name in (*CONTRACT_PAGES, *JOINED):
        assert browser.get(address(name, contract)).status_code == 200
    assert (
        "Harmonogram pojawi się po odbiorze"
        in browser.get(address("contracts:schedule", contract)).text
    )
    assert browser.get(address("contracts:schedule_pdf", contract)).status_code == 404
    assert browser.get(address("contracts:schedule_xlsx", contract)).status_code == 404


def test_ended_contract_has_no_next_payment(browser, owner):
    contract = small_schedule(owner.company, status=ContractStatus.TERMINATED)

    response = browser.get(address("contracts:detail", contract))

    assert response.context["next"] is None
    assert response.context["capital_left"] == 0


def test_arrears_stand_beside_the_state(browser, owner):
    contract = small_schedule(owner.company)
    invoiced(contract, 1, due_on=dt.date(2026, 10, 29), left="1448.66")
    invoiced(contract, 2, due_on=dt.date(2026, 11, 30), left="3448.66")

    text = visible(browser.get(address("contracts:detail", contract)))

    assert "Aktywna, zaległość 1 448,66 zł" in text


@pytest.mark.parametrize("heir_reads", [True, False])
def test_neither_side_of_a_cession_sees_what_the_other_owes(browser, owner, heir_reads):
    """After it the contract has one lessee; the former one's debts stay theirs, and private."""
    contract = small_schedule(owner.company)
    other = f.CompanyFactory()
    whose = other if heir_reads else contract.company
    invoiced(contract, 1, due_on=dt.date(2026, 10, 29), left="1448.66", company=whose)
    if not heir_reads:
        contract.company = other
        contract.save()
        f.MembershipFactory(user=owner.user, company=other, role=Role.OWNER)
        owner.is_active = False
        owner.save()

    pages = [browser.get(address(name, contract)) for name in [*CONTRACT_PAGES, *JOINED]]

    assert [page.status_code for page in pages] == [200] * 5
    assert not any("1 448,66" in visible(page) for page in pages)
    assert not any("zaległość" in page.text for page in pages)
    assert states(pages[1])[0][2] == "Bez faktury w portalu"


# --- schedule -------------------------------------------------------------------------------
def states(response):
    return [
        (line.line.row.kind, line.line.row.n, line.state_text) for line in response.context["lines"]
    ]


def test_rows_say_what_they_stand_at(browser, owner):
    contract = small_schedule(owner.company)
    invoiced(contract, 1, due_on=dt.date(2026, 10, 29), left="0")
    invoiced(contract, 2, due_on=dt.date(2026, 11, 30), left="3448.66")

    response = browser.get(address("contracts:schedule", contract))

    assert states(response) == [
        ("instalment", 1, "Zapłacona"),
        ("instalment", 2, "Za 8 dni"),
        ("instalment", 3, "Przyszła"),
        ("buyout", 1, "Przyszła"),
    ]
    assert "umownie 29.11.2026" in visible(response)


@pytest.mark.parametrize(
    ("due_on", "left", "expected"),
    [
        (dt.date(2026, 11, 19), "3448.66", "Po terminie 3 dni"),
        (dt.date(2026, 11, 21), "0.01", "Po terminie 1 dzień"),
        (dt.date(2026, 11, 22), "0.01", "Częściowo zapłacona"),
        (dt.date(2026, 11, 21), "0", "Zapłacona"),
    ],
)
def test_state_follows_the_invoice_and_the_day(browser, owner, due_on, left, expected):
    contract = small_schedule(owner.company)
    invoiced(contract, 1, due_on=due_on, left=left)

    assert states(browser.get(address("contracts:schedule", contract)))[0][2] == expected


def test_past_row_without_an_invoice_says_so(browser, owner):
    contract = small_schedule(owner.company)

    assert states(browser.get(address("contracts:schedule", contract)))[0][2] == (
        "Bez faktury w portalu"
    )


def test_correction_and_buyout_count_to_their_rows(browser, owner):
    contract = small_schedule(owner.company)
    invoiced(contract, 1, due_on=dt.date(2026, 10, 29), left="100.00")
    correction = f.InvoiceFactory(
        contract=contract, instalment_n=1, kind=InvoiceKind.CORRECTION,
        net=Decimal(0), vat=Decimal(0), gross=Decimal(0),
    )  # fmt: skip
    f.ReceivableItemFactory(
        invoice=correction, gross=Decimal("-100.00"), open_amount=Decimal("-100.00")
    )
    buyout = f.InvoiceFactory(contract=contract)
    f.InvoiceRowFactory(invoice=buyout, cost_kind=CostKind.BUYOUT)
    f.InvoiceRowFactory(invoice=buyout, cost_kind=CostKind.FEE, position=2)
    f.ReceivableItemFactory(invoice=buyout, open_amount=Decimal(0))

    found = states(browser.get(address("contracts:schedule", contract)))

    assert found[0][2] == "Zapłacona"
    assert found[3] == ("buyout", 1, "Zapłacona")


def test_totals_add_up(browser, owner):
    contract = small_schedule(owner.company)

    page = browser.get(address("contracts:schedule", contract)).context["schedule"]

    assert page.total.payment == Decimal("9411.37")
    assert page.total.gross == Decimal("11575.98")
    assert page.ahead.gross == Decimal("8127.32")
    assert page.ahead.payment + page.ahead.vat == page.ahead.gross
    assert page.capital_left == Decimal(88000)


def test_earlier_version_can_be_read_and_odd_ones_are_ignored(browser, owner):
    contract = small_schedule(owner.company)
    old = f.ScheduleVersionFactory(
        contract=contract, number=7, is_current=False, reason="zmiana WIBOR"
    )
    f.ScheduleRowFactory(version=old, n=1, gross=Decimal("1000.00"), payment=Decimal("355.13"),
                         interest=Decimal("0.00"), principal=Decimal("355.13"))  # fmt: skip
    url = address("contracts:schedule", contract)

    asked = browser.get(url, {"wersja": "7"})

    assert "To jest wcześniejsza wersja" in asked.text
    assert [line.line.row.gross for line in asked.context["lines"]] == [Decimal("1000.00")]
    for odd in ("8", "-1", "\x00", "9" * 6000, "７"):
        assert browser.get(url, {"wersja": odd}).context["version"].number == 1


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize(
    ("name", "queries"), [("contracts:detail", 13), ("contracts:schedule", 13)]
)
def test_query_count_does_not_grow_with_rows(
    browser, owner, count, name, queries, django_assert_num_queries
):
    contract = f.ContractFactory(company=owner.company)
    version = f.ScheduleVersionFactory(contract=contract)
    for n in range(1, count + 1):
        f.ScheduleRowFactory(version=version, n=n)
        invoiced(contract, n, due_on=dt.date(2026, 12, 10), left="10.00")

    # session, user, memberships, lessor, contract, assets, versions, rows, items, feed, payment,
    # last night, rate changes
    with django_assert_num_queries(queries):
        browser.get(address(name, contract))


# --- files ----------------------------------------------------------------------------------
def test_schedule_in_excel_has_types_and_totals(browser, owner):
    contract = small_schedule(owner.company, number="OL/=1/ŻÓŁW")

    response = browser.get(address("contracts:schedule_xlsx", contract))

    sheet = load_workbook(io.BytesIO(response.getvalue())).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2))
    assert "harmonogram" in response["Content-Disposition"]
    assert sheet.freeze_panes == "A2"
    assert [row[0].value for row in rows] == [1, 2, 3, None, None]
    assert rows[0][3].is_date
    assert rows[1][3].value.date() == dt.date(2026, 11, 30)
    assert rows[0][4].value == 2803.79
    assert "#,##0.00" in rows[0][4].number_format
    assert rows[4][8].value == pytest.approx(11575.98)
    assert rows[4][1].value == "Razem"


def test_schedule_in_pdf_is_tagged_and_holds_the_figures(browser, owner):
    contract, _version = published_contract(
        "con-01-operating-arrears-35",
        company=f.CompanyFactory(name="ŻÓŁĆ & Syn <b>"),
        first_due_on=dt.date(2026, 1, 12),
    )
    f.MembershipFactory(user=owner.user, company=contract.company)

    response = browser.get(address("contracts:schedule_pdf", contract))

    assert response["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(response.getvalue()))
    text = " ".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ")
    assert contract.number in text
    assert "ŻÓŁĆ & Syn <b>" in text
    assert "2 803,79" in text
    assert "3 448,66" in text
    assert "/StructTreeRoot" in reader.trailer["/Root"]


# --- asset, invoices, documents -------------------------------------------------------------
def test_asset_page_shows_vehicle_and_machine(browser, owner):
    contract = f.ContractFactory(company=owner.company)
    f.AssetFactory(contract=contract, plate="WGM7H42", mileage_km=124500, mileage_on=TODAY)
    f.AssetFactory(
        contract=contract, category=AssetCategory.MACHINE, vin="", plate="", serial_number="SN/9",
        make="Toyota", model="8FBE",
    )  # fmt: skip

    text = visible(browser.get(address("contracts:asset", contract)))

    assert "WGM7H42" in text
    assert "124 500 km" in text
    assert "SN/9" in text
    assert "Toyota 8FBE" in text


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("name", JOINED)
def test_invoices_of_the_contract_are_listed(
    browser, owner, name, count, django_assert_max_num_queries
):
    contract = f.ContractFactory(company=owner.company)
    made = [invoiced(contract, n, due_on=TODAY, left="10.00") for n in range(1, count + 1)]
    foreign = f.InvoiceFactory(contract__company=owner.company)

    with django_assert_max_num_queries(13):
        response = browser.get(address(name, contract))

    assert all(invoice.number in response.text for invoice in made)
    assert foreign.number not in response.text


# --- what stays when a contract ends --------------------------------------------------------
ARCHIVE_OFFERED = "Umowa się skończyła. Zabierz wszystko"


@pytest.mark.parametrize(
    ("status", "is_offered"),
    [
        (ContractStatus.CLOSED, True),
        (ContractStatus.EARLY_ENDED, True),
        (ContractStatus.TERMINATED, True),
        (ContractStatus.ENDED_BUYOUT_PENDING, False),
        (ContractStatus.ACTIVE, False),
    ],
)
def test_archive_is_offered_when_the_contract_is_over(browser, owner, status, is_offered):
    contract = f.ContractFactory(company=owner.company, status=status)

    assert (ARCHIVE_OFFERED in visible(browser.get(address("contracts:detail", contract)))) is (
        is_offered
    )


def test_archive_is_not_offered_to_those_who_may_not_take_it(client, owner):
    contract = f.ContractFactory(company=owner.company, status=ContractStatus.CLOSED)
    client.force_login(f.MembershipFactory(company=owner.company, role=Role.FLEET).user)

    text = visible(client.get(address("contracts:detail", contract)))

    assert contract.number in text
    assert ARCHIVE_OFFERED not in text


def test_documents_say_until_when_an_invoice_stays(browser, owner, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    contract = f.ContractFactory(company=owner.company)
    invoice = f.InvoiceFactory(contract=contract, company=owner.company)
    invoice.pdf = store(
        company=owner.company,
        key=f"invoice:{invoice.public_id}",
        content=b"%PDF-1.7 x",
        file_name="x.pdf",
        content_type="application/pdf",
        renderer="test",
        at=NOW,
    )
    invoice.save(update_fields=["pdf"])
    documents = address("portal:contract_documents", contract)
    assert "w portalu do" not in visible(browser.get(documents))

    Document.objects.update(purge_on=dt.date(2032, 1, 1))

    assert "w portalu do 31.12.2031" in visible(browser.get(documents))
