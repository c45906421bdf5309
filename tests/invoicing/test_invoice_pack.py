"""Choosing invoices over several pages and taking them as a ZIP, at once or in the background."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace

import pytest

from eboks.audit.models import AuditEntry
from eboks.exports import making, registry
from eboks.exports.models import DownloadMark, ExportFile, ExportState, ExportUse
from eboks.tenancy.rights import Role
from invoicing import invoice_zip
from tests.factories import (
    InvoiceRowFactory,
    LessorFactory,
    MembershipFactory,
    ReceivableItemFactory,
)
from tests.invoicing.test_invoice_zip import AT, invoice

pytestmark = pytest.mark.django_db

TAKE, CHOOSE, LIST = "/faktury/paczka/", "/faktury/wybor/", "/faktury/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "documents"
    settings.EXPORTS_PER_HOUR = 10
    LessorFactory()


@pytest.fixture
def member():
    return MembershipFactory(company__name="TRANS-ŻUK")


@pytest.fixture
def small(monkeypatch):
    """A limit that a test can pass."""
    limited = replace(registry.export(invoice_zip.KIND), at_once=2)
    monkeypatch.setitem(registry._exports, invoice_zip.KIND, limited)


def names(response):
    content = b"".join(response.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [name for name in archive.namelist() if name.endswith(".pdf")]


def tick(browser, shown, ticked, **more):
    return browser.post(
        CHOOSE,
        {
            "na_stronie": [row.public_id for row in shown],
            "wybrane": [row.public_id for row in ticked],
            "lista": "state=to_pay&strona=2",
        },
        **more,
    )


def test_ticks_survive_paging_and_can_be_taken_back(login, member):
    rows = [invoice(member, f"FV/{n}") for n in range(4)]
    browser = login(member.user)

    tick(browser, rows[:2], [rows[0]])
    response = tick(browser, rows[2:], rows[2:])
    assert response.url == "/faktury/?state=to_pay&strona=2"
    page = browser.get(LIST)
    assert page.context["pack"]["count"] == 3
    assert page.content.decode().count(" checked") == 3

    tick(browser, rows[2:], [rows[3]])
    response = browser.post(TAKE, {"zakres": "chosen"})
    assert names(response) == ["Faktura FV-0.pdf", "Faktura FV-3.pdf"]

    browser.post(CHOOSE, {"wyczysc": "1"})
    assert browser.get(LIST).context["pack"]["count"] == 0


def test_htmx_tick_answers_with_the_bar_alone(login, member):
    row = invoice(member, "FV/1")

    response = tick(login(member.user), [row], [row], headers={"HX-Request": "true"})

    page = response.content.decode()
    assert "Do paczki wybrano 1 fakturę." in page
    assert page.strip().startswith('<form id="pack"')


def test_button_counts_what_is_ticked_on_the_page_without_javascript(login, member):
    rows = [invoice(member, f"FV/{n}") for n in range(2)]

    response = login(member.user).post(
        TAKE,
        {
            "zakres": "chosen",
            "na_stronie": [row.public_id for row in rows],
            "wybrane": [rows[1].public_id],
        },
    )

    assert names(response) == ["Faktura FV-1.pdf"]


def test_foreign_and_odd_ids_are_left_out(login, member):
    mine, foreign = invoice(member, "FV/1"), invoice(MembershipFactory(), "FV/OBCA")
    browser = login(member.user)

    tick(browser, [mine, foreign], [mine, foreign])
    browser.post(CHOOSE, {"na_stronie": ["x", ""], "wybrane": ["x", "\x00"]})

    assert browser.session["invoice_pack"] == [mine.pk]


def test_list_with_its_filters_is_streamed_and_written_down(login, member):
    invoice(member, "FV/PLN")
    invoice(member, "FV/NOTA", kind="interest_note")

    response = login(member.user).post(TAKE, {"zakres": "list", "lista": "kind=interest_note"})

    assert response.streaming
    assert response["Content-Type"] == "application/zip"
    assert response["X-Accel-Buffering"] == "no"
    assert names(response) == ["Faktura FV-NOTA.pdf"]
    entry = AuditEntry.objects.get(event="report_exported")
    assert (entry.company, entry.actor) == (member.company, member.user)
    assert entry.facts["name"].startswith("faktury-")
    assert ExportUse.objects.get().held_until is None


def test_nothing_to_take_leads_back_with_a_word(login, member):
    browser = login(member.user)

    for scope, text in (("chosen", "Nie ma faktur do pobrania"), ("new", "Nie ma nowych faktur")):
        response = browser.post(TAKE, {"zakres": scope, "lista": "q=1"}, follow=True)
        assert response.redirect_chain == [("/faktury/?q=1", 302)]
        assert text in response.content.decode()


def test_new_is_marked_only_by_a_whole_download(login, member):
    invoice(member, "FV/1", received_at=AT)
    browser = login(member.user)

    response = browser.post(TAKE, {"zakres": "new"})
    pieces = iter(response.streaming_content)
    next(pieces)
    response._iterator.close()
    assert not DownloadMark.objects.exists()
    assert ExportUse.objects.get().held_until is None

    assert names(browser.post(TAKE, {"zakres": "new"})) == ["Faktura FV-1.pdf"]
    assert DownloadMark.objects.get().up_to == AT
    assert browser.post(TAKE, {"zakres": "new"}).status_code == 302


def test_many_are_made_in_the_background_and_marked_when_fetched(login, member, small):
    for n in range(3):
        invoice(member, f"FV/{n}", received_at=AT)
    browser = login(member.user)

    response = browser.post(TAKE, {"zakres": "new"}, follow=True)

    assert response.redirect_chain == [("/moje-pliki/", 302)]
    file = ExportFile.objects.get()
    assert file.title == "Paczka faktur: nowe od ostatniego pobrania"
    making.make(file_id=file.pk, now=lambda: AT + dt.timedelta(hours=1))
    file.refresh_from_db()
    assert (file.state, file.done, file.total) == (ExportState.READY, 3, 3)
    assert not DownloadMark.objects.exists()
    ExportFile.objects.update(expires_at="2999-01-01T00:00Z")
    assert len(names(browser.get(f"/moje-pliki/{file.public_id}/pobierz/"))) == 3
    assert DownloadMark.objects.get().owner == member.user


def test_third_stream_at_a_time_is_refused(login, member):
    invoice(member, "FV/1")
    browser = login(member.user)
    open_ones = [browser.post(TAKE, {"zakres": "list"}) for _time in range(2)]

    response = browser.post(TAKE, {"zakres": "list"})

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    for other in open_ones:
        names(other)
    assert names(browser.post(TAKE, {"zakres": "list"}))


def test_eleventh_list_of_an_hour_is_refused(login, member):
    browser = login(member.user)
    answers = []
    for _time in range(11):
        response = browser.get("/faktury/faktury.xlsx")
        answers.append(response.status_code)
        if response.streaming:
            b"".join(response.streaming_content)

    assert answers == [200] * 10 + [429]
    assert int(response["Retry-After"]) > 3500


@pytest.mark.parametrize("path", [TAKE, CHOOSE])
def test_role_without_the_right_is_refused(login, path):
    member = MembershipFactory(role=Role.READ_ONLY)
    browser = login(member.user)

    assert browser.post(path).status_code == 403
    assert b'name="wybrane"' not in browser.get(LIST).content


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("invoice_list", "/faktury/faktury.xlsx?period=this_year"),
        ("settlement_list", "/rozrachunki/rozrachunki.xlsx"),
        (
            "cost_report",
            "/raporty/koszty/koszty.xlsx?period=this_year&kind=fee&kind=instalment",
        ),
        ("contract_list", "/umowy/umowy.xlsx?sort=end"),
        ("activity", "/firma/dziennik/dziennik.xlsx?kind=documents"),
    ],
)
def test_long_list_as_excel_goes_to_the_background(login, member, monkeypatch, name, url):
    monkeypatch.setitem(registry._exports, name, replace(registry.export(name), at_once=0))
    made = invoice(member, "FV/1")
    InvoiceRowFactory(invoice=made)
    ReceivableItemFactory(invoice=made)
    browser = login(member.user)
    b"".join(browser.get(f"/faktury/{made.public_id}/pobierz/"))  # stands in the log then

    response = browser.get(url)

    assert response.url == "/moje-pliki/"
    file = ExportFile.objects.get(kind=name)
    making.make(file_id=file.pk, now=lambda: AT)
    file.refresh_from_db()
    assert (file.state, file.error, file.total) == (ExportState.READY, "", 1)
    assert file.file_name.endswith(".xlsx")
    assert file.reach == {str(member.company_id): None}
