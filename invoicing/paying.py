"""What clients have said about paying, beside what they have paid.

A reported transfer („Zapłaciłem”) and a promise („Zapłacę do…”) make reminders wait. Both are
settled by the ledger: after every posting for the companies that it touched, and every night for
all.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from eboks import clock
from invoicing.enums import PaymentKind, PromiseState, ReportState
from invoicing.models import Payment, PaymentPromise, PaymentReport, ReceivableItem
from invoicing.models.paying import PaymentReportQuerySet

# A client may write the day on which the transfer was ordered, or the one after.
_DAYS_BEFORE = dt.timedelta(days=3)
# A transfer that comes after all makes a report that was given up right.
_LATE = dt.timedelta(days=60)
_BATCH = 500


class PayingError(Exception):
    """What the client wants to report, promise or pay together cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many reports and promises were decided."""

    matched: int
    expired: int
    kept: int
    broken: int


# --- what reminders wait for -------------------------------------------------------------------


def waits(on: dt.date) -> Q:
    """Of items: those that an open report or promise holds reminders back from on `on`."""
    reports = PaymentReport.objects.filter(
        items=OuterRef("pk"), state=ReportState.OPEN, waits_until__gte=on
    )
    promises = PaymentPromise.objects.filter(
        items=OuterRef("pk"), state=PromiseState.OPEN, pay_by__gte=on
    )
    return Q(Exists(reports)) | Q(Exists(promises))


@dataclass(frozen=True, slots=True)
class Said:
    """What a client has said of one item: at most one open report and one open promise."""

    report: PaymentReport | None = None
    promise: PaymentPromise | None = None


def said_of(items: Collection[int]) -> dict[int, Said]:
    """Open reports and promises of `items` (ids), by item; two queries."""
    reported = PaymentReport.items.through.objects.filter(
        receivableitem__in=items, paymentreport__state=ReportState.OPEN
    ).select_related("paymentreport")
    promised = PaymentPromise.items.through.objects.filter(
        receivableitem__in=items, paymentpromise__state=PromiseState.OPEN
    ).select_related("paymentpromise")
    reports = {pair.receivableitem_id: pair.paymentreport for pair in reported.order_by("pk")}
    promises = {pair.receivableitem_id: pair.paymentpromise for pair in promised.order_by("pk")}
    return {item: Said(reports.get(item), promises.get(item)) for item in {*reports, *promises}}


# --- deciding ----------------------------------------------------------------------------------


@transaction.atomic
def settle_reports_and_promises(
    *, company_ids: Iterable[int] | None, on: dt.date, at: dt.datetime
) -> Settled:
    """Decide what the ledger now tells about reports and promises of some companies, or of all.

    A report is matched by a transfer of its amount, each transfer matching one report, or by its
    items being closed otherwise; it expires when reminders have waited long enough. A promise is
    kept when its items are closed, broken when its day and the bank's time are over. Safe to
    repeat: every row is decided by one conditional update.
    """
    reports = PaymentReport.objects.all()
    promises = PaymentPromise.objects.filter(state=PromiseState.OPEN)
    if company_ids is not None:
        companies = set(company_ids)
        reports = reports.filter(company__in=companies)
        promises = promises.filter(company__in=companies)
    matched = _match(reports, on=on)
    opened = reports.filter(state=ReportState.OPEN)
    about = ReceivableItem.objects.filter(payment_reports=OuterRef("pk"))
    matched += opened.filter(Exists(about), ~Exists(about.filter(open_amount__gt=0))).update(
        state=ReportState.MATCHED
    )
    expired = opened.filter(waits_until__lt=on).update(state=ReportState.EXPIRED)
    left = ReceivableItem.objects.filter(promises=OuterRef("pk"), open_amount__gt=0)
    kept = promises.filter(~Exists(left)).update(state=PromiseState.KEPT, decided_at=at)
    broken = promises.filter(pay_by__lte=_last_broken_day(on)).update(
        state=PromiseState.BROKEN, decided_at=at
    )
    return Settled(matched, expired, kept, broken)


def _match(reports: PaymentReportQuerySet, *, on: dt.date) -> int:
    """Give each report its transfer, the earliest first; returns how many got one."""
    waiting = reports.filter(
        Q(state=ReportState.OPEN) | Q(state=ReportState.EXPIRED, paid_on__gte=on - _LATE)
    ).order_by("paid_on", "pk")
    matched = 0
    # A loop over what clients have reported lately: one transfer must not match two of them.
    rows = list(waiting)
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        transfers = _transfers(batch)
        for report in batch:
            payments = transfers[_of(report)]
            first = report.paid_on - _DAYS_BEFORE
            payment = next((row for row in payments if row.booked_on >= first), None)
            if payment is None:
                continue
            matched += PaymentReport.objects.filter(
                pk=report.pk, state=report.state, payment__isnull=True
            ).update(state=ReportState.MATCHED, payment=payment)
            payments.remove(payment)
    return matched


_Key = tuple[int, str, Decimal]


def _of(row: PaymentReport | Payment) -> _Key:
    return row.company_id, row.currency, row.amount


def _transfers(reports: Collection[PaymentReport]) -> dict[_Key, list[Payment]]:
    """Transfers of the reported amounts that match no report yet, in the order of days."""
    rows = Payment.objects.filter(
        company__in={report.company_id for report in reports},
        amount__in={report.amount for report in reports},
        booked_on__gte=min(report.paid_on for report in reports) - _DAYS_BEFORE,
        kind=PaymentKind.TRANSFER,
        reversed_by__isnull=True,
        reports__isnull=True,
    )
    found: dict[_Key, list[Payment]] = defaultdict(list)
    for row in rows.order_by("booked_on", "pk"):
        found[_of(row)].append(row)
    return found


def _last_broken_day(on: dt.date) -> dt.date:
    """The last day whose promises are over on `on`: statements for it have come meanwhile."""
    day = on - dt.timedelta(days=1)
    while clock.add_working_days(day, settings.PROMISE_GRACE_DAYS) >= on:
        day -= dt.timedelta(days=1)
    return day
