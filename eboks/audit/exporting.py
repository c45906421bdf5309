"""The client's log of activity as an export."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.audit import reading
from eboks.audit.filters import ActivityFilters
from eboks.audit.models import AuditEntry
from eboks.documents.xlsx import ROW_LIMIT
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.tenancy.rights import Right


def _entries(order: Order) -> tuple[ActivityFilters, Sequence[str], QuerySet[AuditEntry]]:
    people = reading.people_of(order.companies)
    filters = ActivityFilters.parse(order.query(), people, order.companies)
    conditions = [chip.label for chip in filters.chips(people, order.companies)]
    return filters, conditions, filters.apply(order.scoped(AuditEntry.objects.all()))


def _measure(order: Order) -> Extent:
    _filters, conditions, rows = _entries(order)
    return Extent(_count(rows), words=", ".join(conditions)[:150])


def _count(rows: QuerySet[AuditEntry]) -> int:
    return rows.order_by()[: ROW_LIMIT + 1].count()


def _build(order: Order) -> None:
    filters, conditions, rows = _entries(order)
    order.file_name = f"dziennik-{clock.today(order.at)}.xlsx"
    order.progress(0, order.total or _count(rows))
    file = reading.workbook(
        rows.order_by("-at", "-pk"), conditions=conditions, company=order.company, at=order.at
    )
    order.take(file)
    order.narrow(filters.company)


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name="activity",
            title=gettext_lazy("Dziennik aktywności"),
            right=Right.VIEW_ACTIVITY,
            build=_build,
            measure=_measure,
            page="audit:activity",
        )
    )
