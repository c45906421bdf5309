"""Excel workbooks for every export: streamed, typed, and safe against formulas in data.

A text stays a text even when it begins with `=`, a number is a number, a date is a date. Rows are
written as they come, so memory does not grow with their count.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from eboks import clock

ROW_LIMIT = 100_000
_STEP = 1_000  # rows between two words to whoever watches
_LONGEST_TEXT = 32_767  # a cell of Excel holds no more
# What XML does not allow beside the control characters that openpyxl knows.
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_BAD_TITLE = re.compile(r"[\[\]:*?/\\']")


class TooManyRowsError(Exception):
    """The export has more rows than one file may hold. Its text is for the client."""


def too_many_rows(limit: int = ROW_LIMIT) -> str:
    """What to tell the client, also by a page that counts before it writes."""
    return _(
        "W jednym pliku mieści się %(limit)s wierszy. Zawęź wybór, na przykład do "
        "krótszego okresu albo jednej umowy."
    ) % {"limit": f"{limit:,}".replace(",", "\u00a0")}


class Kind(enum.Enum):
    """What a column holds: openpyxl's data type, the number format, the usual width."""

    TEXT = ("s", "General", 22.0)
    MONEY = ("n", "#,##0.00", 15.0)
    RATE = ("n", "0.0000", 10.0)
    WHOLE = ("n", "0", 9.0)
    DATE = ("d", "dd\\.mm\\.yyyy", 12.0)
    MOMENT = ("d", "dd\\.mm\\.yyyy\\ hh:mm", 17.0)


@dataclass(frozen=True)
class Column:
    """A column: its head, what it holds, whether the total row sums it."""

    title: str
    kind: Kind = Kind.TEXT
    width: float | None = None
    total: bool = False


@dataclass(frozen=True)
class Sheet:
    """A sheet of rows in the order of `columns`; None is an empty cell.

    `total_by` is the index of the column with the currency: every currency gets a total row of
    its own, because zlotys and euros do not add up.
    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    total_by: int | None = None


@dataclass(frozen=True)
class About:
    """What the sheet „Opis” says about the file: pairs of a name and a value."""

    title: str
    made_at: dt.datetime
    facts: Sequence[tuple[str, str | dt.date | int | Decimal]] = field(default_factory=tuple)


_watch: ContextVar[Callable[[int], None] | None] = ContextVar("xlsx_watch", default=None)


@contextmanager
def watched_by(watch: Callable[[int], None]) -> Iterator[None]:
    """In this block `watch` hears, every 1 000 rows of a sheet, how many are written."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def write_workbook(
    *, sheets: Sequence[Sheet], about: About, row_limit: int = ROW_LIMIT
) -> BinaryIO:
    """The workbook in an open temporary file, at its beginning; closing it removes it.

    Raises TooManyRowsError when a sheet has more than `row_limit` rows.
    """
    book = Workbook(write_only=True)
    book.properties.title = about.title
    book.properties.creator = "eBOK"
    try:
        for sheet in sheets:
            _write_sheet(_add_sheet(book, sheet.title, sheet.columns), sheet, row_limit)
        _write_about(book, about)
        file = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller streams and closes it
        try:
            book.save(file)
        except BaseException:
            file.close()
            raise
    except BaseException:
        _discard(book)
        raise
    file.seek(0)
    return file


class _TypedSheet(WriteOnlyWorksheet):
    """A write-only sheet that writes each value with the type and style of its column.

    openpyxl would guess the type of every value (a text with `=` becomes a formula) and build a
    cell for every styled one. Here each column has one cell, filled again for each row.
    """

    cells: Sequence[Cell]
    # openpyxl sets these in its constructor, out of sight of the type checker
    auto_filter: Any
    column_dimensions: Any
    page_setup: Any
    sheet_properties: Any

    def _values_to_row(self, values: Sequence[Any], row_idx: int) -> Iterator[Cell]:
        for number, (cell, value) in enumerate(zip(self.cells, values, strict=True), 1):
            if value is None:
                continue
            cell._value = value  # type: ignore[attr-defined]  # the setter would guess the type
            cell.row, cell.column = row_idx, number
            yield cell


def _add_sheet(book: Workbook, title: str, columns: Sequence[Column]) -> _TypedSheet:
    sheet = _TypedSheet(book, _BAD_TITLE.sub("-", title)[:31])
    book._sheets.append(sheet)  # type: ignore[attr-defined]
    for number, column in enumerate(columns, 1):
        wanted = column.width or max(column.kind.value[2], len(column.title) + 3.0)
        sheet.column_dimensions[get_column_letter(number)].width = wanted
    return sheet


def _write_sheet(sheet: _TypedSheet, wanted: Sheet, row_limit: int) -> None:
    columns = wanted.columns
    sheet.freeze_panes = "A2"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.print_title_rows = "1:1"

    sheet.cells = [_head_cell(sheet, column) for column in columns]
    sheet.append([_text(column.title) for column in columns])

    sheet.cells = [_cell(sheet, column.kind) for column in columns]
    clean = [_CLEANERS.get(column.kind) for column in columns]
    summed = [index for index, column in enumerate(columns) if column.total]
    totals: dict[str, list[Decimal]] = {}
    count, watch = 0, _watch.get()
    rows = iter(wanted.rows)
    for row in islice(rows, row_limit):
        values = [
            value if value is None or tidy is None else tidy(value)
            for tidy, value in zip(clean, row, strict=True)
        ]
        sheet.append(values)
        count += 1
        if watch is not None and count % _STEP == 0:
            watch(count)
        if summed:
            key = "" if wanted.total_by is None else str(row[wanted.total_by])
            sums = totals.setdefault(key, [Decimal(0)] * len(summed))
            for place, index in enumerate(summed):
                sums[place] += row[index] or 0
    if next(rows, None) is not None:
        raise TooManyRowsError(too_many_rows(row_limit))
    # The total rows stay outside the filter, so that sorting leaves them at the bottom.
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count + 1}"
    sheet.cells = [_total_cell(sheet, column.kind) for column in columns]
    for currency, sums in sorted(totals.items()):
        line: list[Any] = [None] * len(columns)
        for place, index in enumerate(summed):
            line[index] = sums[place]
        if wanted.total_by is not None:
            line[wanted.total_by] = currency
        # „Razem” takes the first column that is free and holds text.
        free = next(
            index
            for index, column in enumerate(columns)
            if line[index] is None and column.kind is Kind.TEXT
        )
        line[free] = _("Razem")
        sheet.append(line)


def _write_about(book: Workbook, about: About) -> None:
    columns = [Column("", width=30.0), Column("", width=60.0)]
    sheet = _add_sheet(book, _("Opis"), columns)
    made = (_("Utworzono"), about.made_at.astimezone(clock.WARSAW).replace(tzinfo=None))
    for name, value in [(_("Zestawienie"), about.title), *about.facts, made]:
        kind = _kind_of(value)
        label = _cell(sheet, Kind.TEXT)
        label.font = Font(bold=True)
        sheet.cells = [label, _cell(sheet, kind)]
        tidy = _CLEANERS.get(kind)
        sheet.append([_text(name), tidy(value) if tidy else value])


def _kind_of(value: object) -> Kind:
    match value:
        case dt.datetime():
            return Kind.MOMENT
        case dt.date():
            return Kind.DATE
        case Decimal():
            return Kind.MONEY
        case int():
            return Kind.WHOLE
    return Kind.TEXT


def _cell(sheet: _TypedSheet, kind: Kind) -> Cell:
    cell: Cell = WriteOnlyCell(sheet)
    cell.data_type, number_format, _width = kind.value
    if number_format != "General":
        cell.number_format = number_format
    return cell


def _head_cell(sheet: _TypedSheet, column: Column) -> Cell:
    cell = _cell(sheet, Kind.TEXT)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", start_color="E7EDEE")
    cell.border = Border(bottom=Side("thin"))
    right = column.kind in {Kind.MONEY, Kind.RATE, Kind.WHOLE}
    cell.alignment = Alignment(
        horizontal="right" if right else "left", vertical="center", wrap_text=True
    )
    return cell


def _total_cell(sheet: _TypedSheet, kind: Kind) -> Cell:
    cell = _cell(sheet, kind)
    cell.font = Font(bold=True)
    cell.border = Border(top=Side("thin"))
    return cell


def _text(value: object) -> str:
    """Text as Excel can hold it: without control characters, not too long."""
    text = value if type(value) is str else str(value)
    if not text.isprintable():  # most texts are, and this is quicker than the pattern
        text = _NO_XML.sub("", ILLEGAL_CHARACTERS_RE.sub("", text))
    return text[:_LONGEST_TEXT]


def _moment(value: dt.datetime) -> dt.datetime:
    """Excel knows no time zones: the wall clock in Warsaw."""
    return value if value.tzinfo is None else value.astimezone(clock.WARSAW).replace(tzinfo=None)


_CLEANERS: dict[Kind, Callable[[Any], Any]] = {Kind.TEXT: _text, Kind.MOMENT: _moment}


def _discard(book: Workbook) -> None:
    """Close what was begun, so that openpyxl's temporary files go too."""
    for sheet in book.worksheets:
        if not sheet.closed:
            sheet.close()
        sheet._writer.cleanup()  # type: ignore[attr-defined]
