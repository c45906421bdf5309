"""What repricing writes: some hundreds of contracts at a time, a fixed number of statements.

Rows that stay are copied inside the database; new ones go in by COPY on PostgreSQL.
"""
# ruff: noqa: S608 -- names of tables and columns are constants, values are parameters

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from contracts import schedule as engine
from contracts.enums import RateChangeKind, RateChangeOutcome
from contracts.frozen import frozen_through
from contracts.models import Contract, ScheduleVersion
from contracts.rate_terms import read_terms
from contracts.repricing_reading import APPLIED, SOURCE, Repricing, last_resets, repriceable
from contracts.words import index_name
from eboks.feeds.dialect import Cursor, is_postgresql, last_id
from eboks.money import ZERO, to_grosz

_VERSIONS, _ROWS, _CHANGES = (
    f"contracts_{name}" for name in ("scheduleversion", "schedulerow", "ratechange")
)
_VERSION_COLUMNS = (
    *("id", "contract_id", "number", "is_current", "valid_from", "reason", "index_value"),
    *("index_fixed_on", "annual_rate_pct", "source_system", "source_id", "as_of"),
)
_ROW_COLUMNS = (
    *("version_id", "n", "kind", "nominal_due_on", "effective_due_on"),
    *("payment", "interest", "principal", "balance", "vat", "gross"),
)
_CHANGE_COLUMNS = (
    *("id", "public_id", "contract_id", "kind", "reset_on", "effective_on"),
    *("old_index", "new_index", "old_value", "new_value", "old_fixed_on", "new_fixed_on"),
    *("source", "margin_pp", "spread_pp", "old_rate_pct", "new_rate_pct", "method", "outcome"),
    *("old_version_id", "new_version_id", "frozen_through"),
    *("old_instalment", "new_instalment", "total_difference", "created_at"),
)


class OvertakenError(Exception):
    """A schedule was changed meanwhile by somebody who does not lock its contract."""


def still_standing(items: Sequence[Repricing], *, on: dt.date) -> list[Repricing]:
    """Those of `items` that were worked out from what is in the database now. Locks their
    contracts until the transaction ends."""
    keys = [item.contract.pk for item in items]
    rows = repriceable(on).filter(pk__in=keys).select_for_update(of=("self",))
    now = {contract.pk: contract for contract in read_terms(rows.order_by("pk"))}
    last, invoiced = last_resets(keys), frozen_through(keys)
    return [
        item
        for item in items
        if now.get(item.contract.pk) == item.contract
        and last.get(item.contract.pk) == item.last_reset_on
        and (item.change is None or invoiced.get(item.contract.pk, 0) == item.invoiced)
    ]


def write(items: Sequence[Repricing], *, on: dt.date, at: dt.datetime) -> None:
    """Everything that `items` change, in the caller's transaction, their contracts being locked.

    Raises OvertakenError.
    """
    changed = [item for item in items if item.outcome == RateChangeOutcome.CHANGED]
    with connection.cursor() as cursor:
        made: dict[int, int] = {}
        if changed:
            behind = [item.version.pk for item in changed]
            current = ScheduleVersion.objects.filter(pk__in=behind, is_current=True)
            if current.update(is_current=False) != len(behind):
                raise OvertakenError
            keys = _reserve(cursor, _VERSIONS, len(changed))
            made = {item.contract.pk: key for item, key in zip(changed, keys, strict=True)}
            versions = (_version(item, made[item.contract.pk], on) for item in changed)
            _insert(cursor, _VERSIONS, _VERSION_COLUMNS, versions)
        keys = _reserve(cursor, _CHANGES, len(items))
        rows = [
            _rate_change(item, key, made.get(item.contract.pk), at)
            for item, key in zip(items, keys, strict=True)
        ]
        _insert(cursor, _CHANGES, _CHANGE_COLUMNS, rows)
        if changed:
            _copy_rows(
                cursor, made.values(), [made[i.contract.pk] for i in changed if not i.keeps_buyout]
            )
            _insert_rows(cursor, _new_rows(changed, made))
        _update_contracts(cursor, keys)
    _move_ends([item for item in changed if not item.keeps_end])
    # Where a row that has fallen due came out anew, the kept position is wrong.
    moved = [
        item.contract.pk for item in changed if not item.keeps_end or item.old_rows[0].due_on < on
    ]
    if moved:
        Contract.objects.filter(pk__in=moved).update(capital_left=None, next_due_on=None)


def _version(item: Repricing, key: int, on: dt.date) -> tuple[Any, ...]:
    """In the order of _VERSION_COLUMNS."""
    contract, decision = item.contract, item.decision
    number = item.version.number + 1
    fixing = decision.fixing
    return (
        *(
            key,
            contract.pk,
            number,
            True,
            decision.reset_on,
            _reason(contract.index, fixing.code),
            fixing.value,
        ),
        *(fixing.on, decision.rate_pct, SOURCE, f"{contract.pk}/{number}", on),
    )


@lru_cache(maxsize=256)
def _reason(old: str, new: str) -> str:
    """In Polish, as the feed writes it: it is data."""
    with override("pl"):
        if old != new:
            return _("zastąpienie stopy %(old)s stopą %(new)s") % {
                "old": index_name(old),
                "new": index_name(new),
            }
        return _("nowa wartość stopy %(index)s") % {"index": index_name(new)}


def _rate_change(
    item: Repricing, key: int, new_version: int | None, at: dt.datetime
) -> tuple[Any, ...]:
    """In the order of _CHANGE_COLUMNS."""
    contract, decision, fixing = item.contract, item.decision, item.decision.fixing
    takes_effect = item.outcome in APPLIED or decision.kind == RateChangeKind.CONVERSION
    new_rate_pct = decision.rate_pct if takes_effect else contract.annual_rate_pct
    effective_on = decision.reset_on
    before = after = difference = None
    if item.change is not None:
        effective_on = item.change.effective_on
        before, after = item.old_rows[0].payment, item.new_rows[0].payment
        old = sum((row.payment for row in item.old_rows), ZERO)
        difference = to_grosz(sum((row.payment for row in item.new_rows), ZERO) - old)
    return (
        *(key, uuid.uuid4(), contract.pk, decision.kind.value, decision.reset_on, effective_on),
        *(contract.index, fixing.code, contract.index_value, fixing.value),
        *(contract.index_fixed_on, fixing.on, fixing.source, contract.margin_pp),
        *(decision.spread_pp, contract.annual_rate_pct, new_rate_pct),
        *(contract.index_method, item.outcome.value, item.version.pk, new_version, item.kept),
        *(before, after, difference, at),
    )


def _copy_rows(cursor: Cursor, versions: Collection[int], with_new_buyout: Collection[int]) -> None:
    """Rows that stay, from the version before into each of these new ones."""
    stored = ", ".join(f"r.{name}" for name in _ROW_COLUMNS[1:])
    these, keys = _among(versions)
    others, rare = _among(with_new_buyout)
    cursor.execute(
        f"INSERT INTO {_ROWS} ({', '.join(_ROW_COLUMNS)}) SELECT c.new_version_id, {stored}"
        f" FROM {_CHANGES} c JOIN {_ROWS} r ON r.version_id = c.old_version_id"
        " AND (r.kind = 'initial_fee' OR (r.kind = 'instalment' AND r.n <= c.frozen_through)"
        f" OR (r.kind = 'buyout' AND NOT c.new_version_id {others}))"
        f" WHERE c.new_version_id {these}",
        [rare, keys],
    )


def _new_rows(
    items: Sequence[Repricing], versions: Mapping[int, int]
) -> Iterator[tuple[int, engine.ScheduleRow]]:
    for item in items:
        version = versions[item.contract.pk]
        for row in item.new_rows:
            yield version, row
        if item.buyout_row is not None and not item.keeps_buyout:
            yield version, item.buyout_row


def _insert_rows(cursor: Cursor, rows: Iterable[tuple[int, engine.ScheduleRow]]) -> None:
    """Rows of schedules, which are many: put together here, for their values need no escaping."""
    if not is_postgresql():
        _insert(cursor, _ROWS, _ROW_COLUMNS, (_values(version, row) for version, row in rows))
        return
    lines = [
        f"{version}\t{row.n}\t{row.kind}\t{row.nominal_due_on}\t{row.effective_due_on}"
        f"\t{row.payment}\t{row.interest}\t{row.principal}\t{row.balance}\t{row.vat}\t{row.gross}\n"
        for version, row in rows
    ]
    with cursor.cursor.copy(f"COPY {_ROWS} ({', '.join(_ROW_COLUMNS)}) FROM STDIN") as copy:
        copy.write("".join(lines))


def _values(version: int, row: engine.ScheduleRow) -> tuple[Any, ...]:
    return (
        *(version, row.n, row.kind.value, row.nominal_due_on, row.effective_due_on),
        *(row.payment, row.interest, row.principal, row.balance, row.vat, row.gross),
    )


def _reserve(cursor: Cursor, table: str, count: int) -> list[int]:
    """Keys for rows to be made. On SQLite the caller is the only writer."""
    if not is_postgresql():
        last = last_id(cursor, table)
        return list(range(last + 1, last + 1 + count))
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
        [table, count],
    )
    return [key for (key,) in cursor.fetchall()]


def _insert(
    cursor: Cursor, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    names = ", ".join(columns)
    if not is_postgresql():
        marks = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        cursor.executemany(sql, [[_stored(value) for value in row] for row in rows])
        return
    with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _stored(value: Any) -> Any:
    """A value as Django writes it on SQLite."""
    match value:
        case Decimal():
            return str(value)
        case uuid.UUID():
            return value.hex
        case dt.datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case dt.date():
            return value.isoformat()
    return value


def _update_contracts(cursor: Cursor, changes: Sequence[int]) -> None:
    """Contracts take over the index and the rate of changes that took effect. A new index is
    the contract's own from then on, with its correction."""
    applied = ", ".join(f"'{outcome.value}'" for outcome in APPLIED)
    these, keys = _among(changes)
    conversion = f"r.kind = '{RateChangeKind.CONVERSION.value}'"
    cursor.execute(
        'UPDATE contracts_contract AS c SET "index" = r.new_index, index_value = r.new_value,'
        " index_fixed_on = r.new_fixed_on, annual_rate_pct = r.new_rate_pct,"
        f" fallback_index = CASE WHEN {conversion} THEN '' ELSE c.fallback_index END,"
        f" csa_pp = CASE WHEN {conversion} THEN r.spread_pp ELSE c.csa_pp END"
        f" FROM {_CHANGES} r WHERE r.contract_id = c.id"
        f" AND r.id {these} AND (r.outcome IN ({applied}) OR {conversion})",
        [keys],
    )


def _move_ends(items: Sequence[Repricing]) -> None:
    """Contracts that got more or fewer instalments; few, since few keep the payment."""
    for item in items:
        contract, last = item.contract, item.new_rows[-1]
        end_on = last.nominal_due_on + (contract.end_on - item.old_rows[-1].due_on)
        Contract.objects.filter(pk=contract.pk).update(instalment_count=last.n, end_on=end_on)


def _among(keys: Collection[int]) -> tuple[str, Any]:
    """A condition on a column to be one of `keys`, and its one parameter."""
    if is_postgresql():
        return "= ANY(%s)", list(keys)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(keys))
