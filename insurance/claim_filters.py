"""The list of claims: what was asked for in the address, and the rows that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Replace
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from eboks.listing import clean_choice, clean_text, query_string, spellings, words
from insurance.enums import CLAIMS_ENDED
from insurance.models import Claim

STATES: dict[str, str | Promise] = {
    "otwarte": gettext_lazy("W toku"),
    "zakonczone": gettext_lazy("Zakończone"),
}
_SEARCHED = (
    *("asset__make", "asset__model", "asset__vin", "asset__plate", "asset__serial_number"),
    *("reference", "insurer_number", "contract__number"),
)


@dataclass(frozen=True, slots=True)
class ClaimFilters:
    """Each empty when not set. Only known values ever get in."""

    q: str = ""
    state: str = ""

    @classmethod
    def parse(cls, query: Mapping[str, Any]) -> ClaimFilters:
        return cls(clean_text(query.get("q")), clean_choice(query.get("stan"), STATES))

    def apply(self, rows: QuerySet[Claim]) -> QuerySet[Claim]:
        """`rows` that the filters leave."""
        if self.state == "otwarte":
            rows = rows.exclude(status__in=CLAIMS_ENDED)
        elif self.state == "zakonczone":
            rows = rows.filter(status__in=CLAIMS_ENDED)
        if not self.q:
            return rows
        every_word = Q()
        for word in words(self.q):
            every_word &= _holds(spellings(word))
        bare = self.q.replace(" ", "")  # a plate typed with a space or without
        rows = rows.annotate(bare_plate=Replace("asset__plate", Value(" ")))
        return rows.filter(every_word | _holds({bare}) | Q(bare_plate__icontains=bare))

    def link(self, **other: str) -> str:
        """The address of the list with these filters, some of them changed."""
        return query_string({"q": self.q, "stan": self.state, **other})

    def said(self) -> list[str]:
        """In words, for the sheet about an export."""
        return [str(text) for text in (STATES.get(self.state, ""), self.q) if text]


def _holds(spelt: Iterable[str]) -> Q:
    """Claims in which one of `spelt` stands in a searched column."""
    found = Q()
    for spelling in spelt:
        for column in _SEARCHED:
            found |= Q(**{f"{column}__icontains": spelling})
    return found
