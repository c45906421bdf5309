"""A letter of an authority: what the client answers, what is sent and what is kept."""

from __future__ import annotations

import datetime as dt
import io
from functools import partial

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from eboks.authorisation.models import Instruction
from eboks.tenancy.models import LessorProfile
from eboks.tenancy.rights import Role
from requests_app import drafts, filing, inquiries, office, producing, sweeping
from requests_app.catalogue import RequestError, types
from requests_app.enums import FeeState, Status
from requests_app.models import Request, RequestPaper
from requests_app.models.inquiries import AuthorityInquiry
from tests import factories as f
from tests.requests_app.conftest import signed
from tests.requests_app.letters import (
    ANSWER,
    TODAY,
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
    assert any("minął" in value for _label, value in kind.office(row, timezone.now()))


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
