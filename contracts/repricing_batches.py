"""Batches of a repricing: worked out without locks, written in a transaction each.

On PostgreSQL the database writes one batch while the next one is worked out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from django.db import DatabaseError, OperationalError, connection, connections, transaction

from contracts.enums import RateChangeKind
from contracts.fixing_book import FixingBook
from contracts.fixing_corrections import check_book
from contracts.rate_terms import RateTerms, read_terms
from contracts.repricing_reading import Repricing, repriceable
from contracts.repricing_work import Failure, Plan, work_out
from contracts.repricing_writing import OvertakenError, still_standing, write
from eboks.feeds.dialect import is_postgresql
from eboks.jobs import leases

JOB = "reprice"
BATCH = 500

Clock = Callable[[], dt.datetime]


@dataclass(slots=True)
class Written:
    """What became of a batch. `left` (keys) have another reset to do, or this one again."""

    looked_at: int
    outcomes: list[str] = field(default_factory=list)
    conversions: int = 0
    waiting: list[str] = field(default_factory=list)  # for values of these indexes
    failures: list[Failure] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


class Writer(Protocol):
    """Does what it is given, one thing after another."""

    def submit(self, do: Callable[[Plan], Written], plan: Plan, /) -> Future[Written]: ...


class Inline:
    """At once, in this thread."""

    def submit(self, do: Callable[[Plan], Written], plan: Plan, /) -> Future[Written]:
        done: Future[Written] = Future()
        done.set_result(do(plan))
        return done


@contextmanager
def writer() -> Iterator[Writer]:
    """On PostgreSQL a thread with a connection of its own. Elsewhere, and inside a transaction of
    the caller, this thread."""
    if not is_postgresql() or connection.in_atomic_block:
        yield Inline()
        return
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool
        finally:
            pool.submit(connections.close_all).result()


@dataclass(slots=True)
class Batches:
    on: dt.date
    book: FixingBook
    clock: Clock
    lease: leases.Lease | None  # None: a dry run
    writer: Writer
    _done: int = 0

    def count(self) -> int:
        """How many contracts there are to look at."""
        total = repriceable(self.on).count()
        if self.lease:
            self.lease.set_total(total)
        return total

    def everything(self, passed_over: Collection[str]) -> Iterator[list[RateTerms]]:
        """All contracts but those with these numbers, in batches."""
        last = 0
        while True:
            rows = repriceable(self.on).filter(pk__gt=last).order_by("pk")
            batch = read_terms(rows[:BATCH])
            if not batch:
                return
            last = batch[-1].pk
            yield [contract for contract in batch if contract.number not in passed_over]

    def of(self, keys: Sequence[int]) -> Iterator[list[RateTerms]]:
        """These contracts, in batches."""
        for start in range(0, len(keys), BATCH):
            rows = repriceable(self.on).filter(pk__in=keys[start : start + BATCH])
            yield read_terms(rows.order_by("pk"))

    def results(self, batches: Iterable[list[RateTerms]]) -> Iterator[Written]:
        """What becomes of each batch, one behind the one that is being worked out.

        Raises LeaseLostError: nothing more is written.
        """
        pending: Future[Written] | None = None
        for contracts in batches:
            plan = work_out(contracts, on=self.on, book=self.book)
            if pending is not None:
                yield pending.result()
            pending = self.writer.submit(self._write, plan)
        if pending is not None:
            yield pending.result()

    def _write(self, plan: Plan) -> Written:
        self._done += plan.looked_at
        written = Written(plan.looked_at, waiting=plan.waiting, failures=list(plan.failures))
        if plan.items:
            self._write_items(plan.items, written)
        if plan.failures:
            with self._hold():
                self._note(plan.failures)
        more = set(plan.more)
        written.left += [item.contract.pk for item in plan.items if item.contract.pk in more]
        return written

    def _write_items(self, items: Sequence[Repricing], written: Written) -> None:
        """Together; one by one when the database refuses: then it is one of them that is wrong."""
        try:
            with transaction.atomic():
                standing = still_standing(items, on=self.on)
                check_book(self.book, {item.decision.fixing.code for item in standing})
                with self._hold():
                    write(standing, on=self.on, at=self.clock())
        except OvertakenError:
            if len(items) == 1:
                written.left.append(items[0].contract.pk)
                return
        except OperationalError:
            raise  # the database is away or busy: no contract is to blame
        except DatabaseError as error:
            if len(items) == 1:
                failure = Failure(items[0].contract.number, str(error).splitlines()[0])
                written.failures.append(failure)
                with self._hold():
                    self._note([failure])
                return
        else:
            stood = {item.contract.pk for item in standing}
            written.left += [i.contract.pk for i in items if i.contract.pk not in stood]
            written.outcomes += [item.outcome.value for item in standing]
            kinds = [item.decision.kind for item in standing]
            written.conversions += kinds.count(RateChangeKind.CONVERSION)
            return
        for item in items:
            self._write_items([item], written)

    def _hold(self) -> AbstractContextManager[None]:
        """A transaction that counts only while this run is the one that works."""
        if self.lease is None:
            return transaction.atomic()
        return self._held(self.lease)

    @contextmanager
    def _held(self, lease: leases.Lease) -> Iterator[None]:
        with lease.hold(at=self.clock()):
            lease.beat(at=self.clock(), done=self._done)
            yield

    def _note(self, failures: Sequence[Failure]) -> None:
        for number, reason in failures:
            leases.note_failure(job=JOB, object_ref=number, reason=reason, at=self.clock())
