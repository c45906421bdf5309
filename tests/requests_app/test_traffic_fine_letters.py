"""Registering a letter of an authority: whom we ask, and when nobody is asked."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from contracts.models import LesseePeriod
from eboks.accounts.staff import StaffRole, create_staff
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.rights import Role
from requests_app import deciding, filing, inquiries
from requests_app.catalogue import RequestError
from requests_app.enums import FeeState, Status
from requests_app.gate import what_next
from requests_app.models import Request
from requests_app.models.inquiries import AuthorityInquiry
from tests import factories as f
from tests.factories import PASSWORD
from tests.requests_app.conftest import draft
from tests.requests_app.letters import (
    NOW,
    assign,
    days,
    noon,
    put_in_force,
    register_letter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def contract(lessee):
    return put_in_force(lessee.contract)


@pytest.fixture
def later(contract):
    return assign(contract)


@pytest.fixture
def register(clerk):
    return partial(register_letter, clerk)


# --- whom we ask -------------------------------------------------------------------------------


def test_lessee_of_that_moment_is_asked(lessee, register):
    row = register()

    assert (row.kind, row.status, row.company) == (
        "traffic-fine",
        Status.NEEDS_CUSTOMER,
        lessee.company,
    )
    assert (row.contract, row.asset, row.author) == (lessee.contract, lessee.asset, lessee.user)
    assert row.submitted_at is None
    assert row.expires_at is None
    assert what_next(row).startswith("Czekamy na Twoją odpowiedź do ")
    assert row.steps.get().note.startswith("Straż Miejska w Kaliszu pyta")
    assert row.files.get().name == "pismo organu.pdf"
    assert "WX12345" in [line["value"] for line in row.lines]
    assert OutgoingMessage.objects.filter(user=lessee.user, kind="request_changed").exists()


@pytest.mark.parametrize("vehicle", ["WX 12345", "WX-12345", "wx12345", "vin"])
def test_vehicle_is_found_by_plate_or_vin(lessee, vehicle):
    typed = lessee.asset.vin.lower() if vehicle == "vin" else vehicle

    found = inquiries.holder_at(vehicle=typed, day=days(-40))

    assert (found.asset, found.lessee) == (lessee.asset, lessee.company)


@pytest.mark.parametrize(
    ("vehicle", "offence", "reason"),
    [
        ("WX 99999", -40, "Nie mamy pojazdu"),
        ("---", -40, "Nie mamy pojazdu"),
        ("WX 12345", -405, "żadna umowa"),  # signed, not handed over yet
        ("WX 12345", 401, "żadna umowa"),
    ],
)
def test_nobody_is_asked_without_a_vehicle_or_a_contract_in_force(vehicle, offence, reason):
    with pytest.raises(RequestError, match=reason):
        inquiries.holder_at(vehicle=vehicle, day=days(offence))


@pytest.mark.parametrize("offence", [-400, 400])
def test_first_and_last_day_of_the_contract_count(lessee, offence):
    assert inquiries.holder_at(vehicle="WX12345", day=days(offence)).lessee == lessee.company


def test_of_two_contracts_on_one_vehicle_the_later_one_answers(lessee):
    newer = f.ContractFactory(signed_on=days(-60), handover_on=days(-50), end_on=days(500))
    f.AssetFactory(contract=newer, plate="WX12345", vin=lessee.asset.vin)

    assert inquiries.holder_at(vehicle="WX12345", day=days(-40)).lessee == newer.company
    assert inquiries.holder_at(vehicle="WX12345", day=days(-51)).lessee == lessee.company


def test_offence_before_the_assignment_is_the_former_lessees(lessee, later, register):
    row = register(offence_at=noon(-101))

    assert row.company == lessee.company
    assert (row.contract, row.asset) == (None, None)
    assert row.inquiry.contract == lessee.contract


def test_offence_after_the_assignment_is_the_present_lessees(later, register):
    row = register(offence_at=noon(-99))

    assert (row.company, row.author) == (later.company, later.user)
    assert row.contract.company == later.company


def test_moment_is_of_a_day_in_warsaw(lessee, later, register):
    """Half past midnight here is the day before in UTC; the contract changed hands that night."""
    midnight = timezone.localtime(NOW - dt.timedelta(days=60)).replace(hour=0, minute=30)
    night = midnight.date()
    LesseePeriod.objects.filter(to_on=None).update(from_on=night)
    LesseePeriod.objects.exclude(to_on=None).update(to_on=night)
    assert midnight.astimezone(dt.UTC).date() < night

    row = register(offence_at=midnight)

    assert row.company == later.company


# --- what is refused ---------------------------------------------------------------------------


def test_letter_is_registered_once(register):
    row = register()

    with pytest.raises(RequestError, match=row.reference):
        register(letter_no="sm/123/2026")
    assert AuthorityInquiry.objects.count() == Request.objects.count() == 1

    register(letter_no="SM/124/2026")
    assert AuthorityInquiry.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"received_on": days(1), "deadline": days(8)}, "w przyszłości"),
        ({"deadline": days(-4)}, "przed wpływem"),
        ({"offence_at": NOW}, "po wpływie"),
    ],
)
def test_days_must_follow_each_other(register, changes, reason):
    with pytest.raises(RequestError, match=reason):
        register(**changes)

    assert not Request.objects.exists()


def test_client_without_anybody_who_signs_is_not_asked(lessee, register):
    lessee.role = Role.FLEET
    lessee.save()

    with pytest.raises(RequestError, match="listem"):
        register()


def test_who_signs_is_asked_where_there_is_no_owner(lessee, register):
    lessee.role = Role.SIGNATORY
    lessee.save()

    assert register().author == lessee.user


def test_client_cannot_take_it_back(lessee, register, client):
    row = register()

    with pytest.raises(RequestError):
        filing.withdraw(request=row, actor=lessee.user, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.NEEDS_CUSTOMER
    client.force_login(lessee.user)
    page = client.get(reverse("requests_app:detail", args=[row.public_id])).content.decode()
    assert "Odpowiedz" in page
    assert "Wycofaj" not in page


def test_draft_of_a_client_is_not_sent_back_by_staff(lessee, clerk):
    """The way from a draft is for matters that the lessor begins."""
    row = draft("general-question", lessee, {"topic": "x"}, about=False)

    with pytest.raises(RequestError):
        deciding.ask_for_more(request_id=row.pk, text="?", actor=clerk, at=timezone.now())


# --- back office -------------------------------------------------------------------------------


@pytest.fixture
def office_client(client):
    staff = create_staff(
        username="Z-admin", email="admin@lessor.example", role=StaffRole.ADMIN, password=PASSWORD
    )
    client.force_login(staff)
    return client


def typed_letter(**changes):
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    values = {
        "form_key": str(uuid.uuid4()),
        "authority": "KMP w Kaliszu",
        "letter_no": "RD-7/26",
        "received_on": days(-1).isoformat(),
        "deadline": days(6).isoformat(),
        "offence_at": f"{days(-40).isoformat()}T08:15",
        "vehicle": "WX 12345",
        "scan": SimpleUploadedFile("pismo.png", out.getvalue(), content_type="image/png"),
    }
    return values | changes


ENTER = "/zaplecze/requests_app/authorityinquiry/zarejestruj/"


def test_staff_register_a_letter(office_client):
    assert office_client.get(ENTER).status_code == 200

    done = office_client.post(ENTER, typed_letter())

    row = Request.objects.get()
    assert done.url == reverse("admin:requests_app_request_change", args=[row.pk])
    page = office_client.get(done.url).content.decode()
    assert "KMP w Kaliszu" in page
    assert timezone.localtime(row.inquiry.offence_at).strftime("%H:%M") == "08:15"
    for path in (
        "/zaplecze/requests_app/authorityinquiry/",
        f"/zaplecze/requests_app/authorityinquiry/{row.inquiry.pk}/change/",
        "/zaplecze/requests_app/request/?kolejka=klient",
    ):
        assert office_client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vehicle": "WX 99999"}, "Nie mamy pojazdu"),
        ({"scan": SimpleUploadedFile("a.exe", b"MZ")}, "To nie jest plik"),
        ({"offence_at": "wczoraj"}, "offence_at"),
    ],
)
def test_wrong_letter_comes_back_with_the_reason(office_client, changes, words):
    page = office_client.post(ENTER, typed_letter(**changes))

    assert page.status_code == 200
    assert words in page.content.decode()
    assert not Request.objects.exists()


def test_staff_answer_alone_on_the_page_of_the_letter(office_client, register):
    row = register()
    path = f"/zaplecze/requests_app/authorityinquiry/{row.inquiry.pk}/odpowiedz/"

    assert office_client.get(path).status_code == 405
    assert office_client.post(path, {"waive": "1"}).status_code == 302

    row.refresh_from_db()
    assert (row.status, row.fee_state) == (Status.APPROVED, FeeState.WAIVED)


def test_who_only_looks_registers_nothing(client, register):
    row = register()
    client.force_login(
        create_staff(
            username="Z-view", email="v@lessor.example", role=StaffRole.VIEW, password=PASSWORD
        )
    )

    assert client.get(ENTER).status_code == 403
    path = f"/zaplecze/requests_app/authorityinquiry/{row.inquiry.pk}/odpowiedz/"
    assert client.post(path).status_code == 403
