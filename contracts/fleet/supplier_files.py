"""Rows of cells out of a supplier's CSV or XLSX file, within bounds of size and memory.

Every cell is data: a formula is never computed, and one in a workbook is marked as such.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO
from xml.etree import ElementTree

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from contracts.fleet.models.imports import FileFormat, SupplierTemplate

LARGEST_BYTES = 20 * 1024 * 1024
LARGEST_UNPACKED = 250 * 1024 * 1024
_LARGEST_TEXTS = 60 * 1024 * 1024  # shared texts of a workbook are held in memory at once
_LONGEST_LINE = 1024 * 1024  # characters of a CSV
_MOST_PARTS = 1_000
MOST_COLUMNS = 104  # up to the letters CZ
MOST_ROWS = 100_000
LONGEST_CELL = 5_000  # characters; one long text may be shared by every row of a workbook
_LARGEST_OTHERS = 30 * 1024 * 1024  # styles, names, pictures
_LARGEST_CONTENTS = 1024 * 1024
_CONTENTS = "[Content_Types].xml"
_SHEET, _TEXTS = "worksheet+xml", "sharedStrings+xml"
_CHUNK = 1 << 20
_LONGEST_SIGN = len("<!DOCTYPE")
_ZIP = b"PK\x03\x04"


class FileRefusedError(Exception):
    """The file as a whole cannot be read. Its text is for the person who sent it."""


class Formula:
    """Stands for the value of a cell that computes something."""


FORMULA = Formula()


def rows_of(template: SupplierTemplate, file: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    """(line in the file, cells) from the header on: texts of a CSV; texts, numbers and dates of a
    workbook; FORMULA for a cell that computes. Raises FileRefusedError, also on the way."""
    file.seek(0, io.SEEK_END)
    if file.tell() > LARGEST_BYTES:
        raise FileRefusedError(_("Plik jest za duży: może mieć najwyżej 20 MB."))
    if not file.tell():
        raise FileRefusedError(_("Ten plik jest pusty."))
    file.seek(0)
    read = _xlsx if template.file_format == FileFormat.XLSX else _csv
    for number, found in enumerate(read(template, file)):
        if number > MOST_ROWS:
            raise FileRefusedError(_("Plik ma więcej niż 100 000 wierszy. Podziel go."))
        line, cells = found
        if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
            raise FileRefusedError(_("Wiersz %d: w komórce jest za długi tekst.") % line)
        yield found


def _csv(template: SupplierTemplate, file: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    if file.read(4) == _ZIP:
        raise FileRefusedError(_("To jest plik Excela, a szablon czyta CSV."))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=template.encoding, newline="")
    delimiter = "\t" if template.delimiter == "tab" else template.delimiter
    reader = csv.reader(_lines(text), delimiter=delimiter)
    try:
        line = 1
        for count, row in enumerate(reader):
            if len(row) > MOST_COLUMNS:
                raise FileRefusedError(_too_wide(line))
            if count >= template.skip_rows:
                yield line, row
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise FileRefusedError(
            _("Plik ma inne kodowanie niż w szablonie. Sprawdź pole „kodowanie”.")
        ) from error
    except csv.Error as error:
        raise FileRefusedError(
            _("Wiersz %d: nie da się go podzielić na kolumny.") % reader.line_num
        ) from error
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines of a bounded length: one of 20 MB would be millions of columns."""
    number = 1
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise FileRefusedError(_too_wide(number))
        yield line
        number += 1


def _too_wide(line: int) -> str:
    return _("Wiersz %d ma za dużo kolumn.") % line


def _xlsx(template: SupplierTemplate, file: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    _check_archive(file)
    try:
        # Formulas are wanted as formulas: their last result may be of another day.
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        raise FileRefusedError(_damaged()) from error
    try:
        sheet = _sheet(book, template.sheet)
        rows = iter(sheet.iter_rows(min_row=1, max_col=MOST_COLUMNS))
        try:
            for line, cells in enumerate(islice(rows, template.skip_rows, None), 1):
                yield template.skip_rows + line, [_value(cell) for cell in cells]
        except FileRefusedError:
            raise
        except Exception as error:
            # openpyxl raises whatever its XML parser and its casts raise.
            raise FileRefusedError(_damaged()) from error
    finally:
        book.close()


def _sheet(book: Any, name: str) -> Any:
    by_name = {sheet.title.strip().casefold(): sheet for sheet in book.worksheets}
    if not by_name:
        raise FileRefusedError(_damaged())
    sheet = by_name.get(name.strip().casefold()) if name.strip() else book.worksheets[0]
    if sheet is None:
        raise FileRefusedError(_("W pliku nie ma arkusza „%s”.") % name)
    # What a file says of its own size is not to be believed.
    sheet.reset_dimensions()
    return sheet


def _value(cell: Any) -> Any:
    return FORMULA if cell.data_type == "f" else cell.value


def _damaged() -> str:
    return _("Nie da się otworzyć tego pliku jako XLSX. Zapisz go w Excelu jeszcze raz.")


def _check_archive(file: BinaryIO) -> None:
    """Refuses what is no workbook, or would grow beyond bounds when unpacked.

    `zipfile` reads no more of a part than its entry says, so the entries may be trusted.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            whole = sum(part.file_size for part in parts)
            if len(parts) > _MOST_PARTS or whole > LARGEST_UNPACKED:
                raise FileRefusedError(_too_big())
            if any(part.flag_bits & 1 for part in parts):
                raise FileRefusedError(_("Plik jest zaszyfrowany. Zapisz go bez hasła."))
            if any(_has_entities(archive, part) for part in parts):
                raise FileRefusedError(_damaged())
            _check_held(archive, parts)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise FileRefusedError(_damaged()) from error
    file.seek(0)


def _too_big() -> str:
    return _("Plik po rozpakowaniu jest za duży. Podziel go.")


def _has_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part of a workbook declares anything of its own, wherever it hides that. In texts
    of a workbook the sign that begins a declaration is always escaped."""
    kept = b""
    with archive.open(part) as inside:
        while chunk := inside.read(_CHUNK):
            kept += chunk.replace(b"\0", b"")
            if b"<!DOCTYPE" in kept or b"<!ENTITY" in kept:
                return True
            kept = kept[-_LONGEST_SIGN:]
    return False


def _check_held(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Rows stream; shared texts, styles and the like are held in memory whole, whatever the names
    of their parts: what each is stands in the list of contents."""
    contents = next((part for part in parts if part.filename == _CONTENTS), None)
    if contents is None:
        raise FileRefusedError(_damaged())
    if contents.file_size > _LARGEST_CONTENTS:
        raise FileRefusedError(_too_big())
    try:
        declared = ElementTree.fromstring(archive.read(contents))  # noqa: S314 -- no entities
    except ElementTree.ParseError as error:
        raise FileRefusedError(_damaged()) from error
    kinds: dict[str, set[str]] = {}
    for entry in declared:
        name = entry.get("PartName", "").lstrip("/")
        kinds.setdefault(name, set()).add(entry.get("ContentType", "").rpartition(".")[2])
    texts = others = 0
    for part in parts:
        kind = kinds.get(part.filename, set())
        if kind == {_TEXTS}:
            texts += part.file_size
        elif kind != {_SHEET}:
            others += part.file_size
    if texts > _LARGEST_TEXTS or others > _LARGEST_OTHERS:
        raise FileRefusedError(_too_big())
