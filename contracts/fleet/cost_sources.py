"""Costs that the fleet itself knows: lease, fuel, service, tyres, damages, tolls, residual gain.

All of it of the present lessee alone: records name their company, and of the lease what fell due
since the contract came to it (`LesseePeriod`). Sums are made in SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, TruncMonth
from django.utils.translation import gettext_lazy

from contracts.enums import RowKind
from contracts.fleet.costs import CostSource, Foreign, Monthly, Reads, add_source, shares, spread
from contracts.fleet.enums import CoveredBy, ImportState
from contracts.fleet.models import (
    Damage,
    FuelTransaction,
    MileageTerms,
    ServiceVisit,
    SupplierImport,
    Toll,
    TyreSet,
)
from contracts.models import Asset, LesseePeriod, ScheduleRow
from eboks.money import ZERO, to_grosz
from eboks.tenancy.rights import Right

_ZLOTY = Q(currency="PLN")
_IN_ZLOTY = Q(version__contract__currency="PLN")


def lessee_since(assets: QuerySet[Asset]) -> dict[int, dt.date]:
    """By contract: since when its present lessee has it, where it had another one before."""
    rows = LesseePeriod.objects.filter(
        contract__in=assets.order_by().values("contract"), to_on__isnull=True
    )
    return dict(rows.values_list("contract_id", "from_on"))


def lease(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Monthly:
    """Net instalments of the schedules in force by their contractual day; the initial fee and the
    buyout are no instalments. A contract of several assets is shared by their net prices."""
    found: dict[tuple[int, dt.date], Decimal] = {}
    for month, _currency, parts in _lease(assets, first, last, _IN_ZLOTY):
        for asset_id, part in parts:
            found[asset_id, month] = found.get((asset_id, month), ZERO) + part
    return found


def lease_elsewhere(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Foreign:
    """Net instalments of contracts in other currencies."""
    found: dict[tuple[int, str], Decimal] = {}
    for _month, currency, parts in _lease(assets, first, last, ~_IN_ZLOTY):
        for asset_id, part in parts:
            found[asset_id, currency] = found.get((asset_id, currency), ZERO) + part
    return found


_Shared = list[tuple[dt.date, str, list[tuple[int, Decimal]]]]


def _lease(assets: QuerySet[Asset], first: dt.date, last: dt.date, only: Q) -> _Shared:
    contracts = assets.order_by().values("contract")
    before = LesseePeriod.objects.filter(
        contract=OuterRef("version__contract"),
        to_on__isnull=True,
        from_on__gt=OuterRef("nominal_due_on"),
    )
    rows = (
        ScheduleRow.objects.filter(
            only,
            ~Exists(before),
            version__contract__in=contracts,
            version__is_current=True,
            kind=RowKind.INSTALMENT,
            nominal_due_on__gte=first,
            nominal_due_on__lte=last,
        )
        .values_list("version__contract", "version__contract__currency")
        .annotate(month=_month("nominal_due_on"), net=Sum("payment"))
        .order_by("version__contract", "month")
    )
    shared: dict[int, list[tuple[int, Decimal]]] = {}
    own = Asset.objects.filter(contract__in=contracts).order_by("contract", "pk")
    for contract, pk, price in own.values_list("contract_id", "pk", "net_price"):
        shared.setdefault(contract, []).append((pk, price))
    wanted = set(assets.order_by().values_list("pk", flat=True))
    found: _Shared = []
    for contract, currency, month, net in rows:
        group = shared[contract]
        parts = shares(to_grosz(net), [price for _pk, price in group])
        mine = [(pk, part) for (pk, _price), part in zip(group, parts, strict=True) if pk in wanted]
        found.append((month, currency, mine))
    return found


def _month(column: str) -> Cast:
    """The first day of the month, as a date: PostgreSQL answers with a moment, read five times as
    slowly, and a fleet has tens of thousands of such sums."""
    return Cast(TruncMonth(column), DateField())


def _records(model: type[Any], assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Any:
    return model._default_manager.filter(
        asset__in=assets.order_by().values("pk"),
        company=F("asset__contract__company"),
        on__gte=first,
        on__lte=last,
    ).order_by()


def _sums(model: type[Any], amount: str | Combinable = "net", *only: Q) -> Reads:
    """Sums `amount` of records of a vehicle by month."""

    def monthly(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Monthly:
        rows = _records(model, assets, first, last).filter(*only)
        found = rows.values_list("asset_id").annotate(month=_month("on"), sum=Sum(amount))
        return {(pk, month): to_grosz(value) for pk, month, value in found.order_by("asset_id")}

    return monthly


def _elsewhere(model: type[Any]) -> Callable[[QuerySet[Asset], dt.date, dt.date], Foreign]:
    def foreign(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Foreign:
        rows = _records(model, assets, first, last).exclude(_ZLOTY)
        found = rows.values_list("asset_id", "currency").annotate(sum=Sum("net"))
        return {(pk, code): to_grosz(value) for pk, code, value in found.order_by("asset_id")}

    return foreign


def residual_gain(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Monthly:
    """What the vehicle is expected to be worth above its buyout, as a negative cost: spread by day
    over the term of use, so that a year of use bears its part."""
    since = lessee_since(assets)
    rows = MileageTerms.objects.filter(asset__in=assets.order_by().values("pk"))
    found: dict[tuple[int, dt.date], Decimal] = {}
    for pk, contract, gain, start, end in (
        rows.exclude(residual_gain=0)
        .order_by("pk")
        .values_list("asset_id", "asset__contract_id", "residual_gain", "start_on", "end_on")
    ):
        within = max(first, since.get(contract, first)), last
        for month, part in spread(-gain, days=(start, end), within=within).items():
            found[pk, month] = part
    return found


def _imported(_companies: Collection[int]) -> object:
    """The last file of a supplier that was taken in: it brings fuel, service and tolls."""
    rows = SupplierImport.objects.filter(state=ImportState.APPLIED, applied_at__isnull=False)
    return rows.order_by("-applied_at", "-pk").values_list("pk", flat=True).first() or 0


def register() -> None:
    """Called once, when the app is ready."""
    add_source(
        CostSource(
            name="lease",
            title=gettext_lazy("Raty leasingu"),
            order=10,
            right=Right.VIEW_FINANCE,
            monthly=lease,
            foreign=lease_elsewhere,
        )
    )
    fleet: list[tuple[str, Any, Reads, Any]] = [
        (
            "fuel",
            gettext_lazy("Paliwo i ładowanie"),
            _sums(FuelTransaction, "net", _ZLOTY),
            _elsewhere(FuelTransaction),
        ),
        (
            "service",
            gettext_lazy("Serwis"),
            _sums(ServiceVisit, "net", Q(covered_by=CoveredBy.CLIENT)),
            None,
        ),
        ("tyres", gettext_lazy("Opony"), _sums(TyreSet), None),
        (
            "damages",
            gettext_lazy("Szkody po odszkodowaniu"),
            _sums(Damage, F("net") - F("payout")),
            None,
        ),
        (
            "tolls",
            gettext_lazy("Drogi, parkingi, mandaty"),
            _sums(Toll, "net", _ZLOTY),
            _elsewhere(Toll),
        ),
        ("residual", gettext_lazy("Zysk z wartości końcowej"), residual_gain, None),
    ]
    for place, (name, title, monthly, foreign) in enumerate(fleet):
        add_source(
            CostSource(
                name=name,
                title=title,
                order=40 + 10 * place,
                right=Right.VIEW_FLEET,
                monthly=monthly,
                foreign=foreign,
                changed=_imported if name == "fuel" else None,
            )
        )
