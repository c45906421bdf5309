"""What a step of a domain gets to work with, and the SQL that most steps share."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection

from eboks.feeds.columns import Column
from eboks.feeds.dialect import Cursor, Params, analyze, differs
from eboks.feeds.manifest import Manifest
from eboks.feeds.registry import Check

_FEW = 1_000  # new rows that may change the planner's mind about a join


@dataclass(slots=True)
class Load:
    """One feed being applied: its cursor, its parameters, what it counted.

    SQL of the steps may use the parameters %(source_system)s, %(as_of)s (the business date) and
    %(at)s (the moment of the import).
    """

    cursor: Cursor
    manifest: Manifest
    at: dt.datetime
    staged: dict[str, int]  # rows by kind; a kind that did not come has 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def params(self) -> Params:
        return {
            "source_system": self.manifest.source_system,
            "as_of": self.manifest.business_date,
            "at": connection.ops.adapt_datetimefield_value(self.at),
        }

    def execute(self, sql: str, **params: Any) -> int:
        """Run one statement; the number of rows it touched."""
        self.cursor.execute(sql, {**self.params, **params})
        return max(int(self.cursor.rowcount), 0)

    def number(self, sql: str, **params: Any) -> int:
        """The one number that a query answers."""
        self.cursor.execute(sql, {**self.params, **params})
        row = self.cursor.fetchone()
        return 0 if row is None or row[0] is None else int(str(row[0]))

    def count(self, kind: str, **numbers: int) -> None:
        self.counts.setdefault(kind, {}).update(numbers)

    def expect(self, kind: str, found: int, wanted: int | None = None) -> None:
        """Every staged row of `kind` must have found its place, when none was known before.

        Raises IntegrityError: the import rolls back and asks which rows did not.
        """
        wanted = self.staged[kind] if wanted is None else wanted
        if found != wanted:
            raise IntegrityError(f"feed_{kind}: {found} rows found their place, not {wanted}")

    def is_empty(self, table: str) -> bool:
        self.cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
        return self.cursor.fetchone() is None

    def upsert(
        self,
        kind: str,
        table: str,
        values: dict[str, str],
        *,
        new: dict[str, str],
        changed: dict[str, str] | None = None,
        joins: str = "",
        unless: str = "FALSE",
    ) -> None:
        """Change the rows of `table` that stand in the stage of `kind`, add those that do not.

        `values` maps columns to expressions over the staged row `s` and `joins`; `new` are the
        columns written once, when a row is added, `changed` those of rows that were there (their
        expressions may name the old row, `t`). A new row that meets `unless` is known already
        under another key and is not added.
        """
        same_row = "t.source_system = %(source_system)s AND t.source_id = s.source_id"
        stamped = {**values, "as_of": "%(as_of)s"}
        altered = 0
        if not self.is_empty(table):
            written = {**stamped, **(changed or {})}
            pairs = ", ".join(f'"{name}" = {value}' for name, value in written.items())
            altered = self.execute(
                f"UPDATE {table} AS t SET {pairs} FROM feed_{kind} s {joins} WHERE {same_row}"
            )
        columns = {
            **stamped,
            **new,
            "source_system": "%(source_system)s",
            "source_id": "s.source_id",
        }
        added = self.insert(
            table,
            columns,
            f"feed_{kind} s {joins} WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE {same_row})"
            f" AND NOT ({unless})",
        )
        self.count(kind, new=added, changed=altered)
        if added > _FEW:
            analyze(self.cursor, table)

    def insert(self, table: str, columns: dict[str, str], source: str) -> int:
        """INSERT .. SELECT; `columns` maps the columns of `table` to expressions over `source`."""
        names = ", ".join(f'"{name}"' for name in columns)
        return self.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} FROM {source}"
        )


def staged_value(column: Column) -> str:
    """The staged cell of `column`, or the column's default in the place of an empty one."""
    staged = f's."{column.name}"'
    if not column.default:
        return staged
    if column.is_text:
        staged = f"NULLIF({staged}, '')"
    return f"COALESCE({staged}, {column.default})"


def unchangeable(
    kind: str,
    table: str,
    pairs: dict[str, tuple[str, str]],
    *,
    joins: str = "",
    key: str = "t.source_id = s.source_id",
    what: str = "ten dokument",
    shown: str = "s.source_id",
) -> Check:
    """A row that was imported before must come again word for word.

    `pairs` maps a column of the file to the staged and the stored expression (`s`, `t`, `joins`).
    """
    cases = " ".join(
        f"WHEN {differs(staged, stored)} THEN '{column}'"
        for column, (staged, stored) in pairs.items()
    )
    return Check(
        "",
        f"{what} wczytano już z inną treścią; zmiana jest nowym wierszem (korekta, storno)",
        f"SELECT line, value, wrong FROM (SELECT s.line AS line, {shown} AS value,"
        f" CASE {cases} END AS wrong FROM feed_{kind} s JOIN {table} t ON {key}"
        f" AND t.source_system = %(source_system)s {joins}) d WHERE wrong IS NOT NULL",
    )
