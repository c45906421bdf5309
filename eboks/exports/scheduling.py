"""Favourite reports made by themselves: weekly on Monday, monthly on the first working day."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from eboks import clock
from eboks.exports import messages, reach, services
from eboks.exports.models import ExportFile, Frequency, SavedReport
from eboks.exports.registry import export

_BATCH = 500
_MONDAY = 0
_ONE_DAY = dt.timedelta(days=1)


def next_day(frequency: Frequency, *, after: dt.date) -> dt.date | None:
    """The first day of the rhythm after `after`; None without one."""
    match frequency:
        case Frequency.WEEKLY:
            return after + _ONE_DAY * ((_MONDAY - after.weekday() - 1) % 7 + 1)
        case Frequency.MONTHLY:
            first = clock.effective_due_on(after.replace(day=1))
            if first > after:
                return first
            return clock.effective_due_on(clock.add_months(after, 1, day=1))
    return None


def order_due(*, at: dt.datetime) -> list[ExportFile]:
    """Orders the reports whose day has come, each once, however many workers ask.

    A day that was missed is made up for once, not once for each week. A report whose owner has
    lost the right stops, and its owner is told.
    """
    on = clock.today(at)
    due = SavedReport.objects.filter(next_on__lte=on).select_related("owner", "company")
    made = []
    for report in due.order_by("next_on", "pk")[:_BATCH]:
        file = _order(report, on=on, at=at)
        if file is not None:
            made.append(file)
    return made


@transaction.atomic
def _order(report: SavedReport, *, on: dt.date, at: dt.datetime) -> ExportFile | None:
    mine = SavedReport.objects.filter(pk=report.pk, next_on=report.next_on)
    if not _may_have(report):
        if mine.update(frequency=Frequency.NONE, next_on=None):
            messages.tell_stopped(report, at=at)
        return None
    following = next_day(Frequency(report.frequency), after=on)
    if not mine.update(next_on=following):
        return None
    return services.order_report(report=report, at=at)


def _may_have(report: SavedReport) -> bool:
    try:
        right = export(report.kind).right
    except KeyError:  # the kind is no more
        return False
    return bool(reach.memberships_with(user=report.owner, right=right, company=report.company))
