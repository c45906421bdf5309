"""The table of the fleet page: what its address asks for, and the lines that answer it.

Lines come worked out (`fleet.overview`), so they are filtered and sorted here, not in SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contracts.fleet.attention import NeedKind
from contracts.fleet.costs import months_between, per_km, sources, total, whole_year_before
from contracts.fleet.overview import CompanyFleet, Line
from eboks.listing import Chip, Sort, clean_choice, clean_text, query_string, words
from eboks.money import ZERO
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right

ANY = "any"


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as one person may see it: with or without the costs that need VIEW_FINANCE."""

    line: Line
    cost: Decimal
    cost_per_km: Decimal | None

    @property
    def over_limit(self) -> int | None:
        """Kilometres of the forecast over the limit; negative under it."""
        if self.line.forecast_km is None or self.line.limit_km is None:
            return None
        return self.line.forecast_km - self.line.limit_km

    @property
    def refund(self) -> Decimal:
        """What comes back for kilometres that will not be driven."""
        return max(-(self.line.charge or ZERO), ZERO)


def shown(fleets: Mapping[int, CompanyFleet], *, finance: Collection[int]) -> list[Shown]:
    """Lines of `fleets`; those of the companies `finance` with rates, VAT and premiums."""
    found = []
    for company, fleet in fleets.items():
        with_finance = company in finance
        for line in fleet.lines:
            cost = line.cost + line.finance_cost if with_finance else line.cost
            found.append(Shown(line, cost, per_km(cost, line.km)))
    return found


def _attention(row: Shown) -> tuple[int, int]:
    urgent = sum(need.is_urgent for need in row.line.needs)
    return -urgent, -len(row.line.needs)


# Column -> what it is ordered by; lines without a value come last, whichever way.
SORTS: dict[str, Callable[[Shown], Any]] = {
    "attention": _attention,
    "plate": lambda row: row.line.sign,
    "mileage": lambda row: row.line.reading[1] if row.line.reading else None,
    "km": lambda row: row.line.km,
    "limit": lambda row: row.over_limit,
    "tco": lambda row: row.cost_per_km,
    "co2": lambda row: row.line.co2_tonnes,
}
DEFAULT_SORT = Sort("attention")


def ordered(rows: Iterable[Shown], sort: Sort) -> list[Shown]:
    """`rows` by a column; equal ones by plate, and then as they came into the portal."""
    key = SORTS[sort.key]
    by_plate = sorted(rows, key=lambda row: (row.line.sign, row.line.asset_id))
    known = [row for row in by_plate if key(row) is not None]
    known.sort(key=key, reverse=sort.descending)
    return known + [row for row in by_plate if key(row) is None]


@dataclass(frozen=True, slots=True)
class FleetFilters:
    """Filters of the table, each empty when not set. Only known values ever get in."""

    q: str = ""
    need: str = ""
    company: str = ""  # public id of one of the person's companies

    @classmethod
    def parse(cls, params: Mapping[str, str], companies: Sequence[Company]) -> FleetFilters:
        return cls(
            q=clean_text(params.get("q")),
            need=clean_choice(params.get("need"), {ANY, *NeedKind.values}),
            company=clean_choice(
                params.get("company"), {str(company.public_id) for company in companies}
            ),
        )

    def __bool__(self) -> bool:
        return bool(self.q or self.need or self.company)

    def as_params(self) -> dict[str, str]:
        return {"q": self.q, "need": self.need, "company": self.company}

    def apply(self, rows: Iterable[Shown], companies: Sequence[Company]) -> list[Shown]:
        """Lines that answer: every word stands in the make, model, plate, VIN or contract."""
        wanted = {
            company.pk for company in companies if str(company.public_id) == self.company
        } or None
        return [
            row
            for row in rows
            if (wanted is None or row.line.company_id in wanted)
            and self._needs(row.line)
            and self._says(row.line)
        ]

    def _needs(self, line: Line) -> bool:
        if not self.need:
            return True
        return bool(line.needs) and (
            self.need == ANY or any(need.kind == self.need for need in line.needs)
        )

    def _says(self, line: Line) -> bool:
        if not self.q:
            return True
        text = f"{line.name} {line.sign} {line.vin} {line.contract}".casefold()
        asked = self.q.casefold()
        return all(word in text for word in words(asked)) or asked.replace(" ", "") in text

    def chips(self, companies: Sequence[Company], keep: Mapping[str, str]) -> list[Chip]:
        """The filters in force, each with the address of the list without it."""
        names = {str(company.public_id): company.name for company in companies}
        labels = {
            "q": f"„{self.q}”",
            "need": need_label(self.need),
            "company": names.get(self.company, ""),
        }
        return [
            Chip(labels[name], query_string(replace(self, **{name: ""}).as_params() | dict(keep)))
            for name, value in self.as_params().items()
            if value
        ]


def need_label(need: str) -> str:
    if not need:
        return ""
    return _("wymagają uwagi") if need == ANY else str(NeedKind(need).label)


# --- sums of all that is seen ---------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Answer:
    """What the page opens with. `per_km` and `km`: of vehicles whose kilometres are known."""

    vehicles: int
    attention: int
    urgent: int
    km: int
    cost_per_km: Decimal | None
    without_km: int
    co2_tonnes: Decimal | None
    without_co2: int


def answer_of(rows: Sequence[Shown]) -> Answer:
    measured = [row for row in rows if row.line.km]
    km = sum(row.line.km or 0 for row in measured)
    tonnes = [row.line.co2_tonnes for row in rows if row.line.co2_tonnes is not None]
    return Answer(
        vehicles=len(rows),
        attention=sum(bool(row.line.needs) for row in rows),
        urgent=sum(row.line.is_urgent for row in rows),
        km=km,
        cost_per_km=per_km(total(row.cost for row in measured), km),
        without_km=len(rows) - len(measured),
        co2_tonnes=total(tonnes) if tonnes else None,
        without_co2=len(rows) - len(tonnes),
    )


@dataclass(frozen=True, slots=True)
class Kinds:
    """Costs by kind and month of one person's companies: titles, and rows of amounts."""

    names: list[str]
    titles: list[str]
    months: list[tuple[dt.date, list[Decimal]]]
    totals: list[Decimal]

    @property
    def total(self) -> Decimal:
        return total(self.totals)


def kinds_of(
    months: Mapping[tuple[str, dt.date], Decimal], *, on: dt.date, rights: Collection[Right]
) -> Kinds:
    """The last twelve whole months before `on`, by kinds that need one of `rights`."""
    shown_sources = [source for source in sources() if source.right in rights]
    names = [source.name for source in shown_sources]
    rows = [
        (month, [months.get((name, month), ZERO) for name in names])
        for month in months_between(*whole_year_before(on))
    ]
    totals = [total(column) for column in zip(*(amounts for _month, amounts in rows), strict=True)]
    return Kinds(names, [str(source.title) for source in shown_sources], rows, totals)


def months_of(
    fleets: Mapping[int, CompanyFleet], *, finance: Collection[int]
) -> dict[tuple[str, dt.date], Decimal]:
    """Sums of all companies by (source, month); what needs VIEW_FINANCE only of `finance`."""
    open_names = {source.name for source in sources() if source.right == Right.VIEW_FLEET}
    found: dict[tuple[str, dt.date], Decimal] = {}
    for company, fleet in fleets.items():
        for (name, month), value in fleet.months.items():
            if name in open_names or company in finance:
                found[name, month] = found.get((name, month), ZERO) + value
    return found


def foreign_of(
    fleets: Mapping[int, CompanyFleet], *, finance: Collection[int]
) -> list[tuple[str | Promise, str, Decimal]]:
    """(title of the source, currency, amount) of what is not in złote."""
    known = {source.name: source for source in sources()}
    sums: dict[tuple[str, str], Decimal] = {}
    for company, fleet in fleets.items():
        for key, value in fleet.foreign.items():
            if value and (known[key[0]].right == Right.VIEW_FLEET or company in finance):
                sums[key] = sums.get(key, ZERO) + value
    return [
        (known[name].title, currency, value)
        for (name, currency), value in sorted(
            sums.items(), key=lambda item: (known[item[0][0]].order, item[0][1])
        )
    ]


class Screen(NamedTuple):
    """What one address of the fleet page shows, ready to be kept: sums of everything, how many
    vehicles answer, those of the page, costs by (source, month), amounts in other currencies."""

    answer: Answer
    found: int
    rows: list[Shown]
    months: dict[tuple[str, dt.date], Decimal]
    foreign: list[tuple[str | Promise, str, Decimal]]
