"""Reading a CSV file in blocks: one regular expression says that every line of a block is good.

Good blocks go on as they are. Only a block with a bad line is taken apart, line by line and cell
by cell, to name what is wrong.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eboks.feeds.columns import Column
from eboks.feeds.problems import Problems
from eboks.feeds.registry import FileKind

BLOCK_BYTES = 1 << 20
_HEADER_BYTES = 4_096
_UNFINISHED = "plik jest urwany: ostatni wiersz nie ma końca"


@dataclass(slots=True)
class CsvFile:
    """A CSV file being read. After the last block: `rows`, `sha256`, `skipped` lines.

    `skipped` are the numbers of bad lines, which are not among the good blocks.
    """

    path: Path
    kind: FileKind
    problems: Problems
    columns: tuple[Column, ...] = ()
    rows: int = 0
    skipped: list[int] = field(default_factory=list)
    _eol: str = "\n"
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def is_whole(self) -> bool:
        """Whether every line was good, so that questions about the file as a whole make sense."""
        return bool(self.columns) and not self.skipped

    def good_blocks(self, on_bytes: Callable[[int], None]) -> Iterator[bytes]:
        """Blocks of whole good lines, without the header. Adds problems on the way."""
        with self.path.open("rb") as file:
            header = file.readline(_HEADER_BYTES)
            self._hash.update(header)
            on_bytes(len(header))
            if not self._read_header(header):
                return
            line = self._line_pattern()
            block_of_lines = re.compile(f"(?:{line})*+")
            one_line = re.compile(line)
            rest = b""
            while chunk := file.read(BLOCK_BYTES):
                self._hash.update(chunk)
                on_bytes(len(chunk))
                lines, newline, tail = chunk.rpartition(b"\n")
                if newline:
                    yield self._checked(rest + lines + newline, block_of_lines, one_line)
                    rest = tail
                else:
                    rest += chunk
                if len(rest) > BLOCK_BYTES or self.problems.is_full:
                    break
            if rest and not self.problems.is_full:
                self.rows += 1
                self._bad_line(rest, self.rows + 1, _UNFINISHED)

    def true_line(self, staged: int) -> int:
        """The line in the file of the row that was staged as line `staged`."""
        for number in self.skipped:
            if number > staged:
                break
            staged += 1
        return staged

    def _read_header(self, raw: bytes) -> bool:
        add = self.problems.add
        name = self.path.name
        if not raw.endswith(b"\n"):
            add(name, "brak wiersza nagłówka" if not raw else _UNFINISHED, line=1)
            return False
        if raw.startswith(b"\xef\xbb\xbf"):
            add(name, "plik zaczyna się od znacznika BOM; potrzebny jest UTF-8 bez niego", line=1)
            return False
        self._eol = "\r\n" if raw.endswith(b"\r\n") else "\n"
        try:
            names = raw.decode("ascii").rstrip("\r\n").replace('"', "").split(",")
        except UnicodeDecodeError:
            add(name, "nazwy kolumn mają tylko litery a–z, cyfry i _", line=1)
            return False
        known = {column.name: column for column in self.kind.columns}
        before = len(self.problems.found)
        for column in names:
            if column not in known:
                add(name, "nieznana kolumna", line=1, column=column)
            elif names.count(column) > 1:
                add(name, "kolumna podana drugi raz", line=1, column=column)
        for missing in known.values():
            if missing.required and missing.name not in names:
                add(name, "brakuje kolumny", line=1, column=missing.name)
        if len(self.problems.found) > before:
            return False
        self.columns = tuple(known[column] for column in names)
        return True

    def _line_pattern(self) -> str:
        return ",".join(column.cell() for column in self.columns) + re.escape(self._eol)

    def _checked(
        self, block: bytes, block_of_lines: re.Pattern[str], one_line: re.Pattern[str]
    ) -> bytes:
        """The good lines of `block`."""
        try:
            good = block_of_lines.fullmatch(block.decode("utf-8"))
        except UnicodeDecodeError:
            good = None
        if good is not None:
            self.rows += block.count(b"\n")
            return block
        kept = []
        for raw in block.split(b"\n")[:-1]:
            raw += b"\n"
            self.rows += 1
            number = self.rows + 1
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                shown = raw[max(0, error.start - 20) : error.start + 20].decode("cp1250", "replace")
                self._bad_line(raw, number, "to nie jest UTF-8 (może CP1250?)", shown)
            else:
                if one_line.fullmatch(text):
                    kept.append(raw)
                else:
                    self._explain(text, number)
            if self.problems.is_full:
                break
        return b"".join(kept)

    def _bad_line(self, raw: bytes, number: int, reason: str, shown: str = "") -> None:
        self.skipped.append(number)
        value = shown or raw[-60:].decode("utf-8", "replace")
        self.problems.add(self.path.name, reason, line=number, value=value)

    def _explain(self, text: str, number: int) -> None:
        self.skipped.append(number)
        add, name = self.problems.add, self.path.name
        if not text.endswith(self._eol) or text.removesuffix(self._eol).endswith("\r"):
            add(name, "koniec wiersza inny niż w nagłówku", line=number)
            return
        try:
            cells = next(csv.reader([text.removesuffix(self._eol)], strict=True), [])
        except csv.Error:
            cells = []
        if len(cells) != len(self.columns):
            reason = (
                f"wiersz ma {len(cells)} pól zamiast {len(self.columns)}"
                if cells
                else "pusty wiersz lub niedomknięty cudzysłów (pole nie może mieć końca wiersza)"
            )
            add(name, reason, line=number, value=text.strip()[:80])
            return
        reasons = [
            (column, cell, reason)
            for column, cell in zip(self.columns, cells, strict=True)
            if (reason := column.explain(cell))
        ]
        for column, cell, reason in reasons:
            add(name, reason, line=number, column=column.name, value=cell)
        if not reasons:
            add(name, "błędny zapis cudzysłowów", line=number, value=text.strip()[:80])
