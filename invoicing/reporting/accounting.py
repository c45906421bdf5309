"""Layouts that accounting programs import: documented columns, one file a period.

`rejestr` has one line per invoice with the columns of a purchase row of JPK_V7 (ZakupWiersz);
`stawki` one per invoice and VAT rate; `dekrety` one per invoice row with its kind of cost, contract
and plate, to be posted by rules of the program. Amounts in PLN. See docs/accounting.md.

A financial lease is taxed once, on everything the lessee will pay (art. 7 ust. 9 of the VAT act):
the document with that VAT stands with its whole base (`UpfrontVat`), not with the initial fee that
it asks for; what is paid later is outside VAT and in no register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.documents.xlsx import ROW_LIMIT, Column, Kind, Sheet
from eboks.exports.registry import Order
from eboks.listing import clean_choice
from eboks.money import ZERO, to_grosz
from invoicing.enums import CostKind, InvoiceKind
from invoicing.models import Invoice, InvoiceRow, UpfrontVat
from invoicing.notes import OUTSIDE_VAT
from invoicing.reporting.costs import narrowed, span_of, span_words
from invoicing.reporting.table import Facts, Report, add_report
from invoicing.reports import asset_texts

_CHUNK = 2_000
_VAT_DOCUMENTS = [InvoiceKind.INVOICE, InvoiceKind.CORRECTION]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to write invoices for a program."""

    title: str | Promise
    about: str | Promise
    columns: tuple[Column, ...]  # their titles are what programs look for: never translated
    values: Callable[[QuerySet[InvoiceRow]], Iterator[Sequence[Any]]]


def register() -> None:
    add_report(
        Report(
            name="ksiegowosc",
            title=gettext_lazy("Faktury do programu księgowego"),
            about=gettext_lazy(
                "Rejestr zakupów w układzie JPK, stawki VAT albo pozycje do dekretacji."
            ),
            page="invoicing:accounting",
            icon="file-down",
            sheets=_sheets,
            facts=_facts,
            count=lambda order: _rows(order).order_by()[: ROW_LIMIT + 1].count(),
        )
    )


def chosen_layout(params: Any) -> str:
    return clean_choice(params.get("uklad"), LAYOUTS) or "rejestr"


def _rows(order: Order) -> QuerySet[InvoiceRow]:
    span = span_of(order.params, clock.today(order.at))[1]
    return narrowed(order.scoped(InvoiceRow.objects.all()), span=span)


def _facts(order: Order) -> Facts:
    return [
        (_("Firma"), ", ".join(company.name for company in order.companies)),
        (_("Okres"), span_words(order.params, clock.today(order.at))),
        (_("Układ"), str(LAYOUTS[chosen_layout(order.params)].title)),
    ]


def _sheets(order: Order) -> Sequence[Sheet]:
    layout = LAYOUTS[chosen_layout(order.params)]
    return [Sheet(str(layout.title), layout.columns, layout.values(_rows(order)))]


def _invoices(rows: QuerySet[InvoiceRow]) -> Iterator[tuple[Invoice, list[InvoiceRow]]]:
    """VAT documents with their rows, by day of issue. Notes are not in a VAT register."""
    found = rows.filter(invoice__kind__in=_VAT_DOCUMENTS).select_related(
        "invoice__upfront_vat", "invoice__corrects__upfront_vat"
    )
    group: list[InvoiceRow] = []
    ordered = found.order_by("invoice__issued_on", "invoice_id", "position", "pk")
    for row in ordered.iterator(chunk_size=_CHUNK):
        if group and group[0].invoice_id != row.invoice_id:
            yield group[0].invoice, group
            group = []
        group.append(row)
    if group:
        yield group[0].invoice, group


def net_pln(invoice: Invoice, net: Decimal) -> Decimal:
    """Net in PLN at the rate that stands on the invoice; as it is when there is none."""
    if invoice.currency == "PLN" or invoice.fx_rate is None:
        return net
    return to_grosz(net * invoice.fx_rate)


def _upfront(invoice: Invoice | None) -> UpfrontVat | None:
    """The base of a financial lease's VAT on this document, or by how much it moves that."""
    return getattr(invoice, "upfront_vat", None)


def _is_outside(line: InvoiceRow) -> bool:
    return line.vat_code.strip().rstrip(".").lower() == OUTSIDE_VAT


def _taxed_net(invoice: Invoice, lines: Sequence[InvoiceRow]) -> Decimal:
    """What the VAT of `lines` was charged on, in PLN. None of them is outside VAT."""
    upfront = _upfront(invoice)
    if upfront is not None:
        return net_pln(invoice, upfront.base)
    return sum((net_pln(invoice, line.net) for line in lines), ZERO)


def _register(rows: QuerySet[InvoiceRow]) -> Iterator[Sequence[Any]]:
    number = 0
    for invoice, every_line in _invoices(rows):
        lines = [line for line in every_line if not _is_outside(line)]
        if not lines:
            continue
        number += 1
        sums = (_taxed_net(invoice, lines), invoice.vat_pln)
        # The lessee depreciates what is in a financial lease (art. 17f of the CIT act).
        is_asset = bool(_upfront(invoice) or _upfront(invoice.corrects))
        yield (
            number,
            "PL",
            invoice.seller_nip,
            invoice.seller_name,
            invoice.number,
            invoice.issued_on,
            invoice.received_at.date(),
            invoice.ksef_number or None,
            *(sums if is_asset else (None, None)),
            *((None, None) if is_asset else sums),
        )


def _rates(rows: QuerySet[InvoiceRow]) -> Iterator[Sequence[Any]]:
    for invoice, lines in _invoices(rows):
        codes = list(dict.fromkeys(line.vat_code for line in lines))
        left = invoice.vat_pln
        for place, code in enumerate(codes, 1):
            mine = [line for line in lines if line.vat_code == code]
            vat = sum((net_pln(invoice, line.vat) for line in mine), ZERO)
            # The last rate takes what rounding left, so that the rates add up to the invoice.
            vat, left = (left, ZERO) if place == len(codes) else (vat, left - vat)
            asked = sum((net_pln(invoice, line.net) for line in mine), ZERO)
            net = asked if _is_outside(mine[0]) else _taxed_net(invoice, mine)
            yield (
                invoice.number,
                invoice.issued_on,
                invoice.sold_on,
                invoice.due_on,
                invoice.seller_nip,
                invoice.seller_name,
                code,
                net,
                vat,
                net + vat,
                asked + vat,
                invoice.currency,
                invoice.fx_rate,
                invoice.account or None,
            )


def _postings(rows: QuerySet[InvoiceRow]) -> Iterator[Sequence[Any]]:
    assets = asset_texts(rows)
    costs = {kind.value: str(kind.label) for kind in CostKind}
    found = rows.select_related("invoice__contract")
    ordered = found.order_by("invoice__issued_on", "invoice_id", "position", "pk")
    for row in ordered.iterator(chunk_size=_CHUNK):
        invoice = row.invoice
        plate = assets.get(invoice.contract_id or 0, (None, None, None))[1]
        yield (
            invoice.number,
            invoice.issued_on,
            row.cost_kind,
            costs[row.cost_kind],
            row.description,
            invoice.contract.number if invoice.contract else None,
            plate,
            row.vat_code,
            net_pln(invoice, row.net),
            net_pln(invoice, row.vat),
            net_pln(invoice, row.principal),
            net_pln(invoice, row.interest),
        )


LAYOUTS = {
    "rejestr": Layout(
        gettext_lazy("Rejestr zakupów (JPK_V7)"),
        gettext_lazy("Jedna faktura w wierszu; kolumny jak w pozycji ZakupWiersz."),
        (
            Column("LpZakupu", Kind.WHOLE),
            Column("KodKrajuNadaniaTIN", width=20),
            Column("NrDostawcy", width=14),
            Column("NazwaDostawcy", width=34),
            Column("DowodZakupu", width=26),
            Column("DataZakupu", Kind.DATE),
            Column("DataWplywu", Kind.DATE),
            Column("NrKSeF", width=38),
            Column("K_40", Kind.MONEY),
            Column("K_41", Kind.MONEY),
            Column("K_42", Kind.MONEY),
            Column("K_43", Kind.MONEY),
        ),
        _register,
    ),
    "stawki": Layout(
        gettext_lazy("Faktury według stawek VAT"),
        gettext_lazy("Jedna stawka faktury w wierszu, z terminem i rachunkiem."),
        (
            Column("numer", width=26),
            Column("data_wystawienia", Kind.DATE, width=17),
            Column("data_sprzedazy", Kind.DATE, width=15),
            Column("termin", Kind.DATE),
            Column("nip_sprzedawcy", width=16),
            Column("sprzedawca", width=34),
            Column("stawka", width=8),
            Column("netto_pln", Kind.MONEY),
            Column("vat_pln", Kind.MONEY),
            Column("brutto_pln", Kind.MONEY),
            Column("do_zaplaty_pln", Kind.MONEY, width=16),
            Column("waluta", width=8),
            Column("kurs", Kind.RATE),
            Column("rachunek", width=30),
        ),
        _rates,
    ),
    "dekrety": Layout(
        gettext_lazy("Pozycje do dekretacji"),
        gettext_lazy("Każda pozycja z rodzajem kosztu, umową, rejestracją, kapitałem i odsetkami."),
        (
            Column("numer", width=26),
            Column("data_wystawienia", Kind.DATE, width=17),
            Column("kod_kosztu", width=16),
            Column("rodzaj_kosztu", width=24),
            Column("opis", width=44),
            Column("umowa", width=20),
            Column("rejestracja", width=14),
            Column("stawka", width=8),
            Column("netto_pln", Kind.MONEY),
            Column("vat_pln", Kind.MONEY),
            Column("kapital_pln", Kind.MONEY),
            Column("odsetki_pln", Kind.MONEY),
        ),
        _postings,
    ),
}
