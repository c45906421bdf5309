"""Where contracts stand: capital left and the day of the next payment, kept on the contract.

Both follow from the schedule in force and from the day. A feed that changes a schedule forgets
them, and a due day that passes makes them wrong. A task every few minutes works them out anew;
until then readers see them worked out on the way (`standing`), and nobody writes by reading.
"""
# ruff: noqa: S608 -- the SQL below is made of constants

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Case, DateField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from contracts.enums import LIVE_STATUSES
from contracts.models import Contract, ContractQuerySet, ScheduleRow, ScheduleVersion
from eboks.fields import MoneyField
from eboks.money import ZERO

if TYPE_CHECKING:
    from eboks.feeds.applying import Load

_BATCH = 5_000
_LIVE = Q(status__in=LIVE_STATUSES)


def current_rows() -> QuerySet[ScheduleRow]:
    """Rows of the schedule in force of the outer query's contract.

    The version is its own subquery (a contract has one in force), so that each contract costs two
    look-ups in an index.
    """
    version = ScheduleVersion.objects.filter(contract=OuterRef(OuterRef("pk")), is_current=True)
    return ScheduleRow.objects.filter(version=Subquery(version.values("pk")))


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


def standing(rows: ContractQuerySet, *, on: dt.date) -> ContractQuerySet:
    """`rows` with `left_now` (capital left) and `due_now` (next payment) as of the day `on`.

    One query, whether all that is kept among `rows` still holds; give rows before a search narrows
    them. What is kept costs nothing to read; the rest is looked up in the schedules.
    """
    now: dict[str, F | Case] = {"left_now": F("capital_left"), "due_now": F("next_due_on")}
    stale = overtaken(on)
    if rows.filter(stale).exists():
        now = {
            "left_now": Case(When(stale, then=_capital_left(on)), default=now["left_now"]),
            "due_now": Case(When(stale, then=_next_due_on(on)), default=now["due_now"]),
        }
    return rows.annotate(**now)


def refresh(*, on: dt.date) -> int:
    """Works out anew what is overtaken on the day `on`; returns how many contracts. Set-based.

    Some thousands in each transaction. Rows that a feed holds are left for the next time: waiting
    for it with other rows locked could make the two wait for each other.
    """
    done = last = 0
    stale = Contract.objects.filter(overtaken(on))
    while True:
        with transaction.atomic():
            free = stale.filter(pk__gt=last).order_by("pk").select_for_update(skip_locked=True)
            keys = list(free.values_list("pk", flat=True)[:_BATCH])
            if not keys:
                return done
            done += stale.filter(pk__in=keys).update(
                capital_left=_capital_left(on), next_due_on=_next_due_on(on)
            )
        last = keys[-1]


def forget_changed(load: Load) -> None:
    """Step of the feed: forget the positions that it made wrong; they are worked out when read.

    Those are contracts with a new schedule, and those that ended or came back to life.
    """
    live = ", ".join(f"'{status.value}'" for status in LIVE_STATUSES)
    forget = "UPDATE contracts_contract SET capital_left = NULL, next_due_on = NULL WHERE"
    load.execute(
        f"{forget} capital_left IS NOT NULL AND (status IN ({live}) AND capital_left = 0"
        f" OR status NOT IN ({live}) AND (capital_left <> 0 OR next_due_on IS NOT NULL))"
    )
    if load.staged["schedule_versions"]:
        # Also where nothing is kept: a task may be working it out from the schedule before.
        load.execute(
            f"{forget} source_system = %(source_system)s"
            " AND source_id IN (SELECT contract FROM feed_schedule_versions)"
        )
