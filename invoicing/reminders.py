"""Reminders of due dates: some days before and after, one message for a company and day.

They wait for reported transfers and promises, and leave disputed items alone. A day that was
missed is caught up with. What is sent is told by keys, so that a run may break and be repeated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation

from contracts.readers import people_with, reach
from eboks.accounts.models import User
from eboks.jobs import leases
from eboks.jobs.models import JobRun, JobState
from eboks.money import ZERO, format_money, zloty_first
from eboks.notifications.services import Notice, notify_many
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Right
from eboks.ui.words import long_date
from invoicing.models import ReceivableItem
from invoicing.paying import waits

JOB = "due_reminders"
SOON, OVERDUE = "payment_soon", "payment_overdue"
_MOST_MISSED = 3  # days; older reminders would only confuse
_NUMBERS = 5  # documents named in a message
_COMPANIES = 200  # whose people are read, and told, at a time
_ONE_DAY = dt.timedelta(days=1)


def send_due_reminders(*, on: dt.date, at: dt.datetime) -> int:
    """Queue the reminders of `on` and of the days missed before it; returns how many messages.

    Messages leave by the channels that each person has chosen. Nothing is sent twice.
    """
    sent = 0
    for day in _days(on):
        try:
            lease = leases.take(job=JOB, business_on=day, at=at)
        except (leases.AlreadyDoneError, leases.AlreadyRunningError):
            continue
        sent += _remind(lease, day, at)
    return sent


def _days(on: dt.date) -> list[dt.date]:
    """`on`, and the days before it that no run has done."""
    done = JobRun.objects.filter(job=JOB, state=JobState.DONE).order_by("-business_on").first()
    if done is None:
        return [on]
    first = max(done.business_on + _ONE_DAY, on - _MOST_MISSED * _ONE_DAY)
    return [first + n * _ONE_DAY for n in range((on - first).days + 1)] or [on]


def _remind(lease: leases.Lease, day: dt.date, at: dt.datetime) -> int:
    sent = 0
    for companies in _companies(day, after=int(lease.position or 0)):
        people = people_with(Right.HANDLE_PAYMENTS, companies, day)
        items = _items(day).filter(company__in=companies).order_by("company_id", "pk")
        notices: dict[str, list[Notice]] = {SOON: [], OVERDUE: []}
        for company, own in groupby(items, key=lambda item: item.company_id):
            rows = list(own)
            for person in people[company]:
                for kind, notice in _notices(person, rows, day):
                    notices[kind].append(notice)
        with lease.hold(at=at):
            for kind, found in notices.items():
                if found:
                    sent += notify_many(kind=kind, notices=found, at=at)
            lease.beat(at=at, position=str(companies[-1]))
    lease.finish(at=at, report={"messages": sent})
    return sent


def _items(day: dt.date) -> QuerySet[ReceivableItem]:
    """What is to be reminded of on `day`."""
    away = dt.timedelta(days=settings.REMINDER_DAYS)
    return ReceivableItem.objects.filter(
        ~waits(day),
        open_amount__gt=0,
        is_disputed=False,
        effective_due_on__in=[day + away, day - away],
    )


def _companies(day: dt.date, *, after: int) -> Iterator[list[int]]:
    """Ids of the companies to remind, ascending, some at a time."""
    while True:
        rows = _items(day).filter(company__gt=after).order_by("company_id")
        found = list(rows.values_list("company_id", flat=True).distinct()[:_COMPANIES])
        if not found:
            return
        yield found
        after = found[-1]


def _notices(
    person: Membership, items: list[ReceivableItem], day: dt.date
) -> Iterator[tuple[str, Notice]]:
    """What one person is told about those of `items` that they may see, by kind."""
    allowed = reach(person)
    if allowed is not None:
        items = [item for item in items if item.contract_id in allowed]
    for kind, late in ((SOON, False), (OVERDUE, True)):
        about = [item for item in items if (item.effective_due_on < day) is late]
        if about:
            yield (
                kind,
                Notice(
                    user=person.user,
                    company=person.company,
                    key=f"{kind}:{person.company_id}:{person.user_id}:{day}",
                    facts=_facts(about, person.company, person.user),
                    url=reverse("invoicing:settlements"),
                ),
            )


def _facts(items: list[ReceivableItem], company: Company, user: User) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for item in items:
        sums[item.currency] = sums.get(item.currency, ZERO) + item.open_amount
    with translation.override(user.language):
        due = long_date(items[0].effective_due_on)
    amounts = [format_money(sums[currency], currency) for currency in sorted(sums, key=zloty_first)]
    return {
        "company": company.name,
        "count": len(items),
        "amount": ", ".join(amounts),
        "due": due,
        "numbers": ", ".join(item.label for item in items[:_NUMBERS]),
        "more": max(len(items) - _NUMBERS, 0),
    }
