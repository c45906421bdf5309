"""Whatever is typed into any form of a request: a page, never a failure (SEC-53)."""

from __future__ import annotations

import uuid

import pytest

from eboks import clock
from requests_app import drafts
from requests_app.catalogue import Subject, types
from requests_app.models import Request
from tests.proof import prove
from tests.requests_app.con_01 import make_rule
from tests.requests_app.conftest import draft, filed
from tests.requests_app.country_rows import first_rules
from tests.requests_app.scheduled import NOW, with_schedule

pytestmark = pytest.mark.django_db
HOSTILE = (
    *("\0", "\u202egnp.exe", "{{7*7}}{% debug %}", "<script>alert(1)</script>"),
    *("-1", "0", "9" * 40, "9" * 5000, "NaN", "Infinity", "1e309", "1E-999999", "٣٤", "−5"),
    *("0001-01-01", "9999-12-31", "2026-02-31", "' OR 1=1 --", "x" * 20_000, "a\r\nb"),
)
# One that is right in all but the hostile field reaches further.
FILLED = {
    "travel-consent": {
        "countries": "DE",
        "driver": "company",
        "languages": "pl",
        "first_day": "2026-12-01",
        "last_day": "2026-12-05",
    },
    "sublease": {
        "user_kind": "person",
        "user_name": "Jan",
        "identifier": "44051401359",
        "purpose": "lending",
        "from_on": "2026-12-01",
        "to_on": "2026-12-05",
        "insured": "on",
    },
    "schedule-change": {"wish": "lower", "extra": "1000", "extra_on": "2026-12-10", "reason": "x"},
    "early-termination": {"settle_on": "2026-12-10", "buyer": "third_party"},
    "claim-payout": {"claim_number": "1", "insurer": "TU", "damaged_on": "2026-11-01"},
    "due-date-change": {"due_day": "20", "first": "14"},
    "refund": {"amount": "10", "account": "61109010140000071219812874"},
}


@pytest.fixture
def ready(lessee, client, time_machine):
    time_machine.move_to(NOW, tick=False)
    first_rules()
    make_rule()
    with_schedule(lessee)
    client.force_login(lessee.user)
    prove(client)
    return lessee


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(types()))
def test_hostile_value_in_any_field_is_a_page(client, ready, name):
    kind = types()[name]
    row = draft(name, ready, {}, about=kind.subject != Subject.COMPANY)
    address = f"/wnioski/{row.public_id}/formularz/"
    filled = FILLED.get(name, {})

    for value in HOSTILE:
        wrong = [{one: [value, value] for one in kind.form.base_fields}]
        wrong += [{**filled, field: value} for field in filled]  # type: ignore[dict-item]
        for data in wrong:  # 400: more than the portal reads at once
            assert client.post(address, data).status_code in {200, 302, 400}, (value[:20], data)
    assert client.get(address).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_address_is_a_page(client, ready, value):
    value = value[:3000]
    contract = ready.contract.public_id
    for page, names in (
        ("/wnioski/nowy/", ["umowa"]),
        ("/wnioski/nowy/schedule-change/", ["umowa", "przedmiot"]),
        (f"/wnioski/symulacja/{contract}/", ["wish", "extra", "extra_on", "count"]),
        (f"/wnioski/rozliczenie/{contract}/", ["dzien"]),
        ("/wnioski/uzytkownicy/", ["q", "stan", "page"]),
        ("/wnioski/", ["stan", "page"]),
        ("/sprawdz/", ["code"]),
    ):
        sent = value.encode("utf-8", "ignore").decode()
        assert client.get(page, {name: [sent, sent] for name in names}).status_code < 500, page
        one = {"wish": "lower", "extra": "1000", "extra_on": "2026-12-10", "count": "12"}
        for name in names:
            found = client.get(page, {**one, name: sent})
            assert found.status_code < 500, (page, name)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_start_and_message_are_a_page(client, ready, value):
    row = filed("general-question", ready, {"topic": "a", "text": "b"}, about=False)

    for data in (
        {"subject": value, "form_key": uuid.uuid4()},
        {"subject": value, "form_key": value},
    ):
        assert client.post("/wnioski/nowy/schedule-change/", data).status_code in {200, 302}
    for data in ({"text": value, "form_key": uuid.uuid4()}, {"text": "a", "form_key": value}):
        assert client.post(f"/wnioski/{row.public_id}/wiadomosc/", data).status_code == 302


def test_ten_thousand_countries_lose_nothing(client, ready):
    row = draft("travel-consent", ready, FILLED["travel-consent"])
    address = f"/wnioski/{row.public_id}/formularz/"

    assert client.post(address, {"countries": ["DE"] * 10_000}).status_code == 400

    row.refresh_from_db()
    assert row.typed["first_day"] == ["2026-12-01"]
    assert (
        client.post(address, {**FILLED["travel-consent"], "countries": ["DE"] * 900}).status_code
        == 302
    )
    row.refresh_from_db()
    assert len(row.typed["countries"]) <= 300
    form = drafts.form_of(Request.objects.get(pk=row.pk), on=clock.today())
    assert form.is_valid()
    assert form.cleaned_data["countries"] == ["DE"]


@pytest.mark.parametrize("fee", ["1e999", "9e99999999", "NaN", "-1", "0.001", "٣", "\0"])
def test_wrong_fee_of_staff_is_said_and_changes_nothing(ready, office, fee):
    row = filed("general-question", ready, {"topic": "a", "text": "b"}, about=False)

    answer = office.post(f"/zaplecze/requests_app/request/{row.pk}/zgoda/", {"fee": fee})

    assert answer.status_code == 302


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59", "x"])
def test_wrong_moment_in_a_letter_is_said(ready, office, moment):
    from django.core.files.uploadedfile import SimpleUploadedFile

    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    answer = office.post(
        "/zaplecze/requests_app/authorityinquiry/zarejestruj/",
        {
            "form_key": uuid.uuid4(),
            "authority": "KMP",
            "letter_no": "1",
            "received_on": "2026-11-20",
            "deadline": "2026-12-20",
            "offence_at": moment,
            "vehicle": "WX 12345",
            "scan": SimpleUploadedFile("a.pdf", pdf),
        },
    )

    assert answer.status_code == 200


def test_counting_a_schedule_is_limited(client, ready):
    page = f"/wnioski/symulacja/{ready.contract.public_id}/"

    answers = [client.get(page).status_code for _n in range(61)]

    assert (answers[0], answers[-1]) == (200, 429)
