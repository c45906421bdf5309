"""A driver on the phone: the vehicle that was given, the mileage first, nothing else."""

from __future__ import annotations

import pytest
from django.urls import reverse

from eboks.tenancy.rights import Role
from tests import factories as f
from tests.fleet import factories as fleet

pytestmark = pytest.mark.django_db


@pytest.fixture
def driver():
    f.LessorFactory()
    membership = f.MembershipFactory(role=Role.DRIVER)
    membership.asset = f.AssetFactory(contract__company=membership.company, plate="WX 12345")
    membership.assigned_assets.create(asset=membership.asset)
    return membership


def test_list_offers_to_enter_the_mileage_of_own_vehicles(login, driver):
    other = f.AssetFactory(contract__company=driver.company)

    text = login(driver.user).get(reverse("vehicles:list")).content.decode()

    assert reverse("mileage:enter", args=[driver.asset.public_id]) in text
    assert str(other.public_id) not in text


def test_vehicle_page_begins_with_the_mileage_and_what_is_due(login, driver):
    fleet.ServiceVisitFactory(asset=driver.asset, next_due_km=31_200)
    fleet.MileageReadingFactory(asset=driver.asset)

    text = login(driver.user).get(reverse("vehicles:detail", args=[driver.asset.public_id]))

    places = [
        text.content.decode().index(said)
        for said in (
            "WX 12345</span>",
            reverse("mileage:enter", args=[driver.asset.public_id]),
            "Serwis i przeglądy",
            "Ostatni odczyt",
            "<h2>Pojazd</h2>",
        )
    ]
    assert places == sorted(places)


def test_office_list_has_no_button_in_each_row(login, driver):
    fleet_manager = f.MembershipFactory(company=driver.company, role=Role.FLEET)

    text = login(fleet_manager.user).get(reverse("vehicles:list")).content.decode()

    assert reverse("vehicles:detail", args=[driver.asset.public_id]) in text
    assert "Wpisz przebieg" not in text


def test_somebody_who_may_not_enter_is_not_asked(login, driver):
    reader = f.MembershipFactory(company=driver.company, role=Role.READ_ONLY)

    page = login(reader.user).get(reverse("vehicles:detail", args=[driver.asset.public_id]))

    assert page.status_code == 200
    assert "Wpisz przebieg" not in page.content.decode()


def test_vehicle_taken_from_the_driver_takes_its_records_along(login, driver):
    reading = fleet.MileageReadingFactory(asset=driver.asset, author=driver.user)
    driver.assigned_assets.all().delete()
    browser = login(driver.user)

    for address in (
        reverse("vehicles:detail", args=[driver.asset.public_id]),
        reverse("mileage:enter", args=[driver.asset.public_id]),
        reverse("mileage:photo", args=[reading.public_id]),
    ):
        assert browser.get(address).status_code == 404
    withdraw = reverse("mileage:withdraw", args=[reading.public_id])
    assert browser.post(withdraw).status_code == 404
