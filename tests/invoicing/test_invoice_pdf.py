"""The PDF of an invoice: what it says, how it is built, that nothing gets in or out (SEC-89)."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
import threading
from base64 import b64encode
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest
from django.db import connections
from weasyprint.urls import URLFetcher

from eboks.documents import pdf
from eboks.documents.models import Document
from eboks.documents.services import open_checked
from invoicing import documents, tasks
from invoicing.models import Invoice
from tests.factories import (
    AssetFactory,
    ContractFactory,
    InvoiceFactory,
    InvoiceRowFactory,
    LessorFactory,
)

AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
POLISH = "ZAŻÓŁĆ GĘŚLĄ JAŹŃ zażółć gęślą jaźń"


def invoice_of(**kwargs) -> Invoice:
    LessorFactory()
    contract = kwargs.pop("contract", None) or ContractFactory.create(number="OL/2025/000042")
    AssetFactory.create(contract=contract, plate="WGM7H42")
    kwargs = {"number": "FV/L/2026/11/000042", "contract": contract, **kwargs}
    return Invoice.objects.get(pk=InvoiceFactory.create(**kwargs).pk)


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages).replace("\u00a0", " ")


def tags_of(reader: pypdf.PdfReader) -> set[str]:
    """Every structure type of a tagged PDF."""
    found: set[str] = set()

    def walk(node) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.add(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return found


@pytest.mark.django_db
def test_pdf_says_what_the_invoice_says():
    invoice = invoice_of(net=Decimal("3000.00"), vat=Decimal("644.87"), gross=Decimal("3644.87"))
    InvoiceRowFactory.create(invoice=invoice, description=POLISH)
    InvoiceRowFactory.create(
        invoice=invoice,
        position=2,
        cost_kind="insurance",
        description="Ubezpieczenie OC/AC",
        vat_code="zw",
        net=Decimal("196.21"),
        vat=Decimal(0),
        gross=Decimal("196.21"),
        principal=Decimal(0),
        interest=Decimal(0),
    )
    text = text_of(documents.invoice_pdf(invoice))
    for words in (
        "Faktura FV/L/2026/11/000042",
        "Przykładowy Leasing S.A.",
        invoice.buyer_name,
        "NIP 5260250274",
        "16.11.2026",
        "OL/2025/000042",
        "WGM7H42",
        "Do zapłaty do 30 listopada 2026",
        "3 644,87 zł",
        "61 1090 1014 0000 0712 1981 2874",
        POLISH,
        "w tym część kapitałowa 2 431,79, część odsetkowa 372,00",
        "23%",
        "zw.",
        "196,21",
        "Zestawienie VAT",
        "Strona 1 z 1",
        "Faktura nie wymaga podpisu",
    ):
        assert words in text, words


@pytest.mark.django_db
def test_pdf_of_a_euro_invoice_states_vat_in_zloty():
    invoice = invoice_of(
        currency="EUR",
        fx_rate=Decimal("4.255800"),
        fx_table="224/A/NBP/2026",
        fx_on=dt.date(2026, 11, 13),
        vat_pln=Decimal("2744.44"),
    )
    InvoiceRowFactory.create(invoice=invoice)
    text = text_of(documents.invoice_pdf(invoice))
    assert "3 448,66 €" in text
    assert "2 744,44 zł" in text
    flat = " ".join(text.split())
    assert "kurs 4,2558 PLN/EUR, tabela NBP 224/A/NBP/2026 z dnia 13.11.2026" in flat


@pytest.mark.django_db
def test_pdf_of_a_correction_names_what_it_corrects():
    first = invoice_of()
    correction = Invoice.objects.get(
        pk=InvoiceFactory.create(
            contract=first.contract,
            kind="correction",
            number="FK/1",
            corrects=first,
            net=Decimal(-100),
            vat=Decimal(-23),
            gross=Decimal(-123),
        ).pk
    )
    text = text_of(documents.invoice_pdf(correction))
    assert "Faktura korygująca FK/1" in text
    assert "do faktury FV/L/2026/11/000042 z dnia 16.11.2026" in text
    assert "Zmniejsza należność o" in text
    assert "Do zapłaty do" not in text


@pytest.mark.django_db
def test_pdf_of_a_ksef_invoice_calls_itself_a_view():
    invoice = invoice_of(ksef_number="5260250274-20261116-0100001234AB-9C")
    text = text_of(documents.invoice_pdf(invoice))
    assert "5260250274-20261116-0100001234AB-9C" in text
    assert "Oryginałem jest faktura w KSeF" in text


@pytest.mark.django_db
def test_pdf_of_an_interest_note_has_no_vat():
    invoice = invoice_of(kind="interest_note", vat=Decimal(0), gross=Decimal("2803.79"))
    text = text_of(documents.invoice_pdf(invoice))
    assert "Nota odsetkowa" in text
    assert "Zestawienie VAT" not in text
    assert "Nota nie podlega VAT" in text


@pytest.mark.django_db
def test_pdf_is_tagged_and_titled_and_brings_its_fonts():
    invoice = invoice_of()
    InvoiceRowFactory.create(invoice=invoice, description=POLISH)
    reader = pypdf.PdfReader(io.BytesIO(documents.invoice_pdf(invoice)))
    root = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Faktura FV/L/2026/11/000042"
    assert root["/Lang"] == "pl"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert {"/H1", "/H2", "/P", "/Table", "/TR", "/TH", "/TD"} <= tags_of(reader)
    metadata = root["/Metadata"].get_data().decode()
    assert "pdfuaid:part" in metadata or 'pdfuaid="' in metadata or "pdfua" in metadata
    fonts = {
        str(font.get_object()["/BaseFont"]): font.get_object()
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert len(fonts) == 2, fonts.keys()  # regular and semibold, each a file of its own
    for font in fonts.values():
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile2" in descriptor
        assert "/ToUnicode" in font


@pytest.mark.django_db
def test_pdf_comes_out_the_same_every_time():
    invoice = invoice_of()
    InvoiceRowFactory.create(invoice=invoice)
    first = documents.invoice_pdf(invoice)
    assert documents.invoice_pdf(Invoice.objects.get(pk=invoice.pk)) == first


def test_polish_letters_are_drawn_not_only_said(tmp_path):
    """Text extraction stays right when glyphs are wrong, so look at the picture."""
    assert shutil.which("pdftoppm"), "poppler-utils is needed"
    letters = "ąćęłńóśźżĄĆĘŁŃÓŚŹŻієїґ₴€−–„”a\ue000"  # the last has no glyph
    pages = "".join(f"<p style='break-after: page'>{letter}</p>" for letter in letters)
    html = f"<!doctype html><html lang=pl><title>x</title><body><main>{pages}</main>"
    source = tmp_path / "letters.pdf"
    source.write_bytes(pdf.render_pdf(html, title="x"))
    # The corner with the letter, without the page number.
    crop = ["-x", "50", "-y", "50", "-W", "200", "-H", "100"]
    command = ["pdftoppm", "-r", "120", "-gray", *crop, str(source), str(tmp_path / "page")]
    subprocess.run(command, check=True, timeout=60)
    pictures = [path.read_bytes() for path in sorted(tmp_path.glob("page-*.pgm"))]
    assert len(pictures) == len(letters)
    assert len(set(pictures)) == len(letters)  # each letter has a shape of its own


@pytest.mark.django_db
def test_long_table_repeats_its_head_and_numbers_its_pages():
    invoice = invoice_of()
    for position in range(1, 61):
        InvoiceRowFactory.create(
            invoice=invoice, position=position, description=f"Pozycja {position:03d}"
        )
    pages = pypdf.PdfReader(io.BytesIO(documents.invoice_pdf(invoice))).pages
    assert len(pages) >= 3
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"Strona {number} z {len(pages)}" in text
        if "Pozycja" in text:
            assert "Nazwa" in text
    last = pages[-1].extract_text()
    assert "Pozycja 060" in last  # the total never stands alone


SVG = (
    b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>"
    b"<image href='file:///etc/passwd' width='9' height='9'/></svg>"
)
EVIL = [
    "<img src=http://127.0.0.1:9/x.png>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    "<svg><image href='file:///etc/passwd'/></svg>",
    "<script>alert(1)</script>",
    "url(file:///etc/passwd)",
    "{{ 7|add:7 }}{% debug %}",
    "</td></tr></table><h1>obcy",
]


@pytest.mark.django_db
@pytest.mark.parametrize("evil", EVIL)
def test_fields_are_literal_text_and_nothing_is_fetched(evil, monkeypatch):
    asked: list[str] = []
    engine = pdf._engine()
    fetch = type(engine.fetcher).fetch

    def watch(self, url, headers=None):
        asked.append(url)
        return fetch(self, url, headers)

    monkeypatch.setattr(type(engine.fetcher), "fetch", watch)
    invoice = invoice_of(buyer_name=evil, buyer_address=evil, seller_name=evil)
    InvoiceRowFactory.create(invoice=invoice, description=evil)
    content = documents.invoice_pdf(invoice)
    assert asked == []
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert not reader.attachments
    assert "/EmbeddedFiles" not in reader.trailer["/Root"].get("/Names", {})
    squeezed = re.sub(r"\s", "", text_of(content))
    assert squeezed.count(re.sub(r"\s", "", evil)) == 4


@pytest.mark.parametrize(
    "inside",
    [
        "<img src='http://127.0.0.1:9/x.png'>",
        "<img src='file:///etc/passwd'>",
        "<link rel=attachment href='file:///etc/passwd'>",
        "<link rel=stylesheet href='http://127.0.0.1:9/x.css'>",
        "<style>@import url(file:///etc/passwd);</style>",
        "<style>@font-face{font-family:x;src:url(http://127.0.0.1:9/x)}p{font-family:x}</style><p>x",
        "<img src='ebok:other.ttf'>",
    ],
)
def test_renderer_refuses_to_fetch_even_when_the_template_asks(inside, caplog):
    html = (
        f"<!doctype html><html lang='pl'><head><title>x</title></head><body>{inside}</body></html>"
    )
    with pytest.raises(pdf.PdfError, match="Nie udało się"):
        pdf.render_pdf(html, title="x")
    assert "outside itself" in caplog.text


def test_a_drawing_inside_reaches_no_file(monkeypatch):
    """WeasyPrint drops a drawing that fails, so here the document is made, without it."""
    asked: list[str] = []
    fetch = URLFetcher.fetch

    def watch(self, url, headers=None):
        asked.append(url[:5])
        return fetch(self, url, headers)

    monkeypatch.setattr(URLFetcher, "fetch", watch)
    source = f"data:image/svg+xml;base64,{b64encode(SVG).decode()}"
    html = f"<!doctype html><html lang=pl><title>x</title><body><img alt=x src='{source}'>"
    reader = pypdf.PdfReader(io.BytesIO(pdf.render_pdf(html, title="x")))
    assert asked == ["data:"]  # what really opens addresses was asked for the drawing only
    assert len(reader.pages[0].images) == 0


def test_renderer_refuses_a_huge_document():
    with pytest.raises(pdf.PdfError, match="zbyt duży"):
        pdf.render_pdf("x" * 4_000_001, title="x")


def test_without_pango_the_message_is_plain(monkeypatch):
    def missing() -> None:
        raise pdf.PdfUnavailableError("brakuje bibliotek Pango")

    monkeypatch.setattr(pdf, "_load", missing)
    assert not pdf.is_available()
    with pytest.raises(pdf.PdfUnavailableError):
        pdf.render_pdf("<p>x", title="x")


def test_a_busy_renderer_says_so(monkeypatch):
    monkeypatch.setattr(pdf, "_PATIENCE", 0.01)
    monkeypatch.setattr(pdf, "_places", threading.BoundedSemaphore(1))
    assert pdf._places.acquire(timeout=1)
    with pytest.raises(pdf.PdfUnavailableError, match="za chwilę"):
        pdf.render_pdf("<p>x", title="x")


# --- made once ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_ensure_makes_the_pdf_once():
    invoice = invoice_of()
    first = documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=AT)
    again = documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=AT + dt.timedelta(days=9))
    invoice.refresh_from_db()
    assert again == first == invoice.pdf
    assert first.created_at == AT
    assert first.file_name == "Faktura FV-L-2026-11-000042.pdf"
    assert first.renderer.startswith("WeasyPrint ")
    assert first.company == invoice.company
    with open_checked(first) as file:
        assert file.read(5) == b"%PDF-"


@pytest.mark.django_db
def test_ensure_takes_up_a_document_whose_link_was_lost(monkeypatch):
    """A crash between storing the file and linking it must not make a second one."""
    invoice = invoice_of()
    first = documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=AT)
    Invoice.objects.filter(pk=invoice.pk).update(pdf=None)
    monkeypatch.setattr(documents, "invoice_pdf", lambda invoice: pytest.fail("rendered again"))
    assert documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=AT) == first
    invoice.refresh_from_db()
    assert invoice.pdf == first


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_render_once(monkeypatch):
    invoice = invoice_of()
    rendered: list[int] = []
    render = documents.invoice_pdf

    def counted(invoice):
        rendered.append(invoice.pk)
        return render(invoice)

    monkeypatch.setattr(documents, "invoice_pdf", counted)
    start = threading.Barrier(8)
    got: list[int] = []

    def work() -> None:
        try:
            start.wait()
            got.append(documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=AT).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    document = Document.objects.get()
    assert got == [document.pk] * 8
    assert rendered == [invoice.pk]


@pytest.mark.django_db
def test_task_renders_after_commit(django_capture_on_commit_callbacks):
    invoice = invoice_of()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.render_invoice_pdf.delay_on_commit(invoice_id=invoice.pk)
        assert not Document.objects.exists()
    invoice.refresh_from_db()
    assert invoice.pdf is not None


@pytest.mark.django_db
def test_beat_task_renders_what_is_waiting():
    invoice = invoice_of()
    tasks.render_new_invoices.delay()
    invoice.refresh_from_db()
    assert invoice.pdf is not None


def test_style_sheet_and_fonts_are_there():
    assert Path(pdf._style_sheet()).read_text().startswith("/* Documents on paper")
