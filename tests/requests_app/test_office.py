"""The back office's page of requests: queues, decisions, files, and who may decide."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from eboks import clock
from eboks.accounts.staff import StaffRole, create_staff
from eboks.notifications.models import OutgoingMessage
from invoicing.enums import ItemKind
from requests_app import deciding
from requests_app import office as queues
from requests_app.enums import Status
from requests_app.models import Request, RequestMessage, RequestPaper
from tests import factories as f
from tests.factories import PASSWORD
from tests.requests_app.conftest import draft, filed
from tests.requests_app.test_registration_copy import TYPED as COPY

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}
LIST = "/zaplecze/requests_app/request/"


@pytest.fixture
def row(lessee):
    return filed("general-question", lessee, QUESTION, about=False)


@pytest.fixture
def desk(office, row):
    """`desk("zgoda", text="…")` presses a button of the page of the request."""

    def press(part: str, **data: str):
        answer = office.post(f"{LIST}{row.pk}/{part}/", data, follow=True)
        row.refresh_from_db()
        return answer.content.decode()

    return press


def test_queue_opens_with_what_waits(office, row, lessee):
    mine = draft("general-question", lessee, QUESTION, about=False)

    page = office.get(LIST).content.decode()

    assert row.reference in page
    assert mine.reference not in page
    assert office.get(f"{LIST}{mine.pk}/change/").status_code == 302  # the admin's „not found”


def test_queues_are_counted(row, clerk):
    at = timezone.now()
    counted = {name: count for name, _title, count in queues.counts(user=clerk, at=at)}
    assert (counted[""], counted["wolne"], counted["moje"]) == (1, 1, 0)

    deciding.take(request_id=row.pk, actor=clerk, at=at)

    later = at + dt.timedelta(days=30)
    counted = {name: count for name, _title, count in queues.counts(user=clerk, at=later)}
    assert (counted["wolne"], counted["moje"], counted["po-terminie"]) == (0, 1, 1)


def test_clerk_takes_asks_and_approves(desk, row, clerk, commits):
    desk("wez")
    assert (row.status, row.assignee) == (Status.IN_REVIEW, clerk)

    with commits():
        page = desk("zgoda", text="Jutro.")

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert "Zgoda zapisana" in page
    assert "Jutro." in page


def test_page_shows_what_the_decision_rests_on(office, row, lessee):
    page = office.get(f"{LIST}{row.pk}/change/").content.decode()

    assert "Zaległości klienta" in page
    assert lessee.company.name in page
    assert "Kiedy?" in page


def test_arrears_stand_by_currency_with_notes(row, lessee):
    due_on = clock.today() - dt.timedelta(days=9)
    for kind, currency, amount in (
        (ItemKind.INTEREST_NOTE, "PLN", "12.50"),
        (ItemKind.INVOICE, "EUR", "100.00"),
    ):
        f.ReceivableItemFactory(
            invoice=f.InvoiceFactory(contract=lessee.contract, currency=currency),
            kind=kind,
            currency=currency,
            gross=amount,
            nominal_due_on=due_on,
            effective_due_on=due_on,
        )

    first = queues.findings(row, at=timezone.now())[0]

    words = first.text.replace("\xa0", " ")
    assert (first.state, words) == ("bad", "1 pozycji, 100,00 €; 1 pozycji, 12,50 zł")


def test_refusal_without_a_reason_is_not_one(desk, row):
    page = desk("odmowa", text=" ")

    assert row.status == Status.SUBMITTED
    assert "Napisz klientowi" in page


def test_message_of_staff_reaches_the_author(desk, row):
    desk("napisz", text="Sprawdzamy.", form_key=str(uuid.uuid4()))

    message = RequestMessage.objects.get()
    assert (message.from_staff, message.text) == (True, "Sprawdzamy.")
    assert OutgoingMessage.objects.filter(kind="request_message").exists()


def test_client_reads_no_name_of_staff(client, desk, row, clerk, lessee):
    desk("wez")
    desk("napisz", text="Sprawdzamy.", form_key=str(uuid.uuid4()))
    client.force_login(lessee.user)

    page = client.get(f"/wnioski/{row.public_id}/").content.decode()

    assert "obsługa leasingodawcy" in page
    assert clerk.username not in page
    assert clerk.email not in page


def test_staff_who_only_look_decide_nothing(client_of, row):
    viewer = create_staff(
        username="Z-look", email="look@lessor.example", role=StaffRole.VIEW, password=PASSWORD
    )
    browser = client_of(viewer)

    assert browser.get(f"{LIST}{row.pk}/change/").status_code == 200
    for part in ("wez", "zgoda", "odmowa", "uzupelnij", "zamknij", "napisz", "oplata"):
        assert browser.post(f"{LIST}{row.pk}/{part}/", {"text": "x"}).status_code == 403
    row.refresh_from_db()
    assert row.status == Status.SUBMITTED


def test_client_finds_no_page_of_the_back_office(client, row, lessee):
    client.force_login(lessee.user)

    assert client.get(f"{LIST}{row.pk}/change/").status_code == 404
    assert client.post(f"{LIST}{row.pk}/zgoda/").status_code == 404


def test_paper_is_revoked_with_a_reason(desk, row):
    paper = RequestPaper.objects.create(
        request=row,
        number="W-TEST/PL",
        title="Zgoda",
        language="pl",
        text_version="1",
        check_code="ABCD",
        valid_from=timezone.localdate(),
        made_at=timezone.now(),
    )

    assert "Podaj powód" in desk(f"cofnij/{paper.pk}", text="")
    desk(f"cofnij/{paper.pk}", text="pomyłka")

    paper.refresh_from_db()
    assert paper.revoked_at is not None
    assert "już cofnięty" in desk(f"cofnij/{paper.pk}", text="znowu")


def test_handling_times_count_people_only(row, clerk, lessee):
    at = timezone.now()
    Request.objects.filter(pk=row.pk).update(submitted_at=at - dt.timedelta(hours=5))
    deciding.approve(request_id=row.pk, actor=clerk, at=at)

    (time,) = queues.handling_times(at=at)

    assert (time.count, time.hours, time.in_time) == (1, 5, 100)


def test_simple_requests_are_approved_together(office, lessee, row):
    copies = [filed("registration-copy", lessee, COPY) for _n in range(2)]
    ids = [str(one.pk) for one in (*copies, row)]

    page = office.post(
        LIST, {"action": "approve_selected", "_selected_action": ids}, follow=True
    ).content.decode()

    assert "Załatwiono 2" in page
    for one in copies:
        one.refresh_from_db()
        assert one.status == Status.APPROVED
    row.refresh_from_db()
    assert row.status == Status.SUBMITTED  # a question wants an answer of its own


def test_requests_are_taken_together_and_the_decided_stay(office, lessee, row, clerk):
    other = filed("general-question", lessee, QUESTION, about=False)
    deciding.reject(request_id=other.pk, text="Nie.", actor=clerk, at=timezone.now())

    office.post(
        f"{LIST}?kolejka=wszystkie",
        {"action": "take_selected", "_selected_action": [str(row.pk), str(other.pk)]},
    )

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.status, row.assignee) == (Status.IN_REVIEW, clerk)
    assert (other.status, other.assignee) == (Status.REJECTED, None)


def test_handling_times_tell_what_was_late(row, clerk, lessee):
    at = timezone.now()
    late = filed("general-question", lessee, QUESTION, about=False)
    Request.objects.filter(pk=late.pk).update(submitted_at=at - dt.timedelta(days=20))
    for one in (row, late):
        deciding.approve(request_id=one.pk, actor=clerk, at=at)

    (time,) = queues.handling_times(at=at)

    assert (time.count, time.in_time) == (2, 50)
