"""A contract's schedule as its page shows it: rows, what each stands at, what comes next."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Case, IntegerField, QuerySet, Value, When

from contracts.enums import LIVE_STATUSES, RowKind
from contracts.models import Contract, ScheduleRow, ScheduleVersion
from eboks.money import ZERO

# A buyout paid with the last instalment stands after it, the initial fee before the first one.
_PLACE = Case(
    When(kind=RowKind.INITIAL_FEE, then=Value(0)),
    When(kind=RowKind.INSTALMENT, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


class RowState(enum.StrEnum):
    PAID = "paid"
    PARTLY = "partly"  # invoiced, something paid, due day not passed
    DUE = "due"  # invoiced, due day not passed
    OVERDUE = "overdue"  # invoiced, due day passed, not (wholly) paid
    FUTURE = "future"  # not invoiced yet, due today or later
    PAST = "past"  # due day passed, no invoice known to the portal


class Charge(NamedTuple):
    """What was invoiced for one row of a schedule, all documents together, gross."""

    gross: Decimal
    open_amount: Decimal
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class Line:
    row: ScheduleRow
    state: RowState
    open_amount: Decimal
    is_next: bool
    due_on: dt.date | None = None  # of the invoice, when there is one

    @property
    def moved(self) -> bool:
        """Whether a weekend or holiday moved the due day."""
        return self.row.effective_due_on != self.row.nominal_due_on

    @property
    def is_instalment(self) -> bool:
        return self.row.kind == RowKind.INSTALMENT


@dataclass(frozen=True, slots=True)
class Sums:
    payment: Decimal
    interest: Decimal
    principal: Decimal
    vat: Decimal
    gross: Decimal

    @classmethod
    def of(cls, rows: Iterable[ScheduleRow]) -> Sums:
        rows = list(rows)
        return cls(*(sum((getattr(row, f) for row in rows), ZERO) for f in cls.__slots__))


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """One version of a schedule on a day. `lines` are in order of payment."""

    version: ScheduleVersion
    lines: Sequence[Line]
    total: Sums
    ahead: Sums  # rows payable on that day or later
    capital_left: Decimal  # after the last row payable before that day

    @property
    def next_line(self) -> Line | None:
        return next((line for line in self.lines if line.is_next), None)

    @property
    def instalments(self) -> int:
        return sum(line.is_instalment for line in self.lines)

    @property
    def instalments_behind(self) -> int:
        """Instalments whose due day has passed."""
        upcoming = self.next_line
        rows = [line.row for line in self.lines if line.is_instalment]
        if upcoming is None:
            return len(rows)
        return sum(row.effective_due_on < upcoming.row.effective_due_on for row in rows)


def in_order(rows: QuerySet[ScheduleRow]) -> QuerySet[ScheduleRow]:
    """Rows of one version in order of payment."""
    return rows.order_by("nominal_due_on", _PLACE, "n", "pk")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was invoiced on a contract: per row of its schedule, and what is overdue in all."""

    charges: Mapping[tuple[str, int | None], Charge]
    overdue: Decimal  # gross, in the contract's currency


def schedule_page(
    version: ScheduleVersion, *, contract: Contract, ledger: Ledger | None, on: dt.date
) -> SchedulePage:
    """`version` of `contract` as it stands on the day `on`. One query.

    The next payment is marked only in the version in force of a contract that is not over.
    Without a `ledger` (the reader may not see finance) states follow from the calendar alone.
    """
    rows = list(in_order(ScheduleRow.objects.filter(version=version)))
    going = version.is_current and contract.status in LIVE_STATUSES
    upcoming = next((row for row in rows if row.effective_due_on >= on), None) if going else None
    charges = ledger.charges if ledger else {}
    lines = []
    for row in rows:
        charge = charges.get((row.kind, row.n if row.kind == RowKind.INSTALMENT else None))
        lines.append(
            Line(
                row,
                _state(row, charge, on),
                charge.open_amount if charge else ZERO,
                is_next=row is upcoming,
                due_on=charge.due_on if charge else None,
            )
        )
    return SchedulePage(
        version,
        lines,
        total=Sums.of(rows),
        ahead=Sums.of(row for row in rows if row.effective_due_on >= on),
        capital_left=_capital_left(contract, rows, on),
    )


def _capital_left(contract: Contract, rows: Sequence[ScheduleRow], on: dt.date) -> Decimal:
    """As `contracts.positions` keeps it: nothing is left of a contract that is over."""
    if contract.status not in LIVE_STATUSES:
        return ZERO
    behind: list[Decimal] = [row.balance for row in rows if row.effective_due_on < on]
    return behind[-1] if behind else contract.financed


def _state(row: ScheduleRow, charge: Charge | None, on: dt.date) -> RowState:
    if charge is None:
        return RowState.FUTURE if row.effective_due_on >= on else RowState.PAST
    if charge.open_amount <= 0:
        return RowState.PAID
    if charge.due_on < on:
        return RowState.OVERDUE
    return RowState.DUE if charge.open_amount == charge.gross else RowState.PARTLY


def ledger_of(contract: Contract, *, on: dt.date) -> Ledger:
    """What was invoiced on `contract` to its present lessee, as it stands on `on`. One query.

    After a cession items of the former lessee (or, on a ceded contract, of the next one) hang on
    the same contract; each side's debts are its own. The ledger lives a floor above, so it is
    reached through the relation that its own model declares. Call it only for a reader who may
    see finance.
    """
    items: Any = contract.items
    own = items.filter(company=contract.company_id)
    rows = own.order_by("pk", "invoice__rows__position").values_list(
        "pk",
        "currency",
        "invoice__instalment_n",
        "invoice__rows__cost_kind",
        "gross",
        "open_amount",
        "effective_due_on",
    )
    charges: dict[tuple[str, int | None], Charge] = {}
    overdue: dict[int, Decimal] = {}
    placed: set[int] = set()  # an invoice of several rows comes several times
    for item, currency, number, kind, gross, left, due_on in rows:
        if left > 0 and due_on < on and currency == contract.currency:
            overdue[item] = left
        if number is not None:
            key: tuple[str, int | None] = (RowKind.INSTALMENT.value, number)
        elif kind in {RowKind.INITIAL_FEE, RowKind.BUYOUT}:
            key = (str(kind), None)
        else:
            continue
        if item in placed:
            continue
        placed.add(item)
        before = charges.get(key, Charge(ZERO, ZERO, due_on))
        charges[key] = Charge(
            before.gross + gross, before.open_amount + left, max(before.due_on, due_on)
        )
    return Ledger(charges, sum(overdue.values(), ZERO))
