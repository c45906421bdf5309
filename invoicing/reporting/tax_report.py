"""The tax sheet as a report: rows, sums by vehicle, and what was assumed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Asset
from eboks import clock
from eboks.documents.xlsx import ROW_LIMIT, Column, Kind, Sheet
from eboks.exports.registry import Order
from invoicing.enums import CostKind
from invoicing.models import InvoiceRow
from invoicing.reporting.table import Facts, Report, add_report
from invoicing.reporting.tax_sheet import TaxLine, VehicleSum, by_vehicle, lines_of
from invoicing.reporting.tax_split import Use

_YEARS_BACK = 6


def register() -> None:
    add_report(
        Report(
            name="podatki",
            title=gettext_lazy("Arkusz podatkowy"),
            about=gettext_lazy(
                "Kapitał, odsetki i VAT każdej raty oraz część, którą można odliczyć."
            ),
            page="invoicing:tax",
            icon="calculator",
            sheets=_sheets,
            facts=_facts,
            count=_count,
        )
    )


def years(on: dt.date) -> list[int]:
    """Years that can be asked for, the newest first."""
    return list(range(on.year, on.year - _YEARS_BACK, -1))


def chosen_year(text: object, on: dt.date) -> int:
    """The year of the address; the current one for anything odd."""
    return next((year for year in years(on) if str(year) == text), on.year)


def rows_of_year(rows: QuerySet[InvoiceRow], year: int) -> QuerySet[InvoiceRow]:
    return rows.filter(
        invoice__issued_on__gte=dt.date(year, 1, 1), invoice__issued_on__lte=dt.date(year, 12, 31)
    )


def use_words(use: Use | None) -> str:
    """How a vehicle is used, in a few words; empty when nobody has said."""
    if use is None:
        return ""
    if not use.is_passenger_car:
        return _("bez limitu: nie jest samochodem osobowym")
    vat = _("VAT 100 %") if use.deducts_all_vat else _("VAT 50 %")
    return _("osobowy, %(vat)s, koszty %(pct)s %%") % {"vat": vat, "pct": use.income_pct}


def _year(order: Order) -> int:
    return chosen_year(order.params.get("rok"), clock.today(order.at))


def _rows(order: Order) -> QuerySet[InvoiceRow]:
    return rows_of_year(order.scoped(InvoiceRow.objects.all()), _year(order))


def _count(order: Order) -> int:
    return _rows(order).order_by()[: ROW_LIMIT + 1].count()


def _facts(order: Order) -> Facts:
    return [
        (_("Firma"), ", ".join(company.name for company in order.companies)),
        (_("Rok"), str(_year(order))),
        (
            _("Założenia"),
            _(
                "Limit kosztów dotyczy części kapitałowej raty. Wartość samochodu to cena netto i "
                "VAT, którego nie odliczasz. Wykup to zakup, więc nie ma go w arkuszu. "
                "Kwoty w walucie po kursie z faktury. "
                "To pomoc dla księgowego, nie porada podatkowa."
            ),
        ),
    ]


def _sheets(order: Order) -> Sequence[Sheet]:
    rows = _rows(order)
    return [
        Sheet(_("Pozycje"), _columns(), _row_values(lines_of(rows))),
        Sheet(_("Pojazdy"), _vehicle_columns(), _vehicle_values(by_vehicle(lines_of(rows)))),
    ]


def _columns() -> list[Column]:
    return [
        Column(_("Data wystawienia"), Kind.DATE, width=17),
        Column(_("Numer dokumentu"), width=26),
        Column(_("Umowa"), width=20),
        Column(_("Przedmiot"), width=28),
        Column(_("Rejestracja"), width=14),
        Column(_("Rodzaj kosztu"), width=22),
        Column(_("Netto PLN"), Kind.MONEY, total=True),
        Column(_("Część kapitałowa"), Kind.MONEY, width=18, total=True),
        Column(_("Część odsetkowa"), Kind.MONEY, width=18, total=True),
        Column(_("VAT PLN"), Kind.MONEY, total=True),
        Column(_("VAT do odliczenia"), Kind.MONEY, width=18, total=True),
        Column(_("VAT w kosztach"), Kind.MONEY, width=16, total=True),
        Column(_("Wartość samochodu"), Kind.MONEY, width=19),
        Column(_("Limit"), Kind.MONEY, width=14),
        Column(_("Proporcja"), Kind.RATE, width=12),
        Column(_("Koszt podatkowy"), Kind.MONEY, width=17, total=True),
        Column(_("Nie jest kosztem"), Kind.MONEY, width=17, total=True),
        Column(_("Sposób używania"), width=40),
    ]


def _row_values(lines: Iterable[TaxLine]) -> Iterator[Sequence[Any]]:
    for line in lines:
        invoice, asset, split = line.row.invoice, line.asset, line.split
        yield (
            invoice.issued_on,
            invoice.number,
            invoice.contract.number if invoice.contract else None,
            name_of(asset),
            asset.plate or None if asset else None,
            str(CostKind(line.row.cost_kind).label),
            line.net,
            line.principal,
            line.interest,
            line.vat,
            split.vat_deducted if split else None,
            split.vat_cost if split else None,
            line.value,
            line.limit,
            split.proportion if split else None,
            split.deductible if split else None,
            split.not_deductible if split else None,
            use_words(line.use) or _("nie ustawiono"),
        )


def name_of(asset: Asset | None) -> str | None:
    return f"{asset.make} {asset.model}" if asset else None


def _vehicle_columns() -> list[Column]:
    return [
        Column(_("Przedmiot"), width=28),
        Column(_("Rejestracja"), width=14),
        Column(_("VIN lub numer seryjny"), width=22),
        Column(_("Sposób używania"), width=40),
        Column(_("Netto PLN"), Kind.MONEY, total=True),
        Column(_("Część kapitałowa"), Kind.MONEY, width=18, total=True),
        Column(_("Część odsetkowa"), Kind.MONEY, width=18, total=True),
        Column(_("VAT PLN"), Kind.MONEY, total=True),
        Column(_("VAT do odliczenia"), Kind.MONEY, width=18, total=True),
        Column(_("Koszt podatkowy"), Kind.MONEY, width=17, total=True),
        Column(_("Nie jest kosztem"), Kind.MONEY, width=17, total=True),
        Column(_("Pozycji niepoliczonych"), Kind.WHOLE, width=22),
    ]


def _vehicle_values(sums: Iterable[VehicleSum]) -> Iterator[Sequence[Any]]:
    for line in sums:
        asset = line.asset
        yield (
            name_of(asset) or _("bez przedmiotu"),
            asset.plate or None if asset else None,
            asset.vin or asset.serial_number or None if asset else None,
            use_words(line.use) or _("nie ustawiono"),
            line.net,
            line.principal,
            line.interest,
            line.vat,
            line.vat_deducted,
            line.deductible,
            line.not_deductible,
            line.missing or None,
        )
