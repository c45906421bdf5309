"""How every list of the fleet works: what a definition says, what was asked for, what it sums to.

The lists themselves are in `contracts.fleet.lists`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contracts.filters import ASSET_TEXT
from contracts.models import Asset
from eboks.documents.xlsx import Kind
from eboks.listing import Chip, Sort, clean_choice, clean_text, query_string, spellings, words
from eboks.money import zloty_first
from eboks.tenancy.models import Company
from eboks.ui.periods import PERIODS, Period, clean_day, named_period, period_label
from eboks.ui.words import short_date

Value = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Col:
    """A column of a page and of its file: the same value in both.

    `value` gives what `kind` holds (None: nothing to say). `cell` is the place on a phone's card.
    `total` is the field that the total row sums, `sort` the fields that order the list by it.
    `small` adds a second line on the page; in the file the columns of `lists` say it themselves.
    """

    key: str
    title: str | Promise
    value: Value
    kind: Kind = Kind.TEXT
    cell: str = ""
    total: str = ""
    sort: tuple[str, ...] = ()
    small: Value | None = None
    href: Value | None = None
    unit: Value | None = None  # stands after the figure on the page
    code: bool = False  # a code is not broken over two lines
    currency: bool = False  # an amount in the currency of the row
    only_file: bool = False
    width: int | None = None

    @property
    def is_figure(self) -> bool:
        return self.kind in {Kind.MONEY, Kind.RATE, Kind.WHOLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The one filter that is the list's own: `condition` of a value, `options` with their words."""

    label: str | Promise
    options: Mapping[str, str | Promise]
    condition: Callable[[str], Q]


def of_field(label: str | Promise, name: str, choices: type[models.TextChoices]) -> Choice:
    """A choice among the values of a field."""
    options = {str(value): text for value, text in choices.choices}
    return Choice(label=label, options=options, condition=lambda value: Q(**{name: value}))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """One list: `name` is of its route (`fleet:<name>`), `slug` of its address and file.

    `rows` are all of the kind, before anybody's rights. `by_currency`: rows name a currency, and
    amounts of different ones are never added.
    """

    name: str
    slug: str
    title: str | Promise
    tab: str | Promise
    about: str | Promise
    icon: str
    nothing: str | Promise
    rows: Callable[[], QuerySet[Any]]
    columns: tuple[Col, ...]
    choice: Choice
    by_currency: bool = False
    related: tuple[str, ...] = ()

    @property
    def sorts(self) -> dict[str, tuple[str, ...]]:
        return {column.key: column.sort for column in self.columns if column.sort}

    @property
    def on_page(self) -> list[Col]:
        return [column for column in self.columns if not column.only_file]

    def ordered(self, rows: QuerySet[Any], sort: Sort) -> QuerySet[Any]:
        """`rows` in the chosen order, with what their columns read."""
        fields = self.sorts[sort.key]
        sign = "-" if sort.descending else ""
        wanted = ("asset", "company", *self.related)
        return rows.select_related(*wanted).order_by(*(f"{sign}{f}" for f in fields), f"{sign}pk")


DEFAULT_SORT = Sort("on", descending=True)


@dataclass(frozen=True, slots=True)
class RecordFilters:
    """What the address asks for, each empty when not set. Only known values ever get in."""

    q: str = ""
    kind: str = ""
    period: str = ""
    since: str = ""
    until: str = ""
    company: str = ""

    @classmethod
    def parse(
        cls, params: Mapping[str, str], companies: Sequence[Company], choice: Choice
    ) -> RecordFilters:
        """Reads a query string; what is unknown or belongs to a stranger is left out."""
        period = clean_choice(params.get("period"), PERIODS)
        return cls(
            q=clean_text(params.get("q")),
            kind=clean_choice(params.get("kind"), choice.options),
            period=period,
            since="" if period else clean_day(params.get("since")),
            until="" if period else clean_day(params.get("until")),
            company=clean_choice(params.get("company"), [str(c.public_id) for c in companies]),
        )

    def __bool__(self) -> bool:
        return any(self.as_params().values())

    def as_params(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}

    def span(self, on: dt.date) -> Period:
        """The days asked for, as seen on the day `on`."""
        named = named_period(self.period, on=on) if self.period else None
        return named or Period.of_days(self.since, self.until)

    def apply(self, rows: QuerySet[Any], *, choice: Choice, on: dt.date) -> QuerySet[Any]:
        """`rows` narrowed to what was asked for."""
        span = self.span(on)
        if span.since:
            rows = rows.filter(on__gte=span.since)
        if span.until:
            rows = rows.filter(on__lte=span.until)
        if self.kind:
            rows = rows.filter(choice.condition(self.kind))
        if self.company:
            rows = rows.filter(company__public_id=self.company)
        if self.q:
            rows = rows.filter(asset__in=_vehicles(self.q, rows))
        return rows

    def chips(
        self,
        companies: Sequence[Company],
        extra: Mapping[str, str],
        *,
        choice: Choice,
        on: dt.date,
    ) -> list[Chip]:
        """The filters in force; `extra` are other parameters of the address that stay."""
        names = {str(company.public_id): company.name for company in companies}
        labels = {
            "q": _("„%s”") % self.q if self.q else "",
            "kind": str(choice.options[self.kind]) if self.kind else "",
            "period": period_label(self.period, on=on) if self.period else "",
            "since": _("od %s") % _day(self.since) if self.since else "",
            "until": _("do %s") % _day(self.until) if self.until else "",
            "company": names.get(self.company, ""),
        }
        return [
            Chip(label, query_string({**replace(self, **{name: ""}).as_params(), **extra}))
            for name, label in labels.items()
            if label
        ]


def _day(value: str) -> str:
    return short_date(dt.date.fromisoformat(value))


def _vehicles(text: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Keys of the vehicles of `rows` in which every word occurs: make, model, plate, VIN.

    A plate or VIN typed with spaces („WGM 7H42”) is found too.
    """
    assets = Asset.objects.filter(pk__in=rows.order_by().values("asset"))
    every_word = Q()
    for word in words(text):
        condition = Q()
        for spelling in spellings(word):
            condition |= Q(text__icontains=spelling)
        every_word &= condition
    squeezed = Q(text__icontains=text.replace(" ", ""))
    return assets.annotate(text=ASSET_TEXT).filter(every_word | squeezed).values("pk")


@dataclass(frozen=True, slots=True)
class Total:
    """What the rows of one currency come to: their count and the sum of each column with one."""

    currency: str
    count: int
    sums: Mapping[str, Decimal | int] = field(default_factory=dict)


def totals(wanted: RecordList, rows: QuerySet[Any]) -> list[Total]:
    """One total for each currency, złoty first; none without rows. One query."""
    summed = {f"sum_{c.key}": Sum(c.total) for c in wanted.columns if c.total}
    plain = rows.order_by()
    if wanted.by_currency:
        found = list(plain.values("currency").annotate(count=Count("pk"), **summed))
    else:
        found = [{"currency": "PLN", **plain.aggregate(count=Count("pk"), **summed)}]
    made = [
        Total(
            row["currency"],
            row["count"],
            {name.removeprefix("sum_"): row[name] or 0 for name in summed},
        )
        for row in found
        if row["count"]
    ]
    return sorted(made, key=lambda total: zloty_first(total.currency))
