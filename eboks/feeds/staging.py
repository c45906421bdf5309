"""Staging: good lines go into temporary tables, by COPY on PostgreSQL, in batches on SQLite."""
# ruff: noqa: S608 -- names of tables and columns come from the registry, values are parameters

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from django.db import connection

from eboks.feeds.columns import Column
from eboks.feeds.dialect import (
    Cursor,
    analyze,
    create_temporary,
    exact,
    is_postgresql,
    last_id,
    next_id,
)
from eboks.feeds.manifest import FeedFile
from eboks.feeds.problems import Problems
from eboks.feeds.reading import CsvFile
from eboks.feeds.registry import FileKind

Progress = Callable[[int], None]


def create_stage(cursor: Cursor, kind: FileKind) -> None:
    """The empty staged table of a kind. Its `line` is the line of the file, from 2 on."""
    place = 0 if is_postgresql() else 1
    columns = [
        "line integer GENERATED ALWAYS AS IDENTITY (START WITH 2 CACHE 1000)"
        if is_postgresql()
        else "line integer PRIMARY KEY"
    ]
    for name, table in kind.ids:
        default = f" DEFAULT {next_id(cursor, table)}" if is_postgresql() else ""
        columns.append(f"{name} bigint{default}")
    columns += [f'"{column.name}" {column.staged_as[place]}' for column in kind.columns]
    create_temporary(cursor, kind.stage, ", ".join(columns))


def stage_file(
    cursor: Cursor,
    kind: FileKind,
    entry: FeedFile,
    directory: Path,
    problems: Problems,
    progress: Progress,
) -> CsvFile:
    """Read one file into its staged table and hold it against its entry in the manifest."""
    file = read_file(cursor, kind, directory / entry.name, problems, progress)
    if not problems.is_full:
        _compare(cursor, kind, file, entry, problems)
    return file


def read_file(
    cursor: Cursor, kind: FileKind, path: Path, problems: Problems, progress: Progress
) -> CsvFile:
    """Read one file into its staged table, which must be there."""
    file = CsvFile(path, kind, problems)
    blocks = file.good_blocks(progress)
    if is_postgresql():
        _copy(cursor, kind, file, blocks)
    else:
        _insert(cursor, kind, file, blocks)
    if file.columns:
        _fill_missing(cursor, kind, file.columns)
    analyze(cursor, kind.stage)
    return file


def _copy(cursor: Cursor, kind: FileKind, file: CsvFile, blocks: Iterator[bytes]) -> None:
    first = next(blocks, b"")  # reads the header, so that the columns are known
    if not file.columns:
        return
    names = ", ".join(f'"{column.name}"' for column in file.columns)
    texts = ", ".join(f'"{column.name}"' for column in file.columns if column.is_text)
    not_null = f", FORCE_NOT_NULL ({texts})" if texts else ""
    sql = f"COPY {kind.stage} ({names}) FROM STDIN (FORMAT csv, ENCODING 'UTF8'{not_null})"
    with connection.cursor() as wrapper, wrapper.cursor.copy(sql) as copy:
        copy.write(first)
        for block in blocks:
            copy.write(block)


def _insert(cursor: Cursor, kind: FileKind, file: CsvFile, blocks: Iterator[bytes]) -> None:
    first = next(blocks, b"")
    if not file.columns:
        return
    names = ["line", *(f'"{column.name}"' for column in file.columns)]
    marks = ["?", *(_mark(column) for column in file.columns)]
    sql = f"INSERT INTO {kind.stage} ({', '.join(names)}) VALUES ({', '.join(marks)})"
    line = 2
    for block in _with(first, blocks):
        rows = list(csv.reader(io.StringIO(block.decode("utf-8"), newline=""), strict=True))
        # The driver itself: Django would turn every statement's marks again.
        connection.connection.executemany(sql, ([line + n, *row] for n, row in enumerate(rows)))
        line += len(rows)


def reserve_ids(cursor: Cursor, kinds: Iterable[FileKind]) -> None:
    """SQLite: number the staged rows after the last id of their tables, and make look-ups quick.

    On PostgreSQL the staged columns took their ids from the sequences, and joins are hashed.
    """
    if is_postgresql():
        return
    last: dict[str, int] = {}
    for kind in kinds:
        keys = ", ".join(kind.key)
        cursor.execute(f"CREATE INDEX temp.{kind.stage}_key ON {kind.stage} ({keys})")
        for name, table in kind.ids:
            base = last[table] if table in last else last_id(cursor, table)
            cursor.execute(f"UPDATE {kind.stage} SET {name} = %s + line", [base])
            cursor.execute(f"SELECT COALESCE(MAX(line), 0) FROM {kind.stage}")
            row = cursor.fetchone()
            last[table] = base + int(str(row[0] if row else 0))


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _mark(column: Column) -> str:
    if column.kind == "boolean":
        return "CASE ? WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
    if column.kind == "moment":
        return "datetime(NULLIF(?, ''))"  # UTC, as Django stores it
    return "?" if column.is_text else "NULLIF(?, '')"


def _fill_missing(cursor: Cursor, kind: FileKind, present: tuple[Column, ...]) -> None:
    """Text columns that the file leaves out read as empty text, like empty cells."""
    missing = [column for column in kind.columns if column.is_text and column not in present]
    if missing:
        values = ", ".join(f"\"{column.name}\" = ''" for column in missing)
        cursor.execute(f"UPDATE {kind.stage} SET {values}")


def _compare(
    cursor: Cursor, kind: FileKind, file: CsvFile, entry: FeedFile, problems: Problems
) -> None:
    name = entry.name
    if file.sha256 != entry.sha256:
        reason = "suma sha256 pliku różni się od manifestu: plik zmieniony lub niepełny"
        problems.add(name, reason, value=file.sha256)
    if not file.columns:
        return
    if file.rows != entry.rows:
        reason = f"plik ma inną liczbę wierszy niż manifest ({entry.rows})"
        problems.add(name, reason, value=file.rows)
    if kind.totals and file.is_whole:
        _compare_totals(cursor, kind, entry, problems)


def _compare_totals(cursor: Cursor, kind: FileKind, entry: FeedFile, problems: Problems) -> None:
    sums = ", ".join(f"COALESCE(SUM({exact(name)}), 0)" for name in kind.totals)
    cursor.execute(f"SELECT {sums} FROM {kind.stage}")
    for column, found in zip(kind.totals, cursor.fetchone(), strict=True):
        hundredths = int(found * 100) if is_postgresql() else int(found)
        if hundredths != int(entry.totals[column] * 100):
            shown = f"{Decimal(hundredths) / 100:.2f}"
            reason = f"suma kolumny różni się od manifestu ({entry.totals[column]})"
            problems.add(entry.name, reason, column=column, value=shown)
