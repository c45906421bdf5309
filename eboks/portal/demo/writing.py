"""Writing feeds: rows stream to disk, sums and hashes are kept on the way."""

from __future__ import annotations

import bisect
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eboks.feeds.manifest import FORMAT, NAME, VERSION
from eboks.feeds.registry import FileKind, registry

_BUFFER = 1 << 20


class KindWriter:
    """One CSV file. Values come in the order of the kind's columns; None is an empty cell."""

    def __init__(self, directory: Path, kind: FileKind) -> None:
        self.kind = kind
        self.name = f"{kind.name}.csv"
        self.rows = 0
        self.totals = dict.fromkeys(kind.totals, Decimal("0.00"))
        self._totalled = [
            (place, column.name) for place, column in enumerate(kind.columns) if column.is_total
        ]
        self._width = len(kind.columns)
        self._hash = hashlib.sha256()
        self._file = (directory / self.name).open("wb")
        self._lines: list[str] = []
        self._size = 0
        self._add(",".join(column.name for column in kind.columns))

    def write(self, values: Sequence[Any]) -> None:
        if len(values) != self._width:
            raise ValueError(f"{self.name}: {len(values)} values for {self._width} columns")
        for place, name in self._totalled:
            if values[place] is not None:
                self.totals[name] += values[place]
        self.rows += 1
        self._add(",".join([_cell(value) for value in values]))

    def close(self) -> dict[str, object]:
        """Finish the file; its entry in the manifest."""
        self._flush()
        self._file.close()
        return {
            "name": self.name,
            "kind": self.kind.name,
            "rows": self.rows,
            "totals": {name: f"{total:.2f}" for name, total in self.totals.items()},
            "sha256": self._hash.hexdigest(),
        }

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line)
        if self._size > _BUFFER:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            raw = ("\n".join(self._lines) + "\n").encode()
            self._hash.update(raw)
            self._file.write(raw)
            self._lines.clear()
            self._size = 0


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    text = str(value)
    if "," in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


class FeedSet:
    """One feed, or several that follow each other: a row goes to the first whose business date
    reaches the day of the row. One feed fills `out` itself, several its folders 0001, 0002 …"""

    def __init__(
        self,
        out: Path,
        *,
        business_dates: Sequence[dt.date],
        lessor: dict[str, Any],
        source_system: str = "core",
        first_sequence: int = 1,
    ) -> None:
        self._first_sequence = first_sequence
        self._dates = list(business_dates)
        self._lessor = lessor
        self._source_system = source_system
        self.directories = (
            [out]
            if len(self._dates) == 1
            else [out / f"{n:04d}" for n in range(1, len(self._dates) + 1)]
        )
        for directory in self.directories:
            directory.mkdir(parents=True, exist_ok=False)
        self._writers: list[dict[str, KindWriter]] = [{} for _ in self._dates]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()

    def feed_of(self, on: dt.date) -> int:
        """Place of the feed that carries what happened on `on`."""
        return min(bisect.bisect_left(self._dates, on), len(self._dates) - 1)

    def write(self, kind: str, on: dt.date, values: Sequence[Any]) -> None:
        place = self.feed_of(on)
        writer = self._writers[place].get(kind)
        if writer is None:
            file_kind = registry.kind(kind)
            if file_kind is None:
                raise ValueError(f"unknown kind of feed file: {kind}")
            writer = KindWriter(self.directories[place], file_kind)
            self._writers[place][kind] = writer
        writer.write(values)

    def _finish(self) -> None:
        order = {kind.name: kind.order for kind in registry.kinds}
        for place, directory in enumerate(self.directories):
            writers = sorted(self._writers[place].values(), key=lambda one: order[one.kind.name])
            files = [writer.close() for writer in writers]
            if place == 0:
                files.insert(0, self._write_lessor(directory))
            day = self._dates[place]
            manifest = {
                "format": FORMAT,
                "version": VERSION,
                "lessor": self._lessor["code"],
                "source_system": self._source_system,
                "business_date": day.isoformat(),
                "sequence": self._first_sequence + place,
                "created_at": f"{day.isoformat()}T23:15:00+00:00",
                "files": files,
            }
            _write_json(directory / NAME, manifest)

    def _write_lessor(self, directory: Path) -> dict[str, object]:
        raw = _write_json(directory / "lessor.json", self._lessor)
        return {
            "name": "lessor.json",
            "kind": "lessor",
            "rows": 1,
            "totals": {},
            "sha256": hashlib.sha256(raw).hexdigest(),
        }


def _write_json(path: Path, data: object) -> bytes:
    raw = (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
    path.write_bytes(raw)
    return raw
