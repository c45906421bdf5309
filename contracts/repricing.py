"""Schedules follow the index: `reprice_due` takes every contract whose reset has come.

Some hundreds of contracts in each transaction. A contract's reset is done when its RateChange
stands, which is unique; so a run that was killed at any point is simply started again, and two at
once do it once. A contract that cannot be done is noted and, after three runs, set aside (FI-17).
"""

from __future__ import annotations

import datetime as dt
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max

from contracts.enums import RateProposalState
from contracts.fixing_book import FixingBook, latest_correction
from contracts.models import IndexFixing, RateProposal
from contracts.repricing_batches import JOB, Batches, Inline, Written, writer
from eboks.audit.services import record
from eboks.jobs import leases

_SHOWN_FAILURES = 50

Watch = Callable[[int], Callable[[int], None]]


@dataclass(slots=True)
class Report:
    """What a run did, in contracts. `outcomes` by RateChangeOutcome, `waiting` by index."""

    outcomes: Counter[str] = field(default_factory=Counter)
    conversions: int = 0
    waiting: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)  # „number: reason”
    set_aside: int = 0
    is_known: bool = False  # a run that knew the same values has been finished before

    def add(self, written: Written) -> None:
        self.outcomes.update(written.outcomes)
        self.conversions += written.conversions
        self.waiting.update(written.waiting)
        self.failed += [f"{number}: {reason}" for number, reason in written.failures]

    def facts(self) -> dict[str, object]:
        return {
            "outcomes": dict(self.outcomes),
            "conversions": self.conversions,
            "waiting": dict(self.waiting),
            "failed": self.failed[:_SHOWN_FAILURES],
            "set_aside": self.set_aside,
        }


def _silent(total: int) -> Callable[[int], None]:
    return lambda done: None


def reprice_due(
    *,
    on: dt.date,
    at: dt.datetime,
    again: bool = False,
    dry_run: bool = False,
    watch: Watch = _silent,
) -> Report:
    """Reprice every contract that has a reset up to the day `on` whose value is known.

    A run that knows no more values than one that was finished for the day does nothing. `again`
    runs all the same, and tries what was set aside. A dry run does all the work and keeps nothing.
    `watch(total)` is told the number of contracts and gives a function that takes those done.
    Raises AlreadyRunningError when another run does the same, and FixingCorrectedError when a value
    was corrected on the way: what stands is right, and the next run goes on by the new value.
    """
    book = FixingBook.read(through=on)
    began = time.monotonic()

    def clock() -> dt.datetime:
        """The moment `at` and what has passed since: the lease runs out by it."""
        return at + dt.timedelta(seconds=time.monotonic() - began)

    if dry_run:
        with transaction.atomic():
            batches = Batches(on, book, clock, lease=None, writer=Inline())
            report = _all(batches, watch, again=again)
            transaction.set_rollback(True)
        return report
    shard = f"{_known()} {at:%H:%M:%S.%f}" if again else _known()
    try:
        lease = leases.take(job=JOB, business_on=on, shard=shard, at=at)
    except leases.AlreadyDoneError:
        return Report(is_known=True)
    try:
        with writer() as one, _no_collector():
            batches = Batches(on, book, clock, lease=lease, writer=one)
            report = _all(batches, watch, again=again)
        with lease.hold(at=clock()):
            lease.finish(at=clock(), report=report.facts())
            if report.outcomes:
                record(event="rates_applied", at=clock(), facts=report.facts())
    except leases.LeaseLostError:
        raise
    except BaseException as error:
        lease.fail(at=clock(), error=repr(error)[:500])
        raise
    return report


@contextmanager
def _no_collector() -> Iterator[None]:
    """Rows and schedules hold no cycles; looking for some among them takes a quarter more time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _known() -> str:
    """What a run can know: up to which fixing, which decision about an index, and which correction
    of a fixing."""
    fixing = IndexFixing.objects.aggregate(last=Max("pk"))["last"] or 0
    decided = RateProposal.objects.filter(state=RateProposalState.ACCEPTED)
    known = f"{fixing}/{decided.aggregate(last=Max('pk'))['last'] or 0}"
    correction = latest_correction()
    return f"{known}/{correction}" if correction else known


def _all(batches: Batches, watch: Watch, *, again: bool) -> Report:
    """Every contract, until none has a reset left that can be done."""
    passed_over = set() if again else leases.set_aside(job=JOB)
    report = Report(set_aside=len(passed_over))
    advance = watch(batches.count())
    left: list[int] = []
    for written in batches.results(batches.everything(passed_over)):
        report.add(written)
        left += written.left
        advance(written.looked_at)
    # Contracts that had missed more than one reset, or were changed meanwhile by somebody else.
    while left:
        keys, left = left, []
        before = report.outcomes.total()
        for written in batches.results(batches.of(keys)):
            report.add(written)
            left += written.left
        if report.outcomes.total() == before:
            break  # none of them can be done now
    return report
