"""The night of balances: all contracts, part by part, then one switch (docs/nightly.md).

A part is a range of ids and a transaction of its own, written as the holder of the run; so a
process that dies loses one part, and the next one goes on behind the last. Nobody reads the day
before it is whole: the run that is done is what makes it visible (`Balance.objects.published()`).
A missed day is written as it stood at its end.
"""
# ruff: noqa: S608 -- names of columns come from code, values are parameters

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.models import Count, Max, Subquery
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks import clock
from eboks.feeds.dialect import is_postgresql
from eboks.jobs import leases
from eboks.jobs.models import BALANCES_JOB, JobFailure, JobRun, JobState
from eboks.jobs.nights import Night, Report
from invoicing import differences
from invoicing.balances import write_range
from invoicing.models import Balance

PART = 10_000  # contracts
PATIENCE = dt.timedelta(minutes=10)  # for others who write balances
POISON_LIMIT = 50  # contracts that cannot be counted; more is no matter of single contracts
_PAUSE = 1.0  # seconds
_BUSY = {"55P03", "40P01", "40001"}  # PostgreSQL: lock timeout, deadlock, serialization


class TooMuchPoisonError(Exception):
    """So many contracts fail that something else must be wrong."""


@dataclass(slots=True)
class _Poison:
    """Contracts that cannot be counted: those set aside before, and those of this night, whichever
    attempt found them."""

    aside: list[int]
    found: list[int] = field(default_factory=list)


def refresh_all(night: Night) -> Report:
    """Write the balances of `night.on`, compare them with the core system's, report.

    A day that was finished before is written anew in one transaction.
    """
    with transaction.atomic() if night.again else nullcontext():
        before = _day_before(night)
        poison = _Poison(_contracts(leases.set_aside(job=BALANCES_JOB)), _found_before(night))
        _write_parts(night, poison)
        with night.lease.hold(at=night.now()):
            _forget_recovered(poison)
            compared = differences.compare(on=night.on, at=night.now())
            changed = _changed(night.on, before)
    return {
        "contracts": Contract.objects.count(),
        "changed": changed,
        "skipped": len({*poison.aside, *poison.found}),
        **compared,
        "seconds": round((night.now() - night.at).total_seconds(), 1),
    }


def _write_parts(night: Night, poison: _Poison) -> None:
    """What is behind the last part that was written."""
    lease, total = night.lease, Contract.objects.count()
    lease.set_total(total)
    done, last = (0, 0) if night.again else (lease.done, int(lease.position or 0))
    while part := _next_part(last):
        first, last, size = last + 1, *part
        done += size
        _write_part(night, first, last, done, poison)
        night.progress(done, max(total, done))


def _next_part(after: int) -> tuple[int, int] | None:
    """The last id of the next part, and how many contracts it has."""
    part = Contract.objects.filter(pk__gt=after).order_by("pk")[:PART]
    answer = part.aggregate(last=Max("pk"), size=Count("pk"))
    return (answer["last"], answer["size"]) if answer["size"] else None


def _write_part(night: Night, first: int, last: int, done: int, poison: _Poison) -> None:
    """One transaction. Steps aside for others who write; halves a part that cannot be written."""
    is_past = night.on < clock.today(night.at)
    gives_up = night.now() + PATIENCE
    while True:
        at = night.now()
        try:
            with night.lease.hold(at=at), connection.cursor() as cursor:
                if is_postgresql():
                    cursor.execute("SET LOCAL lock_timeout = '3s'")
                    cursor.execute("SET LOCAL jit = off")
                    cursor.execute("SET LOCAL work_mem = '64MB'")
                for low, high in _around(poison.aside, first, last):
                    write_range(cursor, first=low, last=high, on=night.on, at=at, is_past=is_past)
                night.lease.beat(at=at, done=done, position=str(last))
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in _BUSY or at > gives_up:
                raise
            time.sleep(_PAUSE)
        except (DataError, IntegrityError) as error:
            if first == last:
                _note_poison(night, first, str(error), poison)
                return
            middle = (first + last) // 2
            _write_part(night, first, middle, done, poison)
            _write_part(night, middle + 1, last, done, poison)
            return
        else:
            return


def _around(aside: list[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The range without the contracts that are set aside."""
    for contract in sorted(one for one in aside if first <= one <= last):
        if first < contract:
            yield first, contract - 1
        first = contract + 1
    if first <= last:
        yield first, last


def _note_poison(night: Night, contract: int, reason: str, poison: _Poison) -> None:
    """This contract is left out tonight, and after three nights for good (FI-17)."""
    poison.found.append(contract)
    if len(poison.found) > POISON_LIMIT:
        raise TooMuchPoisonError(_("Nie da się policzyć ponad %(n)s umów.") % {"n": POISON_LIMIT})
    at = night.now()
    with night.lease.hold(at=at):
        leases.note_failure(job=BALANCES_JOB, object_ref=_ref(contract), reason=reason[:500], at=at)
        # What somebody wrote for it earlier in the day is not to be taken for the night's.
        Balance.objects.filter(contract=contract, as_of=night.on).delete()
        night.lease.beat(at=at, position=str(contract))


def _ref(contract: int) -> str:
    return f"contract:{contract}"


def _contracts(refs: set[str]) -> list[int]:
    return [int(ref.partition(":")[2]) for ref in refs if ref.startswith("contract:")]


def _found_before(night: Night) -> list[int]:
    """Poison that earlier attempts of this run left behind them: nobody tries it again tonight."""
    if night.again:
        return []
    started = JobRun.objects.filter(pk=night.lease.run_id).values("started_at")
    noted = JobFailure.objects.filter(
        job=BALANCES_JOB, is_set_aside=False, last_at__gte=Subquery(started)
    )
    last = int(night.lease.position or 0)
    refs = set(noted.values_list("object_ref", flat=True))
    return [contract for contract in _contracts(refs) if contract <= last]


def _forget_recovered(poison: _Poison) -> None:
    """Failures of earlier nights that did not come back."""
    still = {_ref(contract) for contract in poison.found}
    failures = JobFailure.objects.filter(job=BALANCES_JOB, is_set_aside=False)
    failures.filter(object_ref__startswith="contract:").exclude(object_ref__in=still).delete()


def _day_before(night: Night) -> dt.date | None:
    """The day to compare with: the one that readers see before this night."""
    nights = JobRun.objects.filter(job=BALANCES_JOB, state=JobState.DONE, business_on__lt=night.on)
    return nights.order_by("-business_on").values_list("business_on", flat=True).first()


def _changed(on: dt.date, before: dt.date | None) -> int:
    """How many contracts stand otherwise than on the day before; all of them on the first one.

    Rows that are the same on both days meet in one group and fall out.
    """
    figures = "contract_id, currency, open_amount, overdue_amount, overpaid_amount"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(DISTINCT contract_id) FROM (SELECT contract_id FROM invoicing_balance"
            f" WHERE as_of IN (%s, %s) GROUP BY {figures} HAVING COUNT(*) = 1) d",
            [on, before or on],
        )
        return int(cursor.fetchone()[0])
