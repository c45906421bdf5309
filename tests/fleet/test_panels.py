"""What the page of a vehicle says of its service, mileage, tyres and latest events."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.fleet.enums import ServiceKind
from contracts.fleet.panels import due_visits
from eboks import clock
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.fleet import factories as fleet

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def lessor():
    f.LessorFactory()


@pytest.fixture
def vehicle():
    return f.AssetFactory(plate="WX 12345")


def person(vehicle, role):
    membership = f.MembershipFactory(company=vehicle.contract.company, role=role)
    if role == Role.DRIVER:
        membership.assigned_assets.create(asset=vehicle)
    return membership.user


def page(browser, vehicle):
    response = browser.get(reverse("vehicles:detail", args=[vehicle.public_id]))
    assert response.status_code == 200
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def panel(browser, vehicle, name):
    response = browser.get(reverse("vehicles:detail", args=[vehicle.public_id]))
    found = {shown.template: shown.context for shown in response.context["panels"]}
    return found.get(f"contracts/fleet/_{name}.html")


# --- due visits ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("next_km", "next_on", "km", "left", "overdue"),
    [
        (31_200, TODAY + dt.timedelta(days=12), 30_000, "za 1 200 km / za 12 dni", False),
        (31_200, None, 30_000, "za 1 200 km", False),
        (30_000, None, 30_000, "za 0 km", False),
        (29_700, None, 30_000, "300 km temu", True),
        (None, TODAY, 30_000, "dziś", False),
        (None, TODAY - dt.timedelta(days=1), 30_000, "wczoraj", True),
        (31_200, TODAY - dt.timedelta(days=3), 30_000, "za 1 200 km / 3 dni temu", True),
        (31_200, TODAY + dt.timedelta(days=1), None, "jutro", False),
    ],
)
def test_next_visit_by_km_and_by_day(vehicle, next_km, next_on, km, left, overdue):
    visit = fleet.ServiceVisitFactory(asset=vehicle, next_due_km=next_km, next_due_on=next_on)

    (due,) = due_visits([visit], km=km, today=TODAY)

    assert due.left.replace("\N{NO-BREAK SPACE}", " ") == left
    assert due.is_overdue is overdue


def test_latest_visit_of_each_kind_speaks(vehicle):
    old = fleet.ServiceVisitFactory(asset=vehicle, on=dt.date(2025, 1, 1), next_due_on=TODAY)
    new = fleet.ServiceVisitFactory(
        asset=vehicle, on=dt.date(2026, 1, 1), next_due_on=TODAY + dt.timedelta(days=40)
    )
    technical = fleet.ServiceVisitFactory(
        asset=vehicle,
        kind=ServiceKind.TECHNICAL,
        next_due_on=TODAY + dt.timedelta(days=5),
    )
    silent = fleet.ServiceVisitFactory(asset=vehicle, kind=ServiceKind.REPAIR)

    due = due_visits([new, technical, old, silent], km=None, today=TODAY)

    assert [(row.kind, row.on) for row in due] == [
        ("badanie techniczne", technical.next_due_on),
        ("przegląd okresowy", new.next_due_on),
    ]


def test_driver_reads_when_and_not_for_how_much(login, vehicle):
    today = clock.today(timezone.now())
    fleet.ServiceVisitFactory(
        asset=vehicle,
        net=Decimal("8765.43"),
        next_due_km=31_200,
        next_due_on=today - dt.timedelta(days=1),
    )
    fleet.MileageReadingFactory(asset=vehicle, km=30_000, on=today)

    text = page(login(person(vehicle, Role.DRIVER)), vehicle)

    assert "za 1 200 km / wczoraj" in text
    assert "po terminie" in text
    assert "8 765" not in text
    assert "/flota/" not in text


def test_visits_of_an_earlier_lessee_are_not_shown(login, vehicle):
    fleet.ServiceVisitFactory(asset=vehicle, company=f.CompanyFactory(), next_due_km=31_200)

    assert panel(login(person(vehicle, Role.DRIVER)), vehicle, "service") is None


# --- mileage ------------------------------------------------------------------------------------
def over_the_limit(vehicle):
    """1 000 days of 90 000 km; after 100 days 18 000 km are driven instead of 9 000."""
    fleet.MileageTermsFactory(
        asset=vehicle,
        limit_km=90_000,
        start_on=dt.date(2026, 1, 1),
        end_on=dt.date(2026, 1, 1) + dt.timedelta(days=1_000),
    )
    fleet.MileageReadingFactory(asset=vehicle, km=18_000, on=dt.date(2026, 4, 11))


def test_mileage_against_the_limit_with_forecast_and_charge(login, vehicle):
    over_the_limit(vehicle)

    text = page(login(person(vehicle, Role.FLEET)), vehicle)

    for said in ("18 000 km", "90 000 km", "9 000 km", "180 000 km", "36 000,00 zł"):
        assert said in text
    assert "Przewidywana dopłata netto" in text


def test_driver_sees_kilometres_without_the_charge(login, vehicle):
    over_the_limit(vehicle)

    text = page(login(person(vehicle, Role.DRIVER)), vehicle)

    assert "180 000 km" in text
    assert "zł" not in text


def test_under_the_limit_money_comes_back(login, vehicle):
    over_the_limit(vehicle)
    vehicle.mileage_terms.limit_km = 200_000
    vehicle.mileage_terms.save()

    text = page(login(person(vehicle, Role.OWNER)), vehicle)

    assert "Przewidywany zwrot netto" in text
    assert "2 000,00 zł" in text


def test_reading_without_terms_and_terms_without_a_limit(login, vehicle):
    fleet.MileageReadingFactory(asset=vehicle, km=18_000)
    browser = login(person(vehicle, Role.OWNER))
    assert "18 000 km" in page(browser, vehicle)

    fleet.MileageTermsFactory(asset=vehicle, limit_km=None)

    assert "Limit na całą umowę" not in page(browser, vehicle)


# --- the rest -----------------------------------------------------------------------------------
def test_mounted_tyres_and_the_car_in_use(login, vehicle):
    today = clock.today(timezone.now())
    fleet.TyreSetFactory(asset=vehicle, mounted_on=today, size="225/65 R16")
    fleet.TyreSetFactory(asset=vehicle, mounted_on=today, removed_on=today, size="111/11 R11")
    fleet.ReplacementCarFactory(
        asset=vehicle, plate="ZA 1", on=today - dt.timedelta(days=2), limit_days=14
    )
    fleet.ReplacementCarFactory(
        asset=vehicle,
        plate="ZB 2",
        on=today - dt.timedelta(days=9),
        to_on=today - dt.timedelta(days=8),
    )

    shown = panel(login(person(vehicle, Role.FLEET)), vehicle, "equipment")

    assert shown["tyres"].size == "225/65 R16"
    assert (shown["car"].plate, shown["days"]) == ("ZA 1", 3)


def test_latest_events_of_all_kinds_lead_to_their_lists(login, vehicle):
    day = dt.date(2026, 5, 1)
    makers = (
        *(fleet.ServiceVisitFactory, fleet.DamageFactory, fleet.FuelTransactionFactory),
        *(fleet.TyreSetFactory, fleet.TollFactory, fleet.ReplacementCarFactory),
    )
    for n, make in enumerate(makers):
        make(asset=vehicle, on=day + dt.timedelta(days=n))
    browser = login(person(vehicle, Role.FLEET))

    events = panel(browser, vehicle, "events")["events"]

    assert [event.on.day for event in events] == [6, 5, 4, 3, 2]
    assert events[1].href == f"/flota/oplaty/?q={vehicle.vin}"
    assert len(browser.get(events[1].href).context["page"].object_list) == 1


@pytest.mark.parametrize("role", [Role.DRIVER, Role.INSURANCE])
def test_events_and_equipment_need_the_right(login, vehicle, role):
    fleet.TyreSetFactory(asset=vehicle, mounted_on=dt.date(2026, 1, 1))
    browser = login(person(vehicle, role))

    assert panel(browser, vehicle, "events") is None
    assert panel(browser, vehicle, "equipment") is None


def test_page_takes_the_same_queries_for_one_and_three_of_each(login, vehicle):
    browser = login(person(vehicle, Role.OWNER))

    def one_of_each(n):
        for make in (fleet.ServiceVisitFactory, fleet.DamageFactory, fleet.TyreSetFactory):
            make(asset=vehicle)
        fleet.FuelTransactionFactory(asset=vehicle, card=f"…{n}")
        fleet.MileageReadingFactory(asset=vehicle, author=f.UserFactory())
        fleet.TollFactory(asset=vehicle)

    one_of_each(0)
    page(browser, vehicle)
    with CaptureQueriesContext(connection) as one:
        page(browser, vehicle)
    one_of_each(1)
    one_of_each(2)
    with CaptureQueriesContext(connection) as three:
        page(browser, vehicle)
    assert len(one) == len(three)
