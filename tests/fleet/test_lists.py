"""Lists of the fleet: whose rows, what filters leave, what it sums to, the file of the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.fleet.enums import Product, ReadingSource, Season, ServiceKind, TollKind
from contracts.fleet.lists import LISTS
from contracts.fleet.models import MileageReading
from contracts.models import AssignedAsset
from eboks import clock
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.fleet import factories as fleet

pytestmark = pytest.mark.django_db

MAKERS = {
    "service": fleet.ServiceVisitFactory,
    "damages": fleet.DamageFactory,
    "fuel": fleet.FuelTransactionFactory,
    "tyres": fleet.TyreSetFactory,
    "mileage": fleet.MileageReadingFactory,
    "replacements": fleet.ReplacementCarFactory,
    "tolls": fleet.TollFactory,
}
# A value of the list's own filter, and a row that it leaves and one that it does not.
CHOICES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "service": ("repair", {"kind": ServiceKind.REPAIR}, {"kind": ServiceKind.INSPECTION}),
    "damages": ("own", {"fault": "own"}, {"fault": "other"}),
    "fuel": ("diesel", {"product": Product.DIESEL}, {"product": Product.WASH, "card": "…1"}),
    "tyres": ("winter", {"season": Season.WINTER}, {"season": Season.SUMMER}),
    "mileage": ("fuel", {"source": ReadingSource.FUEL}, {"source": ReadingSource.DRIVER}),
    "replacements": ("w-uzyciu", {"to_on": None}, {"to_on": fleet.DAY}),
    "tolls": ("fine", {"kind": TollKind.FINE}, {"kind": TollKind.TOLL}),
}
NAMES = list(LISTS)


@pytest.fixture(autouse=True)
def lessor():
    f.LessorFactory()


@pytest.fixture
def member():
    membership = f.MembershipFactory(role=Role.FLEET)
    membership.asset = f.AssetFactory(contract__company=membership.company, plate="WX 12345")
    return membership


def shown(browser, name, **params):
    """Keys of the rows on the page."""
    response = browser.get(reverse(f"fleet:{name}"), params)
    assert response.status_code == 200
    return {row.pk for row in response.context["page"].object_list}


def test_every_list_has_a_maker_and_a_choice():
    assert MAKERS.keys() == CHOICES.keys() == LISTS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_list_shows_rows_of_the_company_alone(login, member, name):
    mine = MAKERS[name](asset=member.asset)
    MAKERS[name](card="…2") if name == "fuel" else MAKERS[name]()
    browser = login(member.user)

    assert shown(browser, name) == {mine.pk}
    assert "WX 12345" in browser.get(reverse(f"fleet:{name}")).content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_list_as_stranger_is_empty(login, member, name):
    MAKERS[name](asset=member.asset)

    assert shown(login(f.MembershipFactory(role=Role.OWNER).user), name) == set()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.INSURANCE, Role.DRIVER])
def test_list_and_its_file_are_refused_without_the_right(login, member, name, role):
    other = f.MembershipFactory(company=member.company, role=role)
    if role == Role.DRIVER:
        AssignedAsset.objects.create(membership=other, asset=member.asset)
    browser = login(other.user)

    assert browser.get(reverse(f"fleet:{name}")).status_code == 403
    assert browser.get(reverse(f"fleet:{name}_file")).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_limited_member_sees_vehicles_of_the_named_contracts(login, member, name):
    limited = f.MembershipFactory(company=member.company, role=Role.FLEET, is_limited=True)
    limited.allowed_contracts.create(contract=member.asset.contract)
    other = f.AssetFactory(contract__company=member.company)
    mine = MAKERS[name](asset=member.asset)
    MAKERS[name](asset=other, **({"card": "…2"} if name == "fuel" else {}))

    assert shown(login(limited.user), name) == {mine.pk}


@pytest.mark.parametrize("name", NAMES)
def test_former_lessee_keeps_its_rows_and_the_new_one_does_not_get_them(login, member, name):
    old = f.CompanyFactory()
    MAKERS[name](asset=member.asset, company=old)

    assert shown(login(member.user), name) == set()


def test_driver_elsewhere_does_not_bring_that_company_into_the_list(login, member):
    driver = f.MembershipFactory(user=member.user, role=Role.DRIVER)
    asset = f.AssetFactory(contract__company=driver.company)
    AssignedAsset.objects.create(membership=driver, asset=asset)
    fleet.MileageReadingFactory(asset=asset)
    mine = fleet.MileageReadingFactory(asset=member.asset)

    assert shown(login(member.user), "mileage") == {mine.pk}


@pytest.mark.parametrize("name", NAMES)
def test_own_filter_of_each_list(login, member, name):
    value, inside, outside = CHOICES[name]
    found = MAKERS[name](asset=member.asset, **inside)
    MAKERS[name](asset=member.asset, **outside)
    browser = login(member.user)

    assert shown(browser, name, kind=value) == {found.pk}
    assert len(shown(browser, name, kind="nonsense")) == 2


@pytest.mark.parametrize("name", NAMES)
def test_filters_of_vehicle_days_and_company(login, member, name):
    more = {"card": "…9"} if name == "fuel" else {}
    second = f.MembershipFactory(user=member.user, role=Role.OWNER)
    early = MAKERS[name](asset=member.asset, on=dt.date(2026, 3, 1))
    asset = f.AssetFactory(contract__company=second.company, make="Toyota", plate="GD 777")
    late = MAKERS[name](asset=asset, on=dt.date(2026, 6, 1), **more)
    browser = login(member.user)

    assert shown(browser, name, q="wx 123") == {early.pk}
    assert shown(browser, name, q="WX12345") == shown(browser, name, q="nic takiego") == set()
    assert shown(browser, name, q=asset.vin) == shown(browser, name, q="toyota") == {late.pk}
    assert shown(browser, name, since="2026-06-01") == {late.pk}
    assert shown(browser, name, until="2026-05-31") == {early.pk}
    assert shown(browser, name, company=str(second.company.public_id)) == {late.pk}
    assert shown(browser, name, since="2026-99-99", company="x") == {early.pk, late.pk}


def test_named_period_counts_from_today(login, member):
    today = clock.today(timezone.now())
    now = fleet.TollFactory(asset=member.asset, on=today)
    before = fleet.TollFactory(asset=member.asset, on=today.replace(day=1) - dt.timedelta(days=1))
    browser = login(member.user)

    assert shown(browser, "tolls", period="this_month") == {now.pk}
    assert shown(browser, "tolls", period="previous_month") == {before.pk}


def test_chips_lead_to_the_list_without_each_filter(login, member):
    page = login(member.user).get(
        reverse("fleet:service"), {"q": "WX", "kind": "repair", "since": "2026-01-01"}
    )

    assert [(chip.label, chip.href) for chip in page.context["chips"]] == [
        ("„WX”", "?kind=repair&since=2026-01-01"),
        ("naprawa", "?q=WX&since=2026-01-01"),
        ("od 01.01.2026", "?q=WX&kind=repair"),
    ]


def test_totals_are_by_currency(login, member):
    fleet.FuelTransactionFactory(asset=member.asset, gross=Decimal("100.00"), card="…1")
    fleet.FuelTransactionFactory(asset=member.asset, gross=Decimal("50.50"), card="…2")
    fleet.FuelTransactionFactory(
        asset=member.asset, gross=Decimal("20.00"), currency="EUR", card="…3"
    )

    page = login(member.user).get(reverse("fleet:fuel"))

    assert [(line.text, line.cells[-1].text) for line in page.context["totals"]] == [
        ("Razem 2 pozycje, PLN", "150,50\N{NO-BREAK SPACE}zł"),
        ("Razem 1 pozycja, EUR", "20,00\N{NO-BREAK SPACE}€"),
    ]
    assert page.context["one_currency"] == ""


def test_totals_of_damages_sum_each_amount_and_the_days(login, member):
    for days in (3, 4):
        fleet.DamageFactory(
            asset=member.asset,
            downtime_days=days,
            deductible=Decimal("100.00"),
            net=Decimal("10.10"),
        )

    page = login(member.user).get(reverse("fleet:damages"))

    (total,) = page.context["totals"]
    assert [cell.text for cell in total.cells] == [
        "7",
        "200,00",
        "3\N{NO-BREAK SPACE}000,00",
        "20,20",
    ]
    assert page.context["one_currency"] == "PLN"


def test_withdrawn_reading_is_not_listed(login, member):
    fleet.MileageReadingFactory(asset=member.asset, withdrawn_at=timezone.now())

    assert shown(login(member.user), "mileage") == set()
    assert MileageReading.objects.count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_file_has_exactly_what_the_list_shows(login, member, name):
    value, inside, outside = CHOICES[name]
    MAKERS[name](asset=member.asset, **inside, on=dt.date(2026, 5, 1))
    second = f.AssetFactory(contract__company=member.company, plate="GD 777")
    more = {"card": "…8"} if name == "fuel" else {}
    MAKERS[name](asset=second, **inside, on=dt.date(2026, 6, 1), **more)
    MAKERS[name](asset=member.asset, **outside)
    params = {"kind": value, "sort": "vehicle"}
    browser = login(member.user)
    page = browser.get(reverse(f"fleet:{name}"), params)
    on_page = [row.asset.plate for row in page.context["page"].object_list]

    text = browser.get(reverse(f"fleet:{name}_file"), params | {"format": "csv"})
    book = browser.get(reverse(f"fleet:{name}_file"), params)

    rows = list(csv.DictReader(io.StringIO(content(text).decode("utf-8-sig")), delimiter=";"))
    assert [row["Rejestracja"] for row in rows] == on_page == ["GD 777", "WX 12345"]
    sheet = openpyxl.load_workbook(io.BytesIO(content(book))).worksheets[0]
    lines = list(sheet.iter_rows(values_only=True))
    plate = lines[0].index("Rejestracja")
    assert [line[plate] for line in lines[1:3]] == on_page
    has_sums = any(column.total for column in LISTS[name].columns)
    assert len(lines) == 3 + has_sums


def content(response):
    assert response.status_code == 200
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("name", NAMES)
def test_query_count_does_not_grow(login, member, name):
    browser = login(member.user)
    make = MAKERS[name]

    def row(n):
        asset = f.AssetFactory(contract__company=member.company)
        more = {"author": f.UserFactory()} if name == "mileage" else {}
        make(asset=asset, **more, **({"card": f"…{n}"} if name == "fuel" else {}))

    row(0)
    browser.get(reverse(f"fleet:{name}"))
    with CaptureQueriesContext(connection) as one:
        browser.get(reverse(f"fleet:{name}"))
    row(1)
    row(2)
    with CaptureQueriesContext(connection) as three:
        assert len(shown(browser, name)) == 3
    assert len(one) == len(three)


@pytest.mark.parametrize("name", NAMES)
def test_empty_list_says_so(login, member, name):
    browser = login(member.user)

    assert "Nic tu jeszcze nie ma" in browser.get(reverse(f"fleet:{name}")).content.decode()
    found = browser.get(reverse(f"fleet:{name}"), {"q": "x"}).content.decode()
    assert "Nic nie pasuje do filtrów" in found
