"""Rows of invoices of some kinds of cost: extra fees, and insurance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.documents.xlsx import ROW_LIMIT, Sheet
from eboks.exports.registry import Order
from eboks.listing import clean_choice
from eboks.money import zloty_first
from eboks.ui.periods import PERIODS, Period, clean_day, named_period, period_label
from invoicing import reports
from invoicing.enums import CostKind
from invoicing.models import InvoiceRow
from invoicing.reporting.table import Facts, Report, add_report

DEFAULT_PERIOD = "this_year"


@dataclass(frozen=True, slots=True)
class Costs:
    """A report of some kinds of cost."""

    name: str
    title: str | Promise
    about: str | Promise
    page: str
    icon: str
    kinds: tuple[CostKind, ...]


FEES = Costs(
    "oplaty",
    gettext_lazy("Opłaty dodatkowe"),
    gettext_lazy("Opłaty z tabeli, usługi, noty odsetkowe i inne koszty poza ratami."),
    "invoicing:extra_fees",
    "receipt",
    (
        *(CostKind.FEE, CostKind.SERVICE, CostKind.INTEREST_NOTE, CostKind.COMPENSATION),
        CostKind.OTHER,
    ),
)
INSURANCE = Costs(
    "ubezpieczenia",
    gettext_lazy("Ubezpieczenia w fakturach"),
    gettext_lazy("Składki, które doliczyliśmy do faktur."),
    "invoicing:insurance_costs",
    "shield",
    (CostKind.INSURANCE,),
)


def register() -> None:
    for costs in (FEES, INSURANCE):
        add_report(_report(costs))


def span_of(params: Mapping[str, Any], on: dt.date) -> tuple[str, Period]:
    """The name of the period asked for (empty for days of one's own) and its days."""
    since, until = clean_day(params.get("since")), clean_day(params.get("until"))
    name = clean_choice(params.get("period"), PERIODS)
    if not name and (since or until):
        return "", Period.of_days(since, until)
    name = name or DEFAULT_PERIOD
    return name, named_period(name, on=on) or Period()


def narrowed(
    rows: QuerySet[InvoiceRow], *, kinds: Sequence[CostKind] = (), span: Period
) -> QuerySet[InvoiceRow]:
    """`rows` of those kinds, of invoices issued within `span`."""
    if kinds:
        rows = rows.filter(cost_kind__in=kinds)
    if span.since:
        rows = rows.filter(invoice__issued_on__gte=span.since)
    if span.until:
        rows = rows.filter(invoice__issued_on__lte=span.until)
    return rows


def totals_of(rows: QuerySet[InvoiceRow]) -> list[dict[str, Any]]:
    """Net, VAT and gross by currency, złoty first. One query."""
    sums = (
        rows.order_by()
        .values("invoice__currency")
        .annotate(sum_net=Sum("net"), sum_vat=Sum("vat"), sum_gross=Sum("gross"))
    )
    found = [
        {
            "currency": row["invoice__currency"],
            "net": row["sum_net"],
            "vat": row["sum_vat"],
            "gross": row["sum_gross"],
        }
        for row in sums
    ]
    return sorted(found, key=lambda row: zloty_first(row["currency"]))


def span_words(params: Mapping[str, Any], on: dt.date) -> str:
    name, span = span_of(params, on)
    if name:
        return period_label(name, on=on)
    return f"{span.since or '…'} – {span.until or '…'}"


def _report(costs: Costs) -> Report:
    def rows(order: Order) -> QuerySet[InvoiceRow]:
        span = span_of(order.params, clock.today(order.at))[1]
        return narrowed(order.scoped(InvoiceRow.objects.all()), kinds=costs.kinds, span=span)

    def sheets(order: Order) -> Sequence[Sheet]:
        found = rows(order)
        return [
            Sheet(_("Pozycje"), reports.detail_columns(), reports.detail_rows(found), total_by=17)
        ]

    def facts(order: Order) -> Facts:
        return [
            (_("Firma"), ", ".join(company.name for company in order.companies)),
            (_("Okres"), span_words(order.params, clock.today(order.at))),
        ]

    return Report(
        name=costs.name,
        title=costs.title,
        about=costs.about,
        page=costs.page,
        icon=costs.icon,
        sheets=sheets,
        facts=facts,
        count=lambda order: rows(order).order_by()[: ROW_LIMIT + 1].count(),
    )
