"""A question about an interest note: the client's own notes alone, the arithmetic for staff."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from eboks.tenancy.rights import Role
from invoicing.models import InterestNoteLine
from requests_app import deciding, drafts, filing
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import Status
from tests import factories as f
from tests.requests_app.conftest import draft, filed

pytestmark = pytest.mark.django_db


def make_note(contract, **fields):
    money = {"net": Decimal("12.30"), "vat": Decimal(0), "gross": Decimal("12.30")}
    day = timezone.now().date() - dt.timedelta(days=20)
    invoice = f.InvoiceFactory(
        **{"contract": contract, "kind": "interest_note", "issued_on": day, **money, **fields}
    )
    f.ReceivableItemFactory(invoice=invoice, kind="interest_note", gross=invoice.gross)
    return invoice


@pytest.fixture
def note(lessee):
    invoice = make_note(lessee.contract, number="NOP/2026/11/000001")
    InterestNoteLine.objects.create(
        note=invoice,
        item=f.ReceivableItemFactory(invoice=f.InvoiceFactory(contract=lessee.contract)),
        position=1,
        amount=Decimal("1000.00"),
        since=dt.date(2026, 10, 1),
        until=dt.date(2026, 10, 30),
        days=30,
        rate_pct=Decimal("13.75"),
        interest=Decimal("11.301370"),
    )
    return invoice


def asked(note) -> dict[str, str]:
    return {"note": str(note.public_id), "wish": "object", "text": "Przelew był 1.10."}


def test_objection_waits_for_staff_and_is_answered(lessee, note, clerk, commits):
    row = filed("interest-note", lessee, asked(note), about=False)

    assert (row.status, row.fee_gross, row.is_financial) == (Status.SUBMITTED, 0, True)
    assert row.facts == {
        "note": str(note.public_id),
        "number": note.number,
        "wish": "object",
    }
    first, second, third = (line["value"] for line in row.lines)
    assert note.number in first
    assert "12,30" in first
    assert "sprzeciw" in second
    assert third == "Przelew był 1.10."

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now(), text="Cofamy notę.")
    row.refresh_from_db()
    assert (row.status, row.answer) == (Status.CLOSED, "Cofamy notę.")


def test_staff_see_how_the_note_came_about(lessee, note):
    row = filed("interest-note", lessee, asked(note), about=False)

    found = dict(type_of(row).office(row, timezone.now()))

    label = note.interest_lines.get().item.label
    assert found[label].replace("\u00a0", " ") == (
        "1 000,00 zł od 01.10.2026 do 30.10.2026, dni: 30, stopa 13,75%, odsetki 11,30 zł"
    )
    assert found["Z noty zostało do zapłaty"].replace("\u00a0", " ") == "12,30 zł"


def test_note_of_the_core_system_has_no_arithmetic_here(lessee):
    row = filed("interest-note", lessee, asked(make_note(lessee.contract)), about=False)
    assert "systemie głównym" in dict(type_of(row).office(row, timezone.now()))["Wyliczenie"]


def test_only_own_notes_are_offered(lessee, note):
    make_note(f.ContractFactory())  # of another client
    f.InvoiceFactory(contract=lessee.contract)  # not a note
    make_note(lessee.contract, issued_on=dt.date(2020, 1, 1))  # long ago

    form = drafts.form_of(draft("interest-note", lessee, {}, about=False), on=timezone.now().date())

    assert [key for key, _label in form["note"].field.widget.choices] == ["", str(note.public_id)]


def test_note_of_another_client_is_refused(lessee, note):
    for other in (make_note(f.ContractFactory()).public_id, uuid.uuid4(), ""):
        row = draft("interest-note", lessee, {**asked(note), "note": str(other)}, about=False)
        with pytest.raises(RequestError, match="Formularz"):
            filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
        assert set(drafts.form_of(row, on=timezone.now().date()).errors) == {"note"}


def test_filed_twice_is_one_request(lessee, note):
    row = filed("interest-note", lessee, asked(note), about=False)
    again = filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
    assert (again.pk, again.status) == (row.pk, Status.SUBMITTED)
    assert row.steps.filter(after=Status.SUBMITTED).count() == 1


def test_who_may_ask_and_read(client, client_of, lessee, note):
    row = filed("interest-note", lessee, asked(note), about=False)
    address, start_url = f"/wnioski/{row.public_id}/", "/wnioski/nowy/interest-note/"
    finance = client_of(f.MembershipFactory(company=lessee.company, role=Role.FINANCE).user)
    fleet = client_of(f.MembershipFactory(company=lessee.company, role=Role.FLEET).user)
    stranger = client_of(f.MembershipFactory().user)
    client.force_login(lessee.user)

    assert note.number in client.get(address).content.decode()
    assert finance.get(address).status_code == 200
    assert finance.get(start_url).status_code == 200
    assert fleet.get(start_url).status_code == 403
    assert fleet.get(address).status_code == 403
    assert stranger.get(address).status_code == 404


def test_form_page_without_notes_says_so(client, lessee):
    row = draft("interest-note", lessee, {}, about=False)
    client.force_login(lessee.user)
    page = client.get(f"/wnioski/{row.public_id}/formularz/")
    assert "nie ma not odsetkowych" in page.content.decode()
