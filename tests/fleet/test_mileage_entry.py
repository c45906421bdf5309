"""Entering the mileage: what is believed, what is asked again, what is refused and undone."""

from __future__ import annotations

import datetime as dt
import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from contracts.fleet import mileage_entry, tasks
from contracts.fleet.mileage_entry import MileageError, UnlikelyError
from contracts.fleet.models import MileageReading
from eboks import clock
from eboks.audit.models import AuditEntry
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.documents.services import read_checked
from eboks.retention.dating import class_name
from eboks.retention.registry import document_class
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.fleet import factories as fleet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lessor():
    f.LessorFactory()


@pytest.fixture
def driver():
    membership = f.MembershipFactory(role=Role.DRIVER)
    membership.asset = f.AssetFactory(contract__company=membership.company)
    membership.assigned_assets.create(asset=membership.asset)
    return membership


def today() -> dt.date:
    return clock.today(timezone.now())


def ago(days: int) -> dt.date:
    return today() - dt.timedelta(days=days)


def enter(driver, km, *, on=None, key=None, **more):
    return mileage_entry.enter(
        asset=driver.asset,
        author=driver.user,
        km=km,
        on=on or today(),
        form_key=key or uuid.uuid4(),
        at=timezone.now(),
        **more,
    )


def post(browser, driver, **values):
    data = {"form_key": uuid.uuid4(), "km": "84 210", "on": today().isoformat(), **values}
    return browser.post(reverse("mileage:enter", args=[driver.asset.public_id]), data)


def picture(name="licznik.jpg", kind="JPEG"):
    written = io.BytesIO()
    Image.new("RGB", (20, 10), "white").save(written, kind)
    return SimpleUploadedFile(name, written.getvalue(), "image/jpeg")


# --- service ------------------------------------------------------------------------------------
def test_reading_belongs_to_the_lessee_and_its_author(driver):
    reading = enter(driver, 84_210)

    assert (reading.company, reading.author, reading.on) == (driver.company, driver.user, today())
    assert (reading.source, reading.km, reading.scan) == ("driver", 84_210, Scan.CLEAN)
    entry = AuditEntry.objects.get(event="mileage_entered")
    assert entry.facts["vehicle"] == driver.asset.plate


def test_the_same_form_twice_is_one_reading(driver):
    key = uuid.uuid4()

    assert enter(driver, 84_210, key=key) == enter(driver, 84_210, key=key)
    assert MileageReading.objects.count() == 1


def test_reading_grows_with_time(driver):
    fleet.MileageReadingFactory(asset=driver.asset, on=ago(10), km=50_000)
    fleet.MileageReadingFactory(asset=driver.asset, on=ago(2), km=51_000)

    with pytest.raises(MileageError, match="nie mniejszy"):
        enter(driver, 50_999)
    with pytest.raises(MileageError, match="nie większy"):
        enter(driver, 51_001, on=ago(5))
    assert enter(driver, 50_500, on=ago(5)).km == 50_500
    assert enter(driver, 51_000).km == 51_000


def test_withdrawn_readings_and_those_of_another_lessee_do_not_count(driver):
    fleet.MileageReadingFactory(
        asset=driver.asset, on=ago(2), km=900_000, withdrawn_at=timezone.now()
    )
    fleet.MileageReadingFactory(
        asset=driver.asset, on=ago(2), km=900_000, company=f.CompanyFactory()
    )

    assert enter(driver, 1_000).km == 1_000


@pytest.mark.parametrize(
    ("days", "driven", "asks"), [(1, 2_000, False), (1, 2_001, True), (3, 6_001, True)]
)
def test_jump_has_to_be_confirmed(driver, days, driven, asks):
    fleet.MileageReadingFactory(asset=driver.asset, on=ago(days), km=50_000)

    if asks:
        with pytest.raises(UnlikelyError):
            enter(driver, 50_000 + driven)
    assert enter(driver, 50_000 + driven, confirmed=True).km == 50_000 + driven


def test_day_to_come_is_refused(driver):
    with pytest.raises(MileageError):
        enter(driver, 10, on=ago(-1))


def test_withdrawn_once_within_a_day_by_its_author(driver):
    reading = enter(driver, 84_210)
    at = timezone.now()

    with pytest.raises(MileageError):
        mileage_entry.withdraw(reading=reading, actor=f.UserFactory(), at=at)
    with pytest.raises(MileageError):
        mileage_entry.withdraw(reading=reading, actor=driver.user, at=at + dt.timedelta(hours=24))
    mileage_entry.withdraw(reading=reading, actor=driver.user, at=at)
    with pytest.raises(MileageError):  # what the page held is older than what happened
        mileage_entry.withdraw(reading=reading, actor=driver.user, at=at)

    reading.refresh_from_db()
    assert reading.withdrawn_at == at
    assert AuditEntry.objects.filter(event="mileage_withdrawn").count() == 1


def test_reading_of_a_feed_is_nobodys_to_withdraw(driver):
    reading = fleet.MileageReadingFactory(asset=driver.asset)

    with pytest.raises(MileageError):
        mileage_entry.withdraw(reading=reading, actor=driver.user, at=timezone.now())


# --- pages --------------------------------------------------------------------------------------
def test_driver_enters_the_mileage(login, driver):
    browser = login(driver.user)
    page = browser.get(reverse("mileage:enter", args=[driver.asset.public_id]))
    assert page.status_code == 200
    assert today().isoformat() in page.content.decode()
    assert "confirmed" not in page.context["form"].fields

    response = post(browser, driver)

    assert response.status_code == 302
    assert MileageReading.objects.get().km == 84_210
    assert "84\N{NO-BREAK SPACE}210" in browser.get(response["Location"]).content.decode()


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"km": ""}, "km"),
        ({"km": "sto"}, "km"),
        ({"km": "-5"}, "km"),
        ({"km": "99999999"}, "km"),
        ({"km": "٣٤"}, "km"),
        ({"on": "2199-01-01"}, "on"),
        ({"on": "wczoraj"}, "on"),
        ({"photo": SimpleUploadedFile("a.txt", b"x")}, "photo"),
        ({"form_key": "x"}, "form_key"),
    ],
)
def test_form_says_what_is_wrong_and_keeps_what_was_typed(login, driver, values, wrong):
    response = post(login(driver.user), driver, **values)

    assert response.status_code == 200
    assert wrong in response.context["form"].errors
    assert MileageReading.objects.count() == 0
    assert "Błąd:" in response.content.decode()


def test_form_asks_to_confirm_a_jump(login, driver):
    fleet.MileageReadingFactory(asset=driver.asset, on=ago(1), km=50_000)
    browser = login(driver.user)

    asked = post(browser, driver, km="60000", photo=picture())
    assert asked.context["form"].errors.keys() == {"km", "photo"}  # a file has to be chosen again
    assert "confirmed" in asked.context["form"].fields
    assert 'value="60000"' in asked.content.decode()
    assert post(browser, driver, km="60000", confirmed="on").status_code == 302
    assert MileageReading.objects.filter(km=60_000).count() == 1


def test_pdf_is_no_photo(login, driver):
    blank = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"

    response = post(login(driver.user), driver, photo=SimpleUploadedFile("a.pdf", blank))

    assert "photo" in response.context["form"].errors


def test_photo_is_kept_and_opened_with_a_trace(login, driver):
    browser = login(driver.user)
    post(browser, driver, photo=picture())
    reading = MileageReading.objects.get()

    response = browser.get(reverse("mileage:photo", args=[reading.public_id]))

    assert response.status_code == 200
    assert b"".join(response.streaming_content) == read_checked(photo_of(reading))
    assert AuditEntry.objects.filter(event="mileage_photo_read").count() == 1
    assert reading.photo.key == f"mileage_photo:{reading.public_id}"


def test_photo_waits_for_the_antivirus(login, driver, settings, monkeypatch):
    settings.CLAMD_URL = "tcp://127.0.0.1:3310"
    monkeypatch.setattr("eboks.documents.antivirus.ask", lambda content: "stream: OK")
    browser = login(driver.user)
    post(browser, driver, photo=picture())
    reading = MileageReading.objects.get()
    address = reverse("mileage:photo", args=[reading.public_id])
    assert reading.scan == Scan.WAITING
    assert browser.get(address).status_code == 404

    tasks.scan_photos()

    reading.refresh_from_db()
    assert reading.scan == Scan.CLEAN
    assert b"".join(browser.get(address).streaming_content) == read_checked(photo_of(reading))
    tasks.scan_photo(reading_id=reading.pk)


def test_photo_has_a_class_of_retention(driver):
    reading = enter(driver, 5, picture=_scan(), file_name="x.jpg")
    document = Document.objects.get()
    kind = document_class(class_name(document.key))

    assert kind.name == "mileage_photo"
    assert kind.facts([document])[document.pk].days == {"created": today()}
    assert kind.links([document])[document.pk][0] == "x.jpg"
    kind.release([document.pk])
    reading.refresh_from_db()
    assert reading.photo is None


def _scan():
    from eboks.onboarding.scans import read_scan

    return read_scan(picture())


def test_withdraw_from_the_page(login, driver):
    reading = enter(driver, 84_210)
    browser = login(driver.user)
    page = browser.get(reverse("vehicles:detail", args=[driver.asset.public_id]))
    address = reverse("mileage:withdraw", args=[reading.public_id])
    assert address in page.content.decode()

    assert browser.post(address).status_code == 302

    reading.refresh_from_db()
    assert reading.withdrawn_at is not None
    assert browser.get(address).status_code == 405


@pytest.mark.parametrize("name", ["enter", "withdraw", "photo"])
def test_stranger_and_driver_of_another_vehicle_find_nothing(client_of, driver, name):
    reading = enter(driver, 5, picture=_scan(), file_name="x.jpg")
    row = driver.asset if name == "enter" else reading
    address = reverse(f"mileage:{name}", args=[row.public_id])
    colleague = f.MembershipFactory(company=driver.company, role=Role.DRIVER)
    colleague.assigned_assets.create(asset=f.AssetFactory(contract__company=driver.company))

    for user in (colleague.user, f.MembershipFactory(role=Role.OWNER).user):
        browser = client_of(user)
        response = browser.post(address) if name == "withdraw" else browser.get(address)
        assert response.status_code == 404


def test_entering_needs_the_right(client_of, driver):
    finance = client_of(f.MembershipFactory(company=driver.company, role=Role.FINANCE).user)
    accountant = client_of(f.MembershipFactory(company=driver.company, role=Role.ACCOUNTANT).user)

    assert post(finance, driver).status_code == 403
    assert post(accountant, driver).status_code == 403
    assert MileageReading.objects.count() == 0


def photo_of(reading: MileageReading) -> Document:
    assert reading.photo is not None
    return reading.photo
