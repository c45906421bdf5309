"""The manifest of a feed: what the directory must hold, to the row, the grosz and the byte."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from eboks.feeds.columns import parse_date
from eboks.feeds.problems import Problems
from eboks.feeds.registry import registry

NAME = "manifest.json"
FORMAT, VERSION = "ebok-feed", 1
_OWN = "portal"  # `source_system` of what people enter here
_MAX_BYTES = 1_000_000
_LAST_SEQUENCE = 10**15 - 1  # well within a database's integer
_FIELDS = {
    "format": str,
    "version": int,
    "lessor": str,
    "source_system": str,
    "business_date": str,
    "sequence": int,
    "created_at": str,
    "files": list,
}
_FILE_FIELDS = {"name": str, "kind": str, "rows": int, "totals": dict, "sha256": str}
_AMOUNT = re.compile(r"-?[0-9]{1,18}\.[0-9]{2}")


@dataclass(frozen=True, slots=True)
class FeedFile:
    name: str
    kind: str
    rows: int
    totals: dict[str, Decimal]
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    directory: Path
    sha256: str
    lessor: str
    source_system: str
    business_date: dt.date
    sequence: int
    created_at: dt.datetime
    files: tuple[FeedFile, ...]

    def file(self, kind: str) -> FeedFile | None:
        return next((file for file in self.files if file.kind == kind), None)

    @property
    def csv_bytes(self) -> int:
        """Size of the CSV files, for the progress bar."""
        csv = (file.name for file in self.files if file.name.endswith(".csv"))
        return sum((self.directory / name).stat().st_size for name in csv)


def read_manifest(directory: Path, problems: Problems) -> Manifest | None:
    """The manifest of `directory`, or None with the reasons in `problems`."""
    raw = _read(directory, problems)
    if raw is None:
        return None
    data = _parse(raw, problems)
    if data is None:
        return None
    before = len(problems.found)
    _check_shape(data, _FIELDS, "", problems)
    if len(problems.found) > before:
        return None
    _check_words(data, problems)
    files = list(_files(data["files"], problems))
    _check_directory(directory, files, problems)
    if len(problems.found) > before:
        return None
    return Manifest(
        directory=directory,
        sha256=hashlib.sha256(raw).hexdigest(),
        lessor=data["lessor"],
        source_system=data["source_system"],
        business_date=dt.date.fromisoformat(data["business_date"]),
        sequence=data["sequence"],
        created_at=dt.datetime.fromisoformat(data["created_at"]),
        files=tuple(files),
    )


def _read(directory: Path, problems: Problems) -> bytes | None:
    path = directory / NAME
    if not directory.is_dir():
        problems.add(NAME, "nie ma takiego katalogu", value=directory)
    elif not path.is_file():
        problems.add(NAME, "w katalogu nie ma tego pliku; paczka jest niekompletna")
    elif path.stat().st_size > _MAX_BYTES:
        problems.add(NAME, "plik jest za duży")
    else:
        return path.read_bytes()
    return None


def _parse(raw: bytes, problems: Problems) -> dict[str, Any] | None:
    try:
        data = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except UnicodeDecodeError:
        problems.add(NAME, "plik nie jest zapisany w UTF-8")
    except RecursionError:
        problems.add(NAME, "to nie jest poprawny JSON")
    except ValueError as error:
        problems.add(NAME, f"to nie jest poprawny JSON, plik może być urwany ({error})")
    else:
        if isinstance(data, dict):
            return data
        problems.add(NAME, "na najwyższym poziomie potrzebny jest obiekt")
    return None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("powtórzone pole")
    return result


def _check_shape(
    data: dict[str, Any], fields: dict[str, type], where: str, problems: Problems
) -> None:
    for name in sorted(data.keys() - fields.keys()):
        problems.add(NAME, "nieznane pole", column=where + name)
    for name, kind in fields.items():
        if name not in data:
            problems.add(NAME, "brakuje pola", column=where + name)
        elif type(data[name]) is not kind:  # a JSON true is not a number
            problems.add(NAME, "wartość innego rodzaju, niż trzeba", column=where + name)


def _check_words(data: dict[str, Any], problems: Problems) -> None:
    if data["format"] != FORMAT or data["version"] != VERSION:
        value = f"{data['format']} {data['version']}"
        problems.add(NAME, f"obsługiwany jest format {FORMAT} {VERSION}", value=value)
    for name, pattern, reason in (
        ("lessor", r"[a-z0-9_-]{1,50}", "kod leasingodawcy: małe litery, cyfry, - i _"),
        ("source_system", r"[0-9A-Za-z_-]{1,30}", "nazwa systemu: litery, cyfry, - i _"),
    ):
        if not re.fullmatch(pattern, data[name]):
            problems.add(NAME, reason, column=name, value=data[name])
    if data["source_system"].casefold() == _OWN:
        reason = "ta nazwa należy do wierszy wpisanych w portalu"
        problems.add(NAME, reason, column="source_system", value=data["source_system"])
    if not 1 <= data["sequence"] <= _LAST_SEQUENCE:
        reason = "numer kolejny zaczyna się od 1 i ma najwyżej 15 cyfr"
        problems.add(NAME, reason, column="sequence", value=data["sequence"])
    if parse_date(data["business_date"]) is None:
        reason = "potrzebna data RRRR-MM-DD"
        problems.add(NAME, reason, column="business_date", value=data["business_date"])
    try:
        aware = dt.datetime.fromisoformat(data["created_at"]).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        reason = "potrzebna chwila ze strefą, np. 2026-11-20T22:15:00+01:00"
        problems.add(NAME, reason, column="created_at", value=data["created_at"])


def _files(entries: list[Any], problems: Problems) -> Iterator[FeedFile]:
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        where = f"files[{place}]."
        if not isinstance(entry, dict):
            problems.add(NAME, "potrzebny jest obiekt", column=where)
            continue
        before = len(problems.found)
        _check_shape(entry, _FILE_FIELDS, where, problems)
        if len(problems.found) > before:
            continue
        _check_file(entry, where, problems)
        if {entry["kind"], entry["name"]} & seen:
            problems.add(
                NAME, "plik lub rodzaj podany drugi raz", column=where, value=entry["name"]
            )
        seen |= {entry["kind"], entry["name"]}
        if len(problems.found) == before:
            totals = {name: Decimal(value) for name, value in entry["totals"].items()}
            yield FeedFile(entry["name"], entry["kind"], entry["rows"], totals, entry["sha256"])


def _check_file(entry: dict[str, Any], where: str, problems: Problems) -> None:
    kind = registry.kind(entry["kind"])
    document = registry.document(entry["kind"])
    known = kind is not None or document is not None
    ending = "csv" if document is None else "json"
    wanted = set() if kind is None else set(kind.totals)
    if not known:
        problems.add(NAME, "nieznany rodzaj pliku", column=f"{where}kind", value=entry["kind"])
    if not re.fullmatch(rf"[a-z0-9_-]{{1,60}}\.{ending}", entry["name"]):
        reason = f"nazwa pliku: małe litery, cyfry, - i _, końcówka .{ending}"
        problems.add(NAME, reason, column=f"{where}name", value=entry["name"])
    if entry["rows"] < 0:
        problems.add(NAME, "liczba wierszy nie może być ujemna", column=f"{where}rows")
    if not re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]):
        problems.add(NAME, "potrzeba 64 małych cyfr szesnastkowych", column=f"{where}sha256")
    if known and set(entry["totals"]) != wanted:
        reason = "potrzebne sumy kontrolne kolumn: " + (", ".join(sorted(wanted)) or "żadnych")
        problems.add(NAME, reason, column=f"{where}totals", value=", ".join(entry["totals"]))
    for column, total in entry["totals"].items():
        if not isinstance(total, str) or not _AMOUNT.fullmatch(total):
            reason = 'suma jest tekstem z dwoma miejscami po kropce, np. "123.45"'
            problems.add(NAME, reason, column=f"{where}totals.{column}", value=total)


def _check_directory(directory: Path, files: list[FeedFile], problems: Problems) -> None:
    present = {path.name for path in directory.iterdir()} - {NAME}
    named = {file.name for file in files}
    for name in sorted(named - present):
        problems.add(name, "pliku wymienionego w manifeście nie ma w katalogu")
    for name in sorted(present - named):
        problems.add(name, "pliku z katalogu nie ma w manifeście")
    for name in sorted(named & present):
        if not (directory / name).is_file() or (directory / name).is_symlink():
            problems.add(name, "to nie jest zwykły plik")
