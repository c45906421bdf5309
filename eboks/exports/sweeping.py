"""Looking after ordered files: those that were left, and those whose days are over."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import translation

from eboks.documents import storage
from eboks.exports import limits, making
from eboks.exports.models import ExportFile, ExportState

_A_WHILE = dt.timedelta(seconds=30)  # its own task has had the time to take it
_BATCH = 200
_REMEMBERED = dt.timedelta(days=30)  # how long the list still says that a file has expired


def sweep(*, at: dt.datetime) -> list[int]:
    """Gives up what was tried three times and names the files to make now."""
    left = Q(state=ExportState.RUNNING, lease_until__lt=at)
    waiting = Q(state=ExportState.QUEUED, lease_until=None, ordered_at__lte=at - _A_WHILE)
    again = Q(state=ExportState.QUEUED, lease_until__lte=at)
    rows = ExportFile.objects.filter(left | waiting | again).select_related("owner")
    due = []
    for file in rows.order_by("ordered_at", "pk")[:_BATCH]:
        if file.state == ExportState.RUNNING and file.attempts >= making.TRIES:
            with translation.override(file.owner.language):
                making.fail(file=file, token=file.token, text=making.given_up(), at=at)
        else:
            due.append(file.pk)
    return due


def purge(*, at: dt.datetime) -> int:
    """Removes files whose days are over (the row stays a while, to be ordered again from)."""
    removed = 0
    rows = ExportFile.objects.filter(state=ExportState.READY, expires_at__lte=at).order_by("pk")
    while batch := list(rows[:_BATCH]):
        for file in batch:
            # The row first: a crash in between leaves a file that `check_documents` finds.
            mine = ExportFile.objects.filter(pk=file.pk, state=ExportState.READY)
            if mine.update(state=ExportState.EXPIRED, storage_name="", lease_until=None):
                storage.delete(file.storage_name)
                removed += 1
    over = ExportFile.objects.filter(
        state__in=(ExportState.EXPIRED, ExportState.FAILED), expires_at__lte=at - _REMEMBERED
    )
    over.delete()
    limits.forget_old(at=at)
    return removed
