"""„Dlaczego zmieniła się rata?”: what the page, the notice, the lists and the overview say."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from contracts.enums import Product, RateChangeKind, RateChangeOutcome
from contracts.models import IndexFixing
from contracts.rate_arithmetic import Rule
from contracts.repricing import reprice_due
from contracts.schedule_terms import IndexMethod
from eboks.audit.models import AuditEntry
from eboks.documents.models import Document
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.contracts.published import published_contract
from tests.contracts.rate_rows import changed, changed_contract, fixings
from tests.security.crawling import content

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "documents"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    f.LessorFactory()
    return f.MembershipFactory()


@pytest.fixture
def browser(owner, client):
    client.force_login(owner.user)
    return client


def address(change, name="rate_change"):
    return reverse(f"contracts:{name}", args=[change.contract.public_id, change.public_id])


def visible(response):
    text = re.sub(r"<[^>]+>", " ", response.text)
    return re.sub(r"\s+", " ", text.replace("&nbsp;", " ").replace("\u00a0", " "))


def in_pdf(response):
    reader = PdfReader(io.BytesIO(content(response)))
    text = " ".join(page.extract_text() for page in reader.pages)
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


# --- what is said ---------------------------------------------------------------------------
def test_page_explains_the_constructed_case(browser, owner):
    change = changed_contract(company=owner.company)

    text = visible(browser.get(address(change)))

    assert "Dlaczego zmieniła się rata?" in text
    assert "Stopa WIBOR 1M spadła z 3,90% do 3,15% (30.10.2026)." in text
    assert "Rata nr 13 spadła o 21,05 zł netto." in text
    assert "WIBOR 1M 3,90%, z dnia 30.09.2026" in text
    assert "WIBOR 1M 3,15%, z dnia 30.10.2026" in text
    assert "Źródło GPW Benchmark" in text
    assert "Źródło poprzedniej wartości" not in text
    assert "Marża 2,60 p.p." in text
    assert "Oprocentowanie przed zmianą 6,50%" in text
    assert "Oprocentowanie po zmianie 5,75%" in text
    assert "bez zmian: już zafakturowane albo z terminem przed zmianą" in text
    assert "61 361,29 × 5,75% × 1/12 = 294,02 zł" in text
    assert "2 782,74 − 294,02 = 2 488,72; 61 361,29 − 2 488,72 = 58 872,57 zł" in text
    assert "2 782,74 × 23,00% = 640,03; 2 782,74 + 640,03 = 3 422,77 zł" in text
    # row 13 before and after, and the sums to the end
    assert "2 803,79 2 782,74 −21,05 332,37 294,02 −25,89" in text
    assert "64 487,05 64 003,12 −483,93" in text


def test_source_of_the_value_before_is_named(browser, owner):
    change = changed_contract(company=owner.company)
    fixings("WIBOR_1M", ("2026-09-30", "3.90"))
    IndexFixing.objects.update(source="Biuletyn")

    text = visible(browser.get(address(change)))

    assert "Źródło poprzedniej wartości Biuletyn" in text
    assert "Źródło poprzedniej wartości Biuletyn" in in_pdf(
        browser.get(address(change, "rate_change_pdf"))
    )


def test_change_inside_a_period_is_worked_out_in_two_parts(browser, owner):
    change = changed_contract(company=owner.company, effective_on=dt.date(2026, 11, 21))

    text = visible(browser.get(address(change)))

    assert "osobno za dni przed zmianą stopy i po niej" in text
    assert "× 6,50% × 1/12 × 10/30 =" in text
    assert "(11.11.2026 – 20.11.2026)" in text
    assert "× 5,75% × 1/12 × 20/30 =" in text
    assert "(21.11.2026 – 10.12.2026)" in text


def test_conversion_shows_both_indices_and_the_spread(browser, owner):
    change = changed_contract(
        company=owner.company,
        kind=RateChangeKind.CONVERSION,
        new_index="POLSTR_1M",
        source="GPW Benchmark",
        spread_pp=Decimal("-0.12"),
    )
    fixings("WIBOR_1M", ("2026-08-31", "4.00"), ("2026-09-30", "3.90"), ("2026-10-30", "3.80"))
    fixings("POLSTR_1M", ("2026-08-31", "3.40"), ("2026-10-30", "3.15"))

    response = browser.get(address(change))
    text = visible(response)

    assert "Stopę WIBOR 1M zastąpiła stopa POLSTR 1M: 3,15% z 30.10.2026." in text
    assert "Korekta przy zastąpieniu stopy −0,12 p.p." in text
    assert response.context["page"].chart.table == [
        ("31.08.2026", "4,00%", False),
        ("30.09.2026", "3,90%", True),
        ("30.10.2026", "3,15%", True),
    ]


def test_line_of_the_index_has_its_table(browser, owner):
    change = changed_contract(company=owner.company)
    fixings(
        "WIBOR_1M",
        ("2024-10-01", "5.90"),  # more than two years before
        ("2026-09-29", "3.95"),
        ("2026-09-30", "3.90"),
        ("2026-10-30", "3.15"),
        ("2026-11-20", "3.00"),  # after the change
    )

    response = browser.get(address(change))

    chart = response.context["page"].chart
    assert chart.table == [("30.09.2026", "3,90%", True), ("30.10.2026", "3,15%", True)]
    assert len(chart.dots) == 2
    assert f'<path class="steps" d="{chart.path}"/>' in response.text
    assert "Stopa bazowa: WIBOR 1M" in response.text


@pytest.mark.parametrize(
    ("outcome", "values", "contract", "said"),
    [
        ("same_value", {}, {}, "wynosi tyle samo co poprzednio: 3,90%"),
        (
            "threshold",
            {"new_value": Decimal("3.93"), "new_rate_pct": Decimal("6.53")},
            {"threshold_pp": Decimal("0.05")},
            "o 0,03 p.p., a umowa przewiduje przeliczenie rat dopiero od zmiany o 0,05 p.p.",
        ),
        (
            "floor",
            {"old_value": Decimal("0.50"), "new_value": Decimal("-0.10")},
            {"floor_pct": Decimal(1)},
            "umowa ustala najniższą stopę na 1,00%",
        ),
        ("all_invoiced", {"new_value": Decimal("3.10")}, {}, "raty tej umowy są już zafakturowane"),
        ("same_rows", {"new_value": Decimal("3.900001")}, {}, "wyszły takie same"),
    ],
)
def test_page_says_why_the_instalment_did_not_change(
    browser, owner, outcome, values, contract, said
):
    row = f.ContractFactory(company=owner.company, **contract)
    change = changed(contract=row, outcome=RateChangeOutcome(outcome), **values)

    response = browser.get(address(change))
    text = visible(response)

    assert "Dlaczego rata się nie zmieniła?" in text
    assert "Rata bez zmian" in text
    assert said in text
    assert "Oprocentowanie po zmianie 6,50%" in text
    assert response.context["page"].arithmetic is None
    assert "Które raty się zmieniły" not in text


def test_kept_payment_says_that_the_instalment_stayed(browser, owner):
    change = changed_contract(company=owner.company, method=IndexMethod.KEEP_PAYMENT)

    response = browser.get(address(change))

    text = visible(response)
    assert "Rata nr 13 pozostała taka sama: 2 803,79 zł netto." in text
    page = response.context["page"]
    assert page.difference == change.total_difference
    assert page.rows[-1].new is None or page.rows[-1].old is None or page.rows[-1].difference


def test_financial_lease_is_told_of_the_corrected_vat(browser, owner):
    change = changed_contract(company=owner.company)
    change.contract.product = Product.FINANCIAL
    change.contract.save()

    assert "rozliczy ją faktura korygująca" in visible(browser.get(address(change)))


# --- notice ---------------------------------------------------------------------------------
def test_notice_says_the_same_and_is_kept(browser, owner):
    change = changed_contract(company=owner.company)

    first = browser.get(address(change, "rate_change_pdf"))
    text = in_pdf(first)
    second = browser.get(address(change, "rate_change_pdf"))

    for said in (
        "Zawiadomienie o zmianie oprocentowania",
        change.contract.number,
        "Rata nr 13 spadła o 21,05 zł netto.",
        "61 361,29 × 5,75% × 1/12 = 294,02",
        "bez zmian: już zafakturowane albo z terminem przed zmianą",
        "64 487,05 64 003,12 −483,93",
    ):
        assert said in text
    assert in_pdf(second) == text
    document = Document.objects.get(key=f"rate_change:{change.public_id}")
    assert document.company == owner.company
    entry = AuditEntry.objects.filter(event="rate_change_downloaded").first()
    assert entry.facts == {"number": change.contract.number, "effective_on": "2026-11-11"}


def test_notice_of_an_unchanged_instalment_can_be_made(browser, owner):
    change = changed(contract=f.ContractFactory(company=owner.company))

    assert "Rata się nie zmieniła" in in_pdf(browser.get(address(change, "rate_change_pdf")))


# --- who sees it ----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["rate_change", "rate_change_pdf"])
def test_strangers_and_wrong_pairs_find_nothing(browser, owner, client_of, name):
    change = changed_contract(company=owner.company)
    other = changed_contract(company=f.CompanyFactory())
    own_contract = reverse(f"contracts:{name}", args=[change.contract.public_id, other.public_id])
    own_change = reverse(f"contracts:{name}", args=[other.contract.public_id, change.public_id])

    own = browser.get(address(change, name))
    content(own)
    assert own.status_code == 200
    assert browser.get(address(other, name)).status_code == 404
    assert browser.get(own_contract).status_code == 404
    assert browser.get(own_change).status_code == 404
    missing = reverse(f"contracts:{name}", args=[change.contract.public_id, uuid.uuid4()])
    assert browser.get(missing).status_code == 404


def test_member_with_other_contracts_finds_nothing(client_of, owner):
    change = changed_contract(company=owner.company)
    limited = f.MembershipFactory(company=owner.company, role=Role.FINANCE, is_limited=True)
    limited.allowed_contracts.create(contract=f.ContractFactory(company=owner.company))
    browser = client_of(limited.user)

    assert browser.get(address(change)).status_code == 404
    assert change.contract.number not in browser.get(reverse("contracts:rate_changes")).text

    limited.allowed_contracts.create(contract=change.contract)
    assert browser.get(address(change)).status_code == 200


def test_fleet_manager_reads_it_as_the_schedule(client_of, owner):
    change = changed_contract(company=owner.company)
    fleet = f.MembershipFactory(company=owner.company, role=Role.FLEET)

    assert client_of(fleet.user).get(address(change)).status_code == 200


# --- where it is found ----------------------------------------------------------------------
def test_schedule_lists_the_changes_and_the_overview_the_recent_one(browser, owner):
    change = changed_contract(company=owner.company)
    same = changed(contract=change.contract, effective_on=dt.date(2026, 10, 11))

    schedule = browser.get(reverse("contracts:schedule", args=[change.contract.public_id])).text
    overview = browser.get(reverse("contracts:detail", args=[change.contract.public_id])).text

    assert address(change) in schedule
    assert address(same) in schedule
    assert address(change) in overview
    assert address(same) not in overview


def test_overview_forgets_a_change_after_60_days(browser, owner):
    change = changed_contract(company=owner.company)
    url = reverse("contracts:detail", args=[change.contract.public_id])

    with time_machine.travel(NOW + dt.timedelta(days=49), tick=False):
        browser.force_login(owner.user)
        assert address(change) in browser.get(url).text  # 11 November is 60 days ago
    with time_machine.travel(NOW + dt.timedelta(days=50), tick=False):
        browser.force_login(owner.user)
        assert address(change) not in browser.get(url).text


def test_list_shows_changes_of_all_contracts(browser, owner):
    change = changed_contract(company=owner.company)
    same = changed(contract=f.ContractFactory(company=owner.company))
    foreign = changed_contract(company=f.CompanyFactory())
    url = reverse("contracts:rate_changes")

    changes = browser.get(url).text
    everything = browser.get(url, {"wszystkie": "1"}).text

    assert address(change) in changes
    assert address(same) not in changes
    assert address(same) in everything
    assert address(foreign) not in everything
    assert url in browser.get(reverse("contracts:list")).text


def test_empty_list_says_so(browser):
    assert "Żadna rata się jeszcze nie zmieniła" in visible(
        browser.get(reverse("contracts:rate_changes"))
    )


@pytest.mark.parametrize("count", [1, 3])
def test_list_query_count_is_constant(browser, owner, count):
    for _n in range(count):
        changed_contract(company=owner.company, n=14)
    url = reverse("contracts:rate_changes")
    browser.get(url)

    with CaptureQueriesContext(connection) as queries:
        response = browser.get(url)

    assert len(response.context["page"].object_list) == count
    assert len(queries) <= 8


def test_page_takes_the_same_queries_however_long_the_schedule(browser, owner):
    counts = []
    for n in (14, 35):
        change = changed_contract(company=owner.company, n=n)
        browser.get(address(change))
        with CaptureQueriesContext(connection) as queries:
            browser.get(address(change))
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("method", ["reannuitise", "keep_principal", "keep_payment"])
@pytest.mark.parametrize("rule", ["next_due", "reset_day", "next_period"])
def test_what_a_run_has_repriced_is_explained_to_the_grosz(browser, owner, settings, method, rule):
    settings.REPRICE_HERE = True
    contract, _version = published_contract(
        "con-01-operating-arrears-35",
        company=owner.company,
        first_due_on=dt.date(2026, 1, 12),
        index_method=method,
        effective_rule=rule,
        reset_months=1,
        due_day=12,
        index_fixed_on=dt.date(2026, 9, 30),
    )
    fixings("WIBOR_1M", ("2026-09-30", "3.90"), ("2026-10-30", "3.15"))

    report = reprice_due(on=dt.date(2026, 11, 22), at=NOW)

    assert report.outcomes == {"changed": 1}
    change = contract.rate_changes.get()
    response = browser.get(address(change))
    page = response.context["page"]
    assert page.arithmetic.rule != Rule.SUM
    assert len(page.arithmetic.parts) == (2 if rule == "reset_day" else 1)
    assert sum(part.amount for part in page.arithmetic.parts) == page.arithmetic.row.interest
    assert page.difference == change.total_difference
    assert page.first.n == change.frozen_through + 1
