"""Taking a run, staying its holder, and leaving it: REL-07.

Every step is one conditional update, so it holds on SQLite too. A holder writes its results inside
`Lease.hold()`, which locks the row and refuses when somebody else has taken the run meanwhile:
a process that was stopped for longer than its lease wakes up and cannot write (fencing). One that
is stopped inside such a transaction is put out by PostgreSQL after `IDLE_LIMIT`, locks and all.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import F, Q

from eboks.jobs.models import JobFailure, JobRun, JobState

Clock = Callable[[], dt.datetime]

LEASE = dt.timedelta(minutes=4)  # and the sweeper comes every five: ten minutes after a crash
HEARTBEAT = dt.timedelta(minutes=1)
LONGEST = dt.timedelta(hours=3)  # of one holder; then its heartbeat stops
IDLE_LIMIT = dt.timedelta(minutes=2)  # of a holder's transaction in which nothing happens
TRIES = 3


class AlreadyRunningError(Exception):
    """Somebody else holds the run."""


class AlreadyDoneError(Exception):
    """The run has been finished."""


class LeaseLostError(Exception):
    """The lease ran out and somebody else took the run: nothing more may be written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Being the holder of a run. `stalled`: how many holders got no further than `position`."""

    run_id: int
    token: int
    position: str
    done: int = 0
    stalled: int = 0

    def beat(
        self, *, at: dt.datetime, done: int | None = None, position: str | None = None
    ) -> None:
        """Keep the run for another `LEASE`, and say how far it is. Raises LeaseLostError."""
        values: dict[str, Any] = {"beat_at": at, "lease_until": at + LEASE}
        if done is not None:
            values["done"] = done
        if position is not None:
            values |= {"position": position, "stalled": 0}
        self._update(**values)

    @contextmanager
    def hold(self, *, at: dt.datetime) -> Iterator[None]:
        """A transaction whose writes count only while this is the holder. Raises LeaseLostError.

        Nothing but the database is waited for inside.
        """
        with transaction.atomic():
            if connection.vendor == "postgresql":
                limit = f"{IDLE_LIMIT.total_seconds():.0f}s"
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{limit}'")
            self._update(beat_at=at, lease_until=at + LEASE)  # locks the row until the commit
            yield

    @contextmanager
    def kept_alive(self, *, now: Clock) -> Iterator[None]:
        """A thread beats each minute for as long as the process lives, three hours at most.

        For work that cannot say by itself that it goes on. Whoever only freezes stops beating.
        """
        stop = threading.Event()
        thread = threading.Thread(
            target=self._keep_alive, args=(now, stop), name=f"lease-{self.run_id}", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def set_total(self, total: int) -> None:
        self._update(total=total)

    def finish(self, *, at: dt.datetime, report: dict[str, Any] | None = None) -> None:
        self._update(state=JobState.DONE, finished_at=at, beat_at=at, report=report or {}, error="")

    def fail(self, *, at: dt.datetime, error: str) -> None:
        """Leave the run for the next one who tries."""
        self._update(state=JobState.FAILED, finished_at=at, beat_at=at, error=error)

    def _keep_alive(self, now: Clock, stop: threading.Event) -> None:
        ends = now() + LONGEST
        try:
            while not stop.wait(HEARTBEAT.total_seconds()):
                at = now()
                if at > ends:
                    return
                try:
                    self.beat(at=at)
                except LeaseLostError:
                    return  # the work finds out at its next `hold`
                except DatabaseError:
                    connections.close_all()  # of this thread; the next minute tries again
        finally:
            connections.close_all()

    def _update(self, **values: Any) -> None:
        mine = JobRun.objects.filter(pk=self.run_id, token=self.token, state=JobState.RUNNING)
        if mine.update(**values) != 1:
            raise LeaseLostError


def take(*, job: str, business_on: dt.date, shard: str = "", at: dt.datetime) -> Lease:
    """Become the holder of a run: a new one, a failed one, or one whose holder went silent.

    Raises AlreadyRunningError or AlreadyDoneError, and waits for nobody.
    """
    known = JobRun.objects.filter(job=job, business_on=business_on, shard=shard)
    # An INSERT of a row that is there would wait for whoever is changing that row.
    if not known.exists():
        with contextlib.suppress(IntegrityError), transaction.atomic():
            run = JobRun.objects.create(
                job=job,
                business_on=business_on,
                shard=shard,
                state=JobState.RUNNING,
                lease_until=at + LEASE,
                started_at=at,
                beat_at=at,
            )
            return Lease(run.pk, run.token, "")
    with transaction.atomic():
        # A holder's row may be locked by its transaction: then it is at work.
        found = known.select_for_update(skip_locked=True).first()
        if found is None:
            raise AlreadyRunningError
        if found.state == JobState.DONE:
            raise AlreadyDoneError
        free = Q(state=JobState.FAILED) | Q(state=JobState.RUNNING, lease_until__lt=at)
        taken = JobRun.objects.filter(free, pk=found.pk, token=found.token).update(
            state=JobState.RUNNING,
            token=F("token") + 1,
            attempts=F("attempts") + 1,
            stalled=F("stalled") + 1,
            lease_until=at + LEASE,
            beat_at=at,
            finished_at=None,
        )
        if taken != 1:
            raise AlreadyRunningError
    return Lease(found.pk, found.token + 1, found.position, found.done, found.stalled + 1)


def note_failure(*, job: str, object_ref: str, reason: str, at: dt.datetime) -> bool:
    """Remember that a part of a job failed; True once it has failed `TRIES` times (FI-17)."""
    failure, made = JobFailure.objects.get_or_create(
        job=job, object_ref=object_ref, defaults={"reason": reason, "first_at": at, "last_at": at}
    )
    mine = JobFailure.objects.filter(pk=failure.pk)
    if not made:
        mine.update(reason=reason, tries=F("tries") + 1, last_at=at)
    mine.filter(tries__gte=TRIES).update(is_set_aside=True)
    return mine.filter(is_set_aside=True).exists()


def put_aside(*, job: str, object_ref: str, reason: str, at: dt.datetime) -> None:
    """Not to be tried again until somebody looks at it, however often it has failed so far."""
    JobFailure.objects.update_or_create(
        job=job,
        object_ref=object_ref,
        defaults={"reason": reason, "last_at": at, "is_set_aside": True},
        create_defaults={
            "reason": reason,
            "first_at": at,
            "last_at": at,
            "is_set_aside": True,
        },
    )


def set_aside(*, job: str) -> set[str]:
    """What of the job is not to be tried again until somebody looks at it."""
    rows = JobFailure.objects.filter(job=job, is_set_aside=True)
    return set(rows.values_list("object_ref", flat=True))


def clear_failure(*, job: str, object_ref: str) -> None:
    """It worked, or somebody wants it to be tried again."""
    JobFailure.objects.filter(job=job, object_ref=object_ref).delete()
