"""Being the holder of a run: one at a time, and nothing is written by one who lost it."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from django.db import connection

from eboks.jobs import leases
from eboks.jobs.leases import LEASE, AlreadyDoneError, AlreadyRunningError, LeaseLostError
from eboks.jobs.models import JobFailure, JobRun, JobState

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 22)
AT = dt.datetime(2026, 11, 22, 3, 15, tzinfo=dt.UTC)
LATER = AT + LEASE + dt.timedelta(seconds=1)
SECOND = dt.timedelta(seconds=1)


def take(at=AT, **key):
    return leases.take(**{"job": "x", "business_on": DAY, "at": at, **key})


def test_run_has_one_holder_until_the_lease_runs_out():
    first = take()
    with pytest.raises(AlreadyRunningError):
        take(AT + LEASE - SECOND)

    second = take(LATER)

    assert (first.token, second.token) == (1, 2)
    run = JobRun.objects.get()
    assert (run.state, run.attempts, run.lease_until) == (JobState.RUNNING, 2, LATER + LEASE)


def test_beat_keeps_the_run_and_says_how_far_it_is():
    lease = take()
    lease.set_total(20)

    lease.beat(at=AT + LEASE, done=7, position="7")

    with pytest.raises(AlreadyRunningError):
        take(LATER)
    run = JobRun.objects.get()
    assert (run.done, run.total, run.position) == (7, 20, "7")
    next_one = take(AT + 2 * LEASE + SECOND)
    assert (next_one.position, next_one.done) == ("7", 7)


def test_whoever_lost_the_run_can_do_nothing_any_more():
    first = take()
    take(LATER)

    for act in (
        lambda: first.beat(at=LATER),
        lambda: first.set_total(3),
        lambda: first.finish(at=LATER),
        lambda: first.fail(at=LATER, error="x"),
        lambda: first.hold(at=LATER).__enter__(),
    ):
        with pytest.raises(LeaseLostError):
            act()

    run = JobRun.objects.get()
    assert (run.state, run.total, run.error) == (JobState.RUNNING, 0, "")


def test_writes_of_a_transaction_count_only_while_it_is_held():
    first = take()
    take(LATER)

    with pytest.raises(LeaseLostError), first.hold(at=LATER):
        JobFailure.objects.create(job="x", object_ref="written", first_at=AT, last_at=AT)

    assert not JobFailure.objects.exists()


def test_finished_run_is_not_taken_again():
    take().finish(at=AT, report={"n": 3})

    with pytest.raises(AlreadyDoneError):
        take(LATER)

    run = JobRun.objects.get()
    assert (run.state, run.report, run.finished_at) == (JobState.DONE, {"n": 3}, AT)


def test_failed_run_is_taken_at_once():
    take().fail(at=AT, error="zepsute")

    assert take(AT + SECOND).token == 2
    assert JobRun.objects.get().state == JobState.RUNNING


def test_days_and_shards_are_runs_of_their_own():
    take()

    take(business_on=DAY + dt.timedelta(days=1))
    take(shard="2")
    take(job="y")

    assert JobRun.objects.count() == 4


def test_holders_that_get_no_further_are_counted():
    take()
    moved = [take(AT + n * 2 * LEASE).stalled for n in (1, 2)]
    third = take(AT + 3 * 2 * LEASE)
    third.beat(at=AT + 3 * 2 * LEASE, position="9")

    assert moved == [1, 2]
    assert third.stalled == 3
    assert take(AT + 4 * 2 * LEASE).stalled == 1


def test_clock_that_goes_back_gives_nobody_the_run():
    take()

    with pytest.raises(AlreadyRunningError):
        take(AT - dt.timedelta(minutes=5))


def test_part_is_set_aside_after_three_tries():
    tries = [
        leases.note_failure(job="x", object_ref="7", reason=f"powód {n}", at=AT) for n in range(3)
    ]
    leases.note_failure(job="x", object_ref="8", reason="inny", at=AT)

    assert tries == [False, False, True]
    assert leases.set_aside(job="x") == {"7"}
    assert JobFailure.objects.get(object_ref="7").reason == "powód 2"
    leases.clear_failure(job="x", object_ref="7")
    assert leases.set_aside(job="x") == set()


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one_holder():
    start = threading.Barrier(8)

    def run(_n):
        try:
            start.wait(60)
            take()
        except AlreadyRunningError:
            return 0
        else:
            return 1
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 1


@pytest.mark.django_db(transaction=True)
def test_heartbeat_keeps_a_run_whose_holder_says_nothing(monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT", dt.timedelta(seconds=0.01))
    lease, beaten = take(), threading.Event()

    def now():
        beaten.set()
        return LATER

    with lease.kept_alive(now=now):
        assert beaten.wait(10)
        for _try in range(500):
            if JobRun.objects.get().lease_until == LATER + LEASE:
                break
            threading.Event().wait(0.01)

    assert JobRun.objects.get().lease_until == LATER + LEASE
    with pytest.raises(AlreadyRunningError):
        take(LATER)


@pytest.mark.django_db(transaction=True)
def test_heartbeat_stops_with_the_work_and_when_the_run_is_lost(monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT", dt.timedelta(seconds=0.01))
    lease = take()
    take(LATER)

    with lease.kept_alive(now=lambda: LATER + LEASE):
        threading.Event().wait(0.2)

    assert JobRun.objects.get().lease_until == LATER + LEASE
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease-")]


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_holder_that_is_at_work():
    take()
    holder = connection.copy()
    locks = connection.vendor == "postgresql"  # SQLite has one writer at a time instead
    try:
        if locks:
            holder.set_autocommit(False)
            with holder.cursor() as cursor:
                cursor.execute("UPDATE jobs_jobrun SET beat_at = beat_at")
        with pytest.raises(AlreadyRunningError) if locks else nullcontext():
            take(LATER)
    finally:
        if locks:
            holder.rollback()
        holder.close()

    assert JobRun.objects.get().token == (1 if locks else 2)
