"""CSV for programs: the first sheet of a workbook as text, safe to open in a spreadsheet (SEC-90).

UTF-8 with a mark in front, semicolons, every field in quotes, CRLF; decimal comma, ISO days. A text
that a spreadsheet would take for a formula gets an apostrophe in front. No total rows: a program
would import them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from eboks import clock
from eboks.documents.xlsx import (
    ROW_LIMIT,
    About,
    Kind,
    Sheet,
    TooManyRowsError,
    too_many_rows,
    write_workbook,
)

CSV = "text/csv; charset=utf-8"
# The wide signs of East Asian keyboards are formulas to some spreadsheets as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def write_csv(sheet: Sheet, *, row_limit: int = ROW_LIMIT) -> BinaryIO:
    """The sheet in an open temporary file, at its beginning; closing it removes it.

    Raises TooManyRowsError when there are more than `row_limit` rows.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller streams and closes it
    try:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow([column.title for column in sheet.columns])
        write = [_WRITERS.get(column.kind, safe_text) for column in sheet.columns]
        for number, row in enumerate(sheet.rows, 1):
            if number > row_limit:
                raise TooManyRowsError(too_many_rows(row_limit))
            writer.writerow(
                "" if value is None else put(value) for put, value in zip(write, row, strict=True)
            )
        text.detach()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def write_first_sheet(
    *, sheets: Sequence[Sheet], about: About, row_limit: int = ROW_LIMIT
) -> BinaryIO:
    """As `write_workbook`, but the first sheet as CSV; a CSV has no place for the rest."""
    return write_csv(sheets[0], row_limit=row_limit)


def table_writer(file_format: object) -> Callable[..., BinaryIO]:
    """`write_workbook`, or what writes the same as CSV when `file_format` is „csv”."""
    return write_first_sheet if file_format == "csv" else write_workbook


def safe_text(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _decimal(value: Any) -> str:
    return f"{value:f}".replace(".", ",")


def _money(value: Decimal) -> str:
    return _decimal(value.quantize(Decimal("0.01")))


def _day(value: dt.date) -> str:
    return value.isoformat()


def _moment(value: dt.datetime) -> str:
    return value.astimezone(clock.WARSAW).isoformat(sep=" ", timespec="minutes")[:16]


_WRITERS: dict[Kind, Callable[[Any], str]] = {
    Kind.MONEY: _money,
    Kind.RATE: _decimal,
    Kind.WHOLE: str,
    Kind.DATE: _day,
    Kind.MOMENT: _moment,
}
