"""Removing documents whose periods are over: planned, looked through, approved, done in batches.

Each batch is one transaction: a tombstone, the domain's links taken out, the row deleted. Files go
after the commit. A process killed at any point leaves rows that say what is still to be done.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Min, ProtectedError, Sum
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents import storage
from eboks.documents.models import Document
from eboks.jobs import leases
from eboks.retention.dating import class_name, facts_of
from eboks.retention.holds import held
from eboks.retention.models import ItemState, PurgeItem, PurgeRun, PurgeState, Tombstone
from eboks.retention.registry import document_class
from eboks.tenancy.models import Company

JOB = "purge"
_BATCH = 200
_PLAN_BATCH = 5_000


class PurgeError(Exception):
    """It cannot be done; the text is for the staff."""


@transaction.atomic
def plan(*, through: dt.date, staff: User | None, at: dt.datetime) -> PurgeRun:
    """A list of everything whose period was over on `through`, without what is held.

    Raises PurgeError when a run waits already, or there is nothing to remove.
    """
    waits = _("Poprzednie usuwanie czeka: zatwierdź je albo odwołaj.")
    if PurgeRun.objects.filter(state__in=[PurgeState.PLANNED, PurgeState.APPROVED]).exists():
        raise PurgeError(waits)
    try:
        with transaction.atomic():
            run = PurgeRun.objects.create(through=through, planned_by=staff, planned_at=at)
    except IntegrityError:
        raise PurgeError(waits) from None
    count = last = 0
    rows = Document.objects.filter(purge_on__lte=through).order_by("pk")
    while batch := list(rows.filter(pk__gt=last)[:_PLAN_BATCH]):
        last = batch[-1].pk
        stopped = held(batch, facts_of(batch))
        items = [_item(run, document) for document in batch if document.pk not in stopped]
        count += len(PurgeItem.objects.bulk_create(items, batch_size=500))
    if not count:
        raise PurgeError(_("Żaden dokument nie czeka na usunięcie."))
    _note("purge_planned", run, staff, at, count)
    return run


def _item(run: PurgeRun, document: Document) -> PurgeItem:
    assert document.purge_on is not None  # noqa: S101 -- the list is chosen by it
    return PurgeItem(
        run=run,
        company_id=document.company_id,
        document_id=document.pk,
        document_class=class_name(document.key),
        key=document.key,
        file_name=document.file_name,
        storage_name=document.storage_name,
        sha256=document.sha256,
        size=document.size,
        purge_on=document.purge_on,
    )


def preview(run: PurgeRun) -> list[dict[str, Any]]:
    """What a run would remove, by class: count, bytes, companies, the oldest period."""
    rows = run.items.order_by().values("document_class")
    sums = rows.annotate(
        count=Count("pk"),
        bytes=Sum("size"),
        companies=Count("company", distinct=True),
        oldest=Min("purge_on"),
    )
    return [dict(row) for row in sums.order_by("document_class")]


@transaction.atomic
def approve(*, run_id: int, staff: User, at: dt.datetime) -> None:
    """Somebody other than the planner says yes. Raises PurgeError."""
    run = PurgeRun.objects.get(pk=run_id)
    if run.planned_by_id == staff.pk:
        raise PurgeError(_("Zatwierdza inna osoba niż ta, która zaplanowała usuwanie."))
    waiting = PurgeRun.objects.filter(pk=run_id, state=PurgeState.PLANNED)
    if waiting.update(state=PurgeState.APPROVED, approved_by=staff, approved_at=at) != 1:
        raise PurgeError(_("To usuwanie nie czeka na zatwierdzenie."))
    _note("purge_approved", run, staff, at, run.items.count())


@transaction.atomic
def cancel(*, run_id: int, staff: User, at: dt.datetime) -> None:
    """Nothing of the list is removed; what has been stays so. Raises PurgeError."""
    waiting = PurgeRun.objects.filter(
        pk=run_id, state__in=[PurgeState.PLANNED, PurgeState.APPROVED]
    )
    if waiting.update(state=PurgeState.CANCELLED, finished_at=at) != 1:
        raise PurgeError(_("To usuwanie jest już zakończone."))
    _note("purge_cancelled", waiting.model.objects.get(pk=run_id), staff, at, 0)


def execute(*, run_id: int, now: Callable[[], dt.datetime]) -> dict[str, int]:
    """Remove what an approved run lists; counts by state. Safe to kill and to repeat.

    Raises PurgeError when the run is not approved, leases.AlreadyRunningError when another
    process removes right now.
    """
    run = PurgeRun.objects.get(pk=run_id)
    if run.state != PurgeState.APPROVED:
        raise PurgeError(_("To usuwanie nie jest zatwierdzone."))
    lease = leases.take(job=JOB, business_on=run.through, shard=str(run.pk), at=now())
    lease.set_total(run.items.count())
    _remove_files(run)  # of a process that died after its commit
    pending = run.items.filter(state=ItemState.PENDING).order_by("pk")
    while batch := list(pending[:_BATCH]):
        at = now()
        with lease.hold(at=at):
            _purge(run, batch, at)
        _remove_files(run)
        lease.beat(at=now(), done=run.items.exclude(state=ItemState.PENDING).count())
    states = Counter(run.items.values_list("state", flat=True))
    with lease.hold(at=now()):
        _note_companies(run, now())
        PurgeRun.objects.filter(pk=run.pk, state=PurgeState.APPROVED).update(
            state=PurgeState.DONE, finished_at=now()
        )
    lease.finish(at=now(), report=dict(states))
    return dict(states)


def _purge(run: PurgeRun, batch: Sequence[PurgeItem], at: dt.datetime) -> None:
    """One batch, inside a transaction."""
    documents = {
        row.pk: row for row in Document.objects.filter(pk__in=[item.document_id for item in batch])
    }
    stopped = held(list(documents.values()), facts_of(documents.values()))
    by_class: dict[str, list[PurgeItem]] = defaultdict(list)
    for item in batch:
        if item.document_id in stopped:
            _mark([item], ItemState.HELD)
        elif (document := documents.get(item.document_id)) is None or (
            document.purge_on is None or document.purge_on > run.through
        ):
            _mark([item], ItemState.HELD, _("Okres przechowywania zmienił się po zaplanowaniu."))
        else:
            by_class[item.document_class].append(item)
    for name, items in by_class.items():
        try:
            with transaction.atomic():
                _let_go(run, name, items, at)
        except (ProtectedError, KeyError) as error:
            _one_by_one(run, name, items, at, error)


def _let_go(run: PurgeRun, name: str, items: Sequence[PurgeItem], at: dt.datetime) -> None:
    Tombstone.objects.bulk_create(
        [
            Tombstone(
                company_id=item.company_id,
                key=item.key,
                document_class=item.document_class,
                sha256=item.sha256,
                size=item.size,
                purge_on=item.purge_on,
                purged_at=at,
                run=run,
            )
            for item in items
        ]
    )
    keys = [item.document_id for item in items]
    document_class(name).release(keys)
    Document.objects.filter(pk__in=keys).delete()
    _mark(items, ItemState.PURGED)


def _one_by_one(
    run: PurgeRun, name: str, items: Sequence[PurgeItem], at: dt.datetime, error: Exception
) -> None:
    """Something still holds on to one of them: that one stays, with the reason, the rest goes."""
    if len(items) == 1:
        _mark(items, ItemState.FAILED, str(error)[:250])
        return
    for item in items:
        try:
            with transaction.atomic():
                _let_go(run, name, [item], at)
        except (ProtectedError, KeyError) as own:
            _mark([item], ItemState.FAILED, str(own)[:250])


def _mark(items: Sequence[PurgeItem], state: ItemState, reason: str = "") -> None:
    PurgeItem.objects.filter(pk__in=[item.pk for item in items]).update(state=state, reason=reason)


def _remove_files(run: PurgeRun) -> None:
    left = run.items.filter(state=ItemState.PURGED, file_is_gone=False).order_by("pk")
    for item in left:
        storage.delete(item.storage_name)
        PurgeItem.objects.filter(pk=item.pk).update(file_is_gone=True)


def _note_companies(run: PurgeRun, at: dt.datetime) -> None:
    """Each company learns from its log how many of its documents went."""
    gone = run.items.filter(state=ItemState.PURGED).order_by().values("company")
    for row in gone.annotate(count=Count("pk")).order_by("company"):
        record(
            event="document_purged",
            at=at,
            company=Company.objects.get(pk=row["company"]),
            object_kind="purge",
            object_ref=str(run.pk),
            facts={"count": row["count"]},
        )


def _note(event: str, run: PurgeRun, staff: User | None, at: dt.datetime, count: int) -> None:
    record(
        event=event,
        at=at,
        actor=staff,
        object_kind="purge",
        object_ref=str(run.pk),
        facts={"count": count, "through": run.through},
    )
