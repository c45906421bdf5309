"""PDFs in batches: exactly the missing ones, whoever is killed (FI-03); poison isolated (FI-17)."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from eboks.documents import pdf
from eboks.documents.models import Document
from eboks.documents.press import Press
from eboks.documents.services import inspect_store, open_checked
from eboks.jobs import leases
from eboks.jobs.models import JobFailure
from invoicing import documents, pdf_batches, printing, tasks
from invoicing.models import Invoice
from invoicing.pdf_batches import Part, render_missing
from tests.factories import ContractFactory, InvoiceFactory, InvoiceRowFactory, LessorFactory

AT = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)
PRINTER = "tests.invoicing.killed_printer"
COUNT = 8


def invoices(count: int, *, source_system: str = "portal") -> list[Invoice]:
    LessorFactory()
    contract = ContractFactory.create()
    made = [
        InvoiceFactory.create(contract=contract, source_system=source_system)
        for _number in range(count)
    ]
    for invoice in made:
        InvoiceRowFactory.create(invoice=invoice)
    return made


@pytest.fixture
def quick(monkeypatch) -> list[str]:
    """A renderer that takes no time; the titles that it was given."""
    titles: list[str] = []

    def render(html: str, *, title: str) -> bytes:
        titles.append(title)
        return f"%PDF-{title}".encode()

    monkeypatch.setattr(pdf, "render_pdf", render)
    return titles


@pytest.mark.django_db
def test_missing_ones_are_made_once(quick):
    made = invoices(3)
    assert render_missing(at=AT).made == 3
    assert render_missing(at=AT).made == 0

    assert quick == [f"Faktura {invoice.number}" for invoice in made]
    assert Document.objects.count() == 3
    assert not Invoice.objects.filter(pdf=None).exists()


@pytest.mark.django_db
def test_all_of_ours_and_the_newest_of_the_feed(quick, monkeypatch):
    monkeypatch.setattr(pdf_batches, "_NEWEST", 2)
    foreign, own = invoices(3, source_system="core"), invoices(1)

    assert render_missing(at=AT).made == 2
    assert quick == [f"Faktura {own[0].number}", f"Faktura {foreign[2].number}"]


@pytest.mark.django_db
def test_parts_share_the_work(quick):
    made = invoices(5)
    parts = [render_missing(at=AT, part=Part(number, 2)).made for number in range(2)]

    assert sorted(parts) == [2, 3]
    assert len(set(quick)) == len(made)


@pytest.mark.django_db
def test_limit_and_time_stop_it(quick):
    invoices(3)
    assert render_missing(at=AT, max_seconds=0).made == 0
    assert render_missing(at=AT, limit=2).made == 2
    assert render_missing(at=AT, max_seconds=60).made == 1


@pytest.mark.django_db
def test_machine_that_cannot_print_notes_no_failures(monkeypatch):
    invoices(2)

    def unavailable(html: str, *, title: str) -> bytes:
        raise pdf.PdfUnavailableError("brak Pango")

    monkeypatch.setattr(pdf, "render_pdf", unavailable)
    done = render_missing(at=AT)
    assert (done.made, done.failed) == (0, 0)
    assert not JobFailure.objects.exists()


@pytest.mark.django_db
def test_queries_do_not_grow_with_each_invoice_but_for_its_own_rows(
    quick, django_assert_max_num_queries
):
    invoices(10)
    # A document and a link of each (with the savepoint of its row), and what a chunk needs.
    with django_assert_max_num_queries(10 * 4 + 12):
        render_missing(at=AT)


@pytest.mark.django_db
def test_poison_is_set_aside_after_three_tries_and_the_others_finish(quick, monkeypatch, caplog):
    good, bad = invoices(2)
    render = pdf.render_pdf

    def sometimes(html: str, *, title: str) -> bytes:
        if bad.number in title:
            raise pdf.PdfError("Tworzenie pliku PDF trwało zbyt długo.")
        return render(html, title=title)

    monkeypatch.setattr(pdf, "render_pdf", sometimes)
    for tries in (1, 2, 3):
        render_missing(at=AT)
        failure = JobFailure.objects.get()
        assert (failure.tries, failure.is_set_aside) == (tries, tries == 3)
    assert failure.reason == f"{bad.number}: Tworzenie pliku PDF trwało zbyt długo."
    assert [one.pk for one in Invoice.objects.exclude(pdf=None)] == [good.pk]
    assert render_missing(at=AT).failed == 0  # not tried again
    assert "set aside" in caplog.text
    with pytest.raises(pdf.PdfError, match="Obsługa już o tym wie"):  # nor when a client asks
        documents.ensure_invoice_pdf(invoice_id=bad.pk, at=AT)

    monkeypatch.setattr(pdf, "render_pdf", render)
    leases.clear_failure(job=documents.JOB, object_ref=str(bad.pk))
    assert render_missing(at=AT).made == 1


@pytest.mark.django_db
def test_success_forgets_an_earlier_failure(quick):
    (invoice,) = invoices(1)
    leases.note_failure(job=documents.JOB, object_ref=str(invoice.pk), reason="x", at=AT)
    render_missing(at=AT)
    assert not JobFailure.objects.exists()


@pytest.mark.django_db
@pytest.mark.slow
def test_poison_of_any_kind_is_isolated_by_caps(monkeypatch):
    """One endless layout and one that eats memory among good ones; three runs."""
    made = invoices(4)
    pages = {
        made[1].number: "<div>" * 400 + "<p>x" * 3000,
        made[2].number: "<table>" + "<tr><td>x</td></tr>" * 60_000 + "</table>",
    }
    page_of = printing.html_of

    def page(invoice, *args, **kwargs):
        return pages.get(invoice.number) or page_of(invoice, *args, **kwargs)

    monkeypatch.setattr(pdf_batches, "html_of", page)
    for _run in range(3):
        with Press(seconds=4, megabytes=320) as press:
            render_missing(at=AT, press=press)

    aside = JobFailure.objects.filter(is_set_aside=True).order_by("object_ref")
    assert {row.object_ref for row in aside} == {str(made[1].pk), str(made[2].pk)}
    assert Document.objects.count() == 2


@pytest.mark.django_db
def test_tasks_share_the_work_and_one_part_runs_once(quick, settings, monkeypatch):
    settings.REDIS_URL, settings.PDF_WORKERS = "redis://127.0.0.1:6379/9", 2
    invoices(3)
    asked = []
    monkeypatch.setattr(tasks.render_invoices, "delay", lambda *, part: asked.append(part))
    monkeypatch.setattr(Press, "render", lambda self, html, *, title: b"%PDF-")

    tasks.render_new_invoices()
    assert asked == [0, 1]
    cache.add("render-invoices-0", True)
    tasks.render_invoices(part=0)  # somebody is at it
    assert not Document.objects.exists()
    cache.delete("render-invoices-0")
    tasks.render_invoices(part=0)
    tasks.render_invoices(part=1)
    assert Document.objects.count() == 3


@pytest.mark.django_db
def test_command_prints_what_is_missing(capsys, monkeypatch):
    invoices(2)
    monkeypatch.setattr(Press, "render", lambda self, html, *, title: b"%PDF-")
    call_command("render_invoices", "--limit", "1")
    call_command("render_invoices")
    assert capsys.readouterr().out.splitlines() == ["zrobione 1, nieudane 0"] * 2


# --- kill -9 ------------------------------------------------------------------------------------


def run_killed(settings, where: str, nth: int) -> int:
    database = connection.settings_dict
    command = [
        *(sys.executable, "-m", PRINTER, database["ENGINE"], str(database["NAME"])),
        *(str(settings.MEDIA_ROOT), where, str(nth)),
    ]
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        start_new_session=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in {0, -9}, done.stderr.decode()
    return done.returncode


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("where", "nth"),
    [
        *(("before", 0), ("row", 0), ("row", COUNT - 1)),
        *(("file", 0), ("file", 1), ("file", COUNT // 2), ("file", COUNT - 1)),
    ],
)
def test_killed_at_any_point_the_next_run_makes_exactly_the_missing_ones(
    settings, quick, where, nth
):
    made = invoices(COUNT)
    assert run_killed(settings, where, nth) == -9
    stored = nth + (where == "row")
    assert Document.objects.count() == stored
    earlier = dict(Document.objects.values_list("key", "storage_name"))

    assert render_missing(at=AT).made == COUNT - stored

    kept = Document.objects.order_by("pk")
    assert {one.key for one in kept} == {f"invoice:{invoice.public_id}" for invoice in made}
    assert all(earlier.get(one.key, one.storage_name) == one.storage_name for one in kept)
    assert not Invoice.objects.filter(pdf=None).exists()
    for document in kept:
        with open_checked(document) as file:
            assert file.read(5) == b"%PDF-"
    # The one file that lost its row goes within the hour.
    later = timezone.now() + dt.timedelta(hours=1)
    found = inspect_store(older_than=later, delete_orphans=True)
    assert (found.checked, found.missing, found.changed) == (COUNT, [], [])
    assert len(found.orphans) == (where == "file")
    assert render_missing(at=AT).made == 0  # nothing is left to do
    assert Document.objects.count() == COUNT
    assert inspect_store(older_than=later).clean


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_child_killed_in_its_work_costs_one_try(settings, quick):
    invoices(4)
    assert run_killed(settings, "child", 1) == 0
    assert Document.objects.count() < 4
    assert JobFailure.objects.filter(is_set_aside=False).exists()
    render_missing(at=AT)
    assert Document.objects.count() == 4
    assert not JobFailure.objects.exists()
