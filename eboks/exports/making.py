"""Making an ordered file: claim, build, store, tell. One holder at a time, whoever starts it.

The claim is one conditional update that raises the row's token; every later step names that token,
so a worker that slept through its lease can neither finish the file nor keep it (as in
`eboks.jobs.leases`). A worker that dies leaves a row whose lease runs out: `sweeping` takes it up.
"""

from __future__ import annotations

import datetime as dt
import logging
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from eboks.documents import storage
from eboks.documents.names import clean_file_name
from eboks.documents.services import fingerprint
from eboks.documents.xlsx import TooManyRowsError, watched_by
from eboks.exports import limits, messages, reach
from eboks.exports.models import ExportFile, ExportState
from eboks.exports.registry import Export, ExportError, Order, export
from eboks.tenancy.models import Company

logger = logging.getLogger(__name__)

Now = Callable[[], dt.datetime]

LEASE = dt.timedelta(minutes=3)
TRIES = 3
_BEAT = dt.timedelta(seconds=2)  # how often the progress is written down
_PAUSE = dt.timedelta(seconds=30)  # before another try, times the tries so far


class TakenOverError(Exception):
    """The order was deleted, or its lease ran out and somebody else works on it."""


class RightsMovedError(Exception):
    """The person's rights changed while the file was made: nobody can say what it holds."""


@dataclass(slots=True)
class _Claim:
    """Being the one who makes a file."""

    file: ExportFile
    token: int
    now: Now
    beat_at: dt.datetime
    shown: tuple[int, int] = field(default=(0, 0))

    def watch(self, done: int, total: int) -> None:
        at = self.now()
        first = total != self.shown[1]
        if not first and at - self.beat_at < _BEAT:
            return
        self.beat_at, self.shown = at, (done, total)
        self.update(done=min(done, total) if total else done, total=total, lease_until=at + LEASE)

    def update(self, **values: object) -> None:
        mine = ExportFile.objects.filter(
            pk=self.file.pk, token=self.token, state=ExportState.RUNNING
        )
        if mine.update(**values) != 1:
            raise TakenOverError


def make(*, file_id: int, now: Now) -> list[int]:
    """Makes the file, when it waits and the person has a free place; returns what to make next.

    An error that people should know of ends it at once; any other is tried three times.
    """
    claim = _claim(file_id, now)
    if claim is None:
        return []
    owner = claim.file.owner
    try:
        with translation.override(owner.language):
            _build(claim)
    except TakenOverError:
        logger.info("export %s: taken over", file_id)
    except (ExportError, TooManyRowsError) as error:
        _fail(claim, str(error))
    except Exception:
        logger.exception("export %s: try %s failed", file_id, claim.file.attempts)
        if claim.file.attempts >= TRIES:
            with translation.override(owner.language):
                _fail(claim, given_up())
        else:
            _put_back(claim)
    return _next_of(claim.file)


def given_up() -> str:
    """What the person reads after the last try."""
    return _(
        "Nie udało się przygotować pliku mimo kilku prób. Zamów go jeszcze raz później, "
        "a jeśli to nie pomoże, napisz do nas."
    )


@transaction.atomic
def _claim(file_id: int, now: Now) -> _Claim | None:
    at = now()
    rows = ExportFile.objects.select_related("owner", "company", "report")
    file = rows.filter(pk=file_id).first()
    if file is None:
        return None
    limits.locked(file.owner)
    if _no_place(file, at):
        return None
    waiting = Q(state=ExportState.QUEUED) & (Q(lease_until=None) | Q(lease_until__lte=at))
    left = Q(state=ExportState.RUNNING, lease_until__lt=at)
    taken = ExportFile.objects.filter(
        waiting | left, pk=file.pk, token=file.token, attempts__lt=TRIES
    ).update(
        state=ExportState.RUNNING,
        token=F("token") + 1,
        attempts=F("attempts") + 1,
        lease_until=at + LEASE,
        started_at=at,
        done=0,
        total=0,
    )
    if taken != 1:
        return None
    file.attempts += 1
    return _Claim(file, file.token + 1, now, at)


def _no_place(file: ExportFile, at: dt.datetime) -> bool:
    """Two files of a person at a time; one of all in the process of the embedded portal, which
    shares the processor with the pages.
    """
    if not (settings.REDIS_URL or settings.CELERY_TASK_ALWAYS_EAGER):
        others = ExportFile.objects.filter(state=ExportState.RUNNING, lease_until__gt=at)
        if others.exclude(pk=file.pk).exists():
            return True
    return limits.taken_places(owner=file.owner, at=at) >= settings.EXPORTS_AT_A_TIME


def _build(claim: _Claim) -> None:
    file, at = claim.file, claim.now()
    definition = export(file.kind)
    companies = _companies(definition, file)
    before = reach.reach_of(user=file.owner, right=definition.right, companies=companies)
    order = Order(
        user=file.owner,
        company=file.company,
        companies=companies,
        params=file.params,
        at=at,
        watch=claim.watch,
    )
    with storage.new_file() as (name, out):
        order.out = out
        with watched_by(order.progress):
            definition.build(order)
        out.flush()
        out.seek(0)
        size, sha256 = fingerprint(out)
    file_name = clean_file_name(order.file_name)
    try:
        _finish(
            claim,
            state=ExportState.READY,
            done=order.total,
            total=order.total,
            storage_name=name,
            file_name=file_name,
            content_type=order.content_type or content_type_of(file_name),
            size=size,
            sha256=sha256,
            reach=_reach(definition, order, before),
            notes=order.notes,
            lease_until=None,
        )
    except BaseException:
        storage.delete(name)
        raise


def _companies(definition: Export, file: ExportFile) -> list[Company]:
    memberships = reach.memberships_with(
        user=file.owner, right=definition.right, company=file.company
    )
    if not memberships:
        raise ExportError(_("Nie masz już dostępu do tych danych, więc plik nie powstał."))
    return [membership.company for membership in memberships]


def _reach(definition: Export, order: Order, before: dict[str, Any]) -> dict[str, Any]:
    """What the person sees of the companies inside, which must not have moved meanwhile."""
    companies = order.companies
    now = reach.reach_of(user=order.user, right=definition.right, companies=companies)
    if now != {str(company.pk): before[str(company.pk)] for company in companies}:
        raise RightsMovedError
    return now


@transaction.atomic
def _finish(claim: _Claim, **values: object) -> None:
    at = claim.now()
    keep = dt.timedelta(days=settings.EXPORT_DAYS)
    claim.update(**values, finished_at=at, expires_at=at + keep)
    messages.tell_ready(claim.file, at=at)


def _fail(claim: _Claim, text: str) -> None:
    fail(file=claim.file, token=claim.token, text=text, at=claim.now())


@transaction.atomic
def fail(*, file: ExportFile, token: int, text: str, at: dt.datetime) -> bool:
    """Gives the file up, with a text for its owner; False when somebody else has it by now."""
    mine = ExportFile.objects.filter(pk=file.pk, token=token, state=ExportState.RUNNING)
    if mine.update(state=ExportState.FAILED, error=text[:250], finished_at=at, lease_until=None):
        messages.tell_failed(file, text=text, at=at)
        return True
    return False


def _put_back(claim: _Claim) -> None:
    """To be tried again after a while; the sweeper will take it up."""
    try:
        pause = _PAUSE * claim.file.attempts
        claim.update(state=ExportState.QUEUED, lease_until=claim.now() + pause)
    except TakenOverError:
        logger.info("export %s: taken over", claim.file.pk)


def _next_of(file: ExportFile) -> list[int]:
    waiting = ExportFile.objects.filter(state=ExportState.QUEUED, lease_until=None)
    if settings.REDIS_URL or settings.CELERY_TASK_ALWAYS_EAGER:
        waiting = waiting.filter(owner=file.owner_id)
    return list(waiting.order_by("ordered_at", "pk").values_list("pk", flat=True)[:1])


def content_type_of(file_name: str) -> str:
    return mimetypes.guess_type(file_name)[0] or "application/octet-stream"
