"""A draft is its author's alone: for colleagues, for staff, and after it has ended."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from eboks.documents.models import Document
from eboks.tenancy.rights import Role
from requests_app import sweeping
from requests_app.enums import Status
from requests_app.models import RequestFile
from tests import factories as f
from tests.requests_app.conftest import draft
from tests.requests_app.country_rows import first_rules

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
OFFICE = "/zaplecze/requests_app"


@pytest.fixture
def mine(client, lessee):
    """A draft with a file."""
    row = draft("general-question", lessee, {}, about=False)
    client.force_login(lessee.user)
    client.post(
        f"/wnioski/{row.public_id}/formularz/",
        {**QUESTION, "add_file": "1", "file": SimpleUploadedFile("pismo.pdf", PDF)},
    )
    return row


@pytest.fixture
def colleague(client_of, lessee):
    return client_of(f.MembershipFactory(company=lessee.company, role=Role.OWNER).user)


def test_colleague_cannot_read_a_file_of_a_draft(mine, colleague):
    file = RequestFile.objects.get()

    assert colleague.get(f"/wnioski/pliki/{file.public_id}/").status_code == 404
    assert colleague.post(f"/wnioski/pliki/{file.public_id}/usun/").status_code == 404
    assert RequestFile.objects.exists()


def test_staff_find_no_file_of_a_draft(mine, office):
    listed = office.get(f"{OFFICE}/requestfile/").content.decode()

    assert "pismo.pdf" not in listed


@pytest.mark.parametrize("way", ["withdrawn", "expired"])
def test_draft_that_ended_leaves_nothing_behind(client, mine, colleague, office, way):
    file = RequestFile.objects.get()
    if way == "withdrawn":
        client.post(f"/wnioski/{mine.public_id}/wycofaj/")
    else:
        sweeping.sweep(at=timezone.now() + dt.timedelta(days=31))

    mine.refresh_from_db()
    assert (mine.status, mine.typed) == (way, {})
    assert not RequestFile.objects.exists()
    assert not Document.objects.filter(pk=file.document_id or 0).exists()
    assert colleague.get(f"/wnioski/{mine.public_id}/").status_code == 404
    assert mine.reference not in colleague.get("/wnioski/").content.decode()
    assert mine.reference in client.get("/wnioski/").content.decode()
    page = office.get(f"{OFFICE}/request/{mine.pk}/change/", follow=True)
    assert mine.reference not in page.content.decode()


def test_expired_draft_does_not_break_the_back_office(lessee, office):
    first_rules()
    row = draft("travel-consent", lessee, {"countries": ["DE"]})
    sweeping.sweep(at=timezone.now() + dt.timedelta(days=31))

    answer = office.get(f"{OFFICE}/request/{row.pk}/change/")
    listed = office.get(f"{OFFICE}/request/?kolejka=wszystkie")

    row.refresh_from_db()
    assert row.status == Status.EXPIRED
    assert answer.status_code == 302
    assert row.reference not in listed.content.decode()
