"""The first load: indexes and foreign keys of empty tables are made after their rows.

PostgreSQL only. Everything happens inside the import's transaction, so nobody ever sees a table
without its constraints.
"""
# ruff: noqa: S608 -- names come from PostgreSQL's own catalogue

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from eboks.feeds.dialect import Cursor, analyze, is_postgresql

FEW_ROWS = 50_000  # below this, keeping indexes up to date row by row is quicker


@contextmanager
def rebuilding(cursor: Cursor, tables: Iterable[str], rows: int) -> Iterator[None]:
    """Take indexes and foreign keys off those `tables` that are empty; put them back at the end.

    Does nothing on SQLite and for feeds of fewer than `FEW_ROWS` rows.
    """
    if not is_postgresql() or rows < FEW_ROWS:
        yield
        return
    empty = [table for table in dict.fromkeys(tables) if _is_empty(cursor, table)]
    # Checks of foreign keys that wait for the commit would forbid changing the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    # A third of the memory that a small server gives to PostgreSQL; ends with the transaction.
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    restore = [statement for table in empty for statement in _take_off(cursor, table)]
    yield
    for statement in sorted(restore, key=lambda sql: "FOREIGN KEY" in sql):
        cursor.execute(statement)
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in empty:
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
