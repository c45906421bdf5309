"""Feeds for tests: a copy of the documented sample, changed cell by cell and sealed again."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parents[2] / "docs" / "feeds" / "sample"


class Feed:
    """A feed directory that a test may change. Nothing of the production code is used here."""

    def __init__(self, directory: Path, *, source: Path = SAMPLE) -> None:
        self.directory = directory
        shutil.copytree(source, directory)

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.directory / "manifest.json").read_text("utf-8"))

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        text = json.dumps(manifest, ensure_ascii=False)
        (self.directory / "manifest.json").write_text(text, "utf-8")

    def path(self, kind: str) -> Path:
        return self.directory / f"{kind}.csv"

    def rows(self, kind: str) -> list[dict[str, str]]:
        with self.path(kind).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, kind: str, rows: list[dict[str, str]]) -> None:
        with self.path(kind).open(encoding="utf-8", newline="") as file:
            columns = csv.DictReader(file).fieldnames
        assert columns is not None
        with self.path(kind).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def change(self, kind: str, line: int, /, **cells: str) -> Feed:
        """Change cells of the row on `line` (the header is line 1) and seal."""
        rows = self.rows(kind)
        rows[line - 2].update(cells)
        self.write(kind, rows)
        return self.seal()

    def add(self, kind: str, /, *, like: int, **cells: str) -> Feed:
        """Add a copy of the row on line `like` with some cells changed, and seal."""
        rows = self.rows(kind)
        rows.append({**rows[like - 2], **cells})
        self.write(kind, rows)
        return self.seal()

    def keep(self, **lines: list[int]) -> Feed:
        """Keep only these lines of these kinds; other files go. Then seal."""
        for entry in self.manifest["files"]:
            kind = entry["kind"]
            if kind in lines:
                rows = self.rows(kind)
                self.write(kind, [rows[line - 2] for line in lines[kind]])
            else:
                (self.directory / entry["name"]).unlink()
        return self.seal()

    def without(self, *kinds: str) -> Feed:
        """The feed without these files, sealed."""
        for kind in kinds:
            self.path(kind).unlink()
        return self.seal()

    def seal(self, **fields: Any) -> Feed:
        """Make the manifest say what the files hold now; `fields` replace its own."""
        manifest = {**self.manifest, **fields}
        files = []
        for entry in manifest["files"]:
            path = self.directory / entry["name"]
            if not path.exists():
                continue
            entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            if path.suffix == ".csv" and _is_utf8(path):
                rows = self.rows(entry["kind"])
                entry["rows"] = len(rows)
                for column in entry["totals"]:
                    cells = [row[column] for row in rows if row[column]]
                    entry["totals"][column] = f"{sum(map(_amount, cells), Decimal(0)):.2f}"
            files.append(entry)
        manifest["files"] = files
        self.write_manifest(manifest)
        return self


def _is_utf8(path: Path) -> bool:
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _amount(cell: str) -> Decimal:
    """A cell that is no amount adds nothing: the test is about that cell."""
    try:
        amount = Decimal(cell)
    except ArithmeticError:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)
