"""A complaint: the clock of its term, the answer in writing, reminders to staff."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from eboks import clock
from eboks.notifications.models import Channel, OutgoingMessage
from requests_app import deciding, drafts, filing, producing, sweeping
from requests_app.catalogue import RequestError, types
from requests_app.enums import Reminder, Status
from requests_app.models import Request
from requests_app.models.complaints import ClientKind, ComplaintTerm, term_of
from tests import factories as f
from tests.requests_app.conftest import draft, filed
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db

TYPED = {
    "topic": "invoice",
    "contract_number": "",
    "text": "Na fakturze jest zła kwota.",
    "wanted": "Korekty faktury.",
}


def term(days=30, client_kind=ClientKind.ALL, **values):
    values = {"valid_from": dt.date(2020, 1, 1), **values}
    return ComplaintTerm.objects.create(
        client_kind=client_kind,
        calendar_days=days,
        basis="do potwierdzenia przez prawnika",
        unanswered_means="do potwierdzenia",
        **values,
    )


def complain(lessee, **typed):
    return filed("complaint", lessee, TYPED | typed, about=False)


def values_of(row):
    return {line["label"]: line["value"] for line in row.lines}


def test_without_a_term_working_days_count_and_are_said(lessee):
    row = complain(lessee)

    days = types()["complaint"].working_days
    assert row.status == Status.SUBMITTED
    assert row.answer_by == clock.add_working_days(clock.today(row.submitted_at), days)
    assert values_of(row)["Czas na odpowiedź"] == f"{days} dni roboczych od złożenia"
    [(label, said)] = types()["complaint"].office(row, timezone.now())
    assert label == "Termin odpowiedzi"
    assert "nie ma terminu z przepisów" in said


def test_portal_brings_no_law_of_its_own(db):
    assert not ComplaintTerm.objects.exists()


def test_term_counts_calendar_days(lessee):
    term(30)

    row = complain(lessee, contract_number="ol/2026/1")

    assert row.answer_by == clock.today(row.submitted_at) + dt.timedelta(days=30)
    assert values_of(row) == {
        "Czego dotyczy": "faktura",
        "Umowa": "OL/2026/1",
        "Co się stało": "Na fakturze jest zła kwota.",
        "Oczekiwanie": "Korekty faktury.",
        "Czas na odpowiedź": "30 dni kalendarzowych od złożenia",
    }
    said = dict(types()["complaint"].office(row, timezone.now()))
    assert said["Podstawa"] == "do potwierdzenia przez prawnika"
    assert said["Brak odpowiedzi w terminie"] == "do potwierdzenia"


def test_term_of_the_clients_own_kind_goes_first(lessee):
    everybody = term(30, valid_from=dt.date(2025, 1, 1))
    consumers = term(14, ClientKind.CONSUMER)
    day = dt.date(2026, 1, 1)

    assert term_of(lessee.company, on=day) == everybody
    lessee.company.is_consumer = True
    assert term_of(lessee.company, on=day) == consumers


def test_term_holds_between_its_days(lessee):
    old = term(30, valid_from=dt.date(2024, 1, 1), valid_to=dt.date(2025, 12, 31))
    new = term(20, valid_from=dt.date(2026, 1, 1))

    assert term_of(lessee.company, on=dt.date(2023, 12, 31)) is None
    assert term_of(lessee.company, on=dt.date(2025, 12, 31)) == old
    assert term_of(lessee.company, on=dt.date(2026, 1, 1)) == new


def test_term_of_no_days_is_refused_by_the_database(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        term(0)


@pytest.mark.parametrize("number", ["OL/1/NIE-MA", "stranger"])
def test_contract_that_is_not_the_clients_is_refused(lessee, number):
    if number == "stranger":
        number = f.ContractFactory().number
    row = draft("complaint", lessee, TYPED | {"contract_number": number}, about=False)

    form = drafts.form_of(row, on=clock.today())

    assert not form.is_valid()
    assert list(form.errors) == ["contract_number"]
    with pytest.raises(RequestError):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())


def test_filing_twice_is_one_complaint(lessee):
    row = complain(lessee)
    again = filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    assert again.submitted_at == row.submitted_at
    assert row.steps.filter(after=Status.SUBMITTED).count() == 1


def test_completing_does_not_start_the_clock_again(lessee, clerk):
    term(30)
    row = complain(lessee)
    first = row.submitted_at - dt.timedelta(days=5)
    Request.objects.filter(pk=row.pk).update(submitted_at=first)

    deciding.ask_for_more(request_id=row.pk, text="Której?", actor=clerk, at=timezone.now())

    until = clock.today(first) + dt.timedelta(days=30)
    row.refresh_from_db()
    assert row.status == Status.NEEDS_CUSTOMER
    assert row.answer_by == until
    filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
    row.refresh_from_db()
    assert row.status == Status.SUBMITTED
    assert row.answer_by == until


def test_other_kinds_wait_without_a_clock(lessee, clerk):
    row = filed("general-question", lessee, {"topic": "Tablice", "text": "Kiedy?"}, about=False)

    deciding.ask_for_more(request_id=row.pk, text="Które?", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.answer_by is None


def test_complaint_is_not_accepted_without_an_answer(lessee, clerk):
    row = complain(lessee)

    with pytest.raises(RequestError, match="Napisz odpowiedź"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now(), text="  ")

    row.refresh_from_db()
    assert row.status == Status.SUBMITTED


def test_accepted_complaint_is_answered_in_writing(lessee, clerk, commits):
    row = complain(lessee)

    with commits():
        deciding.approve(
            request_id=row.pk, actor=clerk, at=timezone.now(), text="Masz rację. Korekta w drodze."
        )

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    text = text_of(row.papers.get())
    assert "Odpowiedź na reklamację" in text
    assert row.reference in text
    assert "reklamacja uznana" in text
    assert "Na fakturze jest zła kwota." in text
    assert "Masz rację. Korekta w drodze." in text


def test_refused_complaint_is_answered_in_writing_once(lessee, clerk, commits):
    row = complain(lessee)

    with commits():
        deciding.reject(
            request_id=row.pk, actor=clerk, at=timezone.now(), text="Kwota jest zgodna z umową."
        )
    producing.produce(request_id=row.pk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.REJECTED
    text = text_of(row.papers.get())
    assert "reklamacja nieuznana" in text
    assert "Kwota jest zgodna z umową." in text


def test_refusal_of_another_kind_has_no_paper(lessee, clerk, commits):
    row = filed("general-question", lessee, {"topic": "Tablice", "text": "Kiedy?"}, about=False)

    with commits():
        deciding.reject(request_id=row.pk, actor=clerk, at=timezone.now(), text="Nie.")
    producing.produce(request_id=row.pk, at=timezone.now())

    assert not row.papers.exists()


def test_sweeper_makes_the_answer_of_a_refusal_that_failed(lessee, clerk):
    row = complain(lessee)
    at = timezone.now()
    deciding.reject(request_id=row.pk, actor=clerk, at=at, text="Nie.")

    sweeping.sweep(at=at)
    assert not row.papers.exists()  # the task may be at it
    sweeping.sweep(at=at + dt.timedelta(minutes=2))
    paper = row.papers.get()
    assert paper.document is not None

    row.papers.update(document=None)  # let go by retention
    sweeping.sweep(at=at + dt.timedelta(days=31))
    paper.refresh_from_db()
    assert paper.document is None


# --- reminders to staff ------------------------------------------------------------------------
@pytest.fixture
def operator(settings):
    settings.OPERATOR_EMAIL = "operator@lessor.example"
    return settings.OPERATOR_EMAIL


def told(row):
    keys = OutgoingMessage.objects.filter(
        kind="request_term", key__startswith=f"request_term:{row.pk}:"
    )
    return sorted(keys.values_list("facts__stage", "channel", "address"))


def moment_of(day):
    return dt.datetime.combine(day, dt.time(9), tzinfo=clock.WARSAW)


def day_after(day):
    return moment_of(day + dt.timedelta(days=1))


def test_operator_is_reminded_of_what_nobody_has_taken(lessee, operator):
    row = complain(lessee)
    before = moment_of(clock.previous_working_day(row.answer_by))

    sweeping.sweep(at=moment_of(clock.previous_working_day(clock.today(before))))
    assert told(row) == []

    for _n in range(2):
        sweeping.sweep(at=before)
        assert told(row) == [("soon", Channel.EMAIL, operator)]

    for _n in range(2):
        sweeping.sweep(at=day_after(row.answer_by))
        assert told(row) == [
            ("late", Channel.EMAIL, operator),
            ("soon", Channel.EMAIL, operator),
        ]
    row.refresh_from_db()
    assert row.reminded == Reminder.LATE


def test_whoever_took_it_is_reminded_and_the_operator_is_not(lessee, clerk, operator):
    row = filed("general-question", lessee, {"topic": "Tablice", "text": "Kiedy?"}, about=False)
    deciding.take(request_id=row.pk, actor=clerk, at=timezone.now())

    sweeping.sweep(at=day_after(row.answer_by))

    assert told(row) == [("late", Channel.EMAIL, "clerk@lessor.example")]


def test_reminder_says_what_and_by_when(lessee, operator, commits):
    row = complain(lessee)
    Request.objects.filter(pk=row.pk).update(answer_by=clock.today())
    row.refresh_from_db()

    with commits():
        sweeping.sweep(at=timezone.now())

    [letter] = [one for one in mail.outbox if one.to == [operator]]
    assert row.reference in letter.subject
    assert lessee.company.name in letter.body
    assert row.answer_by.isoformat() in letter.body
    assert f"/zaplecze/requests_app/request/{row.pk}/change/" in letter.body


def test_nobody_is_reminded_of_what_is_answered(lessee, clerk, operator):
    row = complain(lessee)
    answer_by = row.answer_by
    deciding.reject(request_id=row.pk, actor=clerk, at=timezone.now(), text="Nie.")

    sweeping.sweep(at=day_after(answer_by))

    assert told(row) == []


def test_term_of_law_reminds_while_the_client_is_asked(lessee, clerk, operator):
    term(7)
    row = complain(lessee)
    deciding.ask_for_more(request_id=row.pk, text="Której?", actor=clerk, at=timezone.now())

    sweeping.sweep(at=moment_of(row.answer_by))

    assert told(row) == [("soon", Channel.EMAIL, operator)]


# --- pages -------------------------------------------------------------------------------------
def test_pages_of_a_complaint(client, lessee):
    client.force_login(lessee.user)
    start = client.get("/wnioski/nowy/complaint/")
    assert "Termin odpowiedzi zobaczysz w podsumowaniu" in start.content.decode()
    key = start.context["form"]["form_key"].value()
    form_url = client.post("/wnioski/nowy/complaint/", {"form_key": key}).url
    assert client.post(form_url, TYPED | {"text": ""}).status_code == 200
    summary = client.get(client.post(form_url, TYPED).url)
    assert "Czas na odpowiedź" in summary.content.decode()
    done = client.post(
        summary.request["PATH_INFO"], {"gross": summary.context["summary"].price.gross}
    )
    assert client.get(done.url).status_code == 200
    assert Request.objects.get().status == Status.SUBMITTED


def test_complaint_does_not_exist_for_a_stranger(client, lessee):
    row = complain(lessee)
    client.force_login(f.MembershipFactory().user)

    assert client.get(f"/wnioski/{row.public_id}/").status_code == 404
