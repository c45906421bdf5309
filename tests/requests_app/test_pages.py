"""Pages of requests: whose they are, what they keep, what the public check page tells."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from eboks.documents.antivirus import Scan
from eboks.tenancy.rights import Role
from invoicing.models import FeeTable
from requests_app import conversation, filing
from requests_app.enums import Status
from requests_app.models import Request, RequestFile, RequestMessage, RequestPaper
from tests import factories as f
from tests.requests_app.conftest import draft, filed

pytestmark = pytest.mark.django_db
QUESTION = {"topic": "Tablice", "text": "Kiedy?"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def test_colleague_sees_a_filed_request_but_no_draft(client, lessee):
    mine = draft("general-question", lessee, QUESTION, about=False)
    row = filed("general-question", lessee, QUESTION, about=False)
    colleague = f.MembershipFactory(company=lessee.company, role=Role.FINANCE)
    client.force_login(colleague.user)

    listed = client.get("/wnioski/").content.decode()

    assert row.reference in listed
    assert mine.reference not in listed
    assert client.get(f"/wnioski/{mine.public_id}/formularz/").status_code == 404
    assert client.get(f"/wnioski/{row.public_id}/").status_code == 200


def test_request_about_money_is_hidden_from_a_fleet_manager(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    fleet = f.MembershipFactory(company=lessee.company, role=Role.FLEET)
    client.force_login(fleet.user)
    assert client.get(f"/wnioski/{row.public_id}/").status_code == 200

    Request.objects.update(is_financial=True)

    assert client.get(f"/wnioski/{row.public_id}/").status_code == 403
    assert row.reference not in client.get("/wnioski/").content.decode()


def test_request_of_another_company_is_not_found(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    stranger = f.MembershipFactory(role=Role.OWNER)
    client.force_login(stranger.user)

    for ending in ("", "formularz/", "sprawdz/"):
        assert client.get(f"/wnioski/{row.public_id}/{ending}").status_code == 404
    for ending in ("wiadomosc/", "wycofaj/"):
        assert client.post(f"/wnioski/{row.public_id}/{ending}").status_code == 404


def test_summary_in_any_language_files_at_its_own_price(client, lessee):
    client.force_login(lessee.user)
    for language in ("pl", "en", "uk"):
        row = draft("general-question", lessee, QUESTION, about=False)
        address = f"/wnioski/{row.public_id}/sprawdz/"
        headers = {"accept-language": language}
        page = client.get(address, headers=headers).content.decode()
        (shown,) = re.findall(r'name="gross" value="([^"]*)"', page)

        client.post(address, {"gross": shown}, headers=headers)

        row.refresh_from_db()
        assert row.status == Status.SUBMITTED


def test_list_says_what_a_question_is_about(client, lessee):
    filed("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)

    assert "<small>Tablice</small>" in client.get("/wnioski/").content.decode()


def test_wrong_form_is_kept_as_a_draft(client, lessee):
    row = draft("general-question", lessee, {}, about=False)
    client.force_login(lessee.user)

    answer = client.post(f"/wnioski/{row.public_id}/formularz/", {"topic": "", "text": "Kiedy?"})

    assert answer.status_code == 200
    assert "Błąd" in answer.content.decode()
    again = client.get(f"/wnioski/{row.public_id}/formularz/").content.decode()
    assert "Kiedy?" in again


def test_empty_post_without_a_price_is_answered_in_words(client, lessee):
    FeeTable.objects.update(valid_from=timezone.localdate() + dt.timedelta(days=9))
    client.force_login(lessee.user)

    answer = client.post("/wnioski/nowy/opinion/")

    assert answer.status_code == 200
    assert "nie znamy jej ceny" in answer.content.decode()


def test_what_an_earlier_page_asked_is_not_typed_twice(client, lessee):
    client.force_login(lessee.user)
    address = "/wnioski/nowy/general-question/?topic=Tablice&status=closed"
    key = client.get(address).context["form"]["form_key"].value()

    form_url = client.post(address, {"form_key": key}).url

    row = Request.objects.get()
    assert row.typed == {"topic": ["Tablice"]}
    assert 'value="Tablice"' in client.get(form_url).content.decode()
    assert row.status == Status.DRAFT


def test_mass_assignment_changes_nothing(client, lessee):
    row = draft("general-question", lessee, {}, about=False)
    other = f.CompanyFactory()
    client.force_login(lessee.user)

    client.post(
        f"/wnioski/{row.public_id}/formularz/",
        {**QUESTION, "company": other.pk, "status": "approved", "fee_gross": "0", "amount": "9"},
    )

    row.refresh_from_db()
    assert (row.status, row.company, row.amount) == (Status.DRAFT, lessee.company, None)
    assert set(row.typed) == {"topic", "text"}


def test_file_goes_with_the_draft_and_may_be_taken_off(client, lessee):
    row = draft("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)
    address = f"/wnioski/{row.public_id}/formularz/"

    client.post(
        address, {**QUESTION, "add_file": "1", "file": SimpleUploadedFile("pismo.pdf", PDF)}
    )

    file = RequestFile.objects.get()
    assert (file.name, file.scan) == ("pismo.pdf", Scan.CLEAN)
    answer = client.get(f"/wnioski/pliki/{file.public_id}/")
    assert b"".join(answer.streaming_content) == PDF
    client.post(f"/wnioski/pliki/{file.public_id}/usun/")
    assert not RequestFile.objects.exists()


def test_wrong_file_is_refused_and_the_text_stays(client, lessee):
    row = draft("general-question", lessee, {}, about=False)
    client.force_login(lessee.user)

    answer = client.post(
        f"/wnioski/{row.public_id}/formularz/",
        {**QUESTION, "file": SimpleUploadedFile("wirus.exe", b"MZ")},
    )

    assert "PDF, JPG ani PNG" in answer.content.decode()
    assert not RequestFile.objects.exists()
    row.refresh_from_db()
    assert row.typed["text"] == ["Kiedy?"]


def test_file_that_is_not_scanned_is_given_to_nobody(client, lessee, office, settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    row = draft("general-question", lessee, QUESTION, about=False)
    from eboks.onboarding.scans import Scan as Picture

    file = conversation.attach(
        request=row,
        author=lessee.user,
        picture=Picture(PDF, "application/pdf", "pdf"),
        file_name="pismo.pdf",
        at=timezone.now(),
    )
    filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
    client.force_login(lessee.user)

    assert file.scan == Scan.WAITING
    assert client.get(f"/wnioski/pliki/{file.public_id}/").status_code == 404
    assert office.get(f"/zaplecze/requests_app/request/{row.pk}/plik/{file.pk}/").status_code == 302


def test_message_sent_twice_is_one(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)
    key = str(uuid.uuid4())

    for _n in range(2):
        client.post(f"/wnioski/{row.public_id}/wiadomosc/", {"form_key": key, "text": "Halo?"})

    assert RequestMessage.objects.count() == 1


def test_message_without_words_is_refused_and_said_so(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)

    answer = client.post(
        f"/wnioski/{row.public_id}/wiadomosc/", {"form_key": uuid.uuid4(), "text": " "}, follow=True
    )

    assert "Błąd" in answer.content.decode()
    assert not RequestMessage.objects.exists()


def test_withdrawn_request_stays_in_the_list(client, lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)

    client.post(f"/wnioski/{row.public_id}/wycofaj/")

    row.refresh_from_db()
    assert row.status == Status.WITHDRAWN
    assert row.reference in client.get("/wnioski/?stan=zakonczone").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_list_query_count_is_constant(client, lessee, count, django_assert_max_num_queries):
    for _n in range(count):
        filed("general-question", lessee, QUESTION, about=False)
    client.force_login(lessee.user)
    client.get("/wnioski/")

    with django_assert_max_num_queries(12):
        answer = client.get("/wnioski/")

    assert len(answer.context["lines"]) == count


# --- the public check page ----------------------------------------------------------------------
@pytest.fixture
def paper(lessee):
    row = filed("general-question", lessee, QUESTION, about=False)
    return RequestPaper.objects.create(
        request=row,
        number="W-TEST/PL",
        title="Upoważnienie",
        language="pl",
        text_version="1",
        check_code="ABCDEFGHJKLMNPQRSTUVWXYZ23",
        about=[{"label": "Pojazd", "value": "WX 12345"}],
        valid_from=timezone.localdate(),
        made_at=timezone.now(),
    )


def test_check_page_tells_what_the_paper_says_and_no_more(client, paper, lessee):
    page = client.get(f"/sprawdz/{paper.check_code}/").content.decode()

    assert "prawdziwy i ważny" in page
    assert "WX 12345" in page
    assert paper.number in page
    for secret in (lessee.company.name, lessee.company.nip, lessee.user.last_name, "Tablice"):
        assert secret not in page


def test_check_page_takes_a_code_typed_with_spaces(client, paper):
    answer = client.get("/sprawdz/", {"code": "abcd efgh jklm npqr stuv wxyz 23"})

    assert answer.url == f"/sprawdz/{paper.check_code}/"


@pytest.mark.parametrize("typed", ["", "  ", "–"])
def test_check_page_says_that_a_code_is_missing(client, typed):
    page = client.get("/sprawdz/", {"code": typed}).content.decode()

    assert "<title>Błąd:" in page
    assert "error-summary" in page


def test_check_page_knows_nothing_of_other_codes(client, paper):
    for code in ("ABCDEFGHJKLMNPQRSTUVWXYZ24", paper.check_code[:-1], "%00", "-", "é"):
        answer = client.get(f"/sprawdz/{code}/")

        assert answer.status_code == 404
        assert "prawdziwy" not in answer.content.decode().split("<main")[1].split("</h1>")[0]


def test_revoked_paper_is_void(client, paper, clerk):
    from requests_app import producing

    producing.revoke(paper=paper, reason="pomyłka", actor=clerk, at=timezone.now())

    assert "cofnięty" in client.get(f"/sprawdz/{paper.check_code}/").content.decode()


def test_check_page_is_limited(client, paper):
    answers = [client.get(f"/sprawdz/{'A' * n}/").status_code for n in range(1, 40)]

    assert answers[0] == 404
    assert answers[-1] == 429
