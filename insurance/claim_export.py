"""The list of claims as an export: at once, in the background, or by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.documents.csv_files import table_writer
from eboks.documents.xlsx import ROW_LIMIT, About, Column, Kind, Sheet
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Right, roles_with
from insurance.claim_filters import ClaimFilters
from insurance.claim_words import country_name
from insurance.models import Claim

_CHUNK = 2_000


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name="claim_list",
            title=gettext_lazy("Szkody"),
            right=Right.VIEW_INSURANCE,
            build=_build,
            measure=_measure,
            page="insurance:claim_list",
        )
    )


def _claims(order: Order) -> tuple[ClaimFilters, QuerySet[Claim]]:
    filters = ClaimFilters.parse(order.query())
    return filters, filters.apply(order.scoped(Claim.objects.all()))


def _measure(order: Order) -> Extent:
    filters, rows = _claims(order)
    return Extent(rows.order_by()[: ROW_LIMIT + 1].count(), words=", ".join(filters.said())[:150])


def _build(order: Order) -> None:
    filters, rows = _claims(order)
    order.file_name = f"szkody-{clock.today(order.at)}.{order.file_format}"
    order.progress(0, order.total or rows.order_by()[: ROW_LIMIT + 1].count())
    money = set(
        Membership.objects.active()
        .filter(user=order.user, role__in=roles_with(Right.VIEW_FINANCE))
        .values_list("company_id", flat=True)
    )
    columns = [
        Column(_("Numer zgłoszenia"), width=18),
        Column(_("Korzystający"), width=34),
        Column(_("Umowa"), width=20),
        Column(_("Przedmiot"), width=30),
        Column(_("Rejestracja lub numer")),
        Column(_("Co się stało")),
        Column(_("Kiedy"), Kind.MOMENT),
        Column(_("Gdzie"), width=30),
        Column(_("Kraj")),
        Column(_("Stan"), width=30),
        Column(_("Ubezpieczyciel"), width=30),
        Column(_("Numer szkody u ubezpieczyciela"), width=24),
        Column(_("Dni postoju"), Kind.WHOLE),
    ]
    if money:
        columns += [
            Column(_("Waluta"), width=8),
            Column(_("Koszt naprawy netto"), Kind.MONEY, total=True),
            Column(_("Udział własny"), Kind.MONEY, total=True),
            Column(_("Odszkodowanie"), Kind.MONEY, total=True),
        ]
    file = table_writer(order.file_format)(
        sheets=[Sheet(_("Szkody"), columns, _rows(rows, money), total_by=13 if money else None)],
        about=About(
            _("Szkody"),
            order.at,
            [
                (_("Firma"), order.company.name if order.company else _("wszystkie")),
                (_("Filtry"), ", ".join(filters.said()) or _("bez filtrów")),
                (_("Stan na dzień"), clock.today(order.at)),
            ],
        ),
    )
    order.take(file)


def _rows(rows: QuerySet[Claim], money: set[int]) -> Iterator[Sequence[Any]]:
    found = rows.select_related("company", "contract", "asset", "insurer")
    for row in found.order_by("-happened_at", "-pk").iterator(chunk_size=_CHUNK):
        line: list[Any] = [
            row.reference,
            row.company.name,
            row.contract.number,
            f"{row.asset.make} {row.asset.model}",
            row.asset.plate or row.asset.vin or row.asset.serial_number,
            row.get_kind_display(),
            row.happened_at,
            row.place,
            country_name(row.country),
            row.get_status_display(),
            row.insurer.name if row.insurer else "",
            row.insurer_number,
            row.downtime_days,
        ]
        if money:
            seen = row.company_id in money
            line += [
                row.currency,
                row.repair_cost if seen else None,
                row.deductible if seen else None,
                row.payout if seen else None,
            ]
        yield line
