"""Records out of a supplier's file by its template, row by row, with what is wrong beside them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from openpyxl.utils import column_index_from_string

from contracts.fleet.models.imports import SupplierTemplate
from contracts.fleet.supplier_files import MOST_COLUMNS, FileRefusedError, rows_of
from contracts.fleet.supplier_values import (
    as_text,
    is_empty,
    masked_card,
    masked_numbers,
    read_cell,
)
from contracts.fleet.targets import Column, Kind, columns_of
from eboks.clock import WARSAW

MOST_PROBLEMS = 1_000
_LONGEST_SHOWN = 80
_LETTERS = re.compile("[A-Z]{1,2}")
_FIRST_DAY = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place of the file: for people, without card numbers."""

    line: int
    column: str
    value: str
    reason: str

    def stored(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Row:
    """A row as columns of the record; those that could not be read are missing.

    `on` is the day in Warsaw, `at` the moment in UTC, or None when the file has no time.
    `product_name` is the supplier's own word for the product. `is_whole`: nothing was wrong.
    """

    line: int
    values: dict[str, Any]
    is_whole: bool = True


class Reading:
    """One way through a file. `rows` is used once; problems and counts grow as it goes."""

    def __init__(self, template: SupplierTemplate, *, today: dt.date) -> None:
        self.template = template
        self.latest = today + dt.timedelta(days=1)
        self.columns = columns_of(template.target)
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.row_count = 0
        self.skipped = 0

    def rows(self, file: BinaryIO) -> Iterator[Row]:
        """Each row that has a plate or a day. Raises FileRefusedError, also on the way."""
        lines = rows_of(self.template, file)
        found = next(lines, None)
        if found is None:
            raise FileRefusedError(_("W pliku nie ma wiersza z nagłówkiem."))
        places = self._places(*found)
        plate, day = places.get("plate"), places.get("on")
        if plate is None or day is None:
            raise FileRefusedError(
                _("Brakuje kolumny z numerem rejestracyjnym albo z dniem. Sprawdź szablon.")
            )
        for line, cells in lines:
            if is_empty(_at(cells, plate)) and is_empty(_at(cells, day)):
                self.skipped += 1
                continue
            self.row_count += 1
            yield self._row(line, cells, places)

    def note(self, line: int, column: str, value: str, reason: str) -> None:
        """One more problem; beyond the first thousand they are only counted."""
        self.problem_count += 1
        if self.problem_count <= MOST_PROBLEMS:
            shown = masked_numbers(value)[:_LONGEST_SHOWN]
            self.problems.append(Problem(line, column[:_LONGEST_SHOWN], shown, reason))

    def _places(self, line: int, header: list[Any]) -> dict[str, int]:
        """Where each mapped column stands: by the text of its header, else by its letter."""
        heads: dict[str, list[int]] = {}
        for place, cell in enumerate(header):
            if not is_empty(cell):
                heads.setdefault(as_text(cell).casefold(), []).append(place)
        places = {}
        for column in self.columns:
            wanted = " ".join(self.template.columns.get(column.name, {}).get("column", "").split())
            if not wanted:
                continue
            at = heads.get(wanted.casefold(), [])
            if len(at) > 1:
                reason = _("Ten nagłówek jest w pliku dwa razy. Wskaż kolumnę literą.")
                self.note(line, str(column.title), wanted, reason)
            if at:
                places[column.name] = at[0]
            elif (letter := letter_place(wanted)) is not None and letter < len(header):
                places[column.name] = letter
            else:
                self.note(line, str(column.title), wanted, _("W pliku nie ma takiej kolumny."))
        return places

    def _row(self, line: int, cells: list[Any], places: dict[str, int]) -> Row:
        row = Row(line, {})
        for column in self.columns:
            cell = self._cell(column, cells, places)
            if is_empty(cell):
                if column.required and (column.name in places or not self._maps(column)):
                    self._broken(row, column, cell, _("Brakuje wartości."))
                elif column.default is not None:
                    row.values[column.name] = column.default
                continue
            try:
                row.values[column.name] = read_cell(cell, column, self.template)
            except ValueError as error:
                self._broken(row, column, cell, str(error))
        if "product" in row.values:
            product = next(column for column in self.columns if column.name == "product")
            row.values["product_name"] = as_text(self._cell(product, cells, places))[:80]
        self._set_moment(row)
        return row

    def _cell(self, column: Column, cells: list[Any], places: dict[str, int]) -> Any:
        place = places.get(column.name)
        cell = None if place is None else _at(cells, place)
        if is_empty(cell) and column.may_be_fixed:
            return self.template.columns.get(column.name, {}).get("fixed")
        return cell

    def _maps(self, column: Column) -> bool:
        return bool(self.template.columns.get(column.name, {}).get("column"))

    def _broken(self, row: Row, column: Column, cell: Any, reason: str) -> None:
        row.is_whole = False
        text = "" if is_empty(cell) else as_text(cell)
        if text and column.kind is Kind.CARD:
            text = masked_card(text)
        self.note(row.line, str(column.title), text, reason)

    def _set_moment(self, row: Row) -> None:
        """`on` and `at` from the day, its own time, and the time in a column of its own.

        Of the hour that comes twice in autumn the first is taken, so that the same row is the
        same moment in every file; a time that spring leaves out is that much later.
        """
        found = row.values.get("on")
        if found is None:
            return
        time = row.values.pop("time", None)
        if isinstance(found, dt.datetime) and time is None:
            moment: dt.datetime | None = found
            day = found.date()
        else:
            day = found.date() if isinstance(found, dt.datetime) else found
            moment = None if time is None else dt.datetime.combine(day, time, WARSAW)
        if not _FIRST_DAY <= day <= self.latest:
            column = next(one for one in self.columns if one.name == "on")
            self._broken(row, column, day.isoformat(), _("Dzień jest w przyszłości albo za dawny."))
            row.values.pop("on")
            return
        row.values["on"] = day
        row.values["at"] = None if moment is None else moment.astimezone(dt.UTC)


def letter_place(wanted: str) -> int | None:
    """„A” is 0, „AA” is 26; None for what is no letter of a column that is read."""
    if not _LETTERS.fullmatch(wanted):
        return None
    place = column_index_from_string(wanted) - 1
    return place if place < MOST_COLUMNS else None


def _at(cells: list[Any], place: int) -> Any:
    return cells[place] if place < len(cells) else None
