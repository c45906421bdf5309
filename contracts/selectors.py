"""Reading contracts for pages: what comes next, what is left, what a schedule row stands at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Prefetch, QuerySet, Sum, prefetch_related_objects

from contracts.models import Asset, Contract, ScheduleRow
from eboks.listing import Sort
from eboks.money import ZERO, to_grosz, zloty_first

# Column of the list -> what it is ordered by. Every order ends with the primary key.
# `left_now` and `due_now` come with rows from `positions.standing`.
SORTS: dict[str, str] = {
    "number": "number",
    "end": "end_on",
    "value": "net_value",
    "left": "left_now",
    "next": "due_now",
}
DEFAULT_SORT = Sort("next")
# What a line shows; a contract has four times as many columns.
LINE = (
    *("public_id", "number", "product", "status", "currency", "end_on", "instalment_count"),
    *("net_value", "buyout", "company__name"),
)
_ASSET = ("contract", "make", "model", "plate", "serial_number")


def ordered(rows: QuerySet[Contract], sort: Sort) -> QuerySet[Contract]:
    """`rows` in the order of a column of the list; rows without a value come last."""
    column = F(SORTS[sort.key])
    by = column.desc(nulls_last=True) if sort.descending else column.asc(nulls_last=True)
    return rows.order_by(by, "-pk" if sort.descending else "pk")


def for_list(rows: QuerySet[Contract]) -> QuerySet[Contract]:
    """`rows` with company: what a line of the list shows, but for assets and next payment."""
    return rows.select_related("company").only(*LINE)


def with_assets(contracts: Sequence[Contract]) -> None:
    """Reads the assets of `contracts`, in one query."""
    assets = Asset.objects.only(*_ASSET).order_by("pk")
    prefetch_related_objects(contracts, Prefetch("assets", assets))


def next_rows_of(contracts: Iterable[Contract]) -> dict[int, ScheduleRow]:
    """The next row of each contract (from `positions.standing`) by its id. One query.

    Of two payments on one day the first.
    """
    due = {contract.pk: contract.due_now for contract in contracts if contract.due_now}
    rows = ScheduleRow.objects.filter(
        version__contract__in=due,
        version__is_current=True,
        effective_due_on__in=set(due.values()),
    )
    found: dict[int, ScheduleRow] = {}
    for row in rows.select_related("version").order_by("pk"):
        if row.effective_due_on == due[row.version.contract_id]:
            found.setdefault(row.version.contract_id, row)
    return found


@dataclass(frozen=True, slots=True)
class ListTotals:
    """Sums of one currency over everything that was filtered, not only the page."""

    currency: str
    count: int
    net_value: Decimal
    capital_left: Decimal


def list_totals(rows: QuerySet[Contract]) -> list[ListTotals]:
    """Count and sums of `rows` (from `positions.standing`) per currency, złoty first. One query."""
    found = (
        rows.order_by()
        .values("currency")
        .annotate(count=Count("pk"), value=Sum("net_value"), left=Sum("left_now"))
        .order_by("currency")
    )
    totals = [
        ListTotals(
            row["currency"], row["count"], to_grosz(row["value"]), to_grosz(row["left"] or ZERO)
        )
        for row in found
    ]
    return sorted(totals, key=lambda total: zloty_first(total.currency))


def asset_name(assets: Iterable[Asset]) -> str:
    """What a contract finances, in a few words: the first asset and how many more."""
    found = list(assets)
    if not found:
        return ""
    first = f"{found[0].make} {found[0].model}"
    return f"{first} + {len(found) - 1}" if len(found) > 1 else first
