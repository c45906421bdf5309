"""The fleet page, its export, outliers and the page of a vehicle: who sees what."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.enums import ContractStatus, Propulsion
from contracts.fleet.attention import Due, NeedKind, due_need, needs_of
from contracts.fleet.costs import whole_year_before
from contracts.fleet.enums import Product, ServiceKind
from contracts.models import AllowedContract, AssignedAsset
from eboks import clock
from eboks.tenancy.rights import Role
from tests.factories import (
    AssetFactory,
    CompanyFactory,
    LessorFactory,
    MembershipFactory,
    ScheduleRowFactory,
    ScheduleVersionFactory,
    UserFactory,
)
from tests.fleet import factories as f

pytestmark = pytest.mark.django_db
URL = "/flota/"


@pytest.fixture(autouse=True)
def _lessor():
    LessorFactory()


@pytest.fixture
def today():
    return clock.today(timezone.now())


def vehicle(company, today, *, km=12_000, cost="1200.00", plate=None, **kwargs):
    """A vehicle of `company` that drove `km` in the year of costs and spent `cost` on tolls."""
    first, last = whole_year_before(today)
    names = {"plate": plate} if plate else {}
    asset = AssetFactory(contract__company=company, co2_g_km=100, **names, **kwargs)
    f.MileageReadingFactory(asset=asset, on=first - dt.timedelta(days=1), km=1_000)
    f.MileageReadingFactory(asset=asset, on=last, km=1_000 + km)
    f.MileageReadingFactory(asset=asset, on=today, km=1_001 + km)
    f.TollFactory(asset=asset, on=first, net=Decimal(cost))
    return asset


def lease(asset, today, payment="9876.54"):
    first, _last = whole_year_before(today)
    version = ScheduleVersionFactory(contract=asset.contract)
    ScheduleRowFactory(
        version=version,
        n=1,
        nominal_due_on=first,
        payment=Decimal(payment),
        principal=Decimal(payment) - Decimal("487.50"),
        gross=Decimal(payment) + Decimal("644.87"),
    )


def page(client, member, path=URL):
    client.force_login(member.user)
    response = client.get(path)
    assert response.status_code == 200
    return response


def signs(response):
    return [row.line.sign for row in response.context["page"].object_list]


# --- what it shows --------------------------------------------------------------------------
def test_page_answers_first(client, today):
    member = MembershipFactory()
    asset = vehicle(member.company, today)
    f.ServiceVisitFactory(asset=asset, on=today, next_due_on=today - dt.timedelta(days=1))
    vehicle(member.company, today, km=8_000, cost="800.00")
    vehicle(CompanyFactory(), today)

    response = page(client, member)

    answer = response.context["answer"]
    assert (answer.vehicles, answer.attention, answer.urgent) == (2, 1, 1)
    assert (answer.km, answer.cost_per_km) == (20_000, Decimal("0.10"))
    assert answer.co2_tonnes == Decimal(2)
    assert "termin minął" in response.content.decode()


def test_page_without_vehicles_says_so(client):
    assert "Nie ma jeszcze pojazdów" in page(client, MembershipFactory()).content.decode()


def test_vehicle_of_a_contract_that_is_over_is_not_there(client, today):
    member = MembershipFactory()
    vehicle(member.company, today, contract__status=ContractStatus.CLOSED)

    assert page(client, member).context["answer"].vehicles == 0


def test_vehicle_without_readings_says_too_few(client, today):
    member = MembershipFactory()
    AssetFactory(contract__company=member.company)

    response = page(client, member)

    assert "za mało odczytów" in response.content.decode()
    assert response.context["answer"].cost_per_km is None


def test_orders_by_attention_then_as_asked(client, today):
    member = MembershipFactory()
    calm = vehicle(member.company, today, plate="WA 1", cost="1200.00", km=30_000)
    urgent = vehicle(member.company, today, plate="WA 3", cost="2400.00", km=20_000)
    soon = vehicle(member.company, today, plate="WA 2", cost="3600.00", km=10_000)
    silent = AssetFactory(contract__company=member.company, plate="WA 0")
    f.ServiceVisitFactory(asset=urgent, on=today, next_due_km=100)
    f.ServiceVisitFactory(asset=soon, on=today, next_due_km=11_500)
    f.ServiceVisitFactory(asset=soon, kind=ServiceKind.TECHNICAL, on=today, next_due_on=today)

    assert signs(page(client, member)) == ["WA 3", "WA 2", "WA 0", "WA 1"]
    assert signs(page(client, member, URL + "?sort=-tco")) == ["WA 2", "WA 3", "WA 1", "WA 0"]
    assert signs(page(client, member, URL + "?sort=tco")) == ["WA 1", "WA 3", "WA 2", "WA 0"]
    assert signs(page(client, member, URL + "?sort=-mileage"))[0] == calm.plate
    assert signs(page(client, member, URL + "?sort=nonsense"))[0] == urgent.plate
    assert silent.plate in signs(page(client, member, URL + "?need=reading"))


def test_filters_and_search(client, today):
    member = MembershipFactory()
    asset = vehicle(member.company, today, plate="WGM7H42", make="Škoda")
    vehicle(member.company, today, plate="KR 1")
    f.ServiceVisitFactory(asset=asset, on=today, next_due_km=5)

    assert signs(page(client, member, URL + "?need=service")) == ["WGM7H42"]
    assert signs(page(client, member, URL + "?need=any")) == ["WGM7H42"]
    assert signs(page(client, member, URL + "?q=WGM+7H42")) == ["WGM7H42"]
    assert signs(page(client, member, URL + "?q=škoda")) == ["WGM7H42"]
    assert "Nic nie pasuje" in page(client, member, URL + "?q=nic-takiego").content.decode()


def test_page_of_two_companies_counts_both_and_narrows(client, today):
    member = MembershipFactory()
    second = MembershipFactory(user=member.user)
    vehicle(member.company, today, plate="WA 1")
    vehicle(second.company, today, plate="WA 2")

    assert sorted(signs(page(client, member))) == ["WA 1", "WA 2"]
    narrowed = page(client, member, f"{URL}?company={second.company.public_id}")
    assert signs(narrowed) == ["WA 2"]


# --- who sees it ----------------------------------------------------------------------------
def test_fleet_role_sees_no_lease_amounts(client, today):
    owner = MembershipFactory()
    fleet = MembershipFactory(company=owner.company, role=Role.FLEET)
    asset = vehicle(owner.company, today)
    lease(asset, today)
    detail = reverse("fleet:vehicle", args=[asset.public_id])

    for path in (URL, detail):
        assert "9\u00a0876,54" in page(client, owner, path).content.decode()
        seen = page(client, fleet, path).content.decode()
        assert "9\u00a0876,54" not in seen
        assert "bez rat, VAT i składek" in seen
        assert "Raty leasingu" not in seen
    assert page(client, owner).context["answer"].cost_per_km == Decimal("0.92")
    assert page(client, fleet).context["answer"].cost_per_km == Decimal("0.10")


@pytest.mark.parametrize("role", [Role.DRIVER, Role.INSURANCE, Role.ACCOUNTANT])
def test_role_without_the_right_is_refused(client, today, role):
    member = MembershipFactory(role=role)
    asset = vehicle(member.company, today)
    AssignedAsset.objects.create(membership=member, asset=asset)
    client.force_login(member.user)

    for name in ("overview", "overview_xlsx", "outliers"):
        assert client.get(reverse(f"fleet:{name}")).status_code == 403
    # Of pages of contracts drivers are told nothing, not even that they are there.
    opens = 404 if role == Role.DRIVER else 403
    assert client.get(reverse("fleet:vehicle", args=[asset.public_id])).status_code == opens


def test_panel_of_a_vehicle_leads_to_its_costs(client, today):
    member = MembershipFactory(role=Role.FLEET)
    driver = MembershipFactory(company=member.company, role=Role.DRIVER)
    asset = vehicle(member.company, today)
    AssignedAsset.objects.create(membership=driver, asset=asset)
    costs = reverse("fleet:vehicle", args=[asset.public_id])
    path = reverse("vehicles:detail", args=[asset.public_id])

    assert costs in page(client, member, path).content.decode()
    assert costs not in page(client, driver, path).content.decode()


def test_stranger_sees_nothing(client, today):
    asset = vehicle(CompanyFactory(), today)
    client.force_login(UserFactory())

    assert client.get(reverse("fleet:vehicle", args=[asset.public_id])).status_code == 404
    member = MembershipFactory()
    client.force_login(member.user)
    assert client.get(reverse("fleet:vehicle", args=[asset.public_id])).status_code == 404
    assert page(client, member).context["answer"].vehicles == 0


def test_limited_member_sees_their_contracts_alone(client, today):
    owner = MembershipFactory()
    limited = MembershipFactory(company=owner.company, role=Role.READ_ONLY, is_limited=True)
    mine = vehicle(owner.company, today, plate="WA 1")
    other = vehicle(owner.company, today, plate="WA 2")
    AllowedContract.objects.create(membership=limited, contract=mine.contract)

    assert sorted(signs(page(client, owner))) == ["WA 1", "WA 2"]
    assert signs(page(client, limited)) == ["WA 1"]
    assert sorted(signs(page(client, owner))) == ["WA 1", "WA 2"]
    client.force_login(limited.user)
    assert client.get(reverse("fleet:vehicle", args=[other.public_id])).status_code == 404


# --- speed and freshness --------------------------------------------------------------------
@pytest.mark.parametrize("name", ["overview", "outliers"])
def test_query_count_does_not_grow(client, today, name):
    counts = []
    for count in (1, 3):
        member = MembershipFactory()
        for _n in range(count):
            asset = vehicle(member.company, today, propulsion=Propulsion.DIESEL)
            f.FuelTransactionFactory(
                asset=asset, on=today, product=Product.PETROL, card=f"…{asset.pk:04d}"
            )
            lease(asset, today)
        client.force_login(member.user)
        with _counted() as found:
            assert client.get(reverse(f"fleet:{name}")).status_code == 200
        with _counted() as again:
            client.get(reverse(f"fleet:{name}"))
        counts.append((len(found), len(again)))

    assert counts[0] == counts[1]
    assert counts[0][1] < counts[0][0]  # the second time from what is kept


def _counted():
    return CaptureQueriesContext(connection)


def test_kept_figures_give_way_to_a_new_reading(client, today):
    member = MembershipFactory()
    asset = vehicle(member.company, today)
    before = page(client, member).context["page"].object_list[0].line.reading

    f.MileageReadingFactory(asset=asset, on=today, km=90_000, author=member.user)

    after = page(client, member).context["page"].object_list[0].line.reading
    assert (before[1], after[1]) == (13_001, 90_000)


# --- outliers, a vehicle, the file ----------------------------------------------------------
def test_outliers_say_which_rule_and_the_figures(client, today):
    member = MembershipFactory()
    asset = vehicle(member.company, today, propulsion=Propulsion.DIESEL)
    f.MileageTermsFactory(asset=asset)
    f.FuelTransactionFactory(asset=asset, on=today, quantity=Decimal(90))
    stranger = vehicle(CompanyFactory(), today, propulsion=Propulsion.DIESEL, plate="XX 9")
    f.FuelTransactionFactory(asset=stranger, on=today, product=Product.PETROL)

    response = page(client, member, reverse("fleet:outliers"))

    text = response.content.decode()
    assert "90,0 l, a mieści się 70,0 l" in text
    assert "XX 9" not in text
    empty = page(client, member, reverse("fleet:outliers") + "?rule=product")
    assert "Nie ma takich odstępstw" in empty.content.decode()
    assert page(client, member).context["answer"].attention == 1


def test_vehicle_page_shows_all_of_it(client, today):
    member = MembershipFactory()
    asset = vehicle(member.company, today, propulsion=Propulsion.DIESEL)
    f.MileageTermsFactory(
        asset=asset,
        start_on=today - dt.timedelta(days=400),
        end_on=today + dt.timedelta(days=400),
        limit_km=20_000,
    )
    f.ServiceVisitFactory(asset=asset, on=today, next_due_on=today, next_due_km=20_000)
    for n in range(4):
        f.FuelTransactionFactory(
            asset=asset,
            on=today - dt.timedelta(days=40 - n * 10),
            odometer_km=10_000 + n * 500,
        )

    response = page(client, member, reverse("fleet:vehicle", args=[asset.public_id]))

    shown = response.context["shown"]
    assert shown.standing.forecast_km == 26_002
    assert shown.standing.expected_charge == Decimal("2400.80")
    text = response.content.decode()
    assert "2\u00a0400,80\u00a0zł" in text
    assert "10,0 l" in text
    assert reverse("vehicles:detail", args=[asset.public_id]) in text


def test_export_has_what_is_seen(client, today):
    member = MembershipFactory(role=Role.FLEET)
    lease(vehicle(member.company, today, plate="WA 1"), today)
    vehicle(member.company, today, plate="KR 2")
    vehicle(CompanyFactory(), today, plate="XX 9")
    client.force_login(member.user)

    response = client.get(reverse("fleet:overview_xlsx") + "?q=WA")

    assert response.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    cells = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert [row[1] for row in cells[1:] if row[1]] == ["WA 1"]
    assert cells[1][12:14] == [1200, 0.1]  # without the lease


# --- the rules ------------------------------------------------------------------------------
ON = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("due", "km", "expected"),
    [
        (None, 100, None),
        (Due(None, None), 100, None),
        (Due(None, dt.date(2026, 11, 21)), 100, True),
        (Due(None, dt.date(2026, 11, 22)), 100, False),
        (Due(None, dt.date(2026, 12, 22)), 100, False),
        (Due(None, dt.date(2026, 12, 23)), 100, None),
        (Due(30_000, None), 30_000, True),
        (Due(30_000, None), 28_500, False),
        (Due(30_000, None), 28_499, None),
        (Due(30_000, None), None, None),
        (Due(30_000, dt.date(2027, 6, 1)), 31_000, True),
    ],
)
def test_due_need(due, km, expected):
    need = due_need(NeedKind.SERVICE, due, km=km, on=ON)

    assert (need.is_urgent if need else None) == expected


def test_needs_have_words():
    found = needs_of(
        on=ON,
        km=31_200,
        read_on=ON - dt.timedelta(days=60),
        due={NeedKind.SERVICE: Due(30_000, None), NeedKind.TECHNICAL: Due(None, ON)},
        forecast_over=1_500,
        outliers=1,
        tread_mm=Decimal("1.4"),
    )

    assert [need.text for need in found] == [
        "przegląd: o 1\u00a0200 km za późno",
        "badanie techniczne do 22.11.2026",
        "bieżnik 1,4 mm, a musi mieć 1,6 mm",
        "prognoza o 1\u00a0500 km ponad limit",
        "1 tankowanie do wyjaśnienia",
        "ostatni odczyt licznika 23.09.2026",
    ]
