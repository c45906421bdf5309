"""Consents on the page of a vehicle: its driver opens those valid today, and no others."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks import clock
from eboks.audit.models import AuditEntry
from eboks.documents.services import store
from eboks.tenancy.rights import Role
from requests_app.enums import Status
from requests_app.models import Request, RequestPaper
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def driver():
    f.LessorFactory()
    membership = f.MembershipFactory(role=Role.DRIVER)
    membership.asset = f.AssetFactory(contract__company=membership.company)
    membership.assigned_assets.create(asset=membership.asset)
    return membership


def today() -> dt.date:
    return clock.today(timezone.now())


def paper(asset, *, kind="travel-consent", company=None, about=True, **values) -> RequestPaper:
    at = timezone.now()
    company = company or asset.contract.company
    key = uuid.uuid4()
    request = Request.objects.create(
        reference=f"W-{str(key)[:8]}",
        kind=kind,
        company=company,
        contract=asset.contract,
        asset=asset if about else None,
        author=f.UserFactory(),
        form_key=key,
        status=Status.CLOSED,
        created_at=at,
        changed_at=at,
        submitted_at=at,
    )
    document = store(
        company=company,
        key=f"request_paper:{key}",
        content=b"%PDF-1.7 zgoda",
        file_name="zgoda.pdf",
        content_type="application/pdf",
        renderer="test",
        at=at,
    )
    return RequestPaper.objects.create(
        **{
            "request": request,
            "number": f"{request.reference}/PL",
            "title": "Zgoda na wyjazd",
            "language": "pl",
            "text_version": "1",
            "document": document,
            "check_code": str(key),
            "valid_from": today(),
            "valid_to": today(),
            "made_at": at,
            **values,
        }
    )


def address(row):
    return reverse("requests_app:vehicle_paper", args=[row.public_id])


def vehicle_page(browser, asset):
    return browser.get(reverse("vehicles:detail", args=[asset.public_id])).content.decode()


@pytest.mark.parametrize("kind", ["travel-consent", "sublease"])
def test_driver_opens_the_consent_of_the_vehicle(login, driver, kind):
    row = paper(driver.asset, kind=kind)
    browser = login(driver.user)
    assert address(row) in vehicle_page(browser, driver.asset)

    response = browser.get(address(row))

    assert response.status_code == 200
    assert b"".join(response.streaming_content) == b"%PDF-1.7 zgoda"
    entry = AuditEntry.objects.get(event="request_paper_read")
    assert (entry.object_ref, entry.facts["number"]) == (row.number, row.number)


def test_driver_finds_the_paper_nowhere_else(login, driver):
    row = paper(driver.asset)
    browser = login(driver.user)

    assert browser.get(reverse("requests_app:paper", args=[row.public_id])).status_code == 404
    detail = reverse("requests_app:detail", args=[row.request.public_id])
    assert browser.get(detail).status_code == 404


@pytest.mark.parametrize(
    "values",
    [
        {"valid_to": dt.date(2020, 1, 2), "valid_from": dt.date(2020, 1, 1)},
        {"valid_from": dt.date(2199, 1, 1), "valid_to": None},
        {"revoked_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"document": None},
        {"kind": "early-termination"},
        {"about": False},
    ],
)
def test_paper_that_is_not_to_be_carried_is_not_there(login, driver, values):
    row = paper(driver.asset, **values)
    browser = login(driver.user)

    assert address(row) not in vehicle_page(browser, driver.asset)
    assert browser.get(address(row)).status_code == 404


def test_paper_without_an_end_is_carried(login, driver):
    row = paper(driver.asset, valid_to=None)

    response = login(driver.user).get(address(row))

    assert b"".join(response.streaming_content) == b"%PDF-1.7 zgoda"


def test_driver_of_another_vehicle_and_strangers_find_nothing(client_of, driver):
    row = paper(driver.asset)
    colleague = f.MembershipFactory(company=driver.company, role=Role.DRIVER)
    colleague.assigned_assets.create(asset=f.AssetFactory(contract=driver.asset.contract))
    elsewhere = f.MembershipFactory(role=Role.DRIVER)
    elsewhere.assigned_assets.create(asset=f.AssetFactory(contract__company=elsewhere.company))
    owner = f.MembershipFactory(role=Role.OWNER)

    for membership in (colleague, elsewhere, owner):
        assert client_of(membership.user).get(address(row)).status_code == 404


def test_consent_of_an_earlier_lessee_does_not_show(login, driver):
    row = paper(driver.asset, company=f.CompanyFactory())
    browser = login(driver.user)

    assert address(row) not in vehicle_page(browser, driver.asset)
    assert browser.get(address(row)).status_code == 404


def test_member_without_vehicles_is_refused(login, driver):
    row = paper(driver.asset)
    accountant = f.MembershipFactory(company=driver.company, role=Role.ACCOUNTANT)

    assert login(accountant.user).get(address(row)).status_code == 403
