"""Interest that has run up: on what is overdue now, and on what was paid late.

An item's history gives what was owed on each day: what is paid on a day is still owed on it. A
correction of the item's own invoice counts from the beginning, for it was never owed. What a note
has charged already is not charged again.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from eboks.money import ZERO
from invoicing.enums import ItemKind
from invoicing.late_interest import Interest, LateInterestError, Rates, debtor_kind, parts_of
from invoicing.models import Allocation, InterestNoteLine, ReceivableItem, SetOff

# Interest bears no interest; compensation is a lump sum.
BEARING = (ItemKind.INVOICE, ItemKind.OPENING_BALANCE)
OWN_CORRECTION = Q(credit_item__invoice__corrects=F("debit_item__invoice"))
_DAY = dt.timedelta(days=1)
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Accrued:
    """Interest on an item since its due date, or since the last note."""

    item: ReceivableItem
    interest: Interest
    noted_until: dt.date | None = None

    @property
    def since(self) -> dt.date:
        return (self.noted_until or self.item.effective_due_on) + _DAY


def overdue(items: QuerySet[ReceivableItem], *, on: dt.date) -> QuerySet[ReceivableItem]:
    """Those of `items` that are late and bear interest."""
    return items.filter(kind__in=BEARING, open_amount__gt=0, effective_due_on__lt=on)


def late(items: QuerySet[ReceivableItem], *, on: dt.date) -> QuerySet[ReceivableItem]:
    """The same, and those that something was paid of after the due date."""
    after = Allocation.objects.filter(
        item=OuterRef("pk"), amount__gt=0, payment__booked_on__gt=OuterRef("effective_due_on")
    )
    return items.filter(
        Q(open_amount__gt=0) | Exists(after),
        kind__in=BEARING,
        gross__gt=0,
        effective_due_on__lt=on,
    )


def accrued(
    items: Iterable[ReceivableItem], *, until: dt.date, strict: bool = True
) -> Iterator[Accrued]:
    """The interest of each of `items` (with their company) up to `until`, that day included.

    Four queries for a thousand items and one for each kind of debtor. An item with days of no known
    rate raises LateInterestError; unless `strict`, it is left out.
    """
    rates: dict[str, Rates] = {}
    rows = iter(items)
    while batch := list(itertools.islice(rows, _BATCH)):
        yield from _of_batch(batch, until, rates, strict=strict)


def totals(items: QuerySet[ReceivableItem], *, on: dt.date) -> dict[str, Decimal]:
    """What has run up on the overdue ones of `items`, by currency; each item rounded."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    rows = overdue(items, on=on).select_related("company").order_by("pk")
    for one in accrued(rows.iterator(chunk_size=_BATCH), until=on, strict=False):
        found[one.item.currency] += one.interest.total
    return {currency: total for currency, total in found.items() if total}


def _of_batch(
    items: Sequence[ReceivableItem], until: dt.date, rates: dict[str, Rates], *, strict: bool
) -> Iterator[Accrued]:
    keys = [item.pk for item in items]
    paid = paid_by_day(keys)
    noted = dict(
        InterestNoteLine.objects.filter(item__in=keys)
        .values("item")
        .annotate(last=Max("until"))
        .values_list("item", "last")
    )
    for item in items:
        debtor = debtor_kind(item.company)
        if debtor not in rates:
            rates[debtor] = Rates.of(debtor)
        last = noted.get(item.pk)
        since = max(item.effective_due_on, last or item.effective_due_on) + _DAY
        try:
            parts = tuple(
                part
                for amount, first, end in owed(item.gross, paid[item.pk], since, until)
                for part in parts_of(amount, first, end, rates[debtor])
            )
        except LateInterestError:
            if strict:
                raise
            continue
        yield Accrued(item, Interest(parts), last)


def owed(
    gross: Decimal, paid: Iterable[tuple[dt.date, Decimal]], since: dt.date, until: dt.date
) -> Iterator[tuple[Decimal, dt.date, dt.date]]:
    """(amount, first day, last day) for the days from `since` to `until` on which it was owed.

    `paid`: amounts with the day of their payment; that day itself still counts.
    """
    changes: dict[dt.date, Decimal] = defaultdict(lambda: ZERO)
    amount = gross
    for day, part in paid:
        if day < since:
            amount -= part
        elif day < until:
            changes[day] += part
    first = since
    for day in sorted(changes):
        if amount > 0 and first <= day:
            yield amount, first, day
        amount -= changes[day]
        first = day + _DAY
    if amount > 0 and first <= until:
        yield amount, first, until


def paid_by_day(
    keys: Sequence[int], *, from_start: Q = OWN_CORRECTION
) -> dict[int, list[tuple[dt.date, Decimal]]]:
    """What was paid of each item (by id) and when. A reversing row undoes on its own day.

    Set-offs that fulfil `from_start` count from the beginning.
    """
    found: dict[int, list[tuple[dt.date, Decimal]]] = {key: [] for key in keys}
    allocations = Allocation.objects.filter(item__in=keys).order_by("pk")
    for item, amount, booked_on, on in allocations.values_list(
        "item", "amount", "payment__booked_on", "allocated_on"
    ):
        found[item].append((booked_on if amount > 0 else on, amount))
    set_offs = SetOff.objects.filter(debit_item__in=keys).order_by("pk")
    corrections = set(set_offs.filter(from_start, amount__gt=0).values_list("pk", flat=True))
    for pk, item, amount, on in set_offs.values_list("pk", "debit_item", "amount", "set_off_on"):
        found[item].append((dt.date.min if pk in corrections else on, amount))
    return found
