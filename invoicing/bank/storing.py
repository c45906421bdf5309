"""Entries into their table: by COPY on PostgreSQL, and what became of those that had waited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from eboks.feeds.dialect import (
    create_temporary,
    drop_temporary,
    insert_rows,
    is_postgresql,
    one_of,
)
from invoicing.bank.recognition import Line
from invoicing.bank.statements import Entry, Statement, refuse
from invoicing.enums import EntryState, MatchRule
from invoicing.models import BankEntry, BankStatement, LessorAccount

_LONGEST_KEY = 56  # of 64 in a payment's key: a number of a second booking may follow
_BATCH = 2_000
_COLUMNS = (
    *("statement_id", "position", "reference_key", "bank_reference", "booked_on", "value_on"),
    *("amount", "currency", "is_reversal", "operation", "counterparty_name"),
    *("counterparty_account", "virtual_account", "title", "state", "rule", "payment_id", "note"),
    *("core_system", "core_id"),
)


def lines_of(statement: Statement, account: LessorAccount) -> list[Line]:
    """The entries of a statement just read, each with the key that makes it be booked once.

    A bank's reference is its own within an account and a day; what repeats it there (a fee of the
    same transfer) is numbered. Raises BankFileError for an entry that is stored already.
    """
    seen: Counter[str] = Counter()
    lines = []
    for position, entry in enumerate(statement.entries, 1):
        key = _key(entry, statement, position, account)
        seen[key] += 1
        again = f"#{seen[key]}" if seen[key] > 1 else ""
        lines.append(Line(entry, position, f"{key}{again}", statement.currency))
    _refuse_known(lines)
    return lines


def _key(entry: Entry, statement: Statement, position: int, account: LessorAccount) -> str:
    """Account and day in front: banks repeat their references from year to year."""
    reference = entry.reference or f"{statement.name}-{position}"
    key = f"{account.pk}:{entry.booked_on:%Y%m%d}:{reference}"
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{account.pk}:{entry.booked_on:%Y%m%d}:{sha256(reference.encode()).hexdigest()[:32]}"


def _refuse_known(lines: Sequence[Line]) -> None:
    by_key = {line.key: line for line in lines}
    found = BankEntry.objects.filter(reference_key__in=one_of(by_key)).select_related("statement")
    stored = found.order_by("pk").first()
    if stored is not None:
        raise refuse(
            _("Operacja %(reference)s jest już w wyciągu %(statement)s.")
            % {"reference": stored.bank_reference, "statement": stored.statement},
            line=by_key[stored.reference_key].entry.line,
        )


def insert(lines: Sequence[Line], statement: BankStatement) -> None:
    """Write new entries with what is known of them."""
    rows = _rows(lines, statement)
    if is_postgresql():
        insert_rows(BankEntry._meta.db_table, _COLUMNS, rows)
        return
    # The model turns dates and amounts into what SQLite keeps.
    BankEntry.objects.bulk_create(
        (BankEntry(**dict(zip(_COLUMNS, row, strict=True))) for row in rows), batch_size=_BATCH
    )


def _rows(lines: Sequence[Line], statement: BankStatement) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        entry = line.entry
        yield (
            statement.pk,
            line.position,
            line.key,
            entry.reference,
            entry.booked_on,
            entry.value_on,
            entry.amount,
            line.currency,
            entry.is_reversal,
            entry.operation,
            entry.counterparty_name,
            entry.counterparty_account,
            entry.virtual_account,
            entry.title,
            str(line.state),
            str(line.rule or ""),
            line.payment,
            line.note,
            "",
            "",
        )


def insert_waiting(lines: Sequence[Line], statement: BankStatement) -> None:
    """Write entries of a statement whose turn has not come."""
    for line in lines:
        line.state = EntryState.WAITING
        line.rule = MatchRule.BANK_FEE if line.entry.is_fee else None
    insert(lines, statement)


def waiting_lines(statement: BankStatement) -> list[Line]:
    """The stored entries of a statement that had to wait, ready to be booked."""
    rows = BankEntry.objects.filter(statement=statement, state=EntryState.WAITING)
    return [
        Line(
            Entry(
                reference=row.bank_reference,
                booked_on=row.booked_on,
                value_on=row.value_on,
                amount=row.amount,
                is_reversal=row.is_reversal,
                is_fee=row.rule == MatchRule.BANK_FEE,
                operation=row.operation,
                counterparty_name=row.counterparty_name,
                counterparty_account=row.counterparty_account,
                virtual_account=row.virtual_account,
                title=row.title,
            ),
            row.position,
            row.reference_key,
            row.currency,
            pk=row.pk,
        )
        for row in rows.order_by("position").iterator(chunk_size=_BATCH)
    ]


def update(lines: Sequence[Line]) -> None:
    """Write what became of stored entries."""
    with connection.cursor() as cursor:
        create_temporary(
            cursor,
            "bank_decided",
            "id bigint PRIMARY KEY, state varchar(8), rule varchar(8), note varchar(250),"
            " payment_id bigint",
        )
        sql = "INSERT INTO bank_decided VALUES (%s, %s, %s, %s, %s)"
        for first in range(0, len(lines), _BATCH):
            cursor.executemany(
                sql,
                [
                    (line.pk, str(line.state), str(line.rule or ""), line.note, line.payment)
                    for line in lines[first : first + _BATCH]
                ],
            )
        cursor.execute(
            "UPDATE invoicing_bankentry AS e SET state = d.state, rule = d.rule, note = d.note,"
            " payment_id = d.payment_id FROM bank_decided d WHERE d.id = e.id"
        )
        drop_temporary(cursor, "bank_decided")
