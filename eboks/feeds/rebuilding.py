"""The first load: indexes and foreign keys of empty tables are made after their rows.

PostgreSQL only. Everything happens inside the import's transaction, so nobody ever sees a table
without its constraints.
"""
# ruff: noqa: S608 -- names come from PostgreSQL's own catalogue

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from eboks.feeds.dialect import Cursor, analyze, is_postgresql

FEW_ROWS = 50_000  # below this, keeping indexes up to date row by row is quicker


def is_first_load(cursor: Cursor, tables: Iterable[str], rows: Iterable[int]) -> bool:
    """Whether a big feed meets empty tables."""
    return sum(rows) >= FEW_ROWS and all(_is_empty(cursor, table) for table in tables)


@contextmanager
def rebuilding(cursor: Cursor, tables: Sequence[str]) -> Iterator[None]:
    """Take indexes and foreign keys off these empty tables; put them back at the end.

    Does nothing on SQLite.
    """
    if not is_postgresql() or not tables:
        yield
        return
    # Checks of foreign keys that wait for the commit would forbid changing the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    references = _take_off_references(cursor, tables)
    restore = [statement for table in tables for statement in _take_off(cursor, table)]
    yield
    for statement in (*restore, *references):
        cursor.execute(statement)
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        analyze(cursor, table)


def _is_empty(cursor: Cursor, table: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
    return cursor.fetchone() is None


def _take_off_references(cursor: Cursor, tables: Sequence[str]) -> list[str]:
    """Drop the foreign keys of the tables and those that point at them.

    Returns the statements that make them again, as the functions below.
    """
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE contype = 'f' AND (conrelid = ANY(%s::regclass[])"
        " OR confrelid = ANY(%s::regclass[])) ORDER BY 1, 2",
        [list(tables), list(tables)],
    )
    return [_take_off_constraint(cursor, *row) for row in cursor.fetchall()]


def _take_off(cursor: Cursor, table: str) -> list[str]:
    """Drop the table's primary key, unique constraints and indexes."""
    cursor.execute(
        "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype IN ('p', 'u') ORDER BY contype, conname",
        [table],
    )
    restore = [_take_off_constraint(cursor, table, *row) for row in cursor.fetchall()]
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass ORDER BY 1",
        [table],
    )
    for name, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        restore.append(str(definition))
    return restore


def _take_off_constraint(cursor: Cursor, table: str, name: str, definition: str) -> str:
    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
