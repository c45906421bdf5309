"""One vehicle worked out for its page: due visits, mileage, consumption, costs per kilometre."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise

from contracts.fleet import attention
from contracts.fleet.attention import Due, NeedKind
from contracts.fleet.cost_charts import MileageChart, cost_bars, mileage_chart
from contracts.fleet.costs import per_km, total, whole_year_before
from contracts.fleet.enums import Unit
from contracts.fleet.fuel import Outlier, VehicleFuel, figure, fleet_fuel, monthly_consumption
from contracts.fleet.mileage import Standing, standing
from contracts.fleet.models import MileageTerms
from contracts.fleet.overview import CompanyFleet, Line, work_out
from contracts.fleet.overview_list import Kinds, foreign_of, kinds_of
from contracts.fleet.readings import all_points
from contracts.fleet.vehicles import fleet_vehicles
from contracts.models import Asset
from eboks import clock
from eboks.tenancy.rights import Right
from eboks.ui.charts import BarChart


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of cost of the last twelve whole months, and what it is per kilometre."""

    title: str
    amount: Decimal
    per_km: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VehiclePage:
    line: Line
    service: Due | None
    technical: Due | None
    terms: MileageTerms | None
    standing: Standing | None
    mileage: MileageChart | None
    consumption: list[tuple[dt.date, str, str]]  # month, figure, unit
    usual: list[tuple[str, str]]  # figure, unit
    outliers: list[Outlier]
    kinds: Kinds
    parts: list[Part]
    total: Decimal
    cost_per_km: Decimal | None
    chart: BarChart | None
    foreign: list[tuple[str | Promise, str, Decimal]]
    first: dt.date
    last: dt.date


def vehicle_page(asset: Asset, *, on: dt.date, with_finance: bool) -> VehiclePage:
    """Everything that the page shows of `asset` on the day `on`. The caller has checked who asks
    and whether they see rates, VAT and premiums (`with_finance`)."""
    rows = fleet_vehicles().filter(pk=asset.pk)
    (line,), costs, outliers = work_out(rows, on=on)
    terms = MileageTerms.objects.filter(asset=asset).first()
    due = attention.visits_due(rows).get(asset.pk, {})
    fuel = dict(fleet_fuel(rows, first=clock.add_months(on, -12), last=on)).get(
        asset.pk, VehicleFuel([], {}, [])
    )
    rights = [Right.VIEW_FLEET, *([Right.VIEW_FINANCE] if with_finance else [])]
    kinds = kinds_of(
        {
            (name, month): value
            for name, monthly in costs.parts.items()
            for (_pk, month), value in monthly.items()
        },
        on=on,
        rights=rights,
    )
    company = asset.contract.company_id
    abroad = CompanyFleet(
        [],
        {},
        {
            (name, currency): value
            for name, amounts in costs.foreign.items()
            for (_pk, currency), value in amounts.items()
        },
    )
    paid = total(kinds.totals)
    first, last = whole_year_before(on)
    return VehiclePage(
        line=line,
        service=due.get(NeedKind.SERVICE),
        technical=due.get(NeedKind.TECHNICAL),
        terms=terms,
        standing=_standing(terms, line),
        mileage=mileage_chart(all_points(asset), terms),
        consumption=[
            (month, figure(value), str(Unit(unit).label))
            for (month, unit), value in monthly_consumption(fuel.consumption).items()
        ],
        usual=[
            (figure(value), str(Unit(unit).label)) for unit, value in sorted(fuel.medians.items())
        ],
        outliers=outliers,
        kinds=kinds,
        parts=[
            Part(title, amount, per_km(amount, line.km))
            for title, amount in zip(kinds.titles, kinds.totals, strict=True)
        ],
        total=paid,
        cost_per_km=per_km(paid, line.km),
        chart=cost_bars(kinds, title=str(asset)),
        foreign=foreign_of({company: abroad}, finance={company} if with_finance else ()),
        first=first,
        last=last,
    )


def _standing(terms: MileageTerms | None, line: Line) -> Standing | None:
    if terms is None or line.reading is None:
        return None
    day, km = line.reading
    return standing(terms=terms, km=km, on=day)
