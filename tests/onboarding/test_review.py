"""The back office: everything beside an application, and two people who decide (SEC-18, 46, 87)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from contracts.enums import ContractStatus
from eboks.accounts.models import User
from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.documents import storage
from eboks.documents.services import inspect_store
from eboks.onboarding import applications, checks, reviewing
from eboks.onboarding.applications import ApplicationData
from eboks.onboarding.models import AccessApplication, ApplicationSource, ApplicationState
from eboks.onboarding.reviewing import ReviewError
from eboks.onboarding.scans import Scan
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.factories import (
    PASSWORD,
    CompanyFactory,
    ContractFactory,
    MembershipFactory,
    UserFactory,
)
from tests.onboarding.conftest import PHONE, Browser, link_of, opened

pytestmark = pytest.mark.django_db

LIST = "/zaplecze/onboarding/accessapplication/"


def application(*, scan=None, source=None, **changes):
    given = {
        "nip": "7740001454",
        "client_id": "",
        "company_name": "ŻUBR",
        "first_name": "Łucja",
        "last_name": "Ćwik",
        "email": "lucja@example.com",
        "phone": PHONE,
    }
    return applications.submit(
        data=ApplicationData(**{**given, **changes}),
        form_key=uuid.uuid4(),
        scan=scan,
        language="pl",
        at=timezone.now(),
        source=source,
    )


@pytest.fixture
def company():
    found = CompanyFactory(nip="7740001454", client_id="KL777777", name="ŻUBR TRANS")
    ContractFactory(company=found, number="OL/2026/7")
    return found


def staff(name):
    return create_staff(
        username=f"Z-{name}",
        email=f"{name}@lessor.example",
        role=StaffRole.SERVICE,
        password=PASSWORD,
    )


@pytest.fixture
def first():
    return staff("pierwsza")


@pytest.fixture
def second():
    return staff("druga")


@pytest.fixture
def do(client_of, commits):
    """`do(person, row, "przyjmij", company=…)` presses a button; gives the page after it."""

    def press(person, row, step, **data):
        with commits():
            return client_of(person).post(f"{LIST}{row.pk}/{step}/", data, follow=True)

    return press


def state_of(row):
    row.refresh_from_db()
    return row.state


def accept(row, actor, company):
    return reviewing.accept(application_id=row.pk, company=company, actor=actor, at=timezone.now())


def test_two_people_give_access(company, first, second, do):
    row = application()
    page = do(first, row, "przyjmij", company=str(company.public_id))
    assert "Czeka na drugą osobę" in page.content.decode()
    assert state_of(row) == ApplicationState.PROPOSED
    assert not Membership.objects.exists()
    mail.outbox.clear()

    again = do(first, row, "przyjmij", company=str(company.public_id))
    assert "musi być ktoś inny" in again.content.decode()
    assert state_of(row) == ApplicationState.PROPOSED

    do(second, row, "przyjmij", company=str(company.public_id))

    assert state_of(row) == ApplicationState.ACCEPTED
    assert (row.proposed_by, row.decided_by) == (first, second)
    membership = Membership.objects.get()
    assert (membership.company, membership.role) == (company, Role.OWNER)
    assert (row.user, membership.user.email) == (membership.user, "lucja@example.com")
    [message] = mail.outbox
    assert "ŻUBR TRANS" in message.body
    assert "ŻUBR TRANS" in opened(link_of(message)).get("/dostep/aktywacja/").content.decode()
    events = AuditEntry.objects.filter(object_ref=row.number).order_by("pk")
    assert [(e.event, e.actor_id) for e in events] == [
        ("application_received", None),
        ("application_proposed", first.pk),
        ("application_accepted", second.pk),
    ]
    assert events.last().company == company


def test_one_person_is_enough_where_it_is_set_so(company, first, do, settings):
    settings.STAFF_TWO_PEOPLE = False
    row = application()
    do(first, row, "przyjmij", company=str(company.public_id))

    assert state_of(row) == ApplicationState.ACCEPTED
    assert Membership.objects.filter(company=company).exists()


def test_proposer_cannot_accept_by_service_or_by_hand(company, first, second):
    row = application()
    accept(row, first, company)
    with pytest.raises(ReviewError, match="ktoś inny"):
        accept(row, first, company)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessApplication.objects.filter(pk=row.pk).update(decided_by=first)

    accept(row, second, company)
    with pytest.raises(ReviewError):
        accept(row, first, company)
    assert Membership.objects.count() == 1


def test_second_person_confirms_the_same_company(company, first, second):
    other = CompanyFactory(nip=company.nip)
    row = application()
    accept(row, first, company)

    with pytest.raises(ReviewError, match="innego klienta"):
        accept(row, second, other)
    assert state_of(row) == ApplicationState.PROPOSED


def test_company_of_somebody_else_cannot_be_chosen(first, do, company):
    stranger = CompanyFactory(nip="5260250274", client_id="KL1")
    row = application()
    page = do(first, row, "przyjmij", company=str(stranger.public_id))

    assert "Wybierz klienta" in page.content.decode()
    assert state_of(row) == ApplicationState.SUBMITTED


def test_person_with_an_account_just_gets_the_membership(company, first, second, commits):
    person = UserFactory(email="lucja@example.com", phone="+48601000111")
    MembershipFactory(user=person)
    row = application()
    accept(row, first, company)
    mail.outbox.clear()
    with commits():
        accept(row, second, company)

    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert person.phone == "+48601000111"
    assert person.memberships.count() == 2
    assert [message.subject for message in mail.outbox] == ["Masz dostęp do firmy ŻUBR TRANS"]


def test_phone_of_the_form_is_used_for_a_person_who_waits(company, first, second):
    person = UserFactory(email="lucja@example.com", phone="+48601000111")
    User.objects.filter(pk=person.pk).update(password="!x")
    row = application()
    accept(row, first, company)
    accept(row, second, company)

    person.refresh_from_db()
    assert person.phone == PHONE


@pytest.mark.parametrize("facts", [{"is_staff": True}, {"is_active": False}])
def test_staff_and_people_switched_off_get_nothing(company, first, facts):
    UserFactory(email="LUCJA@example.com", **facts)
    row = application()
    with pytest.raises(ReviewError):
        accept(row, first, company)

    assert state_of(row) == ApplicationState.SUBMITTED
    assert not Membership.objects.exists()


def test_more_is_asked_for_with_a_link(first, do):
    row = application()
    mail.outbox.clear()
    do(first, row, "uzupelnij", reason="Brakuje podpisu.\r\nPotrzebny skan.")

    assert state_of(row) == ApplicationState.NEEDS_MORE
    [message] = mail.outbox
    assert "Brakuje podpisu.\nPotrzebny skan." in message.body
    browser = Browser()
    browser.get(link_of(message))
    browser.post("/dostep/uzupelnienie/", {"note": "Podpisał prezes."})
    assert state_of(row) == ApplicationState.SUBMITTED
    assert row.note == "Podpisał prezes."


def test_refusal_tells_why(first, do):
    row = application()
    mail.outbox.clear()
    do(first, row, "odrzuc", reason="Nie ma takiej umowy.")

    assert state_of(row) == ApplicationState.REFUSED
    [message] = mail.outbox
    assert "Nie ma takiej umowy." in message.body
    assert "/dostep/uzupelnienie/" not in message.body


@pytest.mark.parametrize("step", ["uzupelnij", "odrzuc"])
def test_no_decision_without_a_reason(first, do, step):
    row = application()
    mail.outbox.clear()
    page = do(first, row, step, reason=" \u200b ")

    assert "Napisz powód" in page.content.decode()
    assert state_of(row) == ApplicationState.SUBMITTED
    assert mail.outbox == []


def test_refused_proposal_starts_anew(company, first):
    row = application()
    accept(row, first, company)
    reviewing.ask_for_more(application_id=row.pk, reason="x", actor=first, at=timezone.now())

    assert state_of(row) == ApplicationState.NEEDS_MORE
    assert (row.proposed_by, row.company_ref) == (None, None)


@pytest.mark.parametrize("step", ["przyjmij", "uzupelnij", "odrzuc", "reprezentacja"])
def test_steps_take_post_and_the_right(company, step, client_of, staff_viewer):
    row = application()
    data = {"company": str(company.public_id), "reason": "x", "text": "x"}
    assert client_of(staff_viewer).post(f"{LIST}{row.pk}/{step}/", data).status_code == 403
    assert client_of(staff("a")).get(f"{LIST}{row.pk}/{step}/").status_code == 405
    assert client_of(UserFactory()).post(f"{LIST}{row.pk}/{step}/", data).status_code == 404
    assert client_of(staff("b")).post(f"{LIST}{10**30}/{step}/", data).status_code == 404
    assert state_of(row) == ApplicationState.SUBMITTED


@pytest.fixture
def staff_viewer():
    return create_staff(
        username="Z-view", email="view@lessor.example", role=StaffRole.VIEW, password=PASSWORD
    )


# --- what is seen --------------------------------------------------------------------------------


def test_page_shows_the_checks_beside_the_application(company, first, client_of):
    CompanyFactory(nip="1111111111", client_id="KL888888", name="INNA FIRMA")
    application(email="kto@example.com", company_name="Poprzedni")
    row = application(client_id="KL888888")
    reviewing.note_representation(
        application_id=row.pk, text="KRS: prezes sam", actor=first, at=timezone.now()
    )
    page = client_of(first).get(f"{LIST}{row.pk}/change/").content.decode()

    for shown in ("ŻUBR TRANS", "INNA FIRMA", "OL/2026/7", "KRS: prezes sam", "Poprzedni"):
        assert shown in page
    assert "u nas jest 1111111111" in page
    assert "podobnych wniosków: 1" in page
    assert AuditEntry.objects.filter(event="staff_viewed", actor=first).exists()


@pytest.mark.parametrize(
    ("status", "state"),
    [(ContractStatus.ACTIVE, "good"), (ContractStatus.CLOSED, "bad"), (None, "bad")],
)
def test_live_contract_is_asked_of_contracts(status, state):
    found = CompanyFactory(nip="7740001454")
    if status:
        ContractFactory(company=found, status=status)
    [candidate] = checks.candidates(application())
    titles = dict(candidate.findings)

    assert titles["Czynna umowa"].state == state


def test_queue_opens_with_what_waits_and_marks_what_is_late(first, client_of, time_machine):
    time_machine.move_to("2026-11-20T10:00:00Z", tick=False)  # a Friday
    late = application()
    done = application()
    AccessApplication.objects.filter(pk=done.pk).update(state=ApplicationState.REFUSED)
    time_machine.move_to("2026-11-26T10:00:00Z", tick=False)
    fresh = application()
    browser = client_of(first)
    page = browser.get(LIST).content.decode()

    assert late.number in page
    assert fresh.number in page
    assert done.number not in page
    assert page.count("po terminie") == 1
    assert "4 dni rob." in page
    everything = browser.get(LIST, {"kolejka": "wszystkie"}).content.decode()
    assert done.number in everything
    assert late.number not in browser.get(LIST, {"kolejka": "refused"}).content.decode()


def test_staff_enter_what_came_on_paper(first, client_of, commits):
    browser = client_of(first)
    page = browser.get(f"{LIST}wpisz/")
    data = {
        "company_name": "ŻUBR",
        "nip": "7740001454",
        "first_name": "Łucja",
        "last_name": "Ćwik",
        "email": "lucja@example.com",
        "phone": PHONE,
        "source": "branch",
        "form_key": page.context["form"]["form_key"].value(),
        "scan": SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF"),
    }
    with commits():
        browser.post(f"{LIST}wpisz/", data)
        browser.post(f"{LIST}wpisz/", {**data, "scan": ""})

    row = AccessApplication.objects.get()
    assert row.source == ApplicationSource.BRANCH
    assert row.scan_name
    assert AuditEntry.objects.get(event="application_received").actor == first
    bad = browser.post(f"{LIST}wpisz/", {**data, "nip": "1", "source": "screen"})
    assert set(bad.context["form"].errors) >= {"nip", "source"}


def test_viewers_cannot_enter_applications(staff_viewer, client_of):
    assert client_of(staff_viewer).get(f"{LIST}wpisz/").status_code == 403


def test_scan_is_an_attachment_for_staff_alone(first, client_of):
    row = application(scan=Scan(b"%PDF-1.4\n%%EOF", "application/pdf", "pdf"))
    address = f"{LIST}{row.pk}/skan/"
    response = client_of(first).get(address)

    assert b"".join(response.streaming_content) == b"%PDF-1.4\n%%EOF"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{row.number}.pdf"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert AuditEntry.objects.filter(event="application_scan_read", actor=first).count() == 1
    assert client_of(UserFactory()).get(address).status_code == 404
    assert Browser().get(address).status_code == 302


def test_damaged_scan_is_not_given(first, client_of):
    row = application(scan=Scan(b"%PDF-1.4\n%%EOF", "application/pdf", "pdf"))
    AccessApplication.objects.filter(pk=row.pk).update(scan_sha256="0" * 64)

    page = client_of(first).get(f"{LIST}{row.pk}/skan/", follow=True).content.decode()

    assert "uszkodzony" in page


def test_no_page_of_the_office_shows_a_secret(first, client_of, company, invited, sms):
    _user, path = invited("kto@example.com", phone="+48601999888")
    code = sms(opened(path))
    key = path.rstrip("/").rpartition("/")[2]
    row = application()
    browser = client_of(first)
    pages = [
        browser.get(address).content.decode()
        for address in (
            LIST,
            f"{LIST}{row.pk}/change/",
            "/zaplecze/onboarding/invitation/",
            f"/zaplecze/onboarding/invitation/{_user.invitations.get().pk}/change/",
            f"/zaplecze/accounts/user/{_user.pk}/change/",
            "/zaplecze/notifications/outgoingmessage/",
        )
    ]
    seeds = [_user.invitations.get().seed, _user.invitations.get().password_seed, row.seed]

    for page in pages:
        assert code not in page
        assert key[32:] not in page
        assert not [seed for seed in seeds if seed in page]
    assert "601999888" not in pages[2] + pages[3]


def test_store_knows_whose_the_scans_are():
    row = application(scan=Scan(b"%PDF-1.4\n%%EOF", "application/pdf", "pdf"))
    lost = storage.write(b"lost")
    found = inspect_store(older_than=timezone.now() + dt.timedelta(days=1))

    assert lost in found.orphans
    assert row.scan_name not in found.orphans
    storage.delete(lost)
