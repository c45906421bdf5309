"""PDF: invoices printed and stored as workers do it against a bare `write_pdf` of the same HTML.

Ours: what is missing is looked up, read, put into the template, rendered (tagged, PDF/UA) in a
process of its own, written to the disk with its sum, and linked; in a transaction that is rolled
back and a media folder of its own. Bare: WeasyPrint with the same style sheet and fonts, both
loaded once, and no tags. In turns, in processor time of both processes.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape

from django.db import transaction
from django.test import override_settings
from django.utils import timezone, translation

from benchmarks.filling import fill
from eboks.documents import pdf
from eboks.documents.models import Document
from eboks.documents.press import Press
from invoicing import documents, pdf_batches
from invoicing.models import Invoice, InvoiceRow
from invoicing.printing import html_of

COUNT = {"small": 30, "mid": 150, "large": 500}
TURN = 10  # invoices of each before the other's turn
ROWS = 40  # a collective invoice: here the rows, not the letterhead, take the time
AIM = 1.1
CONTRACTS = 1_000  # of the portfolio for an empty database: more invoices than are printed


def run(size: str) -> None:
    """Processor time per invoice of the database, ours against bare; and a page of 40 rows."""
    count = COUNT[size]
    fill(CONTRACTS)
    with (
        tempfile.TemporaryDirectory() as media,
        override_settings(MEDIA_ROOT=media),
        transaction.atomic(),
        translation.override("pl"),
    ):
        ours, bare, tagged, made = _invoices(count)
        transaction.set_rollback(True)
    per_invoice = 1000 / made
    print(
        f"{made} invoices: {per_invoice * ours:.1f} ms of processor time each, stored"
        f" ({made / ours:.1f}/s a core); bare write_pdf {per_invoice * bare:.1f} ms,"
        f" with tags {per_invoice * tagged:.1f} ms (ratio {ours / tagged:.2f})"
    )
    _long_ones()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"bench pdf size={size} ratio={ours / bare:.2f} aim<={AIM} memory_mb={memory:.0f}")


def _invoices(count: int) -> tuple[float, float, float, int]:
    """Seconds of ours, bare, and bare with tags for the newest invoices, and how many."""
    newest = list(Invoice.objects.order_by("-pk").values_list("pk", flat=True)[:count])
    stored = Document.objects.filter(invoice__in=newest)
    keys = list(stored.values_list("pk", flat=True))
    Invoice.objects.filter(pk__in=newest).update(pdf=None)
    Document.objects.filter(pk__in=keys).delete()
    chosen = [invoice.pk for invoice in pdf_batches.to_render(limit=count)][:count]
    found = Invoice.objects.select_related("contract", "corrects").in_bulk(chosen)
    pages = [documents.invoice_html(found[key]) for key in chosen]
    ours = bare = tagged = 0.0
    made = 0
    with Press() as press:
        press.render(pages[0], title="x")  # libraries, fonts and style sheet load once
        _bare(pages[0])
        for start in range(0, len(pages), TURN):
            child = press.cpu_seconds
            begun = time.process_time()
            done = pdf_batches.render_missing(
                at=timezone.now(), limit=len(pages[start : start + TURN]), press=press
            )
            ours += time.process_time() - begun + press.cpu_seconds - child
            made += done.made
            for page in pages[start : start + TURN]:
                bare += _seconds(lambda: _bare(page))  # noqa: B023 -- called at once
                tagged += _seconds(lambda: _bare(page, pdf_variant="pdf/ua-1", pdf_tags=True))  # noqa: B023
    if made != len(pages):
        sys.exit(f"bench pdf: {len(pages) - made} invoices could not be printed")
    return ours, bare, tagged, made


def _bare(page: str, **options: object) -> bytes:
    engine = pdf._engine()
    source = engine.html(string=page, base_url="ebok:document", url_fetcher=engine.fetcher)
    content: bytes = source.write_pdf(
        font_config=engine.fonts, stylesheets=[engine.style], **options
    )
    return content


def _long_ones() -> None:
    """A page of 40 rows against a bare table of the same rows, without any style of ours."""
    invoice = Invoice.objects.select_related("company", "contract", "corrects").order_by("-pk")[0]
    rows = [_row(number) for number in range(1, ROWS + 1)]
    ours = bare = 0.0
    for _turn in range(TURN):
        ours += _seconds(lambda: long_pdf(invoice, rows))
        bare += _seconds(lambda: bare_pdf(rows))
    print(
        f"{ROWS} rows: invoice {1000 * ours / TURN:.1f} ms,"
        f" bare table {1000 * bare / TURN:.1f} ms (ratio {ours / bare:.2f})"
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _row(number: int) -> InvoiceRow:
    return InvoiceRow(
        position=number,
        description=f"Rata leasingowa {number} z {ROWS}",
        net=Decimal("2803.79"),
        vat_code="23",
        vat=Decimal("644.87"),
        gross=Decimal("3448.66"),
        principal=Decimal("2431.79"),
        interest=Decimal("372.00"),
    )


def long_pdf(invoice: Invoice, rows: Sequence[InvoiceRow]) -> bytes:
    """The invoice as if it had `rows`."""
    return pdf.render_pdf(html_of(invoice, rows), title=invoice.number)


def bare_pdf(rows: Sequence[InvoiceRow]) -> bytes:
    """A page with the same rows, no style of ours, not tagged: what WeasyPrint takes at least."""
    engine = pdf._engine()
    lines = "".join(
        f"<tr><td>{row.position}<td>{escape(row.description)}<td>{row.net}<td>{row.vat_code}"
        f"<td>{row.vat}<td>{row.gross}"
        for row in rows
    )
    html = f"<!doctype html><html lang=pl><title>x</title><table>{lines}</table>"
    content: bytes = engine.html(
        string=html, base_url="ebok:document", url_fetcher=engine.fetcher
    ).write_pdf(font_config=engine.fonts)
    return content
