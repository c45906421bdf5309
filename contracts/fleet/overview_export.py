"""The table of the fleet page as an export: at once, in the background, or by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.fleet.costs import whole_year_before
from contracts.fleet.overview import company_fleets
from contracts.fleet.overview_list import (
    DEFAULT_SORT,
    SORTS,
    FleetFilters,
    Shown,
    ordered,
    shown,
)
from eboks import clock
from eboks.documents.csv_files import table_writer
from eboks.documents.xlsx import About, Column, Kind, Sheet
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.feeds.selectors import freshness
from eboks.listing import Sort
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Right, roles_with
from eboks.ui import words


def _rows(order: Order) -> tuple[FleetFilters, list[Shown], set[int]]:
    ids = [company.pk for company in order.companies]
    fleets = company_fleets(
        user=order.user, companies=ids, at=order.at, stamp=freshness(at=order.at).run_id
    )
    carrying = Membership.objects.active().filter(
        user=order.user, company__in=ids, role__in=roles_with(Right.VIEW_FINANCE)
    )
    finance = set(carrying.values_list("company_id", flat=True))
    filters = FleetFilters.parse(order.query(), order.companies)
    sort = Sort.parse(order.params.get("sort"), SORTS, DEFAULT_SORT)
    rows = ordered(filters.apply(shown(fleets, finance=finance), order.companies), sort)
    return filters, rows, finance


def _conditions(filters: FleetFilters, companies: Sequence[Company]) -> str:
    return ", ".join(chip.label for chip in filters.chips(companies, {}))


def _measure(order: Order) -> Extent:
    filters, rows, _finance = _rows(order)
    return Extent(len(rows), words=_conditions(filters, order.companies)[:150])


def _build(order: Order) -> None:
    filters, rows, finance = _rows(order)
    today = clock.today(order.at)
    first, last = whole_year_before(today)
    order.file_name = f"flota-{today}.{order.file_format}"
    order.progress(0, len(rows))
    all_finance = finance >= {company.pk for company in order.companies}
    columns = [
        Column(_("Pojazd"), width=28),
        Column(_("Rejestracja")),
        Column("VIN"),
        Column(_("Umowa"), width=20),
        Column(_("Korzystający"), width=34),
        Column(_("Wymaga uwagi"), width=50),
        Column(_("Licznik, km"), Kind.WHOLE, width=12),
        Column(_("Odczyt z dnia"), Kind.DATE),
        Column(_("Limit, km"), Kind.WHOLE, width=12),
        Column(_("Prognoza na koniec, km"), Kind.WHOLE, width=12),
        Column(_("Spodziewana dopłata netto, zł"), Kind.MONEY),
        Column(_("Przejechane w okresie, km"), Kind.WHOLE, width=12),
        Column(_("Koszty w okresie netto, zł"), Kind.MONEY, total=True),
        Column(_("Koszt 1 km, zł"), Kind.MONEY),
        Column(_("CO₂, t"), Kind.RATE),
    ]
    facts: list[tuple[str, Any]] = [
        (_("Firma"), ", ".join(company.name for company in order.companies)),
        (_("Filtry"), _conditions(filters, order.companies) or _("bez filtrów")),
        (_("Okres kosztów"), f"{words.short_date(first)} – {words.short_date(last)}"),
        (_("Koszty"), _("wszystkie") if all_finance else _("bez rat, VAT i składek")),
        (_("Stan na dzień"), today),
    ]
    sheet = Sheet(_("Flota"), columns, _cells(rows))
    order.take(
        table_writer(order.file_format)(sheets=[sheet], about=About(_("Flota"), order.at, facts))
    )
    order.narrow(filters.company)


def _cells(rows: Sequence[Shown]) -> Iterator[Sequence[Any]]:
    for row in rows:
        line = row.line
        yield (
            line.name,
            line.sign,
            line.vin,
            line.contract,
            line.company,
            "; ".join(need.text for need in line.needs),
            line.reading[1] if line.reading else None,
            line.reading[0] if line.reading else None,
            line.limit_km,
            line.forecast_km,
            line.charge,
            line.km,
            row.cost,
            row.cost_per_km,
            line.co2_tonnes,
        )


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name="fleet_overview",
            title=gettext_lazy("Flota"),
            right=Right.VIEW_FLEET,
            build=_build,
            measure=_measure,
            page="fleet:overview",
        )
    )
