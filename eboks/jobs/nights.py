"""The night: duties done once per business date, one after another, each with a run of its own.

Rooms add theirs in `AppConfig.ready()`. The night of a day begins at 04:15 in Warsaw, an hour that
the change of clocks neither skips nor repeats; its key is the date, so it does not matter who asks
for it or how often. Missed days are caught up in order. A duty that fails stops no other; after
three tries its day is set aside, with the reason, until somebody looks at it (FI-17).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.jobs import leases, notices
from eboks.jobs.leases import Clock, Lease
from eboks.jobs.models import JobFailure, JobRun, JobState

log = structlog.get_logger("ebok.night")

STARTS = dt.time(4, 15)
LONGEST_GAP = 40  # days: what was missed before is not caught up
SILENT_DEATHS = 5  # holders that vanished one after another without getting any further
_DAY = dt.timedelta(days=1)
_REASON_LENGTH = 500

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Night:
    """A duty being done for the business date `on`, since `at`."""

    on: dt.date
    at: dt.datetime
    now: Clock
    lease: Lease
    progress: Progress = field(default=_silent)  # told (done, total)
    again: bool = False  # by hand, of a day that was done before


Report = dict[str, Any]
Run = Callable[[Night], Report | None]


@dataclass(frozen=True, slots=True)
class Duty:
    name: str  # JobRun.job
    title: str | Promise
    run: Run
    order: int
    catch_up: bool
    labels: Mapping[str, str | Promise]


class Result(Enum):
    DONE = "done"
    WAS_DONE = "was_done"
    RUNNING = "running"
    FAILED = "failed"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one duty of one day."""

    duty: Duty
    on: dt.date
    result: Result
    report: Report = field(default_factory=dict)
    reason: str = ""


_duties: dict[str, Duty] = {}
_titles: dict[str, str | Promise] = {}


def add_duty(
    name: str,
    run: Run,
    *,
    title: str | Promise,
    order: int = 100,
    catch_up: bool = True,
    labels: Mapping[str, str | Promise] | None = None,
) -> None:
    """`run(night)` is called once per business date, in `order` (balances are 0), after 04:15.

    It must be safe to run again after a crash at any point; writes inside `night.lease.hold(...)`
    are refused to whoever lost the run. It returns figures for the night's report (JSON values,
    named by `labels`). `catch_up`: also for days on which no night ran, in order; without it only
    for the newest day.
    """
    _duties[name] = Duty(name, title, run, order, catch_up, labels or {})


def duty(name: str) -> Duty:
    return _duties[name]


def name_job(job: str, title: str | Promise) -> None:
    """How people call a job that is no duty of the night but keeps its runs or failures here."""
    _titles[job] = title


def title_of(job: str) -> str:
    """How people call the job."""
    return str(_duties[job].title) if job in _duties else str(_titles.get(job, job))


def labelled(job: str, report: Report) -> list[tuple[str, Any]]:
    """The figures of a report with words for people."""
    labels = _duties[job].labels if job in _duties else {}
    return [(str(labels.get(name, name)), value) for name, value in report.items()]


def duties() -> list[Duty]:
    return sorted(_duties.values(), key=lambda one: (one.order, one.name))


def due_day(at: dt.datetime) -> dt.date:
    """The newest business date whose night has begun."""
    local = at.astimezone(clock.WARSAW)
    return local.date() if local.time() >= STARTS else local.date() - _DAY


def run_due(*, now: Clock) -> list[Outcome]:
    """Do whatever is due: tonight, missed nights, runs whose holder went silent. In order of days.

    Asked by beat at 04:15 and by the sweeper every five minutes.
    """
    last = due_day(now())
    plan = {one.name: _pending(one, last=last, today=clock.today(now())) for one in duties()}
    outcomes: list[Outcome] = []
    stuck: set[str] = set()
    for day in sorted(set(itertools.chain.from_iterable(plan.values()))):
        for one in duties():
            if day not in plan[one.name] or one.name in stuck:
                continue
            outcomes.append(attempt(one, on=day, now=now))
            if outcomes[-1].result in {Result.RUNNING, Result.FAILED}:
                stuck.add(one.name)  # its later days wait for this one
    return outcomes


def by_hand(one: Duty, *, on: dt.date, now: Clock, progress: Progress = _silent) -> Outcome:
    """One duty of one day; when it was done before, a further run beside the one that stays."""
    outcome = attempt(one, on=on, now=now, progress=progress)
    if outcome.result != Result.WAS_DONE:
        return outcome
    done = JobRun.objects.filter(job=one.name, business_on=on, state=JobState.DONE).count()
    return attempt(one, on=on, now=now, progress=progress, shard=str(done + 1))


def attempt(
    one: Duty, *, on: dt.date, now: Clock, progress: Progress = _silent, shard: str = ""
) -> Outcome:
    """One duty of one day, unless it is done or somebody is at it. A failure is an outcome too."""
    try:
        lease = leases.take(job=one.name, business_on=on, shard=shard, at=now())
    except leases.AlreadyRunningError:
        log.info("night_already_running", duty=one.name, day=on.isoformat(), text="już działa")
        return Outcome(one, on, Result.RUNNING)
    except leases.AlreadyDoneError:
        return Outcome(one, on, Result.WAS_DONE)
    if lease.stalled >= SILENT_DEATHS:
        reason = _("Proces znikał bez śladu %(n)s razy.") % {"n": lease.stalled}
        return _failed(one, on, lease, reason, at=now(), for_good=True)
    try:
        with lease.kept_alive(now=now):
            report = one.run(Night(on, now(), now, lease, progress, again=bool(shard))) or {}
            with transaction.atomic():
                lease.finish(at=now(), report=report)
                leases.clear_failure(job=one.name, object_ref=on.isoformat())
    except leases.LeaseLostError:
        log.warning("night_lease_lost", duty=one.name, day=on.isoformat())
        return Outcome(one, on, Result.RUNNING)
    except Exception as error:  # whatever it is, the other duties go on
        log.exception("night_failed", duty=one.name, day=on.isoformat())
        reason = f"{type(error).__name__}: {error}".strip()[:_REASON_LENGTH]
        return _failed(one, on, lease, reason, at=now())
    log.info("night_done", duty=one.name, day=on.isoformat(), **report)
    return Outcome(one, on, Result.DONE, report)


@transaction.atomic
def try_again(*, failure_id: int, staff: User, at: dt.datetime) -> None:
    """Somebody has looked at what was set aside: the sweeper, or the next night, tries it anew."""
    failure = JobFailure.objects.get(pk=failure_id)
    whole_day = JobRun.objects.filter(job=failure.job, state=JobState.FAILED, shard="")
    with suppress(ValueError):  # a part of a day has another name than the day
        whole_day.filter(business_on=dt.date.fromisoformat(failure.object_ref)).update(stalled=0)
    failure.delete()
    record(
        event="staff_retried_job",
        at=at,
        actor=staff,
        object_kind="job",
        object_ref=f"{failure.job} {failure.object_ref}",
    )


def _failed(
    one: Duty, on: dt.date, lease: Lease, reason: str, *, at: dt.datetime, for_good: bool = False
) -> Outcome:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    key = {"job": one.name, "object_ref": on.isoformat()}
    is_aside = False
    # Where even this cannot be written, the lease runs out and the sweeper comes.
    with suppress(DatabaseError, leases.LeaseLostError), transaction.atomic():
        lease.fail(at=at, error=reason)
        if for_good:
            leases.put_aside(**key, reason=reason, at=at)
        is_aside = for_good or leases.note_failure(**key, reason=reason, at=at)
        notices.tell_of_failure(
            title=str(one.title), name=one.name, on=on, reason=reason, is_aside=is_aside, at=at
        )
    return Outcome(one, on, Result.SET_ASIDE if is_aside else Result.FAILED, reason=reason)


def _pending(one: Duty, *, last: dt.date, today: dt.date) -> set[dt.date]:
    """Days of the duty that are to be done by now: see `add_duty`."""
    first = last - LONGEST_GAP * _DAY
    rows = JobRun.objects.filter(job=one.name, shard="", business_on__range=(first, last))
    states = dict(rows.values_list("business_on", "state"))
    if not states:
        # New: it begins tonight, and not for a day before it was there.
        return {last} if last == today else set()
    done = [day for day, state in states.items() if state == JobState.DONE]
    begin = max(done) + _DAY if done else min(states)
    days = {begin + n * _DAY for n in range((last - begin).days + 1)}
    days |= {day for day, state in states.items() if state != JobState.DONE}
    aside = leases.set_aside(job=one.name)
    days = {day for day in days if day.isoformat() not in aside}
    return days if one.catch_up else days & {last}
