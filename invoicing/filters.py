"""Filters of invoices and settlements: what was asked for in the address.

Unknown or odd values are left out, never an error (see `eboks.listing`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Asset
from eboks.listing import Chip, clean_choice, clean_text, query_string, spellings, words
from eboks.money import to_grosz
from eboks.tenancy.models import Company
from eboks.ui.periods import PERIODS, Period, clean_day, named_period, period_label
from eboks.ui.words import short_date
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice, InvoiceQuerySet

STATES: dict[str, str | Promise] = {
    "to_pay": gettext_lazy("do zapłaty"),
    "overdue": gettext_lazy("po terminie"),
    "partly": gettext_lazy("częściowo zapłacone"),
    "paid": gettext_lazy("zapłacone"),
}
_AMOUNT = re.compile(r"-?\d{1,12}(?:[.,]\d{1,2})?")
_NUMBER_LENGTH = 40  # of a contract


@dataclass(frozen=True, slots=True)
class InvoiceFilters:
    """Filters of the list, each empty when not set. Only known values ever get in."""

    q: str = ""
    period: str = ""
    since: str = ""  # ISO days; not used when `period` names one
    until: str = ""
    state: str = ""
    kind: str = ""
    contract: str = ""  # its number
    company: str = ""  # public id of one of the person's companies
    new: str = ""

    @classmethod
    def parse(cls, params: Mapping[str, str], companies: Sequence[Company]) -> InvoiceFilters:
        """Reads a query string; what is unknown or belongs to a stranger is left out."""
        period = clean_choice(params.get("period"), PERIODS)
        return cls(
            q=clean_text(params.get("q")),
            period=period,
            since="" if period else clean_day(params.get("since")),
            until="" if period else clean_day(params.get("until")),
            state=clean_choice(params.get("state"), STATES),
            kind=clean_choice(params.get("kind"), InvoiceKind.values),
            contract=clean_text(params.get("contract"), _NUMBER_LENGTH),
            company=clean_choice(
                params.get("company"), [str(company.public_id) for company in companies]
            ),
            new=clean_choice(params.get("new"), ["1"]),
        )

    def __bool__(self) -> bool:
        return any(self.as_params().values())

    @property
    def uses_more(self) -> bool:
        """Whether a filter is set that the page keeps behind „Więcej filtrów”."""
        return any((self.since, self.until, self.kind, self.contract, self.company))

    def as_params(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}

    def span(self, on: dt.date) -> Period:
        """The days of issue that were asked for, as things stand on the day `on`."""
        return named_period(self.period, on=on) or Period.of_days(self.since, self.until)

    def apply(
        self,
        rows: InvoiceQuerySet,
        *,
        companies: Sequence[Company],
        on: dt.date,
        last_visit: dt.datetime | None,
    ) -> QuerySet[Invoice]:
        """`rows` narrowed to what was asked for, as things stand on the day `on`."""
        span = self.span(on)
        if span.since:
            rows = rows.filter(issued_on__gte=span.since)
        if span.until:
            rows = rows.filter(issued_on__lte=span.until)
        if self.state:
            rows = rows.filter(_state(self.state, on))
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.contract:
            rows = rows.filter(contract__number=self.contract)
        if self.company:
            rows = rows.filter(company__public_id=self.company)
        if self.new:
            rows = rows.filter(newer_than(last_visit))
        if self.q:
            rows = rows.filter(matching(self.q, companies=companies))
        return rows

    def chips(
        self, companies: Sequence[Company], extra: Mapping[str, str], *, on: dt.date
    ) -> list[Chip]:
        """The filters in force; `extra` are other parameters of the address that stay."""
        names = {str(company.public_id): company.name for company in companies}
        labels = {
            "q": _("„%s”") % self.q if self.q else "",
            "period": period_label(self.period, on=on),
            "since": _("od %s") % short_date(dt.date.fromisoformat(self.since))
            if self.since
            else "",
            "until": _("do %s") % short_date(dt.date.fromisoformat(self.until))
            if self.until
            else "",
            "state": str(STATES[self.state]) if self.state else "",
            "kind": str(InvoiceKind(self.kind).label) if self.kind else "",
            "contract": _("umowa %s") % self.contract if self.contract else "",
            "company": names.get(self.company, ""),
            "new": _("nowe od ostatniej wizyty") if self.new else "",
        }
        return [
            Chip(label, query_string({**replace(self, **{name: ""}).as_params(), **extra}))
            for name, label in labels.items()
            if label
        ]


def _state(state: str, on: dt.date) -> Q:
    match state:
        case "paid":
            return Q(item__open_amount=0)
        case "overdue":
            return Q(item__open_amount__gt=0, item__effective_due_on__lt=on)
        case "partly":
            return Q(item__open_amount__gt=0, item__open_amount__lt=F("item__gross"))
    return Q(item__open_amount__gt=0)


def newer_than(last_visit: dt.datetime | None) -> Q:
    """Invoices that came after the visit before this one. On a first visit none is „new”."""
    if last_visit is None:
        return Q(pk__in=[])
    return Q(received_at__gt=last_visit)


def matching(text: str, *, companies: Sequence[Company]) -> Q:
    """Invoices in which every word of `text` occurs: number, contract, asset, company, amount.

    A plate, VIN or amount typed with spaces („WGM 7H42”, „3 448,66”) is found too.
    """
    compact = text.replace(" ", "")
    every_word = Q()
    for word in words(text):
        condition = Q()
        for spelling in spellings(word):
            condition |= Q(number__icontains=spelling) | Q(contract__number__icontains=spelling)
        condition |= _of_asset(word)
        named = [c.pk for c in companies if word.casefold() in c.name.casefold()]
        if named:
            condition |= Q(company__in=named)
        every_word &= condition | _of_amount(word)
    return every_word | _of_asset(compact) | _of_amount(compact)


def _of_asset(text: str) -> Q:
    assets = Asset.objects.filter(
        Q(plate__icontains=text) | Q(vin__icontains=text) | Q(serial_number__icontains=text),
        contract=OuterRef("contract"),
    )
    return Q(Exists(assets))


def _of_amount(text: str) -> Q:
    """Invoices of that gross or net amount, or with that much left to pay."""
    amount = clean_amount(text)
    if amount is None:
        return Q(pk__in=[])
    return Q(gross=amount) | Q(net=amount) | Q(item__open_amount=amount)


def clean_amount(text: str) -> Decimal | None:
    """`3448,66`, `3448.66`, `3448,66zł`: an amount; None when the text is none."""
    bare = text.casefold().removesuffix("zł").removesuffix("pln").removesuffix("eur")
    bare = bare.removesuffix("€").replace("\u2212", "-")
    if not bare.isascii() or not _AMOUNT.fullmatch(bare):
        return None
    return to_grosz(Decimal(bare.replace(",", ".")))
