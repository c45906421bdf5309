"""Both lists of insurance as exports: exactly what is seen at the same address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Asset
from eboks import clock
from eboks.documents.csv_files import table_writer
from eboks.documents.xlsx import ROW_LIMIT, About, Column, Kind, Sheet
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.tenancy.rights import Right
from insurance.enums import Placement, PolicyStatus, Risk
from insurance.filters import CoverFilters, Filters, PolicyFilters, ordered
from insurance.loading import insured_assets
from insurance.models import Policy, PolicyCover, PolicyQuerySet
from insurance.standing import Standing, covers_of, standing
from insurance.words import risk_name, risk_tag

_CHUNK = 1_000
_POLICY = (
    *("number", "placement", "valid_from", "valid_to", "terminated_on", "insurer__name"),
    *("company__name", "contract__number", "asset__make", "asset__model", "asset__plate"),
    *("asset__vin", "asset__serial_number"),
)
_ASSET = (
    *("make", "model", "plate", "vin", "serial_number"),
    *("contract__number", "contract__company__name"),
)


# --- policies -------------------------------------------------------------------------------
def _policies(order: Order) -> tuple[PolicyFilters, PolicyQuerySet]:
    filters = PolicyFilters.parse(order.query())
    rows: PolicyQuerySet = order.scoped(Policy.objects.all())
    return filters, filters.apply(rows, today=clock.today(order.at))


def _measure_policies(order: Order) -> Extent:
    filters, rows = _policies(order)
    return Extent(rows[: ROW_LIMIT + 1].count(), words=_conditions(filters)[:150])


def _build_policies(order: Order) -> None:
    filters, rows = _policies(order)
    columns = [
        Column(_("Numer polisy"), width=22),
        Column(_("Ubezpieczyciel"), width=28),
        Column(_("Klient"), width=30),
        Column(_("Przedmiot"), width=30),
        Column(_("Rejestracja")),
        Column(_("VIN lub numer seryjny"), width=22),
        Column(_("Umowa"), width=20),
        Column(_("Ryzyka"), width=24),
        Column(_("Od"), Kind.DATE),
        Column(_("Do"), Kind.DATE),
        Column(_("Kto ubezpiecza"), width=20),
        Column(_("Stan"), width=22),
    ]
    order.file_name = f"polisy-{clock.today(order.at)}.{order.file_format}"
    order.take(_written(order, _("Polisy"), columns, _policy_rows(rows), filters))


def _policy_rows(rows: PolicyQuerySet) -> Iterator[Sequence[Any]]:
    found = (
        ordered(rows)
        .select_related("insurer", "company", "asset", "contract")
        .prefetch_related(Prefetch("covers", PolicyCover.objects.order_by("pk")))
        .only(*_POLICY)
    )
    # Django would translate every choice anew in each of 100 000 rows.
    placements, risks, states = (
        {value: str(label) for value, label in choices}
        for choices in (Placement.choices, Risk.choices, PolicyStatus.choices)
    )
    for policy in found.iterator(chunk_size=_CHUNK):
        yield (
            policy.number,
            policy.insurer.name,
            policy.company.name,
            f"{policy.asset.make} {policy.asset.model}",
            policy.asset.plate,
            policy.asset.vin or policy.asset.serial_number,
            policy.contract.number,
            ", ".join(risks[cover.risk] for cover in policy.covers.all()),
            policy.valid_from,
            policy.last_day,
            placements[policy.placement],
            states[policy.status_now],  # type: ignore[attr-defined]
        )


# --- assets ---------------------------------------------------------------------------------
def _assets(order: Order) -> tuple[CoverFilters, QuerySet[Asset], Standing]:
    today = clock.today(order.at)
    filters = CoverFilters.parse(order.query())
    every = order.scoped(insured_assets()).on_lease()
    stands = standing(every, today=today)
    rows = filters.apply(every, today=today)
    if filters.state:
        rows = rows.filter(pk__in=stands.ids(filters.state, filters.risk))
    return filters, stands.ordered(rows), stands


def _measure_assets(order: Order) -> Extent:
    filters, rows, _stands = _assets(order)
    return Extent(rows[: ROW_LIMIT + 1].count(), words=_conditions(filters)[:150])


def _build_assets(order: Order) -> None:
    filters, rows, stands = _assets(order)
    columns = [
        Column(_("Przedmiot"), width=30),
        Column(_("Rejestracja")),
        Column(_("VIN lub numer seryjny"), width=22),
        Column(_("Umowa"), width=20),
        Column(_("Klient"), width=30),
        *(Column(risk_name(risk), width=24) for risk in Risk),
    ]
    today = clock.today(order.at)
    order.file_name = f"ubezpieczenie-{today}.{order.file_format}"
    order.take(
        _written(order, _("Ubezpieczenie"), columns, _asset_rows(rows, stands, today), filters)
    )


def _asset_rows(rows: QuerySet[Asset], stands: Standing, today: dt.date) -> Iterator[Sequence[Any]]:
    chunk: list[Asset] = []
    found = rows.select_related("contract__company").only(*_ASSET)
    for asset in found.iterator(chunk_size=_CHUNK):
        chunk.append(asset)
        if len(chunk) == _CHUNK:
            yield from _chunk_rows(chunk, stands, today)
            chunk = []
    yield from _chunk_rows(chunk, stands, today)


def _chunk_rows(
    assets: Sequence[Asset], stands: Standing, today: dt.date
) -> Iterator[Sequence[Any]]:
    covers = covers_of([asset.pk for asset in assets], rules=stands.rules, today=today)
    for asset in assets:
        risks = covers[asset.pk].risks
        yield (
            f"{asset.make} {asset.model}",
            asset.plate,
            asset.vin or asset.serial_number,
            asset.contract.number,
            asset.contract.company.name,
            *(risk_tag(risks[risk]).text if risk in risks else "" for risk in Risk),
        )


# --- both -----------------------------------------------------------------------------------
def _conditions(filters: Filters) -> str:
    return ", ".join(chip.label for chip in filters.chips())


def _written(
    order: Order,
    title: str,
    columns: list[Column],
    rows: Iterator[Sequence[Any]],
    filters: Filters,
) -> BinaryIO:
    facts: list[tuple[str, str | dt.date]] = [
        (_("Firma"), order.company.name if order.company else _("wszystkie")),
        (_("Filtry"), _conditions(filters) or _("bez filtrów")),
        (_("Stan na dzień"), clock.today(order.at)),
    ]
    return table_writer(order.file_format)(
        sheets=[Sheet(title, columns, rows)], about=About(title, order.at, facts)
    )


def register() -> None:
    """Called once, when the app is ready."""
    add_export(
        Export(
            name="insurance_policies",
            title=gettext_lazy("Polisy"),
            right=Right.EXPORT_REPORTS,
            build=_build_policies,
            measure=_measure_policies,
            page="insurance:policies",
        )
    )
    add_export(
        Export(
            name="insurance_cover",
            title=gettext_lazy("Ubezpieczenie"),
            right=Right.EXPORT_REPORTS,
            build=_build_assets,
            measure=_measure_assets,
            page="insurance:list",
        )
    )
