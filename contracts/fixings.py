"""Published values of reference rates come in: in a feed, or as one CSV file.

Both have the same columns and the same checks. A file is taken wholly or not at all; the same file
again changes nothing; another value for a day that is known is refused.
"""
# ruff: noqa: S608 -- names of tables and columns are constants, values are parameters

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from eboks import clock
from eboks.audit.services import record
from eboks.feeds.applying import Load
from eboks.feeds.checking import run_checks
from eboks.feeds.columns import Column, date, rate, text, token
from eboks.feeds.dialect import Cursor, Params, differs, drop_temporary
from eboks.feeds.problems import FeedRefusedError, Problems
from eboks.feeds.registry import Check, FileKind, Registry, Step
from eboks.feeds.staging import create_stage, read_file

_KNOWN = (
    "feed_fixings s JOIN contracts_referencerate r ON r.code = s.rate"
    ' JOIN contracts_indexfixing f ON f.rate_id = r.id AND f."on" = s.fixed_on'
)


def _another(column: str) -> str:
    """Known with another value than the file's, which was not corrected to it: a file from before
    a correction changes nothing."""
    return (
        f"{differs(f's.{column}', f'f.{column}')} AND NOT EXISTS"
        " (SELECT 1 FROM contracts_fixingcorrection c WHERE c.fixing_id = f.id"
        f" AND NOT ({differs(f'c.old_{column}', f's.{column}')}))"
    )


FIXINGS = FileKind(
    name="fixings",
    title="notowanie stopy",
    order=15,
    key=("rate", "fixed_on"),
    columns=(
        token("rate", "[0-9A-Z_]{1,20}", "np. WIBOR_1M"),
        date("fixed_on"),
        rate("value"),
        Column(
            "compound_index",
            r"[0-9]{1,8}(?:\.[0-9]{1,8})?",
            "liczba z kropką i najwyżej ośmioma miejscami, np. 122.69608569",
            "decimal",
            ("numeric(16,8)", "decimal"),
            required=False,
        ),
        text("source", 120),
    ),
    checks=(
        Check(
            "rate",
            "nie ma takiej stopy referencyjnej",
            "SELECT s.line, s.rate FROM feed_fixings s WHERE NOT EXISTS"
            " (SELECT 1 FROM contracts_referencerate r WHERE r.code = s.rate"
            " AND r.kind <> 'fixed')",
        ),
        Check(
            "fixed_on",
            "notowanie jest z przyszłości",
            "SELECT line, fixed_on FROM feed_fixings WHERE fixed_on > %(as_of)s",
        ),
        Check(
            "value",
            "stopa poza zakresem od -10 do 50 % rocznie",
            "SELECT line, value FROM feed_fixings WHERE value < -10 OR value > 50",
        ),
        Check(
            "compound_index",
            "indeks składany musi być dodatni",
            "SELECT line, compound_index FROM feed_fixings WHERE compound_index <= 0",
        ),
        Check(
            "value",
            "notowanie tego dnia jest już znane i ma inną wartość",
            f"SELECT s.line, s.value FROM {_KNOWN} WHERE {_another('value')}",
        ),
        Check(
            "compound_index",
            "notowanie tego dnia jest już znane i ma inny indeks składany",
            f"SELECT s.line, s.compound_index FROM {_KNOWN} WHERE {_another('compound_index')}",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many values a file brought, and how many were known."""

    new: int
    known: int


def register(registry: Registry) -> None:
    registry.add_kind(FIXINGS)
    registry.add_step(Step("fixings", "notowania stóp", 15, _from_feed))


def import_fixings(*, path: Path, at: dt.datetime) -> Imported:
    """Take a CSV file of fixings, wholly or not at all.

    Raises FeedRefusedError with everything that is wrong, and OSError for a file that cannot be
    read.
    """
    only = Registry()
    only.add_kind(FIXINGS)
    params = {
        "as_of": clock.today(at),
        "at": connection.ops.adapt_datetimefield_value(at),
    }
    problems = Problems()
    with transaction.atomic(), connection.cursor() as cursor:
        create_stage(cursor, FIXINGS)
        file = read_file(cursor, FIXINGS, path, problems, lambda done: None)
        run_checks(cursor, only, {FIXINGS.name: file}, params, problems)
        if problems:
            raise FeedRefusedError(problems)
        new = _add(cursor, params)
        drop_temporary(cursor, FIXINGS.stage)
        if new:
            facts = {"name": path.name[:100], "new": new}
            record(event="fixings_imported", at=at, facts=facts)
    return Imported(new, file.rows - new)


def _from_feed(load: Load) -> None:
    if load.staged[FIXINGS.name]:
        new = _add(load.cursor, load.params)
        load.count(FIXINGS.name, new=new, known=load.staged[FIXINGS.name] - new)


def _add(cursor: Cursor, params: Params) -> int:
    """Insert the staged values that are not known yet; how many."""
    cursor.execute(
        'INSERT INTO contracts_indexfixing (rate_id, "on", value, compound_index, source,'
        " entered_at) SELECT r.id, s.fixed_on, s.value, s.compound_index, s.source, %(at)s"
        " FROM feed_fixings s JOIN contracts_referencerate r ON r.code = s.rate"
        " WHERE NOT EXISTS (SELECT 1 FROM contracts_indexfixing f"
        ' WHERE f.rate_id = r.id AND f."on" = s.fixed_on)',
        params,
    )
    return max(int(cursor.rowcount), 0)
