"""The list of contracts as an export: at once, in the background, or by itself."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from contracts import exports, selectors
from contracts.filters import ContractFilters
from contracts.models import Contract
from contracts.positions import standing
from eboks import clock
from eboks.documents.xlsx import ROW_LIMIT
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.listing import Sort
from eboks.tenancy.rights import Right


def _contracts(order: Order) -> tuple[ContractFilters, QuerySet[Contract]]:
    today = clock.today(order.at)
    filters = ContractFilters.parse(order.query(), order.companies)
    rows = standing(order.scoped(Contract.objects.all()), on=today)
    return filters, filters.apply(rows, companies=order.companies, on=today)


def _measure(order: Order) -> Extent:
    filters, rows = _contracts(order)
    words = ", ".join(chip.label for chip in filters.chips(order.companies, {}))
    return Extent(_count(rows), words=words[:150])


def _count(rows: QuerySet[Contract]) -> int:
    return rows.order_by()[: ROW_LIMIT + 1].count()


def _build(order: Order) -> None:
    filters, rows = _contracts(order)
    sort = Sort.parse(order.params.get("sort"), selectors.SORTS, selectors.DEFAULT_SORT)
    order.file_name = f"umowy-{clock.today(order.at)}.{order.file_format}"
    order.progress(0, order.total or _count(rows))
    file = exports.contract_list(
        selectors.ordered(rows, sort),
        conditions=[chip.label for chip in filters.chips(order.companies, {})],
        company=order.company,
        at=order.at,
        file_format=order.file_format,
    )
    order.take(file)
    order.narrow(filters.company)


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name="contract_list",
            title=gettext_lazy("Umowy"),
            right=Right.EXPORT_REPORTS,
            build=_build,
            measure=_measure,
            page="contracts:list",
        )
    )
