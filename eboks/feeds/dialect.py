"""Where PostgreSQL and SQLite say the same thing differently, for set-based SQL.

Fragments of SQL come from code only; values travel as parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL

Cursor = CursorWrapper
Params = dict[str, Any]


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def cents(amount: str) -> str:
    """An amount as a whole number of hundredths: SQLite keeps decimals as binary floats."""
    if is_postgresql():
        return f"({amount} * 100)::bigint"
    return f"CAST(ROUND({amount} * 100) AS INTEGER)"


def exact(amount: str) -> str:
    """An amount that can be added and compared without error."""
    return amount if is_postgresql() else cents(amount)


def money(hundredths: str) -> str:
    """Back from hundredths to an amount."""
    return f"({hundredths} * 0.01)" if is_postgresql() else f"({hundredths} / 100.0)"


def whole(number: str) -> str:
    """PostgreSQL sums bigint into numeric; bring the sum back."""
    return f"({number})::bigint" if is_postgresql() else number


def differs(left: str, right: str) -> str:
    """Whether two values differ, two nulls being equal."""
    operator = "IS DISTINCT FROM" if is_postgresql() else "IS NOT"
    return f"{left} {operator} {right}"


def lesser(left: str, right: str) -> str:
    return f"LEAST({left}, {right})" if is_postgresql() else f"MIN({left}, {right})"


def greater(left: str, right: str) -> str:
    return f"GREATEST({left}, {right})" if is_postgresql() else f"MAX({left}, {right})"


def warsaw_day(moment: str) -> str:
    """The day of a moment in Poland."""
    if is_postgresql():
        return f"({moment} AT TIME ZONE 'Europe/Warsaw')::date"
    # Django's own function of its connections.
    return f"django_datetime_cast_date({moment}, 'Europe/Warsaw', 'UTC')"


def as_text(value: str) -> str:
    return f"CAST({value} AS text)"


def new_uuid() -> str:
    """A random public id, in the form that Django's UUIDField reads."""
    if is_postgresql():
        return "gen_random_uuid()"
    return (
        "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
        "substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2))"
    )


def random_text() -> str:
    """32 characters that nobody can guess."""
    if is_postgresql():
        return "replace(gen_random_uuid()::text, '-', '')"
    return "lower(hex(randomblob(16)))"


def next_id(cursor: Cursor, table: str) -> str:
    """Default of a staged column: the next id of `table`, reserved without waiting (PostgreSQL)."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    return f"nextval('{cursor.fetchone()[0]}'::regclass)"


def last_id(cursor: Cursor, table: str) -> int:
    """The highest id that `table` ever gave out. SQLite only: its writer is alone."""
    cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    row = cursor.fetchone()
    return int(str(row[0])) if row else 0


def analyze(cursor: Cursor, table: str) -> None:
    """Tell the planner how big a table just became."""
    if is_postgresql():
        cursor.execute(f"ANALYZE {table}")


def create_temporary(cursor: Cursor, name: str, columns: str) -> None:
    """An empty table of this transaction, in the place of an earlier one."""
    cursor.execute(f"DROP TABLE IF EXISTS {temporary(name)}")
    ending = " ON COMMIT DROP" if is_postgresql() else ""
    cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns}){ending}")


def create_temporary_as(
    cursor: Cursor, name: str, select: str, params: dict[str, Any] | None = None
) -> None:
    """A temporary table of this transaction, filled by a query."""
    cursor.execute(f"DROP TABLE IF EXISTS {temporary(name)}")
    ending = " ON COMMIT DROP" if is_postgresql() else ""
    cursor.execute(f"CREATE TEMPORARY TABLE {name}{ending} AS {select}", params or {})


def drop_temporary(cursor: Cursor, *names: str) -> None:
    """SQLite drops one table at a time."""
    every = [temporary(name) for name in names]
    for some in [", ".join(every)] if is_postgresql() else every:
        cursor.execute(f"DROP TABLE IF EXISTS {some}")


def temporary(name: str) -> str:
    """The name with the schema of temporary tables: never a table of the same name that stays."""
    return f"pg_temp.{name}" if is_postgresql() else f"temp.{name}"


def one_of(values: Iterable[str] | Iterable[int]) -> Any:
    """For `filter(number__in=one_of(numbers))`: any number of values as one parameter."""
    every = list(dict.fromkeys(values))
    if not every:
        return []
    if is_postgresql():
        kind = "bigint" if isinstance(every[0], int) else "text"
        return RawSQL(f"SELECT unnest(%s::{kind}[])", [every])  # noqa: S611
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(every)])


def insert_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Many rows at once: by COPY on PostgreSQL. Values are Python's, as the columns take them."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if is_postgresql():
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(rows))  # noqa: S608
