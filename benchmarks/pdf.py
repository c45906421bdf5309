"""PDF: an invoice in the lessor's look against WeasyPrint on a bare page of equal rows."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape

from eboks.documents import pdf
from invoicing import documents
from invoicing.models import Invoice, InvoiceRow

COUNT = {"small": 30, "mid": 150, "large": 500}
ROWS = 40  # a collective invoice: here the rows, not the letterhead, take the time
AIM = 3.0


def run(size: str) -> None:
    """Milliseconds of processor time per invoice of the database, and for a page of 40 rows the
    ratio to a bare table of the same rows."""
    newest = Invoice.objects.order_by("-pk").values_list("pk", flat=True)[: COUNT[size]]
    found = Invoice.objects.select_related("company", "contract", "corrects")
    invoices = list(found.filter(pk__in=list(newest)))
    if not invoices:
        sys.exit("bench pdf: the database has no invoices; import a portfolio first")
    rows = [_row(number) for number in range(1, ROWS + 1)]

    documents.invoice_pdf(invoices[0])  # libraries, fonts and style sheet load once in a process
    bare_pdf(rows)
    usual = ours = bare = 0.0
    for invoice in invoices:  # in turns, so that a slow minute hits all
        usual += _seconds(lambda: documents.invoice_pdf(invoice))  # noqa: B023 -- called at once
    for invoice in invoices[:30]:
        ours += _seconds(lambda: long_pdf(invoice, rows))  # noqa: B023
        bare += _seconds(lambda: bare_pdf(rows))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    milliseconds = 1000 * usual / len(invoices)
    per_page = 1000 / min(30, len(invoices))
    print(
        f"{len(invoices)} invoices: {milliseconds:.1f} ms each ({1000 / milliseconds:.0f}/s a core)"
    )
    print(f"{ROWS} rows: invoice {per_page * ours:.1f} ms, bare table {per_page * bare:.1f} ms")
    print(f"bench pdf size={size} ratio={ours / bare:.2f} aim<={AIM} memory_mb={memory:.0f}")


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
    return pdf.render_pdf(documents.html_of(invoice, rows), title=invoice.number)


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
