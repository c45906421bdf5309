"""What resets do to the schedules of some hundreds of contracts: worked out, not written.

Nothing is locked here; whoever writes the result looks first whether all still stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from contracts import repricing_reading as reading
from contracts import schedule as engine
from contracts.enums import EffectiveRule, RateChangeOutcome
from contracts.fixing_book import FixingBook
from contracts.frozen import frozen_through
from contracts.models import RateChange
from contracts.rate_decisions import Decision, Waits, next_decision
from contracts.rate_rules import ResetTerms, effective_rule, reset_days
from contracts.rate_terms import RateTerms
from contracts.repricing_reading import Repricing, StoredVersion
from contracts.stored_schedules import (
    Change,
    Instalments,
    RatesBefore,
    UnreadRowsError,
    locate,
    reprice_stored,
)

# What the data of one contract may be wrong in; anything else stops the run.
BAD_DATA = (ArithmeticError, LookupError, ValueError)


class Failure(NamedTuple):
    number: str  # of the contract
    reason: str


@dataclass(slots=True)
class Plan:
    """What is to be written of some contracts. `waiting` are indexes without the value that is
    due; `more` (keys) have a later reset to do, too."""

    looked_at: int
    items: list[Repricing] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    more: list[int] = field(default_factory=list)


def work_out(contracts: Sequence[RateTerms], *, on: dt.date, book: FixingBook) -> Plan:
    """The next reset of each of these contracts that has one up to the day `on`.

    A number of queries that does not grow with them.
    """
    plan = Plan(len(contracts))
    last = reading.last_resets([contract.pk for contract in contracts])
    decided: list[tuple[RateTerms, Decision]] = []
    for contract in contracts:
        last_reset_on = last.get(contract.pk)
        try:
            found = next_decision(contract, last_reset_on=last_reset_on, on=on, book=book)
        except BAD_DATA as error:
            plan.failures.append(Failure(contract.number, str(error)))
            continue
        if isinstance(found, Waits):
            plan.waiting.append(found.code)
        elif found is not None:
            decided.append((contract, found))
    if decided:
        context = _Context.read(decided)
        for contract, decision in decided:
            _add_item(plan, contract, decision, context, last.get(contract.pk), on)
    return plan


def _add_item(
    plan: Plan,
    contract: RateTerms,
    decision: Decision,
    context: _Context,
    last_reset_on: dt.date | None,
    on: dt.date,
) -> None:
    try:
        try:
            item = _item(contract, decision, context)
        except UnreadRowsError:
            item = _item(contract, decision, context.with_all_rows(contract.pk))
    except BAD_DATA as error:
        plan.failures.append(Failure(contract.number, str(error)))
        return
    item.last_reset_on = last_reset_on
    plan.items.append(item)
    later = reset_days(ResetTerms.of(contract), after=decision.reset_on, through=on)
    if next(later, None) is not None:
        plan.more.append(contract.pk)


class _Context(NamedTuple):
    """What is read for many contracts at once, by contract (rows: by version)."""

    versions: Mapping[int, StoredVersion]
    rows: Mapping[int, Instalments]
    invoiced: Mapping[int, int]
    history: Mapping[int, Sequence[RateChange]]

    @classmethod
    def read(cls, decided: Sequence[tuple[RateTerms, Decision]]) -> _Context:
        versions = reading.current_versions([contract.pk for contract, _decision in decided])
        open_ones = [pair for pair in decided if pair[1].outcome is None]
        splitting = [
            contract.pk
            for contract, _decision in open_ones
            if contract.effective_rule == EffectiveRule.RESET_DAY
        ]
        # Instalments that are due long before the reset stay as they are: they are not read.
        since: dict[int, dt.date] = {}
        wanted: dict[int, list[int]] = {}
        for contract, decision in open_ones:
            months = contract.frequency_months
            since[months] = min(since.get(months, decision.reset_on), decision.reset_on)
            if contract.pk in versions:
                wanted.setdefault(months, []).append(versions[contract.pk].pk)
        rows: dict[int, Instalments] = {}
        for months, keys in wanted.items():
            period = dt.timedelta(days=31 * months + 7)
            rows |= reading.instalments(keys, since=since[months] - period)
        keys = [contract.pk for contract, _decision in open_ones]
        return cls(versions, rows, frozen_through(keys), reading.changes_before(splitting))

    def with_all_rows(self, contract: int) -> _Context:
        return self._replace(rows=reading.instalments([self.versions[contract].pk]))


def _item(contract: RateTerms, decision: Decision, context: _Context) -> Repricing:
    version = context.versions[contract.pk]
    if decision.outcome is not None:
        return Repricing(contract, decision, version, decision.outcome)
    rows = context.rows.get(version.pk)
    if rows is None:
        raise UnreadRowsError
    invoiced = context.invoiced.get(contract.pk, 0)
    change = locate(
        rows,
        start_on=contract.handover_on,
        reset_on=decision.reset_on,
        rule=effective_rule(contract.effective_rule),
        invoiced=invoiced,
    )
    if change is None:
        return Repricing(contract, decision, version, RateChangeOutcome.ALL_INVOICED)
    before = RatesBefore(contract.annual_rate_pct)
    if change.is_inside:
        period_starts = rows.number(change.kept).due_on if change.kept else contract.handover_on
        before = _rates_before(contract, period_starts, context.history.get(contract.pk, ()))
    schedule = reprice_stored(contract, rows, change, rate_pct=decision.rate_pct, before=before)
    same = _is_same(rows, schedule, change)
    return Repricing(
        contract,
        decision,
        version,
        RateChangeOutcome.SAME_ROWS if same else RateChangeOutcome.CHANGED,
        invoiced=invoiced,
        change=change,
        old_rows=rows.after(change.kept),
        new_rows=schedule.rows[change.kept :],
        buyout_row=schedule.buyout_row,
    )


def _rates_before(
    contract: RateTerms, period_starts: dt.date, history: Sequence[RateChange]
) -> RatesBefore:
    """The rate at the start of a period that began after `period_starts`, and changes since."""
    first_day = period_starts + dt.timedelta(days=1)
    inside = [change for change in history if change.effective_on > first_day]
    if not inside:
        return RatesBefore(contract.annual_rate_pct)
    return RatesBefore(
        inside[0].old_rate_pct,
        tuple(engine.RateChange(change.effective_on, change.new_rate_pct) for change in inside),
    )


def _is_same(rows: Instalments, schedule: engine.Schedule, change: Change) -> bool:
    """Whether the instalments came out as they were, to the grosz."""
    if len(schedule.rows) != len(rows):
        return False
    return all(
        old.payment == new.payment and old.interest == new.interest
        for old, new in zip(rows.after(change.kept), schedule.rows[change.kept :], strict=True)
    )
