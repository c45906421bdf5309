"""The cost report: every invoice row of a period, and its sums by month and kind or contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks.documents.csv_files import table_writer
from eboks.documents.xlsx import ROW_LIMIT, About, Column, Kind, Sheet
from eboks.money import ZERO, to_grosz, zloty_first
from eboks.ui.words import month_year
from invoicing.enums import CostKind, InvoiceKind
from invoicing.models import InvoiceRow
from invoicing.words import vat_rate

_CHUNK = 2_000
PREVIEW_ROWS = 200
GROUPINGS = {"kind": "cost_kind", "contract": "invoice__contract__number"}


@dataclass(frozen=True, slots=True)
class GroupSum:
    """Sums of one month, group and currency."""

    month: dt.date
    group: str
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class MonthSums:
    """A month of the preview: its groups, then its totals per currency."""

    month: dt.date
    groups: list[GroupSum]
    totals: list[GroupSum]


def grouped(rows: QuerySet[InvoiceRow], *, by: str) -> list[GroupSum]:
    """Sums per month of issue, group and currency, in that order. One query.

    `by`: `kind` of cost or `contract`. Asks for one sum more than PREVIEW_ROWS.
    """
    field = GROUPINGS[by]
    found = (
        rows.order_by()
        .annotate(month=TruncMonth("invoice__issued_on"))
        .values("month", "invoice__currency", group=F(field))
        .annotate(sum_net=Sum("net"), sum_vat=Sum("vat"), sum_gross=Sum("gross"))
        .order_by("month", "group", "invoice__currency")[: PREVIEW_ROWS + 1]
    )
    return [
        GroupSum(
            row["month"],
            _group_label(by, row["group"]),
            row["invoice__currency"],
            row["sum_net"],
            row["sum_vat"],
            row["sum_gross"],
        )
        for row in found
    ]


def by_month(sums: Iterable[GroupSum]) -> list[MonthSums]:
    """The preview: groups under their months."""
    return [
        MonthSums(month, groups, totals(groups, month=month))
        for month, found in groupby(sums, key=lambda row: row.month)
        for groups in [list(found)]
    ]


def totals(sums: Sequence[GroupSum], *, month: dt.date) -> list[GroupSum]:
    """One sum per currency, złoty first."""
    currencies = sorted({row.currency for row in sums}, key=zloty_first)
    return [
        GroupSum(
            month,
            _("Razem"),
            currency,
            sum((row.net for row in sums if row.currency == currency), ZERO),
            sum((row.vat for row in sums if row.currency == currency), ZERO),
            sum((row.gross for row in sums if row.currency == currency), ZERO),
        )
        for currency in currencies
    ]


def _group_label(by: str, value: str | None) -> str:
    if by == "kind":
        return str(CostKind(value).label) if value in CostKind.values else str(value)
    return value or _("bez umowy")


def detail_columns() -> list[Column]:
    """Columns of the first sheet: one invoice row a line."""
    return [
        Column(_("Data wystawienia"), Kind.DATE, width=17),
        Column(_("Data sprzedaży"), Kind.DATE, width=15),
        Column(_("Numer dokumentu"), width=26),
        Column(_("Rodzaj dokumentu"), width=18),
        Column(_("Firma"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Przedmiot"), width=28),
        Column(_("Rejestracja"), width=14),
        Column(_("VIN lub numer seryjny"), width=22),
        Column(_("Rodzaj kosztu"), width=22),
        Column(_("Opis"), width=44),
        Column(_("Netto"), Kind.MONEY, total=True),
        Column(_("Stawka VAT"), width=12),
        Column("VAT", Kind.MONEY, total=True),
        Column(_("Brutto"), Kind.MONEY, total=True),
        Column(_("Część kapitałowa"), Kind.MONEY, width=18, total=True),
        Column(_("Część odsetkowa"), Kind.MONEY, width=18, total=True),
        Column(_("Waluta"), width=8),
        Column(_("VAT w PLN"), Kind.MONEY, total=True),
    ]


def cost_workbook(
    rows: QuerySet[InvoiceRow],
    *,
    facts: Sequence[tuple[str, str | dt.date]],
    at: dt.datetime,
    row_limit: int = ROW_LIMIT,
    file_format: str = "xlsx",
) -> BinaryIO:
    """The report as a workbook ready to import: every row, then month by kind and contract; as
    `csv` the rows alone.

    Amounts are in the currency of the invoice, VAT also in PLN. Raises TooManyRowsError.
    """
    summary = [
        Column(_("Miesiąc"), Kind.DATE),
        Column(_("Nazwa miesiąca"), width=18),
        Column(_("Rodzaj kosztu"), width=22),
        Column(_("Umowa"), width=20),
        Column(_("Waluta"), width=8),
        Column(_("Netto"), Kind.MONEY, total=True),
        Column("VAT", Kind.MONEY, total=True),
        Column(_("Brutto"), Kind.MONEY, total=True),
    ]
    return table_writer(file_format)(
        sheets=[
            Sheet(_("Pozycje"), detail_columns(), detail_rows(rows), total_by=17),
            Sheet(_("Miesiące"), summary, summary_rows(rows), total_by=4),
        ],
        about=About(_("Raport kosztów"), at, facts),
        row_limit=row_limit,
    )


_FIELDS = (
    "invoice_id",
    "invoice__issued_on",
    "invoice__sold_on",
    "invoice__number",
    "invoice__kind",
    "invoice__company__name",
    "invoice__contract__number",
    "invoice__contract_id",
    "cost_kind",
    "description",
    "net",
    "vat_code",
    "vat",
    "gross",
    "principal",
    "interest",
    "invoice__currency",
    "invoice__fx_rate",
    "invoice__vat",
    "invoice__vat_pln",
)


def detail_rows(rows: QuerySet[InvoiceRow]) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet, by date of issue and number. Streams."""
    assets = asset_texts(rows)
    kinds = {kind.value: str(kind.label) for kind in InvoiceKind}
    costs = {kind.value: str(kind.label) for kind in CostKind}
    found = rows.order_by("invoice__issued_on", "invoice_id", "position", "pk")
    stream = found.values_list(*_FIELDS).iterator(chunk_size=_CHUNK)
    for _invoice, group in groupby(stream, key=itemgetter(0)):
        lines = list(group)
        for line, vat_pln in zip(lines, _vat_in_pln(lines), strict=True):
            (_id, issued, sold, number, kind, company, contract, contract_id, cost, text) = line[
                :10
            ]
            (net, code, vat, gross, principal, interest, currency) = line[10:17]
            name, plate, serial = assets.get(contract_id, (None, None, None))
            yield (
                issued,
                sold,
                number,
                kinds[kind],
                company,
                contract,
                name,
                plate,
                serial,
                costs[cost],
                text,
                net,
                vat_rate(code),
                vat,
                gross,
                principal,
                interest,
                currency,
                vat_pln,
            )


def _vat_in_pln(lines: Sequence[tuple[Any, ...]]) -> list[Decimal]:
    """VAT of an invoice's rows in PLN, at the invoice's rate.

    When all rows of the invoice are here, the last one takes the rounding, so that they add up to
    the VAT that the invoice states.
    """
    currency, rate, invoice_vat, stated = lines[0][16:20]
    vats: list[Decimal] = [line[12] for line in lines]
    if currency == "PLN":
        return vats
    if rate is None:
        # Without a rate only the whole invoice is known in PLN.
        return [stated, *([ZERO] * (len(vats) - 1))] if sum(vats) == invoice_vat else vats
    converted = [to_grosz(vat * rate) for vat in vats]
    if sum(vats) == invoice_vat:
        converted[-1] += stated - sum(converted)
    return converted


def asset_texts(
    rows: QuerySet[InvoiceRow],
) -> dict[int, tuple[str, str | None, str | None]]:
    """Name, plate and VIN or serial number by contract, for the contracts of `rows`. One query.

    As many entries as contracts, not as rows: a fleet of 7 000 stays below two megabytes.
    """
    wanted = rows.order_by().values("invoice__contract")
    found: dict[int, list[tuple[str, str, str]]] = {}
    assets = Asset.objects.filter(contract__in=wanted).order_by("contract", "pk")
    fields = ("contract_id", "make", "model", "plate", "vin", "serial_number")
    for contract, make, model, plate, vin, serial in assets.values_list(*fields).iterator():
        found.setdefault(contract, []).append((f"{make} {model}", plate, vin or serial))
    return {
        contract: (
            "; ".join(name for name, _plate, _serial in texts),
            "; ".join(plate for _name, plate, _serial in texts if plate) or None,
            "; ".join(serial for _name, _plate, serial in texts if serial) or None,
        )
        for contract, texts in found.items()
    }


def summary_rows(rows: QuerySet[InvoiceRow]) -> Iterator[Sequence[Any]]:
    """The rows of the second sheet: month, kind of cost, contract."""
    found = (
        rows.order_by()
        .annotate(month=TruncMonth("invoice__issued_on"))
        .values("month", "cost_kind", "invoice__contract__number", "invoice__currency")
        .annotate(sum_net=Sum("net"), sum_vat=Sum("vat"), sum_gross=Sum("gross"))
        .order_by("month", "cost_kind", "invoice__contract__number", "invoice__currency")
    )
    for row in found.iterator(chunk_size=_CHUNK):
        yield (
            row["month"],
            month_year(row["month"]),
            _group_label("kind", row["cost_kind"]),
            row["invoice__contract__number"],
            row["invoice__currency"],
            row["sum_net"],
            row["sum_vat"],
            row["sum_gross"],
        )


def row_count(rows: QuerySet[InvoiceRow], *, limit: int = ROW_LIMIT) -> int:
    """How many rows the report would have, counted up to one above `limit`."""
    return rows.order_by()[: limit + 1].count()
