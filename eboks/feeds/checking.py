"""Questions to the staged rows: keys, references, identifiers, and what the domains ask."""
# ruff: noqa: S608 -- names of tables and columns come from the registry, values are parameters

from __future__ import annotations

from collections.abc import Callable, Iterator

from eboks.feeds.columns import Column, reason_of
from eboks.feeds.dialect import Cursor, Params, as_text
from eboks.feeds.problems import Problems
from eboks.feeds.reading import CsvFile
from eboks.feeds.registry import Check, FileKind, Registry

_BATCH = 5_000


def run_checks(
    cursor: Cursor,
    registry: Registry,
    files: dict[str, CsvFile],
    params: Params,
    problems: Problems,
    *,
    guarded: bool | None = None,
) -> None:
    """Ask the staged rows of every kind; stop when `problems` is full.

    Ask only the guarded questions, or only the others, when `guarded` says so.
    """
    broken = {name for name, file in files.items() if not file.is_whole}
    for kind in registry.kinds:
        file = files.get(kind.name)
        if file is None or not file.columns:
            continue
        for check in (*_generic(kind, registry), *kind.checks):
            if problems.is_full:
                return
            if broken.isdisjoint(check.needs) and guarded in {None, check.guarded}:
                _ask(cursor, check, file, params, problems)
        for column in file.columns:
            if column.check is not None and not guarded:
                _ask_values(cursor, column, column.check, file, problems)


def _ask(cursor: Cursor, check: Check, file: CsvFile, params: Params, problems: Problems) -> None:
    if check.more is not None:
        more = check.more()
        if more is None:
            return
        params = {**params, **more}
    cursor.execute(f"{check.sql} LIMIT {problems.room}", params)
    for line, value, *rest in sorted(cursor.fetchall(), key=lambda row: int(str(row[0]))):
        problems.add(
            file.path.name,
            check.reason,
            line=file.true_line(int(str(line))),
            column=str(rest[0]) if rest else check.column,
            value=value,
        )


def _generic(kind: FileKind, registry: Registry) -> Iterator[Check]:
    stage = kind.stage
    keys = ", ".join(f's."{name}"' for name in kind.key)
    shown = " || ' / ' || ".join(as_text(f'"{name}"') for name in kind.key)
    yield _duplicates(kind, keys.replace("s.", ""), shown, kind.key[-1])
    for column in kind.columns:
        name = f's."{column.name}"'
        if column.unique:
            yield _duplicates(kind, f'"{column.name}"', f'"{column.name}"', column.name)
            yield Check(
                column.name,
                "tę wartość ma już inny wiersz w bazie",
                f"SELECT s.line, {name} FROM {stage} s JOIN {kind.table} t"
                f' ON t."{column.name}" = {name} WHERE NOT (t.source_system = %(source_system)s'
                " AND t.source_id = s.source_id)",
                guarded=kind.guarded,
            )
        if column.references:
            other = registry.kinds_by_name[column.references]
            yield Check(
                column.name,
                f"nie ma takiego klucza: {other.title}",
                f"SELECT s.line, {name} FROM {stage} s WHERE {name} <> ''"
                f" AND NOT EXISTS (SELECT 1 FROM {other.stage} o WHERE o.source_id = {name})"
                f" AND NOT EXISTS (SELECT 1 FROM {other.table} t WHERE t.source_id = {name}"
                " AND t.source_system = %(source_system)s)",
                needs=(other.name,),
                guarded=kind.guarded,
            )


def _duplicates(kind: FileKind, keys: str, shown: str, column: str) -> Check:
    return Check(
        column,
        "klucz powtórzony w tym pliku",
        f"SELECT line, value FROM (SELECT line, {shown} AS value, ROW_NUMBER() OVER"
        f" (PARTITION BY {keys} ORDER BY line) AS nth FROM {kind.stage}) d WHERE nth > 1",
        guarded=kind.guarded,
    )


def _ask_values(
    cursor: Cursor,
    column: Column,
    check: Callable[[str], None],
    file: CsvFile,
    problems: Problems,
) -> None:
    """Run the column's validator over its distinct values."""
    name, stage = f'"{column.name}"', file.kind.stage
    cursor.execute(f"SELECT DISTINCT {name} FROM {stage} WHERE {name} <> ''")
    wrong: dict[str, str] = {}
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            value = str(row[0])
            if column.quick is not None and column.quick(value):
                continue
            if len(wrong) < problems.room and (reason := reason_of(check, value)):
                wrong[value] = reason
    for value, reason in wrong.items():
        sql = f"SELECT line FROM {stage} WHERE {name} = %s ORDER BY line LIMIT {problems.room}"
        cursor.execute(sql, [value])
        for row in cursor.fetchall():
            line = file.true_line(int(str(row[0])))
            problems.add(file.path.name, reason, line=line, column=column.name, value=value)
