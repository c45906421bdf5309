"""Lists of finance as exports: the same file at once, in the background, or by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.documents.xlsx import ROW_LIMIT
from eboks.exports.registry import Export, ExportError, Extent, Order, add_export
from eboks.listing import Chip, Sort
from eboks.tenancy.rights import Right
from invoicing import exports, reports, selectors
from invoicing.filters import InvoiceFilters
from invoicing.forms import DEFAULT_PERIOD, CostReportForm
from invoicing.models import Invoice, InvoiceRow, Payment, ReceivableItem
from invoicing.settlements import TABS, SettlementFilters

_TAB_NAMES = {"open": "do-zaplaty", "paid": "zaplacone", "payments": "wplaty"}


# --- invoices -------------------------------------------------------------------------------
def with_last_visit(params: dict[str, Any], user: User) -> dict[str, Any]:
    """`params`, with the visit that „new” counts from: in the background it may be a later one."""
    if params.get("new") and user.previous_visit_at:
        return params | {"last_visit": user.previous_visit_at.isoformat()}
    return params


def last_visit_of(order: Order) -> dt.datetime | None:
    """The visit that „new” counted from when the file was ordered; else the person's last one."""
    try:
        return dt.datetime.fromisoformat(str(order.params["last_visit"]))
    except (KeyError, ValueError):
        return order.user.previous_visit_at


def _invoices(order: Order) -> tuple[InvoiceFilters, QuerySet[Invoice]]:
    filters = InvoiceFilters.parse(order.query(), order.companies)
    rows = filters.apply(
        order.scoped(Invoice.objects.all()),
        companies=order.companies,
        on=clock.today(order.at),
        last_visit=last_visit_of(order),
    )
    return filters, rows


def _measure_invoices(order: Order) -> Extent:
    filters, rows = _invoices(order)
    chips = filters.chips(order.companies, {}, on=clock.today(order.at))
    return Extent(_count(rows), words=_words(chips))


def _build_invoices(order: Order) -> None:
    filters, rows = _invoices(order)
    today = clock.today(order.at)
    sort = Sort.parse(order.params.get("sort"), selectors.SORTS, selectors.DEFAULT_SORT)
    chips = filters.chips(order.companies, {}, on=today)
    order.file_name = f"faktury-{today}.{order.file_format}"
    order.progress(0, order.total or _count(rows))
    file = exports.invoice_list(
        selectors.ordered(rows, sort),
        conditions=[chip.label for chip in chips],
        company=order.company,
        at=order.at,
        file_format=order.file_format,
    )
    order.take(file)
    order.narrow(filters.company)


# --- settlements ----------------------------------------------------------------------------
def _settlements(order: Order) -> tuple[SettlementFilters, QuerySet[Any]]:
    filters = SettlementFilters.parse(order.query())
    today = clock.today(order.at)
    if filters.tab == "payments":
        return filters, filters.of_payments(order.scoped(Payment.objects.all()), on=today)
    return filters, filters.of_items(order.scoped(ReceivableItem.objects.all()), on=today)


def _measure_settlements(order: Order) -> Extent:
    filters, rows = _settlements(order)
    chips = filters.chips(on=clock.today(order.at))
    words = ", ".join([str(TABS[filters.tab]), _words(chips)])
    return Extent(_count(rows), words=words.removesuffix(", "))


def _build_settlements(order: Order) -> None:
    filters, rows = _settlements(order)
    today = clock.today(order.at)
    conditions = [chip.label for chip in filters.chips(on=today)]
    order.file_name = f"rozrachunki-{_TAB_NAMES[filters.tab]}-{today}.{order.file_format}"
    order.progress(0, order.total or _count(rows))
    if filters.tab == "payments":
        file = exports.payment_list(
            rows,
            conditions=conditions,
            company=order.company,
            at=order.at,
            file_format=order.file_format,
        )
    else:
        file = exports.item_list(
            rows,
            title=str(TABS[filters.tab]),
            conditions=conditions,
            company=order.company,
            at=order.at,
            file_format=order.file_format,
        )
    order.take(file)


# --- the cost report ------------------------------------------------------------------------
def cost_form(order: Order) -> CostReportForm:
    # The form is always bound: an address without a period means the usual one.
    data = order.query()
    data.setdefault("period", DEFAULT_PERIOD)
    return CostReportForm(data, companies=order.companies, on=clock.today(order.at))


def _costs(order: Order) -> tuple[CostReportForm, QuerySet[InvoiceRow]]:
    form = cost_form(order)
    if not form.is_valid():
        raise ExportError(_("Zakres raportu jest nieaktualny. Ustaw go jeszcze raz na stronie."))
    return form, form.rows(order.scoped(InvoiceRow.objects.all()))


def _measure_costs(order: Order) -> Extent:
    form, rows = _costs(order)
    words = f"{form.span.since} – {form.span.until}"
    return Extent(reports.row_count(rows), words=words)


def _build_costs(order: Order) -> None:
    form, rows = _costs(order)
    order.file_name = f"koszty-{form.span.since}-{form.span.until}.{order.file_format}"
    order.progress(0, order.total or reports.row_count(rows))
    order.take(
        reports.cost_workbook(rows, facts=form.facts(), at=order.at, file_format=order.file_format)
    )
    order.narrow(form.cleaned_data.get("company") or "")


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: ROW_LIMIT + 1].count()


def _words(chips: Sequence[Chip]) -> str:
    return ", ".join(chip.label for chip in chips)[:150]


def register() -> None:
    """Called once, when the app is ready."""
    for name, title, page, measure, build in (
        (
            "invoice_list",
            gettext_lazy("Faktury"),
            "invoicing:invoice_list",
            _measure_invoices,
            _build_invoices,
        ),
        (
            "settlement_list",
            gettext_lazy("Rozrachunki"),
            "invoicing:settlements",
            _measure_settlements,
            _build_settlements,
        ),
        (
            "cost_report",
            gettext_lazy("Raport kosztów"),
            "invoicing:cost_report",
            _measure_costs,
            _build_costs,
        ),
    ):
        add_export(
            Export(
                name=name,
                title=title,
                right=Right.EXPORT_REPORTS,
                build=build,
                measure=measure,
                page=page,
            )
        )
