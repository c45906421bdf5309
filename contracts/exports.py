"""Contracts as files: the list and a schedule in Excel, a schedule in PDF; and its chart."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from django.db.models import Prefetch, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from contracts import words
from contracts.models import Asset, Contract, ScheduleVersion
from contracts.schedule_page import SchedulePage
from eboks import clock
from eboks.documents.brand import lessor_brand
from eboks.documents.csv_files import table_writer
from eboks.documents.pdf import render_pdf
from eboks.documents.xlsx import About, Column, Kind, Sheet, write_workbook
from eboks.money import ZERO
from eboks.tenancy.models import Company
from eboks.ui import charts

_CHUNK = 2_000


def contract_list(
    rows: QuerySet[Contract],
    *,
    conditions: Sequence[str],
    company: Company | None,
    at: dt.datetime,
    file_format: str = "xlsx",
) -> BinaryIO:
    """`rows` (from `positions.standing`) in their order as a workbook (or `csv`), one line each.

    Memory does not grow with their count.

    Raises TooManyRowsError.
    """
    columns = [
        Column(_("Numer umowy"), width=20),
        Column(_("Korzystający"), width=34),
        Column(_("Rodzaj"), width=20),
        Column(_("Stan"), width=20),
        Column(_("Przedmiot"), width=30),
        Column(_("Rejestracja")),
        Column(_("VIN lub numer seryjny")),
        Column(_("Podpisana"), Kind.DATE),
        Column(_("Koniec"), Kind.DATE),
        Column(_("Waluta"), width=8),
        Column(_("Wartość netto"), Kind.MONEY, total=True),
        Column(_("Kapitał do spłaty"), Kind.MONEY, total=True),
        Column(_("Wykup netto"), Kind.MONEY, total=True),
        Column(_("Liczba rat"), Kind.WHOLE),
        Column(_("Następna płatność"), Kind.DATE),
        Column(_("Oprocentowanie, %"), Kind.RATE),
    ]
    facts: list[tuple[str, str | dt.date]] = [
        (_("Firma"), company.name if company else _("wszystkie")),
        (_("Filtry"), ", ".join(conditions) or _("bez filtrów")),
        (_("Stan na dzień"), clock.today(at)),
    ]
    return table_writer(file_format)(
        sheets=[Sheet(_("Umowy"), columns, _contract_rows(rows), total_by=9)],
        about=About(_("Umowy"), at, facts),
    )


def _contract_rows(rows: QuerySet[Contract]) -> Iterator[Sequence[Any]]:
    found = rows.select_related("company").prefetch_related(
        Prefetch("assets", Asset.objects.order_by("pk"))
    )
    for row in found.iterator(chunk_size=_CHUNK):
        assets = list(row.assets.all())
        yield (
            row.number,
            row.company.name,
            row.get_product_display(),
            row.get_status_display(),
            "; ".join(f"{asset.make} {asset.model}" for asset in assets),
            "; ".join(asset.plate for asset in assets if asset.plate),
            "; ".join(asset.vin or asset.serial_number for asset in assets),
            row.signed_on,
            row.end_on,
            row.currency,
            row.net_value,
            row.left_now,
            row.buyout,
            row.instalment_count,
            row.due_now,
            row.annual_rate_pct,
        )


def schedule_workbook(
    page: SchedulePage, *, contract: Contract, with_finance: bool, at: dt.datetime
) -> BinaryIO:
    """One version of a schedule as a workbook, with the totals of everything paid and to pay."""
    today = clock.today(at)
    columns = [
        Column(_("Nr"), Kind.WHOLE),
        Column(_("Rodzaj"), width=16),
        Column(_("Termin umowny"), Kind.DATE, width=15),
        Column(_("Płatne do"), Kind.DATE),
        Column(_("Rata netto"), Kind.MONEY, total=True),
        Column(_("Część kapitałowa"), Kind.MONEY, width=17, total=True),
        Column(_("Część odsetkowa"), Kind.MONEY, width=17, total=True),
        Column("VAT", Kind.MONEY, total=True),
        Column(_("Brutto"), Kind.MONEY, total=True),
        Column(_("Kapitał do spłaty"), Kind.MONEY, width=17),
        Column(_("Stan"), width=28),
    ]
    rows: Iterable[Sequence[Any]] = [
        (
            line.row.n if line.is_instalment else None,
            str(line.row.get_kind_display()),
            line.row.nominal_due_on,
            line.row.effective_due_on,
            line.row.payment,
            line.row.principal,
            line.row.interest,
            line.row.vat,
            line.row.gross,
            line.row.balance,
            words.row_state(line, today=today, with_finance=with_finance).text,
        )
        for line in page.lines
    ]
    facts: list[tuple[str, str | dt.date]] = [
        (_("Umowa"), contract.number),
        (_("Korzystający"), contract.company.name),
        (_("Wersja"), str(page.version.number)),
        (_("Obowiązuje od"), page.version.valid_from),
        (_("Waluta"), contract.currency),
        (_("Stan na dzień"), today),
    ]
    return write_workbook(
        sheets=[Sheet(_("Harmonogram"), columns, rows)],
        about=About(_("Harmonogram umowy %s") % contract.number, at, facts),
    )


def schedule_document(page: SchedulePage, *, contract: Contract, at: dt.datetime) -> BinaryIO:
    """One version of a schedule as a PDF in the lessor's brand. Raises PdfError."""
    title = _("Harmonogram umowy %s") % contract.number
    html = render_to_string(
        "contracts/schedule_pdf.html",
        {
            "title": title,
            "brand": lessor_brand(),
            "contract": contract,
            "assets": contract.assets.all(),
            "page": page,
            "index_name": words.index_name(contract.index),
            "today": clock.today(at),
            "created": at.isoformat(),
        },
    )
    return io.BytesIO(render_pdf(html, title=title))


def schedule_file_name(contract: Contract, version: ScheduleVersion, extension: str) -> str:
    return f"harmonogram {contract.number} w{version.number}.{extension}"


def schedule_chart(
    page: SchedulePage, *, contract: Contract, today: dt.date
) -> charts.BarChart | None:
    """The instalments drawn: how each splits into capital and interest. None without any.

    A row that capitalises its interest has a negative capital part, which cannot be stacked: such
    a row is drawn with no capital and the interest that is really paid.
    """
    rows = [
        (
            line.row.effective_due_on,
            [max(line.row.principal, ZERO), max(min(line.row.interest, line.row.payment), ZERO)],
        )
        for line in page.lines
        if line.is_instalment
    ]
    if not rows:
        return None
    return charts.schedule_bars(
        id="schedule",
        title=_("Raty umowy %s: część kapitałowa i odsetkowa") % contract.number,
        parts=[_("Część kapitałowa"), _("Część odsetkowa")],
        rows=rows,
        today=today,
        currency=contract.currency,
    )
