"""Where contracts stand: capital left and the day of the next payment, kept on the contract.

Both follow from the schedule in force and from the day. They change when a schedule changes (the
feed's last step refreshes everything) and when a due day passes: a nightly task, or whoever reads
first, refreshes what the calendar has overtaken.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Case, DateField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from contracts.enums import LIVE_STATUSES
from contracts.models import Contract, ScheduleRow, ScheduleVersion
from eboks.fields import MoneyField
from eboks.money import ZERO

_LIVE = Q(status__in=LIVE_STATUSES)


def current_rows() -> QuerySet[ScheduleRow]:
    """Rows of the schedule in force of the outer query's contract.

    The version is its own subquery, so that each contract costs two look-ups in an index.
    """
    version = ScheduleVersion.objects.filter(contract=OuterRef(OuterRef("pk")), is_current=True)
    return ScheduleRow.objects.filter(version=Subquery(version.values("pk")[:1]))


def next_rows(on: dt.date) -> QuerySet[ScheduleRow]:
    """Rows still to be paid on `on`, the nearest first."""
    return current_rows().filter(effective_due_on__gte=on).order_by("effective_due_on", "pk")


def _capital_left(on: dt.date) -> Case:
    last = current_rows().filter(effective_due_on__lt=on).order_by("-effective_due_on", "-pk")
    return Case(
        When(_LIVE, then=Coalesce(Subquery(last.values("balance")[:1]), F("financed"))),
        default=Value(ZERO),
        output_field=MoneyField(),
    )


def _next_due_on(on: dt.date) -> Case:
    return Case(
        When(_LIVE, then=Subquery(next_rows(on).values("effective_due_on")[:1])),
        output_field=DateField(null=True),
    )


def overtaken(on: dt.date) -> Q:
    """Contracts whose kept position is no longer that of the day `on`."""
    return Q(capital_left__isnull=True) | (_LIVE & Q(next_due_on__lt=on))


def refresh_overtaken(rows: QuerySet[Contract], *, on: dt.date) -> int:
    """Works out anew what the calendar has overtaken among `rows`; returns how many. Set-based.

    May run from several places at once: rows are locked in the order of their keys.
    """
    stale = Contract.objects.filter(overtaken(on), pk__in=rows.order_by().values("pk"))
    with transaction.atomic():
        locked = stale.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
        if not list(locked):
            return 0
        return stale.update(capital_left=_capital_left(on), next_due_on=_next_due_on(on))


def refresh_all(*, on: dt.date) -> int:
    """Works out every contract anew, writes only those that differ; returns how many."""
    fresh = Contract.objects.annotate(new_left=_capital_left(on), new_due=_next_due_on(on))
    moved = (
        Q(capital_left__isnull=True)
        | ~Q(capital_left=F("new_left"))
        | Q(next_due_on__isnull=True, new_due__isnull=False)
        | Q(next_due_on__isnull=False, new_due__isnull=True)
        | (Q(next_due_on__isnull=False, new_due__isnull=False) & ~Q(next_due_on=F("new_due")))
    )
    changed = fresh.filter(moved).order_by().values("pk")
    return Contract.objects.filter(pk__in=changed).update(
        capital_left=_capital_left(on), next_due_on=_next_due_on(on)
    )
