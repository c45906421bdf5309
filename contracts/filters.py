"""The list of contracts: what was asked for in the address, and the rows that answer it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.enums import LIVE_STATUSES, ContractStatus, Product
from contracts.models import Asset, Contract, ContractQuerySet
from eboks.listing import Chip, clean_choice, clean_text, query_string, spellings, words
from eboks.tenancy.models import Company

STATES: dict[str, tuple[str | Promise, Sequence[ContractStatus]]] = {
    "live": (gettext_lazy("trwające"), LIVE_STATUSES),
    "awaiting": (
        gettext_lazy("przed odbiorem"),
        (ContractStatus.DRAFT, ContractStatus.SIGNED, ContractStatus.AWAITING_HANDOVER),
    ),
    "active": (gettext_lazy("aktywne"), (ContractStatus.ACTIVE,)),
    "buyout": (gettext_lazy("czekają na wykup"), (ContractStatus.ENDED_BUYOUT_PENDING,)),
    "ended": (
        gettext_lazy("zakończone"),
        (ContractStatus.CLOSED, ContractStatus.EARLY_ENDED, ContractStatus.CEDED),
    ),
    "terminated": (gettext_lazy("wypowiedziane"), (ContractStatus.TERMINATED,)),
}
ENDS_WITHIN: dict[str, str | Promise] = {
    "30": gettext_lazy("w ciągu 30 dni"),
    "90": gettext_lazy("w ciągu 90 dni"),
    "180": gettext_lazy("w ciągu pół roku"),
    "365": gettext_lazy("w ciągu roku"),
}
CURRENCIES = ("PLN", "EUR", "USD", "CHF", "GBP", "CZK")
# Everything an asset is searched by, in one piece: one comparison a row, and no word spans two.
ASSET_TEXT = Concat(
    *("make", Value(" "), "model", Value(" "), "vin", Value(" "), "plate", Value(" ")),
    "serial_number",
    output_field=TextField(),
)


@dataclass(frozen=True, slots=True)
class ContractFilters:
    """Filters of the list, each empty when not set. Only known values ever get in."""

    q: str = ""
    product: str = ""
    state: str = ""
    ends: str = ""
    currency: str = ""
    company: str = ""  # public id of one of the person's companies

    @classmethod
    def parse(cls, params: Mapping[str, str], companies: Sequence[Company]) -> ContractFilters:
        """Reads a query string; what is unknown or belongs to a stranger is left out."""
        return cls(
            q=clean_text(params.get("q")),
            product=clean_choice(params.get("product"), Product.values),
            state=clean_choice(params.get("state"), STATES),
            ends=clean_choice(params.get("ends"), ENDS_WITHIN),
            currency=clean_choice(params.get("currency"), CURRENCIES),
            company=clean_choice(
                params.get("company"), [str(company.public_id) for company in companies]
            ),
        )

    def __bool__(self) -> bool:
        return any(self.as_params().values())

    def as_params(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}

    def apply(
        self, rows: ContractQuerySet, *, companies: Sequence[Company], on: dt.date
    ) -> QuerySet[Contract]:
        """`rows` narrowed to what was asked for, as things stand on the day `on`."""
        if self.product:
            rows = rows.filter(product=self.product)
        if self.state:
            rows = rows.filter(status__in=STATES[self.state][1])
        if self.ends:
            until = on + dt.timedelta(days=int(self.ends))
            rows = rows.live().filter(end_on__gte=on, end_on__lte=until)
        if self.currency:
            rows = rows.filter(currency=self.currency)
        if self.company:
            rows = rows.filter(company__public_id=self.company)
        if self.q:
            rows = rows.filter(matching(self.q, companies=companies))
        return rows

    def chips(self, companies: Sequence[Company], extra: Mapping[str, str]) -> list[Chip]:
        """The filters in force; `extra` are other parameters of the address that stay."""
        names = {str(company.public_id): company.name for company in companies}
        labels = {
            "q": _("„%s”") % self.q if self.q else "",
            "product": Product(self.product).label if self.product else "",
            "state": str(STATES[self.state][0]) if self.state else "",
            "ends": _("koniec %(when)s") % {"when": ENDS_WITHIN[self.ends]} if self.ends else "",
            "currency": self.currency,
            "company": names.get(self.company, ""),
        }
        return [
            Chip(str(label), query_string({**replace(self, **{name: ""}).as_params(), **extra}))
            for name, label in labels.items()
            if label
        ]


def matching(text: str, *, companies: Sequence[Company]) -> Q:
    """Contracts of `companies` in which every word of `text` occurs: number, asset, company's name.

    A plate or VIN typed with spaces („WGM 7H42”) is found too. Company names are compared here,
    among the person's own companies, so that capital letters fold alike on both databases.
    """
    assets = Asset.objects.annotate(text=ASSET_TEXT).filter(
        contract__company__in=[company.pk for company in companies]
    )
    every_word = Q()
    for word in words(text):
        in_asset, condition = Q(), Q()
        for spelling in spellings(word):
            in_asset |= Q(text__icontains=spelling)
            condition |= Q(number__icontains=spelling)
        condition |= Q(pk__in=assets.filter(in_asset).values("contract"))
        named = [c.pk for c in companies if word.casefold() in c.name.casefold()]
        if named:
            condition |= Q(company__in=named)
        every_word &= condition
    compact = text.replace(" ", "")
    if compact == text:
        return every_word
    return every_word | Q(pk__in=assets.filter(text__icontains=compact).values("contract"))
