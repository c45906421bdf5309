"""What is signed is what is filed: files swapped, reach lost, files that come or go too late."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from eboks.authorisation import sending, services, signing
from eboks.authorisation.models import OperationAuthorisation
from eboks.onboarding.scans import Scan as Picture
from eboks.tenancy.models import Membership
from requests_app import conversation, filing
from requests_app.catalogue import RequestError, types
from requests_app.enums import Status
from requests_app.gate import operation_of
from requests_app.models import Request, RequestFile, RequestMessage
from tests.requests_app.conftest import SESSION, draft, filed

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}
CLAIM = {"claim_number": "SZK/1", "insurer": "TU SA", "damaged_on": "2026-11-20", "amount": ""}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def attached(row, name="faktura.pdf"):
    return conversation.attach(
        request=row,
        author=row.author,
        picture=Picture(PDF, "application/pdf", "pdf"),
        file_name=name,
        at=timezone.now(),
    )


@pytest.fixture
def claim(lessee):
    lessee.contract.handover_on = lessee.contract.signed_on
    lessee.contract.save()
    return draft("claim-payout", lessee, CLAIM | {"damaged_on": timezone.localdate()})


def prepared(row):
    return services.prepare(
        operation=operation_of(types()[row.kind]),
        user=row.author,
        company=row.company,
        payload={"request": str(row.public_id)},
        form_key=uuid.uuid4(),
        session=SESSION,
        at=timezone.now(),
    )


def send(instruction):
    return sending.send_code(
        instruction_id=instruction.pk,
        user=instruction.user,
        session=SESSION,
        at=timezone.now(),
    )


def confirm(instruction):
    code = OperationAuthorisation.objects.get(instruction=instruction, state="live").code()
    signing.check_code(
        instruction_id=instruction.pk,
        user=instruction.user,
        session=SESSION,
        typed=code,
        at=timezone.now(),
    )
    instruction.refresh_from_db()
    return instruction


@pytest.mark.parametrize("name", ["faktura.pdf", "inna.pdf"])
def test_file_swapped_after_the_summary_is_not_signed(claim, name):
    first = attached(claim)
    instruction = prepared(claim)
    assert send(instruction).ok
    conversation.detach(file=first)
    attached(claim, name)

    confirm(instruction)

    claim.refresh_from_db()
    assert (instruction.state, claim.status) == ("stale", Status.DRAFT)


def test_person_who_lost_the_contract_signs_nothing(claim):
    instruction = prepared(claim)
    assert send(instruction).ok
    Membership.objects.filter(user=claim.author).update(role="signatory", is_limited=True)

    confirm(instruction)

    claim.refresh_from_db()
    assert (instruction.state, claim.status) == ("refused", Status.DRAFT)


def test_file_stays_once_the_request_is_filed(lessee):
    row = draft("general-question", lessee, QUESTION, about=False)
    file = attached(row)
    filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    conversation.detach(file=file)

    assert RequestFile.objects.filter(pk=file.pk).exists()


def test_file_that_comes_after_filing_is_refused(lessee):
    row = draft("general-question", lessee, QUESTION, about=False)
    filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())

    with pytest.raises(RequestError):
        attached(row)


def test_form_of_a_request_filed_in_another_window_is_no_error(client, lessee, monkeypatch):
    row = draft("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)
    from requests_app import drafts

    keep = drafts.keep

    def too_late(**values):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
        keep(**values)

    monkeypatch.setattr(drafts, "keep", too_late)
    answer = client.post(f"/wnioski/{row.public_id}/formularz/", QUESTION)

    assert (answer.status_code, answer.url) == (302, f"/wnioski/{row.public_id}/")


def test_ended_matter_takes_no_more_messages_of_the_client(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    Request.objects.filter(pk=row.pk).update(status=Status.CLOSED)
    client.force_login(lessee.user)

    client.post(
        f"/wnioski/{row.public_id}/wiadomosc/",
        {"form_key": uuid.uuid4(), "text": "x", "file": SimpleUploadedFile("a.pdf", PDF)},
    )

    assert not RequestMessage.objects.exists()
    assert not RequestFile.objects.exists()
