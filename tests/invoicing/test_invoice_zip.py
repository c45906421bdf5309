"""A ZIP of invoices says of every one of them: here it is, or why it is not (REL-15)."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import zipfile
from typing import Any

import pytest
from django.utils import timezone

from eboks.documents import pdf, storage
from eboks.documents.services import store
from eboks.exports.models import DownloadMark
from eboks.exports.registry import ExportError, Extent, Order
from eboks.tenancy.rights import Role
from invoicing import invoice_zip, new_invoices
from invoicing.models import Invoice
from tests.factories import ContractFactory, InvoiceFactory, MembershipFactory

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
HEAD = [
    *("Numer", "Rodzaj", "Data wystawienia", "Firma", "Umowa", "Waluta", "Netto", "VAT"),
    *("Brutto", "Plik", "SHA-256", "Rozmiar w bajtach", "Uwagi"),
]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "documents"


@pytest.fixture
def member():
    return MembershipFactory(company__name="TRANS-ŻUK")


def invoice(member, number, *, content=b"%PDF-1", xml=False, contract=None, **more):
    contract = contract or ContractFactory(company=member.company)
    made = InvoiceFactory(contract=contract, number=number, **more)
    if content is not None:
        made.pdf = stored(made, f"invoice:{made.public_id}", content, f"Faktura {number}.pdf")
        made.save()
    if xml:
        stored(made, invoice_zip.xml_key(made.public_id), b"<Faktura/>", f"Faktura {number}.xml")
    return made


def stored(made, key, content, name):
    values: dict[str, Any] = {"content_type": "x/y", "renderer": "test", "at": AT}
    return store(company=made.company, key=key, content=content, file_name=name, **values)


def order_of(member, **params):
    company = member.company
    return Order(user=member.user, company=company, companies=[company], params=params, at=AT)


def packed(order):
    """The archive, and its manifest as rows."""
    archive = zipfile.ZipFile(io.BytesIO(b"".join(invoice_zip.stream(order))))
    assert archive.testzip() is None
    text = archive.read("manifest.csv").decode("utf-8-sig")
    return archive, list(csv.reader(io.StringIO(text), delimiter=";"))


def test_every_document_is_in_the_archive_and_in_the_manifest(member):
    first = invoice(member, "FV/L/2026/11/000001", content=b"%PDF-1 first", xml=True)
    invoice(member, "FK/L/2026/11/000002", content=b"%PDF-1 second", kind="correction")
    invoice(MembershipFactory(), "FV/OBCA/1")

    archive, (head, *rows) = packed(order_of(member))

    assert archive.namelist() == [
        "OPIS.txt",
        "Faktura FV-L-2026-11-000001.pdf",
        "Faktura FV-L-2026-11-000001.xml",
        "Faktura FK-L-2026-11-000002.pdf",
        "manifest.csv",
    ]
    assert archive.read("Faktura FV-L-2026-11-000001.pdf") == b"%PDF-1 first"
    assert head == HEAD
    assert rows[0] == [
        *("FV/L/2026/11/000001", "faktura", "2026-11-16", "TRANS-ŻUK", first.contract.number),
        *("PLN", "2803,79", "644,87", "3448,66", "Faktura FV-L-2026-11-000001.pdf"),
        *(hashlib.sha256(b"%PDF-1 first").hexdigest(), "12", ""),
    ]
    assert [row[9] for row in rows] == archive.namelist()[1:-1]
    for row in rows:
        assert hashlib.sha256(archive.read(row[9])).hexdigest() == row[10]


def test_archive_equals_the_database_for_500_invoices_with_one_missing(member):
    contract = ContractFactory(company=member.company)
    made = [
        invoice(member, f"FV/{n}", content=b"%%PDF-1 %d" % n, contract=contract) for n in range(500)
    ]
    storage.delete(made[77].pdf.storage_name)

    archive, (_head, *rows) = packed(order_of(member))

    assert {row[0] for row in rows} == set(Invoice.objects.values_list("number", flat=True))
    sums = dict(Invoice.objects.values_list("number", "pdf__sha256"))
    assert {row[0]: row[10] for row in rows} == sums | {"FV/77": ""}
    [lost] = [row for row in rows if row[-1]]
    assert (lost[0], lost[9]) == ("FV/77", "")
    assert lost[-1].startswith("BRAK PLIKU PDF: ")
    assert "FV/77: BRAK PLIKU PDF" in archive.read("BRAKI.txt").decode()
    assert len(archive.namelist()) == 499 + 3


def test_damaged_file_is_a_line_and_not_in_the_archive(member, settings):
    made = invoice(member, "FV/1", xml=True)
    (settings.MEDIA_ROOT / made.pdf.storage_name).write_bytes(b"%PDF-2")

    archive, (_head, *rows) = packed(order_of(member))

    assert [(row[9], bool(row[-1])) for row in rows] == [("", True), ("Faktura FV-1.xml", False)]
    assert "BRAKI.txt" in archive.namelist()


def test_invoice_without_a_pdf_gets_it_on_the_way(member, monkeypatch):
    monkeypatch.setattr("invoicing.documents.invoice_pdf", lambda invoice: b"%PDF-1 new")
    made = invoice(member, "FV/1", content=None)

    archive, _rows = packed(order_of(member))

    assert archive.read("Faktura FV-1.pdf") == b"%PDF-1 new"
    made.refresh_from_db()
    assert made.pdf is not None


def test_pdf_that_cannot_be_made_is_a_line(member, monkeypatch):
    def unable(invoice):
        raise pdf.PdfUnavailableError("Brakuje bibliotek Pango.")

    monkeypatch.setattr("invoicing.documents.invoice_pdf", unable)
    invoice(member, "FV/1", content=None)

    _archive, (_head, row) = packed(order_of(member))

    assert row[-1] == "BRAK PLIKU PDF: Brakuje bibliotek Pango."


def test_odd_numbers_make_safe_names_and_no_formula(member):
    for number in ("../../x", "=HYPERLINK(1)", "CON", "con"):
        invoice(member, number)

    archive, (_head, *rows) = packed(order_of(member))

    assert archive.namelist()[1:-1] == [
        *("Faktura ..-..-x.pdf", "Faktura =HYPERLINK(1).pdf"),
        *("Faktura CON.pdf", "Faktura con (2).pdf"),
    ]
    assert [row[0] for row in rows] == ["../../x", "'=HYPERLINK(1)", "CON", "con"]


def test_several_companies_get_a_folder_each(member):
    second = MembershipFactory(user=member.user, company__name="Druga / firma")
    for one in (member, second):
        invoice(one, f"FV/{one.pk}")
    order = order_of(member)
    order.company, order.companies = None, [member.company, second.company]

    archive, _rows = packed(order)

    folders = {name.partition("/")[0] for name in archive.namelist() if "/" in name}
    assert folders == {"TRANS-ŻUK", "Druga - firma"}


def test_first_piece_goes_before_any_document_is_read(member, monkeypatch):
    invoice(member, "FV/1")
    monkeypatch.setattr(invoice_zip, "read_stored", lambda name, **_more: 1 / 0)

    assert next(invoice_zip.stream(order_of(member))).startswith(b"PK")


def test_limited_member_gets_only_their_contracts(member):
    mine = ContractFactory(company=member.company)
    member.role, member.is_limited = Role.FINANCE, True
    member.save()
    member.allowed_contracts.create(contract=mine)
    invoice(member, "FV/MOJA", contract=mine)
    other = invoice(member, "FV/CUDZA")
    chosen = order_of(
        member, scope="chosen", ids=list(Invoice.objects.values_list("pk", flat=True))
    )

    for order in (order_of(member), chosen, order_of(member, scope="new")):
        _archive, (_head, *rows) = packed(order)
        assert [row[0] for row in rows] == ["FV/MOJA"]
    with pytest.raises(ExportError):
        packed(order_of(member, scope="chosen", ids=[other.pk]))


def test_choice_filters_and_contract(member):
    old = invoice(member, "FV/STARA", issued_on=dt.date(2026, 10, 5))
    fresh = invoice(member, "FV/NOWA")

    def numbers(**params):
        return [row[0] for row in packed(order_of(member, **params))[1][1:]]

    assert numbers() == ["FV/STARA", "FV/NOWA"]
    assert numbers(period="previous_month") == ["FV/STARA"]
    assert numbers(contract=fresh.contract.number) == ["FV/NOWA"]
    assert numbers(scope="chosen", ids=[old.pk]) == ["FV/STARA"]


def test_measure_counts_files_bytes_and_what_is_to_be_made(member, monkeypatch):
    invoice(member, "FV/1", content=b"x" * 1000)
    assert invoice_zip.measure(order_of(member)) == Extent(1, bytes=1000)
    for n in range(21):
        invoice(member, f"FV/B/{n}", content=None)
    extent = invoice_zip.measure(order_of(member))
    assert (extent.count, extent.bytes, extent.slow) == (22, 1000 + 21 * 60_000, True)

    monkeypatch.setattr(invoice_zip, "MOST", 21)
    with pytest.raises(ExportError, match="5 000"):
        invoice_zip.measure(order_of(member))


# --- new since the last download ---------------------------------------------------------------
def take_new(member, *, fetched=True):
    order = order_of(member, scope="new")
    try:
        _archive, (_head, *rows) = packed(order)
    except ExportError:
        return []
    if fetched:
        invoice_zip.fetched(member.user, order.notes, AT)
    return [row[0] for row in rows]


def test_new_are_those_that_came_since_the_last_whole_download(member):
    hour = dt.timedelta(hours=1)
    invoice(member, "FV/1", received_at=AT - 48 * hour)
    invoice(member, "FV/2", received_at=AT - 24 * hour)
    assert take_new(member, fetched=False) == ["FV/1", "FV/2"]
    assert take_new(member) == ["FV/1", "FV/2"]
    assert take_new(member) == []

    invoice(member, "FV/3", received_at=AT)
    invoice(member, "FV/LATE", received_at=AT - 25 * hour)  # of an import that overlapped
    colleague = MembershipFactory(company=member.company)
    assert take_new(member) == ["FV/LATE", "FV/3"]
    assert take_new(colleague) == ["FV/1", "FV/LATE", "FV/2", "FV/3"]
    assert DownloadMark.objects.count() == 2


def test_what_could_not_be_given_stays_new(member, settings):
    invoice(member, "FV/1", received_at=AT)
    lost = invoice(member, "FV/2", received_at=AT - dt.timedelta(days=1))
    path = settings.MEDIA_ROOT / lost.pdf.storage_name
    content = path.read_bytes()
    path.unlink()
    assert take_new(member) == ["FV/2", "FV/1"]

    assert take_new(member) == ["FV/2"]
    path.write_bytes(content)
    assert take_new(member) == ["FV/2"]
    assert take_new(member) == []


def test_more_than_a_file_holds_come_in_turns(member, monkeypatch):
    monkeypatch.setattr(invoice_zip, "MOST", 2)
    contract = ContractFactory(company=member.company)
    for n in range(5):  # all of one import
        invoice(member, f"FV/{n}", contract=contract, received_at=AT)

    assert [take_new(member) for _time in range(4)] == [
        ["FV/0", "FV/1"],
        ["FV/2", "FV/3"],
        ["FV/4"],
        [],
    ]


def test_marks_never_go_back(member):
    first = invoice(member, "FV/1", received_at=AT)
    second = invoice(member, "FV/2", received_at=AT - dt.timedelta(hours=1))
    newer = new_invoices.marks_of([first.pk], [])
    older = new_invoices.marks_of([second.pk], [])

    new_invoices.note_fetched(user=member.user, marks=newer)
    new_invoices.note_fetched(user=member.user, marks=older)

    mark = DownloadMark.objects.get()
    assert mark.up_to == AT
    assert set(mark.recent) == {str(first.pk), str(second.pk)}
    assert take_new(member) == []


def test_moment_of_now_is_enough_for_a_first_time(member):
    invoice(member, "FV/1", received_at=timezone.now())

    assert take_new(member) == ["FV/1"]
