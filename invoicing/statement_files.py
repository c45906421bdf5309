"""The statement of account as a PDF and as a workbook: the same lines to the grosz."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from eboks import clock
from eboks.documents.brand import lessor_brand
from eboks.documents.pdf import render_pdf
from eboks.documents.xlsx import About, Column, Kind, Sheet, write_workbook
from eboks.tenancy.models import Company
from eboks.ui.words import number, short_date
from invoicing.statement import Statement
from invoicing.statement_words import BUCKETS, entries

PDF_LINES = 1_500  # more pages than anybody reads; a workbook takes the rest


class TooManyLinesError(Exception):
    """More lines than a PDF may hold. Its text is for the client."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose statement, of what."""

    company: Company
    currency: str
    contract: str  # its number; empty for all of the company's
    is_partial: bool  # only what a member with selected contracts reaches


def statement_pdf(statement: Statement, *, heading: Heading, at: dt.datetime) -> BinaryIO:
    """Raises PdfError, and TooManyLinesError before anything is drawn."""
    if len(statement) > PDF_LINES:
        raise TooManyLinesError(
            _(
                "To zestawienie ma %(lines)s pozycji, a w pliku PDF mieści się %(limit)s. "
                "Wybierz krótszy okres albo jedną umowę, albo pobierz plik Excela."
            )
            % {"lines": number(len(statement)), "limit": number(PDF_LINES)}
        )
    title = _("Zestawienie obrotów")
    html = render_to_string(
        "invoicing/statement_pdf.html",
        {
            "title": title,
            "brand": lessor_brand(),
            "created": at.isoformat(),
            "today": clock.today(at),
            "heading": heading,
            "statement": statement,
            "entries": entries(statement),
            "buckets": buckets(statement),
        },
    )
    return io.BytesIO(render_pdf(html, title=title))


def statement_workbook(statement: Statement, *, heading: Heading, at: dt.datetime) -> BinaryIO:
    """Raises TooManyRowsError."""
    title = _("Zestawienie obrotów")
    columns = [
        Column(_("Data"), Kind.DATE),
        Column(_("Dokument lub wpłata"), width=40),
        Column(_("Rodzaj"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Termin płatności"), Kind.DATE, width=16),
        Column(_("Waluta"), width=8),
        Column(_("Obciążenia"), Kind.MONEY, total=True),
        Column(_("Uznania"), Kind.MONEY, total=True),
        Column(_("Saldo"), Kind.MONEY),
    ]
    ages = [
        Column(_("Wiek należności"), width=40),
        Column(_("Waluta"), width=8),
        Column(_("Kwota"), Kind.MONEY, total=True),
    ]
    facts: list[tuple[str, str | dt.date]] = [
        (_("Firma"), heading.company.name),
        (_("Umowa"), heading.contract or _("wszystkie")),
        (_("Okres"), f"{short_date(statement.since)} – {short_date(statement.until)}"),
        (_("Waluta"), heading.currency),
        (_("Stan na dzień"), clock.today(at)),
    ]
    return write_workbook(
        sheets=[
            Sheet(title, columns, _rows(statement, heading), total_by=5),
            Sheet(
                _("Wiekowanie"),
                ages,
                [(label, heading.currency, amount) for label, amount in buckets(statement)],
                total_by=1,
            ),
        ],
        about=About(title, at, facts),
    )


def _rows(statement: Statement, heading: Heading) -> Iterator[Sequence[Any]]:
    def edge(day: dt.date, name: str, balance: Any) -> Sequence[Any]:
        return (day, name, None, None, None, heading.currency, None, None, balance)

    yield edge(statement.since, _("Saldo otwarcia"), statement.opening)
    for entry in entries(statement):
        yield (
            entry.on,
            entry.title,
            entry.kind,
            entry.contract or None,
            entry.due_on,
            heading.currency,
            entry.debit or None,
            entry.credit or None,
            entry.balance,
        )
    yield edge(statement.until, _("Saldo zamknięcia"), statement.closing)


def buckets(statement: Statement) -> list[tuple[str, Any]]:
    """What the closing balance is made of, in words."""
    return [(str(label), statement.ageing.amounts[bucket]) for bucket, label in BUCKETS.items()]


def file_name(statement: Statement, heading: Heading, extension: str) -> str:
    parts = ["zestawienie-obrotow", heading.contract, statement.since, statement.until]
    return f"{' '.join(str(part) for part in parts if part)} {heading.currency}.{extension}"
