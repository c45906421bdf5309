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
    restore = [statement for table in tables for statement in _take_off(cursor, table)]
    yield
    for statement in sorted(restore, key=lambda sql: "FOREIGN KEY" in sql):
        cursor.execute(statement)
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        analyze(cursor, table)


def _is_empty(cursor: Cursor, table: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
    return cursor.fetchone() is None


def _take_off(cursor: Cursor, table: str) -> list[str]:
    """Drop the table's foreign keys, unique constraints and indexes, not its primary key.

    Returns the statements that make them again.
    """
    cursor.execute(
        "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype IN ('f', 'u') ORDER BY contype, conname",
        [table],
    )
    restore = []
    for name, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        restore.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisprimary ORDER BY 1",
        [table],
    )
    for name, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        restore.append(str(definition))
    return restore
