"""Pages of insurance: lists, an asset, a policy, the tab of a contract, the panel of a vehicle."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal

import openpyxl
import pytest
import time_machine
from django.urls import reverse

from contracts.models import AssignedAsset
from eboks.tenancy.rights import Role
from insurance.enums import CheckItem, Placement, Risk, Verification
from insurance.models import PolicyCheck, PolicyInstalment
from tests import factories as f
from tests.insurance.factories import InsurerFactory, PolicyFactory, RequirementFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
LATER = dt.date(2027, 10, 31)


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


def visible(response):
    text = re.sub(r"<[^>]+>", " ", response.text)
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def policy_of(owner, *, risks=(Risk.OC, Risk.AC), **fields):
    fields = {"asset__contract__company": owner.company, "valid_to": LATER} | fields
    return PolicyFactory(risks=list(risks), **fields)


def plates(response):
    return [line["asset"].plate for line in response.context["lines"]]


def member_in(role, company):
    return f.MembershipFactory(company=company, role=role).user


# --- the list of assets ---------------------------------------------------------------------
def test_all_insured_is_the_answer(browser, owner):
    RequirementFactory(risk=Risk.OC)
    policy = policy_of(owner)

    page = browser.get("/ubezpieczenia/")

    assert "Wszystko ubezpieczone" in visible(page)
    assert "OC do 31.10.2027" in visible(page)
    assert plates(page) == [policy.asset.plate]


def test_what_needs_somebody_comes_first_and_is_counted(browser, owner):
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    calm = policy_of(owner, asset__plate="AA1")
    ending = policy_of(owner, asset__plate="BB2", valid_to=dt.date(2026, 12, 1))
    f.AssetFactory(plate="CC3", contract__company=owner.company)
    f.AssetFactory()  # a stranger's

    page = browser.get("/ubezpieczenia/")

    assert plates(page) == ["CC3", ending.asset.plate, calm.asset.plate]
    text = visible(page)
    assert "2 przedmioty z 3 wymagają Twojej uwagi" in text
    assert "OC: brak" in text
    assert "OC do 01.12.2026" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=missing", ["CC3"]),
        ("state=ending", ["BB2"]),
        ("state=ending&risk=ac", ["BB2"]),
        ("state=missing&risk=ac", []),
        ("state=double", ["DD4"]),
        ("state=fix", ["EE5"]),
        ("risk=gap", ["AA1"]),
        ("placement=own", ["DD4"]),
        ("q=aa1", ["AA1"]),
        ("q=AA 1", ["AA1"]),
        ("q=POL/SZUKANA", ["BB2"]),
        ("q=nie-ma", []),
        ("state=x&risk=%00&placement=1", ["CC3", "BB2", "EE5", "DD4", "AA1"]),
    ],
)
def test_filters_are_in_the_address(browser, owner, query, expected):
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    policy_of(owner, asset__plate="AA1", risks=[Risk.OC, Risk.GAP])
    policy_of(owner, asset__plate="BB2", valid_to=dt.date(2026, 12, 1), number="POL/SZUKANA")
    f.AssetFactory(plate="CC3", contract__company=owner.company)
    first = policy_of(owner, asset__plate="DD4", placement=Placement.OWN)
    policy_of(owner, asset=first.asset, placement=Placement.OWN)
    back = policy_of(owner, asset__plate="EE5")
    policy_of(owner, asset=back.asset, verification=Verification.RETURNED)

    assert plates(browser.get(f"/ubezpieczenia/?{query}")) == expected


def test_empty_list_says_why(browser):
    assert "Nie ma tu jeszcze żadnego przedmiotu" in visible(browser.get("/ubezpieczenia/"))
    assert "Nic nie pasuje" in visible(browser.get("/ubezpieczenia/?q=x"))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("address", ["/ubezpieczenia/", "/ubezpieczenia/polisy/"])
def test_lists_take_the_same_queries_for_any_number(
    browser, owner, count, address, settings, django_assert_num_queries
):
    kept = 0 if settings.REDIS_URL else 1  # how the company stands, in a table or in Redis
    RequirementFactory(risk=Risk.OC)
    for _n in range(count):
        policy_of(owner)
        policy_of(owner, valid_to=dt.date(2026, 12, 1))
    browser.get(address)

    # session, user, memberships, lessor, bell; rules, what has changed, keys of the page, its
    # assets, facts, policies, covers; or count, keys of the page, policies, covers
    expected = {"/ubezpieczenia/": 12 + kept, "/ubezpieczenia/polisy/": 9}[address]
    with django_assert_num_queries(expected):
        browser.get(address)


def test_htmx_gets_the_rows_alone(browser, owner):
    policy_of(owner)

    page = browser.get("/ubezpieczenia/?risk=oc", headers={"HX-Request": "true"})

    assert page.text.lstrip().startswith('<div id="rows"')
    assert page["HX-Push-Url"] == "/ubezpieczenia/?risk=oc"


# --- exports --------------------------------------------------------------------------------
def sheet(response):
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    return [[cell for cell in row if cell is not None] for row in book.worksheets[0].values]


def test_exports_are_what_is_seen(browser, owner):
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    seen = policy_of(owner, asset__plate="AA1")
    policy_of(owner, asset__plate="BB2", placement=Placement.OWN)
    PolicyFactory(number="POL/OBCA", risks=[Risk.OC])

    policies = sheet(browser.get("/ubezpieczenia/polisy.xlsx?placement=lessor"))
    assets = sheet(browser.get("/ubezpieczenia/przedmioty.xlsx?placement=lessor"))

    assert [row[0] for row in policies if "AA1" in row] == [seen.number]
    assert not any("BB2" in row or "POL/OBCA" in row for row in policies + assets)
    (line,) = [row for row in assets if "AA1" in row]
    assert "OC do 31.10.2027" in line


@pytest.mark.parametrize("role", [Role.INSURANCE, Role.READ_ONLY, Role.DRIVER])
def test_exports_need_their_right(client, role):
    client.force_login(f.MembershipFactory(role=role).user)

    for name in ("insurance:list_xlsx", "insurance:policies_xlsx"):
        assert client.get(reverse(name)).status_code == 403


# --- the list of policies and one policy ----------------------------------------------------
def test_policies_are_listed_with_their_status_and_filtered(browser, owner):
    active = policy_of(owner, number="POL/A")
    policy_of(owner, number="POL/B", valid_to=dt.date(2026, 6, 30))
    PolicyFactory(number="POL/OBCA")

    every = browser.get("/ubezpieczenia/polisy/")
    expired = browser.get("/ubezpieczenia/polisy/?state=expired")
    searched = browser.get(f"/ubezpieczenia/polisy/?q={active.asset.vin}")

    numbers = [
        [line.policy.number for line, *_words in p.context["lines"]] for p in (every, expired)
    ]
    assert numbers == [["POL/A", "POL/B"], ["POL/B"]]
    assert [line.policy.number for line, *_words in searched.context["lines"]] == ["POL/A"]
    assert "wygasła" in visible(expired)


def test_policy_shows_everything_and_money_only_with_the_right(client, owner):
    policy = policy_of(owner, premium=Decimal("3600.00"))
    PolicyInstalment.objects.create(
        policy=policy, n=1, due_on=dt.date(2026, 11, 1), amount=Decimal("1800.00")
    )
    address = f"/ubezpieczenia/polisy/{policy.public_id}/"

    client.force_login(owner.user)
    full = visible(client.get(address))
    client.force_login(member_in(Role.INSURANCE, owner.company))
    bare = visible(client.get(address))

    assert "3 600,00 zł" in full
    assert "1 800,00 zł" in full
    assert "po terminie" in full
    assert "3 600,00" not in bare
    assert "1 800,00" not in bare
    assert policy.number in bare
    assert "100 000,00 zł" in bare  # the sum insured is no price


def test_returned_policy_says_what_to_correct(browser, owner):
    policy = policy_of(
        owner,
        verification=Verification.RETURNED,
        remarks="Brakuje strony 2.",
        placement=Placement.OWN,
        source_system="portal",
    )
    PolicyCheck.objects.create(
        policy=policy, item=CheckItem.ASSIGNMENT, is_met=False, note="Brak cesji."
    )

    text = visible(browser.get(f"/ubezpieczenia/polisy/{policy.public_id}/"))

    assert "Polisa nie spełnia wymagań" in text
    assert "Brakuje strony 2." in text
    assert "Brak cesji." in text


def test_policy_of_a_contract_that_went_to_another_links_nothing_of_theirs(browser, owner):
    policy = policy_of(owner)
    policy.contract.company = f.CompanyFactory()
    policy.contract.save()

    page = browser.get(f"/ubezpieczenia/polisy/{policy.public_id}/")

    assert page.status_code == 200
    assert f"/umowy/{policy.contract.public_id}/" not in page.text
    assert f"/ubezpieczenia/przedmiot/{policy.asset.public_id}/" not in page.text
    asset_page = browser.get(f"/ubezpieczenia/przedmiot/{policy.asset.public_id}/")
    assert asset_page.status_code == 404


@pytest.mark.parametrize("kind", ["polisy", "przedmiot"])
def test_strangers_find_nothing_and_members_without_the_right_are_refused(client, owner, kind):
    policy = policy_of(owner)
    row = policy if kind == "polisy" else policy.asset
    address = f"/ubezpieczenia/{kind}/{row.public_id}/"

    client.force_login(f.MembershipFactory().user)
    assert client.get(address).status_code == 404
    client.force_login(member_in(Role.FINANCE, owner.company))
    assert client.get(address).status_code == 403


# --- one asset, the tab of a contract -------------------------------------------------------
def test_asset_says_what_is_wrong_and_draws_it(browser, owner):
    RequirementFactory(risk=Risk.OC, sum_pct=0)
    RequirementFactory(risk=Risk.AC)
    old = policy_of(owner, risks=[Risk.OC], placement=Placement.OWN, valid_to=dt.date(2026, 12, 31))
    new = policy_of(
        owner,
        asset=old.asset,
        risks=[Risk.OC],
        placement=Placement.OWN,
        insurer=InsurerFactory(code="inne", name="Inne TU"),
        valid_from=dt.date(2027, 1, 1),
        valid_to=dt.date(2027, 12, 31),
    )

    page = browser.get(f"/ubezpieczenia/przedmiot/{old.asset.public_id}/")

    text = visible(page)
    assert "AC: dzisiaj nie ma ważnej, sprawdzonej polisy." in text
    assert f"polisa {old.number} (Przykładowe TU S.A.) odnowi się sama" in text
    assert "najpóźniej 30 grudnia 2026" in text
    assert "art. 28" in text
    assert new.number in text
    assert 'role="img"' in page.text
    assert "AC: brak polisy od 10 grudnia 2025 do 22 listopada 2026" in text
    assert "suma co najmniej 100 000,00 zł" in text


def test_double_cover_is_named_with_the_way_out(browser, owner):
    first = policy_of(owner, risks=[Risk.OC])
    policy_of(owner, asset=first.asset, risks=[Risk.OC])

    text = visible(browser.get(f"/ubezpieczenia/przedmiot/{first.asset.public_id}/"))

    assert "płacisz za dwie polisy" in text
    assert "art. 28a" in text
    assert "dwie polisy" in text


def test_contract_has_a_tab_of_insurance_for_who_may_see_it(client, owner):
    policy = policy_of(owner)
    detail = reverse("contracts:detail", args=[policy.contract.public_id])
    tab = reverse("insurance:contract", args=[policy.contract.public_id])
    assert tab == f"/umowy/{policy.contract.public_id}/ubezpieczenie/"

    client.force_login(owner.user)
    assert tab in client.get(detail).text
    assert policy.number in visible(client.get(tab))
    client.force_login(member_in(Role.FINANCE, owner.company))
    assert tab not in client.get(detail).text
    assert client.get(tab).status_code == 403
    client.force_login(f.MembershipFactory().user)
    assert client.get(tab).status_code == 404


def test_contract_without_an_asset_has_a_tab_too(browser, owner):
    contract = f.ContractFactory(company=owner.company)

    page = browser.get(reverse("insurance:contract", args=[contract.public_id]))

    assert "Nie ma jeszcze przedmiotu" in visible(page)


@pytest.mark.parametrize("count", [1, 3])
def test_tab_takes_the_same_queries_for_any_number_of_assets(
    browser, owner, count, django_assert_num_queries
):
    contract = f.ContractFactory(company=owner.company)
    for _n in range(count):
        policy_of(owner, asset=f.AssetFactory(contract=contract))
    address = reverse("insurance:contract", args=[contract.public_id])
    browser.get(address)

    # session, user, memberships, lessor, bell; contract, assets; facts, policies, covers, rules,
    # policies in full
    with django_assert_num_queries(12):
        browser.get(address)


# --- the vehicle ----------------------------------------------------------------------------
def test_driver_sees_the_policy_of_their_vehicle_without_premiums(client, owner):
    policy = policy_of(owner, premium=Decimal("3600.00"))
    old = policy_of(owner, asset=policy.asset, valid_to=dt.date(2026, 6, 30))
    driver = f.MembershipFactory(company=owner.company, role=Role.DRIVER)
    AssignedAsset.objects.create(membership=driver, asset=policy.asset)
    client.force_login(driver.user)

    page = client.get(reverse("vehicles:detail", args=[policy.asset.public_id]))

    text = visible(page)
    assert policy.number in text
    assert "OC, AC" in text
    assert old.number not in text
    assert "3 600" not in text
    assert "/ubezpieczenia/przedmiot/" not in page.text


def test_vehicle_without_a_policy_says_so(browser, owner):
    asset = f.AssetFactory(contract__company=owner.company)

    page = browser.get(reverse("vehicles:detail", args=[asset.public_id]))

    assert "Nie widzimy dzisiaj ważnej polisy" in visible(page)
    assert f"/ubezpieczenia/przedmiot/{asset.public_id}/" in page.text
