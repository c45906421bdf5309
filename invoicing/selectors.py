"""Reading invoices for pages: the list with its sums, one invoice and how it was paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Max, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from contracts.models import Asset, Contract
from eboks.fields import MoneyField
from eboks.listing import Sort
from eboks.money import ZERO, zloty_first
from invoicing.models import Allocation, Invoice, ReceivableItem, SetOff

# Column of the list -> what it is ordered by. Every order ends with the primary key.
SORTS: dict[str, str] = {
    "number": "number",
    "issued": "issued_on",
    "due": "item__effective_due_on",
    "contract": "contract__number",
    "gross": "gross",
}
DEFAULT_SORT = Sort("issued", descending=True)


@dataclass(frozen=True, slots=True)
class ListTotals:
    """Sums of one currency over everything that was filtered, not only the page."""

    currency: str
    count: int
    net: Decimal
    vat: Decimal
    gross: Decimal
    left: Decimal  # what is still to be paid; corrections in minus do not lower it


def list_totals(rows: QuerySet[Invoice]) -> list[ListTotals]:
    """Count and sums of `rows` per currency, złoty first. One query."""
    found = (
        rows.order_by()
        .values("currency")
        .annotate(
            count=Count("pk"),
            sum_net=Sum("net"),
            sum_vat=Sum("vat"),
            sum_gross=Sum("gross"),
            left=Coalesce(
                Sum("item__open_amount", filter=Q(item__open_amount__gt=0)),
                ZERO,
                output_field=MoneyField(),
            ),
        )
    )
    totals = [
        ListTotals(
            row["currency"],
            row["count"],
            row["sum_net"],
            row["sum_vat"],
            row["sum_gross"],
            row["left"],
        )
        for row in found
    ]
    return sorted(totals, key=lambda total: zloty_first(total.currency))


def ordered(rows: QuerySet[Invoice], sort: Sort) -> QuerySet[Invoice]:
    """`rows` in the order of a column of the list; rows without a value come last."""
    path = SORTS[sort.key]
    last = "-pk" if sort.descending else "pk"
    if "__" not in path:  # never empty: the plain order can follow an index
        return rows.order_by(f"-{path}" if sort.descending else path, last)
    by = F(path).desc(nulls_last=True) if sort.descending else F(path).asc(nulls_last=True)
    return rows.order_by(by, last)


def for_file(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """`rows` whole, with item, contract, its assets and company: what a file holds."""
    return rows.select_related("item", "contract", "company").prefetch_related(
        Prefetch("contract__assets", Asset.objects.order_by("pk"))
    )


# What a line of the list shows; the rest of the snapshot stays in the database.
_SHOWN = (
    *("public_id", "number", "kind", "issued_on", "due_on", "currency", "gross", "received_at"),
    *("item__gross", "item__open_amount", "item__effective_due_on", "item__is_disputed"),
    *("item__collection_since", "item__written_off_on"),
    *("contract__number", "company__name"),
)


def for_page(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """`rows` with no more than a line of the list shows."""
    assets = Asset.objects.only("contract", "make", "model", "plate").order_by("pk")
    return (
        rows.select_related("item", "contract", "company")
        .only(*_SHOWN)
        .prefetch_related(Prefetch("contract__assets", assets))
    )


def paid_on(items: Iterable[ReceivableItem | None]) -> dict[int, dt.date]:
    """The day of the payment that closed each item that is paid, by the item's id. One query."""
    closed = [item.pk for item in items if item is not None and item.open_amount == 0]
    found = (
        Allocation.objects.filter(item__in=closed, amount__gt=0)
        .values("item")
        .annotate(day=Max("payment__booked_on"))
        .values_list("item", "day")
    )
    return dict(found)


def item_of(invoice: Invoice) -> ReceivableItem | None:
    """The amount to pay that belongs to `invoice`; None when it has none."""
    return getattr(invoice, "item", None)


@dataclass(frozen=True, slots=True)
class Settlement:
    """One thing that lowered what is owed (or, reversed, raised it again)."""

    on: dt.date
    amount: Decimal
    allocation: Allocation | None = None
    set_off: SetOff | None = None
    hidden: bool = False  # the other side is of a contract that the reader may not see


def settlements_of(items: Collection[int]) -> dict[int, list[Settlement]]:
    """What paid each of `items` (ids), in the order of days. Two queries, whatever their count."""
    found: dict[int, list[Settlement]] = {item: [] for item in items}
    allocations = Allocation.objects.filter(item__in=items).select_related("payment")
    for allocation in allocations.order_by("allocated_on", "pk"):
        found[allocation.item_id].append(
            Settlement(allocation.payment.booked_on, allocation.amount, allocation=allocation)
        )
    set_offs = SetOff.objects.filter(Q(debit_item__in=items) | Q(credit_item__in=items))
    related = ("credit_item__invoice", "debit_item__invoice", "credit_payment", "debit_payment")
    for set_off in set_offs.select_related(*related).order_by("set_off_on", "pk"):
        for item in {set_off.debit_item_id, set_off.credit_item_id}:
            if item in found:
                found[item].append(Settlement(set_off.set_off_on, set_off.amount, set_off=set_off))
    for rows in found.values():
        rows.sort(key=lambda settlement: settlement.on)
    return found


def asset_label(contract: Contract) -> str:
    """What tells a contract from its neighbours in one cell: the plate, else make and model."""
    assets = list(contract.assets.all())
    if not assets:
        return ""
    first = assets[0]
    label = first.plate or f"{first.make} {first.model}"
    return f"{label} + {len(assets) - 1}" if len(assets) > 1 else label
