"""A letter of an authority: whom we ask, what they answer, what is sent and what is kept."""

from __future__ import annotations

import datetime as dt
import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from contracts.models import LesseePeriod
from eboks import clock
from eboks.accounts.staff import StaffRole, create_staff
from eboks.authorisation.models import Instruction
from eboks.notifications.models import OutgoingMessage
from eboks.onboarding.scans import Scan
from eboks.tenancy.models import LessorProfile
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts, filing, inquiries, office, producing, sweeping
from requests_app.catalogue import RequestError, types
from requests_app.enums import FeeState, Status
from requests_app.gate import what_next
from requests_app.inquiry_models import AuthorityInquiry
from requests_app.models import Request, RequestPaper
from tests import factories as f
from tests.factories import PASSWORD
from tests.requests_app.conftest import draft, signed

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TODAY = clock.today(NOW)
ANSWER = {
    "was_ours": "on",
    "first_name": "Jan",
    "last_name": "Śliwa",
    "street": "ul. Krucza 5 m. 3",
    "postcode": "60-101",
    "city": "Poznań",
    "other": "ur. 1.02.1980",
    "is_true": "on",
}


def days(count):
    return TODAY + dt.timedelta(days=count)


def noon(count):
    return dt.datetime.combine(days(count), dt.time(12), tzinfo=clock.WARSAW)


@pytest.fixture(autouse=True)
def contract(lessee):
    """In force from 400 days ago on; signed ten days before that."""
    row = lessee.contract
    row.signed_on, row.handover_on, row.end_on = days(-410), days(-400), days(400)
    row.save()
    return row


@pytest.fixture
def later(contract):
    """Who took the contract over a hundred days ago: the present lessee."""
    membership = f.MembershipFactory(role=Role.OWNER)
    before = contract.company
    contract.company = membership.company
    contract.save()
    LesseePeriod.objects.create(
        contract=contract, company=before, from_on=days(-410), to_on=days(-100), as_of=days(-100)
    )
    LesseePeriod.objects.create(
        contract=contract, company=membership.company, from_on=days(-100), as_of=days(-100)
    )
    return membership


def letter(**changes):
    values = {
        "authority": "Straż Miejska w Kaliszu",
        "letter_no": "SM/123/2026",
        "received_on": days(-3),
        "deadline": days(4),
        "offence_at": noon(-40),
        "vehicle": "wx 12345",
    }
    return inquiries.Letter(**(values | changes))


@pytest.fixture
def register(clerk):
    def do(**changes):
        return inquiries.open_inquiry(
            letter=letter(**changes),
            picture=Scan(b"%PDF-1.4 pismo", "application/pdf", "pdf"),
            file_name="pismo organu.pdf",
            form_key=uuid.uuid4(),
            actor=clerk,
            at=timezone.now(),
        ).request

    return do


def answered(row, user, **changes):
    data = QueryDict(mutable=True)
    data.update(ANSWER | changes)
    drafts.keep(request=row, data=data, at=timezone.now())
    instruction = signed(row, user)
    row.refresh_from_db()
    return instruction


def text_of(paper, user, client):
    client.force_login(user)
    response = client.get(reverse("requests_app:paper", args=[paper.public_id]))
    pages = PdfReader(io.BytesIO(b"".join(response))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def statuses(client, paths):
    """Reads each answer to its end, so that files are closed."""
    answers = [client.get(path) for path in paths]
    return [answer.status_code for answer in answers if list(answer) is not None]


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


# --- the answer --------------------------------------------------------------------------------


def test_answer_makes_the_letter(lessee, register, commits, client):
    row = register()

    with commits():
        instruction = answered(row, lessee.user)

    row.refresh_from_db()
    assert row.status == Status.PRODUCED  # staff send it and close
    assert row.inquiry.answered_at == row.decided_at
    text = text_of(row.papers.get(), lessee.user, client)
    for part in (
        *("Straż Miejska w Kaliszu", "SM/123/2026", "WX12345", lessee.asset.vin, "art. 78 ust. 4"),
        *(lessee.company.name, lessee.company.nip, "62-800 Kalisz"),
        *("Jan Śliwa", "ul. Krucza 5 m. 3, 60-101 Poznań", "ur. 1.02.1980"),
        *(row.reference, instruction.reference),
    ):
        assert part in text
    assert lessee.contract.number not in text


def test_only_the_name_stays_in_the_portal(lessee, register, commits):
    row = register()

    with commits():
        answered(row, lessee.user)

    kept = Request.objects.values_list("typed", "facts", "lines").get(pk=row.pk)
    signed_lines = Instruction.objects.values_list("lines", "payload").get()
    assert kept[:2] == ({}, {"user": "Jan Śliwa"})
    assert "Jan Śliwa" in str(kept)
    assert "Jan Śliwa" in str(signed_lines)
    for part in ("Krucza", "60-101", "1980"):
        assert part not in str(kept)
        assert part not in str(signed_lines)
    about = RequestPaper.objects.get().about
    assert about == [{"label": "Pismo", "value": "SM/123/2026"}]


def test_paper_is_the_same_when_it_is_made_again(lessee, register, commits):
    """The data are gone from the request: a second run must not draw an empty letter."""
    row = register()
    with commits():
        answered(row, lessee.user)
    before = row.papers.get().document_id

    Request.objects.filter(pk=row.pk).update(status=Status.APPROVED)
    producing.produce(request_id=row.pk, at=timezone.now())

    assert row.papers.get().document_id == before


@pytest.mark.parametrize("missing", ["was_ours", "first_name", "last_name", "street", "is_true"])
def test_everything_that_names_the_user_is_needed(lessee, register, missing):
    row = register()
    data = QueryDict(mutable=True)
    data.update({name: value for name, value in ANSWER.items() if name != missing})
    drafts.keep(request=row, data=data, at=timezone.now())

    assert list(drafts.form_of(row, on=TODAY).errors) == [missing]
    with pytest.raises(RequestError):
        filing.ready(row, at=timezone.now())


def test_answer_after_the_contract_is_over_or_assigned(lessee, register, commits):
    row = register()
    lessee.contract.status = "closed"
    lessee.contract.company = f.CompanyFactory()
    lessee.contract.save()

    with commits():
        answered(row, lessee.user)

    row.refresh_from_db()
    assert row.status == Status.PRODUCED


def test_former_lessee_answers(lessee, later, register, commits, client):
    row = register(offence_at=noon(-101))

    with commits():
        answered(row, lessee.user)

    text = text_of(row.papers.get(), lessee.user, client)
    assert lessee.company.name in text
    assert later.company.name not in text


def test_form_offers_the_one_driver_of_the_vehicle(lessee, register, client):
    driver = f.MembershipFactory(
        company=lessee.company, role=Role.DRIVER, user__first_name="Ewa", user__last_name="Kos"
    )
    driver.assigned_assets.create(asset=lessee.asset)
    row = register()
    client.force_login(lessee.user)

    page = client.get(reverse("requests_app:form", args=[row.public_id]))

    form = page.context["form"]
    assert (form["first_name"].value(), form["last_name"].value()) == ("Ewa", "Kos")
    assert not form.errors
    assert "Wycofaj" not in page.content.decode()


def test_driver_of_the_present_lessee_is_not_offered_to_a_former_one(lessee, later, register):
    driver = f.MembershipFactory(company=later.company, role=Role.DRIVER)
    driver.assigned_assets.create(asset=lessee.asset)

    row = register(offence_at=noon(-101))

    assert drafts.form_of(row, on=TODAY)["last_name"].value() in {None, ""}


# --- the fee -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waives", "deadline", "gross", "state"),
    [
        (True, 0, "0.00", FeeState.WAIVED),
        (True, -1, "61.50", FeeState.CORE),  # the portal issues no invoices here
        (False, 4, "61.50", FeeState.CORE),
    ],
)
def test_fee_of_an_answer(lessee, register, waives, deadline, gross, state):
    LessorProfile.objects.update(waives_fine_fee_in_time=waives)
    row = register(deadline=days(deadline))
    assert str(row.fee_gross) == gross  # shown from the first day
    told = "nie naliczymy jej, jeśli odpowiesz w terminie" in [one["value"] for one in row.lines]
    assert told is waives

    instruction = answered(row, lessee.user)

    assert str(instruction.fee_gross) == gross
    assert (str(row.fee_gross), row.fee_state) == (gross, state)


def test_fee_goes_on_the_next_invoice(lessee, register, settings):
    settings.ISSUER_CONTRACTS_FROM = dt.date(2020, 1, 1)
    row = register()

    answered(row, lessee.user)

    assert row.fee_state == FeeState.CHARGED
    assert str(row.charge.net) == "50.00"


def test_letter_is_not_registered_while_its_fee_is_unknown(register, table):
    table.lines.filter(code="traffic_fine").delete()

    with pytest.raises(RequestError, match="ceny"):
        register()


# --- silence -----------------------------------------------------------------------------------


def test_overdue_letter_stays_open_and_shows(register, clerk):
    row = register(deadline=days(-1))

    sweeping.sweep(at=timezone.now() + dt.timedelta(days=400))

    row.refresh_from_db()
    assert row.status == Status.NEEDS_CUSTOMER
    late = office.queue(Request.objects.all(), "po-terminie", user=clerk, at=timezone.now())
    assert list(late) == [row]
    kind = types()["traffic-fine"]
    assert any("minął" in value for _label, value in kind.office(row))


def test_lessor_answers_alone_once(lessee, register, clerk, commits, client):
    row = register(deadline=days(-1))

    with commits():
        inquiries.answer_alone(inquiry=row.inquiry, waive=False, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.fee_state) == (Status.PRODUCED, FeeState.CORE)
    assert AuthorityInquiry.objects.get().answered_at is None
    text = text_of(row.papers.get(), lessee.user, client)
    assert lessee.company.name in text
    assert "Firma nie podała nam" in text
    with pytest.raises(RequestError):
        inquiries.answer_alone(inquiry=row.inquiry, waive=True, actor=clerk, at=timezone.now())
    with pytest.raises(RequestError):
        drafts.keep(request=row, data=QueryDict("first_name=Jan"), at=timezone.now())


# --- who sees it -------------------------------------------------------------------------------


def pages_of(row):
    return [reverse(f"requests_app:{name}", args=[row.public_id]) for name in ("detail", "form")]


def test_present_lessee_sees_nothing_of_a_former_ones_letter(lessee, later, register, client):
    row = register(offence_at=noon(-101))
    paths = [*pages_of(row), reverse("requests_app:file", args=[row.files.get().public_id])]

    client.force_login(later.user)
    assert statuses(client, paths) == [404, 404, 404]
    assert row.reference not in client.get("/wnioski/").content.decode()
    assert not AuthorityInquiry.objects.for_user(later.user).exists()

    client.force_login(lessee.user)
    assert statuses(client, paths) == [200, 200, 200]
    page = client.get(paths[0]).content.decode()
    assert lessee.contract.number not in page


def test_stranger_finds_nothing_and_who_may_not_sign_only_reads(lessee, register, client):
    row = register()
    client.force_login(f.MembershipFactory().user)
    assert statuses(client, pages_of(row)) == [404, 404]

    fleet = f.MembershipFactory(company=lessee.company, role=Role.FLEET)
    client.force_login(fleet.user)
    assert statuses(client, pages_of(row)) == [200, 403]


def test_client_cannot_begin_one(lessee, client):
    client.force_login(lessee.user)

    assert client.get("/wnioski/nowy/traffic-fine/").status_code == 404
    assert "Pismo organu" not in client.get("/wnioski/nowy/").content.decode()


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
