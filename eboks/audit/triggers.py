"""Tables that the database itself lets only grow: UPDATE, DELETE and TRUNCATE are refused.

A domain adds its own with `add_table` in `AppConfig.ready()`; some columns of a table may stay
open to change. Whoever may change tables may also take the triggers off; the chain of hashes
tells about that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

# Each table, and which of its columns may be changed.
TABLES: dict[str, frozenset[str]] = {
    "audit_auditentry": frozenset(),
    "authorisation_instructionstep": frozenset(),
}

_SQLITE = {
    "{table}_no_update": (
        "CREATE TRIGGER {table}_no_update BEFORE UPDATE {columns}ON {table} {when}"
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    ),
    "{table}_no_delete": (
        "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    ),
}
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION table_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$"""
_POSTGRESQL = {
    "{table}_no_change": (
        "CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE {columns}ON {table} "
        "FOR EACH ROW {when}EXECUTE FUNCTION table_is_append_only()"
    ),
    "{table}_no_delete": (
        "CREATE OR REPLACE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION table_is_append_only()"
    ),
    "{table}_no_truncate": (
        "CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only()"
    ),
}


def add_table(table: str, *, may_change: Iterable[str] = ()) -> None:
    """From the next `migrate` on, rows of `table` are only added, except columns `may_change`."""
    TABLES[table] = frozenset(may_change)


def guard(connection: BaseDatabaseWrapper, tables: Sequence[str] | None = None) -> None:
    """From now on rows of `tables` (those that exist) are only added. Safe to call again."""
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for table in TABLES if tables is None else tables:
            if table not in existing:
                continue
            blanks = _blanks(connection, cursor, table, TABLES.get(table, frozenset()))
            for name, statement in _statements(connection).items():
                if connection.vendor != "postgresql":
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name.format(table=table)}")
                cursor.execute(statement.format(table=table, **blanks))


def _blanks(
    connection: BaseDatabaseWrapper, cursor: object, table: str, may_change: frozenset[str]
) -> Mapping[str, str]:
    """The columns that a trigger on UPDATE watches, and when it fires.

    Where some may change, the others are named: an UPDATE that does not touch them costs nothing,
    one that writes the same values into them (as `save()` does) passes.
    """
    if not may_change:
        return {"columns": "", "when": ""}
    described = connection.introspection.get_table_description(cursor, table)  # type: ignore[arg-type]
    kept = [connection.ops.quote_name(one.name) for one in described if one.name not in may_change]
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in kept)
    return {"columns": f"OF {', '.join(kept)} ", "when": f"WHEN ({changed}) "}


def unguard(connection: BaseDatabaseWrapper, tables: Sequence[str] | None = None) -> None:
    """Takes the protection off: for reversed migrations and the test suite."""
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for table in TABLES if tables is None else tables:
            if table not in existing:
                continue
            for name in _statements(connection):
                where = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name.format(table=table)}{where}")


@contextmanager
def unguarded(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without protection inside, with it again afterwards."""
    unguard(connection)
    try:
        yield
    finally:
        guard(connection)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should stand and do not."""
    found = standing(connection)
    return [name for name in wanted(connection) if name not in found]


def standing(connection: BaseDatabaseWrapper) -> set[str]:
    """Names of all triggers of the database that work."""
    names = (
        "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(names)
        return {row[0] for row in cursor.fetchall()}


def wanted(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of all triggers that should stand."""
    return [name.format(table=table) for table in TABLES for name in _statements(connection)]


def _statements(connection: BaseDatabaseWrapper) -> dict[str, str]:
    return _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
