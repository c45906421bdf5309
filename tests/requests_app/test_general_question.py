"""A question: filed without a signature, answered in messages, closed by staff."""

from __future__ import annotations

import pytest
from django.utils import timezone

from requests_app import deciding
from requests_app.enums import Status
from tests.requests_app.conftest import filed

pytestmark = pytest.mark.django_db


def test_question_waits_for_staff(lessee):
    row = filed("general-question", lessee, {"topic": "Tablice", "text": "Kiedy?"}, about=False)

    assert row.status == Status.SUBMITTED
    assert [line["value"] for line in row.lines] == ["Tablice", "Kiedy?"]
    assert row.answer_by is not None
    assert row.fee_gross == 0


def test_question_is_closed_with_an_answer(lessee, clerk, commits):
    row = filed("general-question", lessee, {"topic": "Tablice", "text": "Kiedy?"}, about=False)

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now(), text="Jutro.")

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert row.answer == "Jutro."


def test_pages_of_a_question(client, lessee):
    client.force_login(lessee.user)
    assert client.get("/wnioski/").status_code == 200
    assert "Pytanie" in client.get("/wnioski/nowy/").content.decode()
    start = client.get("/wnioski/nowy/general-question/")
    assert start.status_code == 200
    key = start.context["form"]["form_key"].value()
    form_url = client.post("/wnioski/nowy/general-question/", {"form_key": key}).url
    assert client.post(form_url, {"topic": "", "text": "x"}).status_code == 200
    answer = client.post(form_url, {"topic": "Tablice", "text": "Kiedy?"})
    summary = client.get(answer.url)
    assert summary.status_code == 200
    done = client.post(answer.url, {"gross": summary.context["summary"].price.gross})
    assert client.get(done.url).status_code == 200
