"""What was open on a day: what is open now, with what was settled after that day taken back.

Allocations and set-offs have a day on which they count, and rows are never changed, so the past
can be told from the present. Amounts are exact on both databases (whole hundredths).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import QuerySet, Sum

from invoicing.models import Payment, ReceivableItem
from invoicing.statement import Cents, counted_allocations, counted_set_offs

_KEYS_AT_ONCE = 5_000  # SQLite takes 32 766 values in a query
R = TypeVar("R", ReceivableItem, Payment)


def open_items(
    companies: Collection[int], *, on: dt.date
) -> Iterator[tuple[ReceivableItem, Decimal]]:
    """Items of `companies` (ids) that were open at the end of `on`, and how much of each.

    Below zero: a correction in minus. In order of company, currency and due day.
    """
    back = _settled_after(
        on,
        (counted_allocations(), "item", 1),
        (counted_set_offs(), "debit_item", 1),
        (counted_set_offs(), "credit_item", -1),
        companies=companies,
    )
    rows = ReceivableItem.objects.filter(company__in=companies, issued_on__lte=on)
    found = _rows(rows.select_related("contract"), "open_amount", back)
    found.sort(key=lambda row: (row.company_id, row.currency, row.effective_due_on, row.pk))
    for row in found:
        if left := _cents(row.open_amount) + back.get(row.pk, 0):
            yield row, Decimal(left).scaleb(-2)


def unused_payments(
    companies: Collection[int], *, on: dt.date
) -> Iterator[tuple[Payment, Decimal]]:
    """Payments of `companies` (ids) that were not used up at the end of `on`, and what was left.

    Below zero: money given back that nothing covers yet. In order of company, currency and day.
    """
    back = _settled_after(
        on,
        (counted_allocations(), "payment", 1),
        (counted_set_offs(), "credit_payment", 1),
        (counted_set_offs(), "debit_payment", -1),
        companies=companies,
    )
    rows = Payment.objects.filter(company__in=companies, booked_on__lte=on)
    found = _rows(rows.select_related("contract"), "unallocated_amount", back)
    found.sort(key=lambda row: (row.company_id, row.currency, row.booked_on, row.pk))
    for row in found:
        if left := _cents(row.unallocated_amount) + back.get(row.pk, 0):
            yield row, Decimal(left).scaleb(-2)


def _settled_after(
    on: dt.date, *sides: tuple[QuerySet[Any], str, int], companies: Collection[int]
) -> dict[int, int]:
    """Hundredths settled after `on`, by the id of the row that they settle. A query a side."""
    found: dict[int, int] = defaultdict(int)
    for rows, side, sign in sides:
        later = rows.filter(**{"counts_on__gt": on, f"{side}__company__in": companies})
        sums = later.order_by().values(side).annotate(sum=Sum(Cents("amount")))
        for key, cents in sums.values_list(side, "sum"):
            found[key] += sign * int(cents)
    return found


def _rows(rows: QuerySet[R], left: str, back: Collection[int]) -> list[R]:
    """Rows with something left now, and those that were settled since."""
    found = list(rows.exclude(**{left: 0}).order_by("pk"))
    keys = sorted(back)
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        settled = rows.filter(**{left: 0}, pk__in=keys[first : first + _KEYS_AT_ONCE])
        found.extend(settled.order_by("pk"))
    return found


def _cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))
