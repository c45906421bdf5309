"""One run of issuing: everything due on a day, in batches, resumable; what is wrong set aside."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks.audit.services import record
from eboks.jobs import leases
from eboks.jobs.leases import AlreadyDoneError, AlreadyRunningError, Lease, LeaseLostError
from eboks.jobs.models import JobFailure, JobRun, JobState
from eboks.tenancy.models import Company
from invoicing.accounts import AccountError
from invoicing.exchange import ExchangeError, rate_before
from invoicing.issuing import due, upfront
from invoicing.issuing.drafting import Draft, IssueError, RateOf, draft
from invoicing.issuing.mode import issuer_from, mixed
from invoicing.issuing.outcome import SHOWN, Outcome
from invoicing.issuing.writing import write

JOB = "issue_invoices"
BATCH = 300  # contracts in a transaction
_CONTRACT, _COMPANY = "contract", "company"

__all__ = ["JOB", "AlreadyRunningError", "LeaseLostError", "Outcome", "issue"]

logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Subject:
    """A contract, or a company with charges of no contract."""

    kind: str
    pk: int
    name: str
    company: Company
    contract: Contract | None

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.pk}"


@dataclass(frozen=True, slots=True)
class _Run:
    """What the steps of a run share."""

    on: dt.date
    at: dt.datetime
    started: float
    lease: Lease | None  # None: a dry run
    outcome: Outcome
    rate_of: RateOf
    troubled: frozenset[str]  # what failed in earlier runs and is tried again

    def moment(self) -> dt.datetime:
        """Now, counted from the moment that the run was started with."""
        return self.at + dt.timedelta(seconds=time.monotonic() - self.started)


def issue(
    *, on: dt.date, at: dt.datetime, dry_run: bool = False, progress: Progress | None = None
) -> Outcome:
    """Issue everything that is due, in invoices dated `on`, once; what was missed on earlier days
    goes along. `progress(done, total)` counts contracts and companies.

    Some hundreds of contracts in a transaction, under the lease of a job row: a run that was
    killed goes on where it was. What makes no invoice is reported, and set aside after three
    tries; a missing exchange rate only waits. A dry run writes nothing. Raises
    AlreadyRunningError, and LeaseLostError when the run was silent for too long.
    """
    outcome = Outcome(on=on, is_dry=dry_run)
    if issuer_from() is None:
        return outcome
    rate_of: RateOf = cache(rate_before)
    without = _set_aside()
    waiting = (
        due.contracts_with_work(on, without=without[_CONTRACT]).count()
        + due.companies_with_charges(on, without=without[_COMPANY]).count()
    )
    changes = upfront.waiting()
    if not dry_run and not waiting and not changes.exists() and _ran(on):
        return outcome
    lease = None if dry_run else _take(on, at)
    run = _Run(on, at, time.monotonic(), lease, outcome, rate_of, _troubled())
    try:
        if lease is not None:
            lease.set_total(waiting)
        _subjects(run, without, waiting, progress)
        _upfront_changes(run)
    except LeaseLostError:
        raise
    except BaseException as error:
        if lease is not None:
            lease.fail(at=run.moment(), error=f"{type(error).__name__}: {error}")
        raise
    for contract in mixed(Contract.objects.all()).order_by("pk")[:SHOWN]:
        outcome.fail(
            contract.number, _("ma już faktury z systemu głównego; wyjaśnij, kto ją fakturuje.")
        )
    if lease is not None:
        _finish(run, lease)
    return outcome


def _finish(run: _Run, lease: Lease) -> None:
    at, report = run.moment(), run.outcome.report()
    with lease.hold(at=at):
        lease.finish(at=at, report=report)
        record(
            event="invoices_issued",
            at=at,
            object_kind="job",
            object_ref=str(run.on),
            facts={"day": str(run.on), "count": report["invoices"], "failed": report["failed"]},
        )


def _ran(on: dt.date) -> bool:
    return JobRun.objects.filter(job=JOB, business_on=on, state=JobState.DONE).exists()


def _take(on: dt.date, at: dt.datetime) -> Lease:
    """Another run of the same day is a shard of its own: something may have come up since."""
    earlier = JobRun.objects.filter(job=JOB, business_on=on, state=JobState.DONE).count()
    try:
        return leases.take(
            job=JOB, business_on=on, shard=str(earlier + 1) if earlier else "", at=at
        )
    except AlreadyDoneError:  # somebody finished one in between
        raise AlreadyRunningError from None


def _set_aside() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {_CONTRACT: [], _COMPANY: []}
    for ref in leases.set_aside(job=JOB):
        kind, _sep, key = ref.partition(":")
        if kind in found:
            found[kind].append(int(key))
    return found


def _troubled() -> frozenset[str]:
    rows = JobFailure.objects.filter(job=JOB, is_set_aside=False)
    return frozenset(rows.values_list("object_ref", flat=True))


def _subjects(
    run: _Run, without: dict[str, list[int]], total: int, progress: Progress | None
) -> None:
    done = 0
    kind, last = _position(run.lease)
    for name, batches in ((_CONTRACT, _contract_keys), (_COMPANY, _company_keys)):
        if name == _CONTRACT and kind == _COMPANY:
            continue  # the run that stopped had come that far
        for keys in batches(run.on, without[name], last if kind == name else 0):
            _batch(run, name, keys)
            done += len(keys)
            if progress is not None:
                progress(done, max(total, done))


def _position(lease: Lease | None) -> tuple[str, int]:
    kind, _sep, last = (lease.position if lease else "").partition(":")
    return (kind, int(last)) if last else (_CONTRACT, 0)


def _contract_keys(on: dt.date, without: list[int], last: int) -> Iterator[list[int]]:
    while keys := list(
        due.contracts_with_work(on, without=without)
        .filter(pk__gt=last)
        .values_list("pk", flat=True)[:BATCH]
    ):
        yield keys
        last = keys[-1]


def _company_keys(on: dt.date, without: list[int], last: int) -> Iterator[list[int]]:
    while keys := list(
        due.companies_with_charges(on, without=without).filter(company_id__gt=last)[:BATCH]
    ):
        yield keys
        last = keys[-1]


def _batch(run: _Run, kind: str, keys: list[int]) -> None:
    """One transaction; when the database refuses it, one for each of its subjects."""
    if run.lease is None:
        drafts, failures = _drafts(run, kind, keys)
        run.outcome.add(drafts)
        for subject, reason in failures:
            run.outcome.fail(subject.name, reason)
        return
    try:
        _write(run, kind, keys)
    except (DatabaseError, IssueError, AccountError):
        logger.exception("issuing: a batch of %s failed, taking it one by one", kind)
        for key in keys:
            try:
                _write(run, kind, [key])
            except (DatabaseError, IssueError, AccountError) as error:
                _note(run, f"{kind}:{key}", _name(kind, key), f"{type(error).__name__}: {error}")


def _write(run: _Run, kind: str, keys: list[int]) -> None:
    assert run.lease is not None  # noqa: S101 -- a dry run does not come here
    with run.lease.hold(at=run.moment()):
        drafts, failures = _drafts(run, kind, keys)
        write(drafts, on=run.on, at=run.at)
        run.lease.beat(at=run.moment(), position=f"{kind}:{keys[-1]}")
    run.outcome.add(drafts)
    for subject, reason in failures:
        _note(run, subject.ref, subject.name, reason)
    failed = {subject.ref for subject, _reason in failures}
    for ref in run.troubled & {f"{kind}:{key}" for key in keys} - failed:
        leases.clear_failure(job=JOB, object_ref=ref)


def _drafts(
    run: _Run, kind: str, keys: list[int]
) -> tuple[list[Draft], list[tuple[_Subject, str]]]:
    """What the subjects are to be invoiced, and why some cannot be."""
    drafts: list[Draft] = []
    failures: list[tuple[_Subject, str]] = []
    for subject, work in _work(run, kind, keys):
        try:
            drafts += draft(
                company=subject.company,
                contract=subject.contract,
                work=work,
                on=run.on,
                payment_days=settings.ISSUE_PAYMENT_DAYS,
                rate_of=run.rate_of,
            )
        except ExchangeError as error:  # not the contract's fault: it waits for the rate
            run.outcome.fail(subject.name, str(error))
        except (IssueError, ArithmeticError, ValueError, TypeError) as error:
            failures.append((subject, str(error) or type(error).__name__))
    return drafts, failures


def _work(run: _Run, kind: str, keys: list[int]) -> Iterator[tuple[_Subject, due.Work]]:
    lock = run.lease is not None
    if kind == _COMPANY:
        for company in Company.objects.filter(pk__in=keys).order_by("pk"):
            work = due.work_of_company(company.pk, on=run.on, lock=lock)
            yield _Subject(kind, company.pk, company.name, company, None), work
        return
    rows = Contract.objects.filter(pk__in=keys).select_related("company").order_by("pk")
    contracts = list(rows.select_for_update(of=("self",)) if lock else rows)
    found = due.work_of(contracts, on=run.on, lock=lock)
    for contract in contracts:
        if contract.pk in found:
            subject = _Subject(kind, contract.pk, contract.number, contract.company, contract)
            yield subject, found[contract.pk]


def _note(run: _Run, ref: str, name: str, reason: str) -> None:
    with transaction.atomic():
        leases.note_failure(job=JOB, object_ref=ref, reason=f"{name}: {reason}", at=run.moment())
    run.outcome.fail(name, reason)


def _name(kind: str, key: int) -> str:
    if kind == _CONTRACT:
        return str(Contract.objects.get(pk=key))
    return str(Company.objects.get(pk=key))


def _upfront_changes(run: _Run) -> None:
    """Correcting invoices of financial leases whose index moved; each in its own transaction."""
    # Few contracts, each with its own document and numbers: one by one.
    for change in upfront.waiting():
        if run.lease is None:
            run.outcome.corrections += upfront.difference(change) is not None
            continue
        ref = f"rate_change:{change.pk}"
        try:
            with run.lease.hold(at=run.moment()):
                made = upfront.correct_for(change=change, on=run.on, at=run.at)
        except (DatabaseError, upfront.CorrectionError) as error:
            _note(run, ref, change.contract.number, str(error))
        else:
            run.outcome.corrections += made is not None
