"""The public page and the application: form, check, confirmation (SEC-07, 38, 52-54, 59, 85)."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid

import pypdf
import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eboks.audit.models import AuditEntry
from eboks.documents import storage
from eboks.onboarding import applications, paper_fees
from eboks.onboarding.applications import ApplicationData
from eboks.onboarding.models import AccessApplication, ApplicationSource, ApplicationState
from eboks.onboarding.scans import Scan
from invoicing.models import FeeLine, FeeTable
from tests.factories import CompanyFactory, UserFactory
from tests.onboarding.conftest import Browser, link_of

pytestmark = pytest.mark.django_db

FORM, CHECK = "/dostep/wniosek/", "/dostep/wniosek/sprawdz/"
GIVEN = {
    "company_name": "ŻUBR Trans sp. z o.o.",
    "nip": "526-025-02-74",
    "client_id": "kl000123",
    "first_name": "Łucja",
    "last_name": "Ćwik",
    "email": "lucja@example.com",
    "phone": "601 234 741",
}


@pytest.fixture
def fill():
    """`fill(browser, phone=…)` sends the first page."""

    def send(browser=None, **changes):
        return (browser or Browser()).post(FORM, {**GIVEN, **changes})

    return send


@pytest.fixture
def submit(fill, commits):
    """Both pages; gives the answer to the second."""

    def send(browser=None, scan=None, **changes):
        browser = browser or Browser()
        assert fill(browser, **changes).url == CHECK
        with commits():
            return browser.post(CHECK, {"scan": scan} if scan else {})

    return send


def kept_files():
    return [name for name, _written_at in storage.names()]


def pdf(
    name="wniosek.pdf", content=b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n%%EOF\n"
):
    return SimpleUploadedFile(name, content)


def test_application_goes_from_form_to_confirmation(fill, commits):
    browser = Browser()
    assert fill(browser).url == CHECK
    page = browser.get(CHECK).content.decode()
    for shown in ("ŻUBR Trans sp. z o.o.", "5260250274", "KL000123", "Łucja Ćwik", "+48601234741"):
        assert shown in page
    assert page.count("Zmień<span") == 6
    assert "Wyślij wniosek (0 zł)" in page
    with commits():
        answer = browser.post(CHECK)

    row = AccessApplication.objects.get()
    assert answer.url == f"/dostep/wniosek/przyjety/{row.public_id.hex}/"
    assert (row.state, row.source) == (ApplicationState.SUBMITTED, ApplicationSource.SCREEN)
    assert (row.nip, row.client_id, row.phone) == ("5260250274", "KL000123", "+48601234741")
    [message] = mail.outbox
    assert message.to == ["lucja@example.com"]
    assert row.number in message.subject
    entry = AuditEntry.objects.get(event="application_received")
    assert (entry.company_id, entry.object_ref) == (None, row.number)


def test_changing_an_answer_keeps_the_others(fill):
    browser = Browser()
    fill(browser)

    page = browser.get(FORM).content.decode()

    for value in ("ŻUBR Trans sp. z o.o.", "lucja@example.com", "+48601234741"):
        assert f'value="{value}"' in page


def test_confirmation_can_be_reopened_and_tells_nothing_else(submit):
    address = submit().url
    row = AccessApplication.objects.get()
    first = Browser().get(address).content.decode()
    assert row.number in first
    AccessApplication.objects.update(state=ApplicationState.REFUSED, reason="Nie ma umowy")
    second = Browser().get(address).content.decode()

    normal = [re.sub(r'(value|csrf_token)="\w{64}"', "", page) for page in (first, second)]
    assert normal[0] == normal[1]
    for private in ("ŻUBR", "5260250274", "Ćwik", "lucja", "741"):
        assert private not in first


@pytest.mark.parametrize("key", ["x", "0" * 32, "7" * 32, "ż" * 32])
def test_confirmation_of_nothing_is_missing(key):
    assert Browser().get(f"/dostep/wniosek/przyjety/{key}/").status_code == 404


def test_same_form_twice_is_one_application(fill, commits):
    browser = Browser()
    before = set(kept_files())
    fill(browser)
    with commits():
        urls = {browser.post(CHECK, {"scan": pdf()}).url for _ in range(3)}

    assert len(urls) == 1
    assert AccessApplication.objects.count() == 1
    assert len(mail.outbox) == 1
    assert set(kept_files()) - before == {AccessApplication.objects.get().scan_name}


def test_changed_form_is_another_application(submit):
    browser = Browser()
    submit(browser)
    submit(browser, first_name="Ewa")

    assert AccessApplication.objects.count() == 2


def test_check_without_a_form_leads_to_it():
    browser = Browser()
    assert browser.get(CHECK).url == FORM
    assert browser.post(CHECK).url == FORM
    assert not AccessApplication.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nip", "526-025-02-75"),
        ("nip", "5260250274526"),
        ("nip", "٥٢٦٠٢٥٠٢٧٤"),
        ("phone", "22 123 45 67"),
        ("phone", "+48 700 123 456"),
        ("phone", "+979 123 456 789"),
        ("phone", "00"),
        ("phone", "６０１２３４７４１"),
        ("phone", "601234741;ext=1"),
        ("phone", "+44 7700 900123"),
        ("email", "nie-adres"),
        ("email", "a@b.pl\r\nBcc: x@evil.example"),
        ("first_name", " \u200b "),
        ("last_name", ""),
        ("company_name", "\u202e"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_reason(fill, field, value):
    response = fill(**{field: value})

    assert response.context["form"].errors[field]
    assert "Błąd:" in response.content.decode()
    assert "error-summary" in response.content.decode()


@pytest.mark.parametrize("value", ["PL 526 025 02 74", "5260250274", " 526-025-02-74 "])
def test_nip_is_taken_however_it_is_written(fill, value):
    assert fill(nip=value).url == CHECK


def test_form_takes_its_own_fields_only(fill, commits):
    browser = Browser()
    extra = {
        "state": "accepted",
        "number": "WD-1",
        "company_ref": str(uuid.uuid4()),
        "source": "branch",
        "decided_by": "1",
        "representation": "x",
        "scan_name": "../../etc/passwd",
        "public_id": "0" * 32,
    }
    browser.post(FORM, {**GIVEN, **extra})
    with commits():
        browser.post(CHECK, extra)

    row = AccessApplication.objects.get()
    assert row.state == ApplicationState.SUBMITTED
    assert row.source == ApplicationSource.SCREEN
    assert (row.company_ref, row.decided_by_id, row.representation, row.scan_name) == (
        None,
        None,
        "",
        "",
    )


@pytest.mark.parametrize(
    "payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}"]
)
def test_markup_stays_text(submit, fill, payload, admin_client):
    browser = Browser()
    fill(browser, company_name=payload, first_name=payload)
    assert payload not in browser.get(CHECK).content.decode() or "{{" in payload
    submit(browser, company_name=payload, first_name=payload)
    row = AccessApplication.objects.get()
    page = admin_client.get(f"/zaplecze/onboarding/accessapplication/{row.pk}/change/")

    assert row.company_name == payload
    assert "<script>alert" not in page.content.decode()
    assert "<img src=x" not in page.content.decode()


def test_answer_does_not_depend_on_who_is_a_client(submit):
    """The same page, headers and queries, whether the company and the person are known (SEC-07)."""
    known = CompanyFactory(nip="7740001454", client_id="KL777777")
    UserFactory(email="anna@example.com", phone="+48601000111")
    pages, counts = [], []
    submit(email="pierwszy@example.com")  # whatever is made once is made now
    for nip, client_id, email in (
        (known.nip, known.client_id, "anna@example.com"),
        ("5260250274", "KL999999", "nikt@example.com"),
    ):
        browser = Browser()
        with CaptureQueriesContext(connection) as queries:
            answer = submit(browser, nip=nip, client_id=client_id, email=email)
            page = browser.get(answer.url)
        asked = [query["sql"] for query in queries]
        assert not [
            sql for sql in asked if re.search(r'FROM "(tenancy_company|accounts_user)"', sql)
        ]
        counts.append(len(asked))
        row = AccessApplication.objects.order_by("-pk").first()
        text = page.content.decode().replace(row.number, "N").replace(row.public_id.hex, "ID")
        pages.append(re.sub(r'(value|csrf_token)="\w{64}"', "TOKEN", text))

    assert pages[0] == pages[1]
    assert counts[0] == counts[1]


def test_sending_is_limited_by_address_of_the_applicant(submit):
    statuses = [submit(first_name=f"Ewa {n}").status_code for n in "abcd"]

    assert statuses == [302, 302, 302, 429]


def test_filling_is_limited_by_address(fill):
    statuses = {fill().status_code for _ in range(11)}

    assert statuses == {302, 429}


# --- scan ----------------------------------------------------------------------------------------


def test_signed_scan_may_come_with_the_application(submit):
    submit(scan=pdf("../../podpis%00\u202e.pdf"))

    row = AccessApplication.objects.get()
    assert row.source == ApplicationSource.UPLOAD
    assert row.scan_file_name == f"{row.number}.pdf"
    assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{38}", row.scan_name)
    with storage.open_file(row.scan_name) as file:
        assert file.read() == pdf().read()


def test_bad_scan_loses_nothing(fill):
    browser = Browser()
    fill(browser)
    response = browser.post(CHECK, {"scan": pdf("wniosek.pdf", b"MZ\x90")})

    page = response.content.decode()
    assert response.context["form"].errors["scan"]
    assert "ŻUBR Trans sp. z o.o." in page
    assert not AccessApplication.objects.exists()
    assert browser.get(CHECK).status_code == 200


def test_scan_may_be_added_later_by_the_link_from_the_mail(submit, commits):
    submit()
    link = link_of(mail.outbox[0])
    browser = Browser()
    assert browser.get(link).url == "/dostep/uzupelnienie/"
    page = browser.get("/dostep/uzupelnienie/").content.decode()
    row = AccessApplication.objects.get()
    assert row.number in page
    assert "Ćwik" not in page
    with commits():
        first = browser.post(
            "/dostep/uzupelnienie/", {"scan": pdf(), "note": "Prezes\r\njest sam."}
        )
        old = AccessApplication.objects.get().scan_name
        browser.post("/dostep/uzupelnienie/", {"scan": pdf()})

    row.refresh_from_db()
    assert first.url.endswith(f"{row.public_id.hex}/")
    assert row.note == "Prezes\njest sam."
    assert row.scan_name != old
    assert old not in dict(storage.names()), "the replaced scan is gone"


def test_nothing_is_added_without_the_key_or_after_the_decision(submit, commits):
    submit()
    link = link_of(mail.outbox[0])
    row = AccessApplication.objects.get()
    browser = Browser()
    browser.get(f"/dostep/uzupelnienie/{row.public_id.hex}{'A' * 43}/")
    answer = browser.post("/dostep/uzupelnienie/", {"note": "x"})
    assert "nie można uzupełnić" in answer.content.decode()

    AccessApplication.objects.update(state=ApplicationState.ACCEPTED)
    browser.get(link)
    browser.post("/dostep/uzupelnienie/", {"note": "x"})
    row.refresh_from_db()
    assert (row.note, row.state) == ("", ApplicationState.ACCEPTED)


def test_empty_supplement_is_refused(submit):
    submit()
    browser = Browser()
    browser.get(link_of(mail.outbox[0]))

    response = browser.post("/dostep/uzupelnienie/", {"note": " \u200b"})

    assert "Dodaj plik albo wyjaśnienie" in response.content.decode()


def test_failed_row_leaves_no_file(monkeypatch):
    def broken(**kwargs):
        raise RuntimeError

    monkeypatch.setattr(applications, "record", broken)
    before = dict(storage.names())
    with pytest.raises(RuntimeError):
        applications.submit(
            data=ApplicationData(**{**GIVEN, "nip": "5260250274", "phone": "+48601234741"}),
            form_key=uuid.uuid4(),
            scan=Scan(b"x", "x/y", "pdf"),
            language="pl",
            at=dt.datetime.now(tz=dt.UTC),
        )

    assert dict(storage.names()) == before


# --- the page and the paper form -----------------------------------------------------------------


def test_public_page_says_what_paper_costs():
    for version, since, until, tiers in (
        ("2025-08", dt.date(2025, 8, 1), dt.date(2025, 12, 31), [(1, None, 99)]),
        ("2026-01", dt.date(2026, 1, 1), None, [(1, 4, 15), (5, None, 25)]),
    ):
        table = FeeTable.objects.create(version=version, valid_from=since, valid_to=until)
        for low, high, net in tiers:
            FeeLine.objects.create(
                table=table,
                position=low,
                code="paper_invoice",
                channel="paper",
                base="per_month",
                net=net,
                contracts_from=low,
                contracts_to=high,
            )

    page = Browser().get("/dostep/").content.decode().replace("\xa0", " ")

    assert "15,00 zł" in page
    assert "25,00 zł" in page
    assert "99,00" not in page
    assert "300,00 zł" in page
    assert "1 500,00 zł" in page
    assert "5 i więcej" in page


def test_public_page_stands_without_a_table_of_fees():
    page = Browser().get("/dostep/").content.decode()

    assert "Ile kosztuje papier" not in page
    assert paper_fees.saved([]) == {}


@pytest.mark.parametrize("path", ["/konto/logowanie/", "/pomoc/"])
def test_ways_lead_to_the_public_page(path):
    assert 'href="/dostep/"' in Browser().get(path).content.decode()


def test_paper_form_is_empty_or_filled_in(fill):
    def text_of(response):
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["Content-Disposition"].startswith("attachment")
        reader = pypdf.PdfReader(io.BytesIO(b"".join(response.streaming_content)))
        assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
        assert len(reader.pages) == 1
        return reader.pages[0].extract_text()

    browser = Browser()
    empty = text_of(browser.get("/dostep/wniosek/wydruk/"))
    assert "Podpisy osób reprezentujących firmę" in empty
    assert "Ćwik" not in empty
    fill(browser)
    filled = text_of(browser.get("/dostep/wniosek/wydruk/?wypelniony=1"))
    assert "Ćwik" in filled
    assert "5260250274" in filled
    assert "Ćwik" not in text_of(Browser().get("/dostep/wniosek/wydruk/?wypelniony=1"))
