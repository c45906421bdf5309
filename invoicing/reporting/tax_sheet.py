"""The yearly tax sheet: each row of the year's invoices of a vehicle, and what may be deducted.

A help for the accountant, not advice: the sheet names every assumption (limits by date, the use
that the client has set, the value of the car). An invoice in a foreign currency counts in PLN at
the rate that stands on it; without one it is listed and not counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from contracts.enums import AssetCategory, Product, Propulsion
from contracts.models import Asset
from eboks.money import ZERO, to_grosz
from invoicing.enums import CarGroup, CostKind, VatUse
from invoicing.models import AssetTaxUse, CarCostLimit, InvoiceRow
from invoicing.reporting import tax_split
from invoicing.reporting.tax_split import Split, Use

_CHUNK = 2_000
_OF_THE_CAR = {CostKind.INSTALMENT, CostKind.INITIAL_FEE}
_RUNNING = {CostKind.SERVICE, CostKind.FEE, CostKind.OTHER}
_LEFT_OUT = [
    *(CostKind.INTEREST_NOTE, CostKind.COMPENSATION, CostKind.DEPOSIT, CostKind.BUYOUT),
]
_DEPRECIATED_BY_CLIENT = {Product.FINANCIAL, Product.LOAN}
_ZERO_EMISSION = {Propulsion.ELECTRIC, Propulsion.HYDROGEN}
NOT_A_CAR = Use(is_passenger_car=False, deducts_all_vat=True, income_pct=100)


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A row of an invoice that falls to one asset, in PLN. Without a `split` it is not counted:
    the vehicle's use is not set, or the invoice has no exchange rate."""

    row: InvoiceRow
    asset: Asset | None
    net: Decimal
    principal: Decimal
    interest: Decimal
    vat: Decimal
    use: Use | None
    value: Decimal | None = None
    limit: Decimal | None = None
    split: Split | None = None


@dataclass(slots=True)
class VehicleSum:
    """A vehicle's year. `missing`: how many lines could not be counted."""

    asset: Asset | None
    use: Use | None
    net: Decimal = ZERO
    principal: Decimal = ZERO
    interest: Decimal = ZERO
    vat: Decimal = ZERO
    vat_deducted: Decimal = ZERO
    deductible: Decimal = ZERO
    not_deductible: Decimal = ZERO
    missing: int = 0
    limit: Decimal | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits and uses, read once for a sheet."""

    limits: Sequence[CarCostLimit]
    uses: Mapping[int, Sequence[AssetTaxUse]] = field(default_factory=dict)

    def use_of(self, asset: Asset, day: dt.date) -> Use | None:
        """As the client set it for that day; what is no vehicle needs no setting."""
        if asset.category != AssetCategory.VEHICLE:
            return NOT_A_CAR
        said = [use for use in self.uses.get(asset.pk, ()) if use.valid_from <= day]
        if not said:
            return None
        last = said[-1]
        return Use(last.is_passenger_car, last.vat_use == VatUse.FULL, last.income_pct)

    def limit_of(
        self, asset: Asset, *, row_day: dt.date, signed_on: dt.date
    ) -> CarCostLimit | None:
        """The limit of the asset's group on the day of the row, or of the contract
        (`CAR_LIMIT_BY`); None when no limit was in force."""
        day = signed_on if settings.CAR_LIMIT_BY == "signing" else row_day
        in_force = [
            limit
            for limit in self.limits
            if limit.valid_from <= day and (limit.valid_to is None or limit.valid_to >= day)
        ]
        by_group = {limit.group: limit for limit in in_force}
        if asset.propulsion in _ZERO_EMISSION and CarGroup.ZERO in by_group:
            return by_group[CarGroup.ZERO]
        low = by_group.get(CarGroup.LOW_CO2)
        if (
            low is not None
            and low.co2_below_g_km is not None
            and asset.co2_g_km is not None
            and asset.co2_g_km < low.co2_below_g_km
        ):
            return low
        return by_group.get(CarGroup.OTHER)


def rules_for(assets: QuerySet[Asset]) -> Rules:
    """Two queries."""
    uses: dict[int, list[AssetTaxUse]] = {}
    said = AssetTaxUse.objects.filter(asset__in=assets.order_by().values("pk"))
    for use in said.order_by("asset", "valid_from", "pk"):
        uses.setdefault(use.asset_id, []).append(use)
    return Rules(list(CarCostLimit.objects.order_by("valid_from", "pk")), uses)


def lines_of(rows: QuerySet[InvoiceRow]) -> Iterator[TaxLine]:
    """Each of `rows` (of one year), shared out among the assets of its contract by their price.

    Streams in the order of issue. Left out: notes for late payment and deposits, which are no cost
    of the vehicle, and the buyout, which is a purchase and is depreciated.
    """
    wanted = rows.exclude(cost_kind__in=_LEFT_OUT)
    assets = Asset.objects.filter(contract__in=wanted.order_by().values("invoice__contract"))
    rules = rules_for(assets)
    by_contract: dict[int, list[Asset]] = {}
    for asset in assets.order_by("contract", "pk"):
        by_contract.setdefault(asset.contract_id, []).append(asset)
    found = wanted.select_related("invoice__contract").order_by(
        "invoice__issued_on", "invoice_id", "position", "pk"
    )
    for row in found.iterator(chunk_size=_CHUNK):
        contract = row.invoice.contract
        shared = by_contract.get(contract.pk, []) if contract else []
        for part in _shares(shared):
            yield _line(row, *part, rules)


def _shares(assets: Sequence[Asset]) -> list[tuple[Asset | None, tuple[Decimal, Decimal]]]:
    """Each asset with where its part begins and ends, of 1; a row of no asset falls to none."""
    if not assets:
        return [(None, (ZERO, Decimal(1)))]
    total = sum((asset.net_price for asset in assets), ZERO)
    found: list[tuple[Asset | None, tuple[Decimal, Decimal]]] = []
    before = ZERO
    for place, asset in enumerate(assets, 1):
        after = before + asset.net_price
        end = Decimal(1) if place == len(assets) or not total else after / total
        found.append((asset, (before / total if total else ZERO, end)))
        before = after
    return found


def _line(
    row: InvoiceRow, asset: Asset | None, share: tuple[Decimal, Decimal], rules: Rules
) -> TaxLine:
    invoice = row.invoice
    rate = Decimal(1) if invoice.currency == "PLN" else invoice.fx_rate

    def part(amount: Decimal) -> Decimal:
        """From the running ends, so that parts of an amount add up to it."""
        whole = to_grosz(amount * (rate or 1))
        return to_grosz(whole * share[1]) - to_grosz(whole * share[0])

    principal, interest, vat = part(row.principal), part(row.interest), part(row.vat)
    net = part(row.net)
    if row.cost_kind == CostKind.INSTALMENT:
        if not (row.principal or row.interest):
            principal = net  # its parts are not stated: all of it is bounded by the limit
        net = principal + interest  # as parts are rounded one by one
    use = rules.use_of(asset, invoice.issued_on) if asset else NOT_A_CAR
    if use is None or rate is None:
        return TaxLine(row, asset, net, principal, interest, vat, use)
    contract = invoice.contract
    is_depreciated = contract is not None and contract.product in _DEPRECIATED_BY_CLIENT
    value = limit = None
    if asset is not None and use.is_passenger_car and not is_depreciated:
        assert contract is not None  # noqa: S101 -- an asset was found through it
        value = tax_split.car_value(net_price=asset.net_price, vat_pct=contract.vat_pct, use=use)
        found = rules.limit_of(asset, row_day=invoice.issued_on, signed_on=contract.signed_on)
        limit = found.amount if found else None
    line = TaxLine(row, asset, net, principal, interest, vat, use, value, limit)
    return replace(line, split=_split(line, use, is_depreciated=is_depreciated))


def _split(line: TaxLine, use: Use, *, is_depreciated: bool) -> Split:
    row, net, vat = line.row, line.net, line.vat
    principal, interest = line.principal, line.interest
    if row.cost_kind != CostKind.INSTALMENT:
        principal, interest = net, ZERO  # the initial fee pays for the asset
    # VAT of a whole financial lease stands on a row of its own, without a net amount.
    pays_for_asset = row.cost_kind in _OF_THE_CAR or (is_depreciated and not row.net)
    if pays_for_asset and is_depreciated:
        return tax_split.repayment(principal=principal, interest=interest, vat=vat, use=use)
    if pays_for_asset and line.value is not None:
        return tax_split.instalment(
            principal=principal,
            interest=interest,
            vat=vat,
            use=use,
            limit=line.limit,
            value=line.value,
        )
    if row.cost_kind in _RUNNING:
        return tax_split.running_cost(net=net, vat=vat, use=use)
    return tax_split.whole_cost(net=net, vat=vat, use=use)


def by_vehicle(lines: Iterator[TaxLine]) -> list[VehicleSum]:
    """Sums of the year, in the order in which the vehicles first appear."""
    sums: dict[int | None, VehicleSum] = {}
    for line in lines:
        key = line.asset.pk if line.asset else None
        found = sums.setdefault(key, VehicleSum(line.asset, line.use))
        found.use = line.use
        found.net += line.net
        found.principal += line.principal
        found.interest += line.interest
        found.vat += line.vat
        found.limit, found.value = line.limit or found.limit, line.value or found.value
        if line.split is None:
            found.missing += 1
            continue
        found.vat_deducted += line.split.vat_deducted
        found.deductible += line.split.deductible
        found.not_deductible += line.split.not_deductible
    return list(sums.values())
