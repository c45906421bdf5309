"""The fleet worked out: a line for each vehicle, costs by month, outliers of fuel.

Everything is made for a company in a number of queries that does not depend on its vehicles, and
kept until something changes: a fleet of 3 000 vehicles has 150 000 fills a year.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.db.models import Count, Max

from contracts.fleet import attention
from contracts.fleet.attention import Need
from contracts.fleet.cost_sources import lessee_since
from contracts.fleet.costs import Costs, costs_of, sources, whole_year_before
from contracts.fleet.fuel import Outlier, fleet_fuel
from contracts.fleet.mileage import Standing, driven, standing
from contracts.fleet.models import MileageReading, MileageTerms
from contracts.fleet.readings import Seen, fleet_readings
from contracts.fleet.vehicles import FleetVehicleQuerySet, fleet_vehicles
from contracts.models import RateChange
from eboks import clock
from eboks.accounts.models import User
from eboks.caching import keep, kept
from eboks.money import ZERO
from eboks.tenancy.models import has_limits
from eboks.tenancy.rights import Right

T = TypeVar("T")

_KEEP_SECONDS = 6 * 3600
RIGHTS = (Right.VIEW_FLEET, Right.VIEW_FINANCE)
_GRAMS_IN_TONNE = 1_000_000
_COLUMNS = (
    *("pk", "public_id", "make", "model", "plate", "vin", "serial_number", "co2_g_km"),
    *("contract_id", "contract__number", "contract__company", "contract__company__name"),
)


class Line(NamedTuple):
    """A vehicle on the fleet page. Costs of the last twelve whole months, net in PLN: `cost` needs
    VIEW_FLEET alone, `finance_cost` VIEW_FINANCE, too. `km` None: too few readings."""

    asset_id: int
    public_id: str
    company_id: int
    company: str
    name: str
    sign: str
    vin: str
    contract: str
    reading: tuple[dt.date, int] | None
    km: int | None
    limit_km: int | None
    forecast_km: int | None
    charge: Decimal | None
    cost: Decimal
    finance_cost: Decimal
    co2_g: int | None
    needs: tuple[Need, ...]

    @property
    def is_urgent(self) -> bool:
        return any(need.is_urgent for need in self.needs)

    @property
    def co2_tonnes(self) -> Decimal | None:
        """An estimate: kilometres by the grams on a kilometre that the approval states."""
        if self.km is None or self.co2_g is None:
            return None
        return Decimal(self.km * self.co2_g) / _GRAMS_IN_TONNE


class CompanyFleet(NamedTuple):
    """The fleet of one company: `months` by (source, month), `foreign` by (source, currency)."""

    lines: list[Line]
    months: dict[tuple[str, dt.date], Decimal]
    foreign: dict[tuple[str, str], Decimal]


def company_fleets(
    *, user: User, companies: Collection[int], at: dt.datetime, stamp: int
) -> dict[int, CompanyFleet]:
    """By company, of those `companies` (ids), what `user` may see with VIEW_FLEET.

    Kept for each company until `stamp` (the number of the last feed), a reading, an imported file,
    or whatever a source of costs watches changes; at most six hours. What a limited person sees is
    no whole company: it is neither kept nor taken from there. Costs that need VIEW_FINANCE are in
    it: the page leaves them out for whoever may not see them.
    """
    return {pk: fleet for pk, (fleet, _found) in _known(user, companies, at, stamp, "").items()}


def company_outliers(
    *, user: User, companies: Collection[int], at: dt.datetime, stamp: int
) -> dict[int, list[Outlier]]:
    """By company: fills of the last twelve months that deserve a look, the newest first."""
    return {pk: found for pk, (_fleet, found) in _known(user, companies, at, stamp, "o").items()}


def remembered(
    *,
    user: User,
    companies: Collection[int],
    at: dt.datetime,
    stamp: int,
    about: Sequence[object],
    make: Callable[[], T],
) -> T:
    """What `make` answers, kept as long as the figures of `companies` stand. `about` tells apart
    what is asked of them (who sees what, the filters, the page): a page of 25 vehicles is then
    shown without reading thousands. Nothing is kept for a limited person."""
    if has_limits(user):
        return make()
    asked = hashlib.sha256(repr(about).encode()).hexdigest()[:24]
    key = f"fleetpage:{_mark(companies, clock.today(at), stamp)}:{asked}"
    known = kept([key])
    if key in known:
        found: T = known[key]
        return found
    made = make()
    keep({key: made}, _KEEP_SECONDS)
    return made


_Made = tuple[CompanyFleet, list[Outlier]]
_NOTHING = CompanyFleet([], {}, {})


def _known(
    user: User, companies: Collection[int], at: dt.datetime, stamp: int, part: str
) -> dict[int, _Made]:
    """What is kept in `part` (lines, or „o”: outliers), else all of it made anew."""
    today = clock.today(at)
    if has_limits(user):
        return _built(user, companies, today)
    # Asked before the sums: what is written in between is under the next mark as well.
    mark = _mark(companies, today, stamp)
    keys = {f"fleet{part}:{pk}:{mark}": pk for pk in companies}
    known = {keys[key]: value for key, value in kept(keys).items()}
    found: dict[int, _Made] = {
        pk: (_NOTHING, value) if part else (value, []) for pk, value in known.items()
    }
    missing = [pk for pk in companies if pk not in known]
    if missing:
        made = _built(user, missing, today)
        keep({f"fleet:{pk}:{mark}": fleet for pk, (fleet, _o) in made.items()}, _KEEP_SECONDS)
        keep({f"fleeto:{pk}:{mark}": rows for pk, (_f, rows) in made.items()}, _KEEP_SECONDS)
        found |= made
    return found


def _mark(companies: Collection[int], today: dt.date, stamp: int) -> str:
    """Different after anything that the figures rest on has changed."""
    entered = MileageReading.objects.filter(company__in=companies, author__isnull=False)
    repriced = RateChange.objects.order_by("-pk").values_list("pk", flat=True).first()
    facts = [
        *(today, stamp, repriced, sorted(companies)),
        entered.aggregate(last=Max("pk"), gone=Count("withdrawn_at")),
        *(source.changed(companies) for source in sources() if source.changed is not None),
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def _built(user: User, companies: Collection[int], today: dt.date) -> dict[int, _Made]:
    rows = fleet_vehicles().for_user(user).filter(contract__company__in=companies)
    lines, costs, outliers = work_out(rows, on=today)
    found: dict[int, _Made] = {pk: (CompanyFleet([], {}, {}), []) for pk in companies}
    company_of = {}
    for line in lines:
        company_of[line.asset_id] = line.company_id
        found[line.company_id][0].lines.append(line)
    for name, monthly in costs.parts.items():
        for (asset_id, month), value in monthly.items():
            months = found[company_of[asset_id]][0].months
            months[name, month] = months.get((name, month), ZERO) + value
    for name, abroad in costs.foreign.items():
        for (asset_id, currency), value in abroad.items():
            foreign = found[company_of[asset_id]][0].foreign
            foreign[name, currency] = foreign.get((name, currency), ZERO) + value
    for outlier in outliers:
        found[company_of[outlier.fill.asset_id]][1].append(outlier)
    return found


def work_out(rows: FleetVehicleQuerySet, *, on: dt.date) -> tuple[list[Line], Costs, list[Outlier]]:
    """Lines of the vehicles `rows` on the day `on`, costs of the last twelve whole months, and
    outliers of the last twelve months, the newest first. The same queries for one and thousands.
    """
    first, last = whole_year_before(on)
    seen = fleet_readings(rows, first=first, last=last)
    since = lessee_since(rows)
    due, tread = attention.visits_due(rows), attention.treads(rows)
    # The fills themselves, 150 000 of a big fleet, are let go of vehicle by vehicle.
    found = fleet_fuel(rows, first=clock.add_months(on, -12), last=on)
    odd = {pk: fuel.outliers for pk, fuel in found if fuel.outliers}
    costs = costs_of(rows, first=first, last=last, rights=RIGHTS)
    sums = costs.by_asset()
    finance = {source.name for source in sources() if source.right == Right.VIEW_FINANCE}
    terms_of = {terms.asset_id: terms for terms in _terms(rows)}
    lines = []
    for row in rows.order_by("pk").values(*_COLUMNS):
        pk = row["pk"]
        terms, mine = terms_of.get(pk), seen.get(pk)
        now = _standing(terms, mine)
        over = forecast_over(now)
        parts = sums.get(pk, {})
        paid = sum((value for part, value in parts.items() if part in finance), ZERO)
        lines.append(
            Line(
                asset_id=pk,
                public_id=str(row["public_id"]),
                company_id=row["contract__company"],
                company=row["contract__company__name"],
                name=f"{row['make']} {row['model']}",
                sign=row["plate"] or row["vin"] or row["serial_number"],
                vin=row["vin"],
                contract=row["contract__number"],
                reading=mine.latest if mine else None,
                km=driven_in(mine, terms, since.get(row["contract_id"]), first=first, last=last),
                limit_km=now.limit_km if now else None,
                forecast_km=now.forecast_km if now else None,
                charge=now.expected_charge if now else None,
                cost=sum(parts.values(), ZERO) - paid,
                finance_cost=paid,
                co2_g=row["co2_g_km"],
                needs=tuple(
                    attention.needs_of(
                        on=on,
                        km=mine.latest[1] if mine else None,
                        read_on=mine.latest[0] if mine else None,
                        due=due.get(pk, {}),
                        forecast_over=over,
                        outliers=recent_outliers(odd.get(pk, ()), on=on),
                        tread_mm=tread.get(pk),
                    )
                ),
            )
        )
    outliers = [outlier for own in odd.values() for outlier in own]
    outliers.sort(key=lambda outlier: (outlier.fill.on, outlier.fill.pk), reverse=True)
    return lines, costs, outliers


def _terms(rows: FleetVehicleQuerySet) -> Iterable[MileageTerms]:
    return MileageTerms.objects.filter(asset__in=rows.order_by().values("pk")).order_by("asset_id")


def _standing(terms: MileageTerms | None, seen: Seen | None) -> Standing | None:
    if terms is None or seen is None:
        return None
    day, km = seen.latest
    return standing(terms=terms, km=km, on=day)


def forecast_over(now: Standing | None) -> int | None:
    """Kilometres of the forecast above the limit; None without a forecast or a limit."""
    if now is None or now.forecast_km is None or now.limit_km is None:
        return None
    return now.forecast_km - now.limit_km


def driven_in(
    seen: Seen | None,
    terms: MileageTerms | None,
    since: dt.date | None,
    *,
    first: dt.date,
    last: dt.date,
) -> int | None:
    """Kilometres of the period (`mileage.driven`). The beginning of use by the contract counts as
    a reading of a vehicle that has had one lessee; `since`: when the present one came."""
    points = list(seen.points) if seen else []
    if terms is not None and since is None and (not points or terms.start_on < points[0][0]):
        points.insert(0, (terms.start_on, terms.start_km))
    began = since or (terms.start_on if terms else None)
    return driven(points, first=first, last=last, since=began)


def recent_outliers(outliers: Sequence[Outlier], *, on: dt.date) -> int:
    """How many fills of the last 90 days deserve a look."""
    since = on - dt.timedelta(days=attention.OUTLIER_DAYS)
    return len({row.fill.pk for row in outliers if row.fill.on >= since})
