"""How a client has paid: the figures of an opinion, from the client's own ledger alone."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _

from contracts.enums import ContractStatus
from contracts.models import Contract
from eboks import clock
from eboks.feeds.selectors import freshness
from eboks.money import to_grosz
from eboks.tenancy.models import Company
from invoicing.accruals import OWN_CORRECTION, owed, paid_by_day
from invoicing.enums import ItemKind
from invoicing.models import Payment, ReceivableItem
from invoicing.settlements import Position, positions

_BATCH = 1_000
_DAY = dt.timedelta(days=1)
# A residue below the lessor's limit is no lateness of the client.
_NEVER_OWED = OWN_CORRECTION | Q(credit_item__kind=ItemKind.WRITE_OFF)


@dataclass(frozen=True, slots=True)
class Paid:
    """Invoices whose due date has passed: all of them are in time, late or unpaid."""

    due: int = 0
    in_time: int = 0
    late: int = 0
    longest_days: int = 0  # of those paid late
    unpaid: int = 0
    first_due_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What an opinion says. `since`: first day of the period, None for the whole time."""

    on: dt.date
    since: dt.date | None
    client_since: dt.date | None
    live_contracts: int
    paid: Paid
    positions: Sequence[Position]  # by currency; złoty always
    booked_on: dt.date | None  # payments are known until then


def history(*, company: Company, months: int | None, on: dt.date, at: dt.datetime) -> History:
    """Figures of `company` as they stand on `on`, of the last `months` or of the whole time.

    "In time" is by the payment's booking day against the due date moved to a working day
    (art. 115 KC). Counts invoices due before `on`; corrections of an invoice lower it from the
    beginning.
    """
    since = clock.add_months(on, -months) if months else None
    contracts = _contracts(company)
    invoices = ReceivableItem.objects.filter(
        company=company, kind=ItemKind.INVOICE, gross__gt=0, effective_due_on__lt=on
    )
    if since is not None:
        invoices = invoices.filter(effective_due_on__gte=since)
    return History(
        on=on,
        since=since,
        client_since=contracts.aggregate(first=Min("signed_on"))["first"],
        live_contracts=contracts.live().count(),  # type: ignore[attr-defined]
        paid=_paid(invoices, on),
        positions=standing(company, on=on),
        booked_on=freshness(at=at).booked_on,
    )


def standing(company: Company, *, on: dt.date) -> list[Position]:
    """What the company owes and has overpaid on `on`, by currency, rounded to the grosz."""
    items = ReceivableItem.objects.filter(company=company)
    found = positions(items, Payment.objects.filter(company=company), on=on)
    return [
        replace(
            one,
            overdue=to_grosz(one.overdue),
            due=to_grosz(one.due),
            overpaid=to_grosz(one.overpaid),
            paid_back=to_grosz(one.paid_back),
        )
        for one in found
    ]


def doubt(*, company: Company, on: dt.date, at: dt.datetime) -> str:
    """Why the portal does not vouch for the client by itself; empty when the books are clean."""
    fresh = freshness(at=at)
    if fresh.at is None or fresh.is_stale:
        return _("Dane o wpłatach nie są dziś aktualne, więc sprawdzi je nasza obsługa.")
    if any(one.overdue or one.paid_back for one in standing(company, on=on)):
        return _("W rozrachunkach jest zaległość, więc wniosek sprawdzi nasza obsługa.")
    open_items = ReceivableItem.objects.filter(company=company).exclude(open_amount=0)
    if open_items.filter(is_disputed=True).exists():
        return _("Jest należność sporna, więc wniosek sprawdzi nasza obsługa.")
    contracts = _contracts(company)
    if not contracts.exists():
        return _("Nie widzimy żadnej umowy firmy, więc wniosek sprawdzi nasza obsługa.")
    if contracts.filter(status=ContractStatus.TERMINATED).exists():
        return _("Jest umowa wypowiedziana, więc wniosek sprawdzi nasza obsługa.")
    return ""


def _contracts(company: Company) -> QuerySet[Contract]:
    return Contract.objects.filter(company=company).exclude(status=ContractStatus.DRAFT)


def _paid(invoices: QuerySet[ReceivableItem], on: dt.date) -> Paid:
    """Two queries for a thousand invoices. A loop over them all, streamed: on which day something
    was owed last is not said in SQL that both databases know."""
    in_time = late = longest = unpaid = 0
    rows = invoices.only("gross", "open_amount", "effective_due_on").order_by("pk")
    for item, days in _days_late(rows.iterator(chunk_size=_BATCH), on):
        if item.open_amount > 0:
            unpaid += 1
        elif days:
            late += 1
            longest = max(longest, days)
        else:
            in_time += 1
    return Paid(
        due=in_time + late + unpaid,
        in_time=in_time,
        late=late,
        longest_days=longest,
        unpaid=unpaid,
        first_due_on=invoices.aggregate(first=Min("effective_due_on"))["first"],
    )


def _days_late(
    items: Iterator[ReceivableItem], on: dt.date
) -> Iterator[tuple[ReceivableItem, int]]:
    """Each item with the days from its due date to the last day on which it was owed."""
    while batch := list(itertools.islice(items, _BATCH)):
        paid = paid_by_day([item.pk for item in batch], from_start=_NEVER_OWED)
        for item in batch:
            due = item.effective_due_on
            last = max((end for _a, _s, end in owed(item.gross, paid[item.pk], due + _DAY, on)),
                       default=due)  # fmt: skip
            yield item, (last - due).days
