"""Items that are with a collection agent (domain 3.1): a mark that the back office sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from invoicing.models import ReceivableItem, ReceivableItemQuerySet


@transaction.atomic
def begin(*, item_ids: Sequence[int], actor: User | None, at: dt.datetime) -> int:
    """Mark late items as handed over today; returns how many were. Others are left alone."""
    on = clock.today(at)
    late = ReceivableItem.objects.filter(
        open_amount__gt=0, effective_due_on__lt=on, collection_since=None, is_disputed=False
    )
    return _mark(late, item_ids, since=on, event="collection_begun", actor=actor, at=at)


@transaction.atomic
def end(*, item_ids: Sequence[int], actor: User | None, at: dt.datetime) -> int:
    """Take the mark off; returns how many had it."""
    marked = ReceivableItem.objects.exclude(collection_since=None)
    return _mark(marked, item_ids, since=None, event="collection_ended", actor=actor, at=at)


def _mark(
    rows: ReceivableItemQuerySet,
    item_ids: Sequence[int],
    *,
    since: dt.date | None,
    event: str,
    actor: User | None,
    at: dt.datetime,
) -> int:
    chosen = rows.filter(pk__in=item_ids).select_related("company").order_by("pk")
    items = list(chosen.select_for_update(of=("self",)))
    ReceivableItem.objects.filter(pk__in=[item.pk for item in items]).update(collection_since=since)
    for item in items:
        record(
            event=event,
            at=at,
            actor=actor,
            company=item.company,
            object_kind="receivable_item",
            object_ref=item.label,
        )
    return len(items)
