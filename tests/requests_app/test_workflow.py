"""Every step of a request, allowed and refused; each is logged, told and counted once."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import uuid

import pytest
from django.db import connection, connections
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.notifications.models import OutgoingMessage
from invoicing.models import FeeLine
from requests_app import deciding, drafts, filing, sweeping, workflow
from requests_app.catalogue import RequestError, types
from requests_app.enums import STEPS, By, FeeState, Status
from requests_app.models import Request, RequestStep
from tests.requests_app.conftest import draft, filed

QUESTION = {"topic": "Tablice", "text": "Kiedy?"}
STEPS_OF_THE_TABLE = list(itertools.product(Status, Status, By))


def question(lessee):
    return draft("general-question", lessee, QUESTION, about=False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "to", "by"), STEPS_OF_THE_TABLE, ids=lambda value: getattr(value, "value", "")
)
def test_step_follows_the_table(lessee, before, to, by):
    row = question(lessee)
    Request.objects.filter(pk=row.pk).update(status=before)
    row.refresh_from_db()
    allowed = to in STEPS and before in STEPS[to][0] and by in STEPS[to][1]
    logged = RequestStep.objects.count()

    if not allowed:
        with pytest.raises((RequestError, KeyError)):
            workflow.move(row, to=to, by=by, actor=lessee.user, at=timezone.now())
    else:
        workflow.move(row, to=to, by=by, actor=lessee.user, at=timezone.now())

    row.refresh_from_db()
    assert row.status == (to if allowed else before)
    assert RequestStep.objects.count() == logged + allowed


@pytest.mark.django_db
def test_step_that_somebody_made_already_is_refused(lessee):
    row = question(lessee)
    stale = Request.objects.get(pk=row.pk)
    filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    with pytest.raises(RequestError):
        workflow.move(stale, to=Status.WITHDRAWN, by=By.STAFF, actor=lessee.user, at=timezone.now())
    with pytest.raises(RequestError, match="złożony"):
        workflow.move(stale, to=Status.EXPIRED, by=By.PORTAL, actor=None, at=timezone.now())


@pytest.mark.django_db
def test_filing_is_told_and_recorded_once(lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    assert OutgoingMessage.objects.filter(kind="request_changed").count() == 2  # e-mail and bell
    assert AuditEntry.objects.filter(event="request_submitted").count() == 1


@pytest.mark.django_db
def test_draft_is_one_for_one_form(lessee):
    key, at = uuid.uuid4(), timezone.now()
    facts = {
        "company": lessee.company,
        "contract": None,
        "asset": None,
        "author": lessee.user,
        "form_key": key,
        "at": at,
    }
    first = drafts.start(kind=types()["general-question"], **facts)

    assert drafts.start(kind=types()["general-question"], **facts) == first
    with pytest.raises(RequestError, match="innymi danymi"):
        drafts.start(
            kind=types()["general-question"],
            **{**facts, "contract": lessee.contract, "asset": lessee.asset},
        )


@pytest.mark.django_db
def test_draft_keeps_what_is_wrong(lessee):
    row = draft("general-question", lessee, {"topic": "", "text": "a\0b\ud800c"}, about=False)

    kept = drafts.form_of(Request.objects.get(pk=row.pk), on=dt.date(2026, 11, 26))

    assert not kept.is_valid()
    assert kept["text"].value() == "abc"
    with pytest.raises(RequestError, match="nie jest jeszcze"):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())


@pytest.mark.django_db
def test_price_that_changed_under_the_page_files_nothing(lessee):
    row = question(lessee)

    with pytest.raises(RequestError, match="Cena się zmieniła"):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now(), shown_gross="61.50")

    row.refresh_from_db()
    assert row.status == Status.DRAFT


@pytest.mark.django_db
def test_client_completes_what_staff_ask_for(lessee, clerk):
    row = filed("general-question", lessee, QUESTION, about=False)
    at = timezone.now()
    deciding.take(request_id=row.pk, actor=clerk, at=at)
    deciding.ask_for_more(request_id=row.pk, text="Którego auta?", actor=clerk, at=at)
    row.refresh_from_db()
    assert (row.status, row.answer_by) == (Status.NEEDS_CUSTOMER, None)

    filing.submit(request_id=row.pk, actor=lessee.user, at=at)

    row.refresh_from_db()
    assert row.status == Status.SUBMITTED
    assert row.answer_by is not None
    assert [step.note for step in row.steps.order_by("pk") if step.note] == ["Którego auta?"]


@pytest.mark.django_db
@pytest.mark.parametrize("step", [deciding.ask_for_more, deciding.reject])
def test_staff_must_say_why(lessee, clerk, step):
    row = filed("general-question", lessee, QUESTION, about=False)

    with pytest.raises(RequestError, match="Napisz"):
        step(request_id=row.pk, text="  ", actor=clerk, at=timezone.now())


@pytest.mark.django_db
def test_refusal_charges_nothing(lessee, clerk):
    row = filed("general-question", lessee, QUESTION, about=False)
    line = FeeLine.objects.filter(code="opinion", channel="online").get()
    Request.objects.filter(pk=row.pk).update(
        fee_line=line, fee_net=50, fee_gross="61.50", fee_state=FeeState.DUE
    )

    deciding.reject(request_id=row.pk, text="Nie.", actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert (row.status, row.fee_state, row.charge) == (Status.REJECTED, FeeState.WAIVED, None)
    assert row.answer == "Nie."


@pytest.mark.django_db
def test_fee_of_a_contract_of_the_core_waits_for_staff(lessee, clerk):
    row = filed("general-question", lessee, QUESTION, about=False)
    line = FeeLine.objects.filter(code="opinion", channel="online").get()
    Request.objects.filter(pk=row.pk).update(
        fee_line=line, fee_net=50, fee_gross="61.50", fee_state=FeeState.DUE,
        contract=lessee.contract,
    )  # fmt: skip
    deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    row.refresh_from_db()
    assert row.fee_state == FeeState.CORE

    deciding.note_core_fee(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.fee_state == FeeState.CORE_DONE
    with pytest.raises(RequestError):
        deciding.note_core_fee(request_id=row.pk, actor=clerk, at=timezone.now())


@pytest.mark.django_db
def test_two_people_decide_above_the_amount(lessee, clerk, second_clerk, settings):
    settings.REQUESTS_TWO_PEOPLE_FROM = 10_000
    row = filed("general-question", lessee, QUESTION, about=False)
    Request.objects.filter(pk=row.pk).update(amount=10_000)
    at = timezone.now()

    deciding.approve(request_id=row.pk, actor=clerk, at=at)
    with pytest.raises(RequestError, match="inna osoba"):
        deciding.approve(request_id=row.pk, actor=clerk, at=at)
    row.refresh_from_db()
    assert (row.status, row.proposed_by) == (Status.SUBMITTED, clerk)

    deciding.approve(request_id=row.pk, actor=second_clerk, at=at)

    row.refresh_from_db()
    assert (row.status, row.decided_by) == (Status.APPROVED, second_clerk)


@pytest.mark.django_db
def test_drafts_and_unanswered_questions_expire(lessee, clerk):
    at = timezone.now()
    old = question(lessee)
    asked = filed("general-question", lessee, QUESTION, about=False)
    deciding.ask_for_more(request_id=asked.pk, text="Którego auta?", actor=clerk, at=at)

    assert sweeping.sweep(at=at + dt.timedelta(days=13)) == 0
    assert sweeping.sweep(at=at + dt.timedelta(days=14)) == 1
    assert sweeping.sweep(at=at + dt.timedelta(days=31)) == 1

    old.refresh_from_db()
    asked.refresh_from_db()
    assert (old.status, asked.status) == (Status.EXPIRED, Status.EXPIRED)


@pytest.mark.django_db
def test_sweeper_finishes_what_was_approved(lessee, clerk):
    row = filed("general-question", lessee, QUESTION, about=False)
    at = timezone.now()
    deciding.approve(request_id=row.pk, actor=clerk, at=at)

    sweeping.sweep(at=at + dt.timedelta(minutes=2))

    row.refresh_from_db()
    assert row.status == Status.CLOSED


def test_sweeper_passes_by_what_waits_for_staff(lessee, clerk, monkeypatch):
    at = timezone.now()
    waiting = filed("registration-copy", lessee, {"wanted": "copy", "purpose": "Kontrola"})
    row = filed("general-question", lessee, QUESTION, about=False)
    for one in (waiting, row):
        deciding.approve(request_id=one.pk, actor=clerk, at=at)
    monkeypatch.setattr(sweeping, "_AT_ONCE", 1)

    sweeping.sweep(at=at + dt.timedelta(minutes=2))

    row.refresh_from_db()
    assert row.status == Status.CLOSED


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_parallel_filing_is_one_request(lessee):
    row = question(lessee)
    failures = []

    def file_it():
        try:
            filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=file_it) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    unexpected = [error for error in failures if not isinstance(error, RequestError)]
    if connection.vendor == "sqlite":  # in memory, threads of one table lock each other out
        unexpected = [error for error in unexpected if "locked" not in str(error)]
    assert unexpected == []
    assert RequestStep.objects.filter(after=Status.SUBMITTED).count() == 1
