"""Neutral columns that a supplier's file is mapped to, by what it brings (domain 6)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contracts.fleet.enums import (
    CoveredBy,
    Product,
    ReadingSource,
    ServiceKind,
    TollKind,
    Unit,
)
from contracts.fleet.models.imports import Target


class Kind(enum.Enum):
    """What a column holds; `supplier_values` reads each."""

    PLATE = enum.auto()
    CARD = enum.auto()  # only its last four characters are ever kept
    DAY = enum.auto()  # a day, with the time when the file keeps both in one column
    DATE = enum.auto()
    TIME = enum.auto()
    TEXT = enum.auto()
    NUMBER = enum.auto()
    KM = enum.auto()
    CHOICE = enum.auto()
    CURRENCY = enum.auto()
    COUNTRY = enum.auto()


# What makes a row: fixed for a whole file, it would make all rows one.
OF_ITS_OWN = frozenset({Kind.PLATE, Kind.CARD, Kind.DAY})
WORDED = frozenset({Kind.CHOICE, Kind.CURRENCY, Kind.COUNTRY})


@dataclass(frozen=True)
class Column:
    """A column of the record. `digits` before and `places` after the decimal sign; `choices`: our
    values with their names; `default` stands for an empty cell."""

    name: str
    title: str | Promise
    kind: Kind
    required: bool = False
    longest: int = 0
    digits: int = 12
    places: int = 2
    negative: bool = True
    choices: Mapping[str, str | Promise] = field(default_factory=dict)
    default: str | None = None

    @property
    def may_be_fixed(self) -> bool:
        return self.kind not in OF_ITS_OWN

    @property
    def has_words(self) -> bool:
        return self.kind in WORDED


def _text(name: str, title: Promise, longest: int) -> Column:
    return Column(name, title, Kind.TEXT, longest=longest)


_PLATE = Column("plate", _("numer rejestracyjny"), Kind.PLATE, required=True)
_DAY = Column("on", _("dzień (albo dzień z godziną)"), Kind.DAY, required=True)
_TIME = Column("time", _("godzina, gdy w osobnej kolumnie"), Kind.TIME)
_KM = Column("odometer_km", _("przebieg, km"), Kind.KM)
_CURRENCY = Column("currency", _("waluta"), Kind.CURRENCY, default="PLN")
# A driver's reading is a person's word, and the lessor's own come by the feed.
_SOURCES = {
    source.value: source.label
    for source in (ReadingSource.SERVICE, ReadingSource.FUEL, ReadingSource.TELEMATICS)
}

TARGETS: dict[str, tuple[Column, ...]] = {
    Target.FUEL: (
        _PLATE,
        Column("card", _("karta"), Kind.CARD, required=True),
        _DAY,
        _TIME,
        _text("driver", _("kierowca"), 120),
        _text("station", _("stacja"), 120),
        Column("country", _("kraj"), Kind.COUNTRY, default="PL"),
        Column("product", _("produkt"), Kind.CHOICE, required=True, choices=dict(Product.choices)),
        Column("quantity", _("ilość"), Kind.NUMBER, required=True, digits=7, places=3),
        Column("unit", _("jednostka"), Kind.CHOICE, choices=dict(Unit.choices)),
        Column("unit_price", _("cena jednostkowa netto"), Kind.NUMBER, digits=6, places=4),
        _CURRENCY,
        Column("net", _("netto"), Kind.NUMBER, required=True),
        Column("vat", _("VAT (puste: brutto minus netto)"), Kind.NUMBER),
        Column("gross", _("brutto"), Kind.NUMBER, required=True),
        _KM,
        _text("cost_centre", _("miejsce kosztów"), 40),
        _text("invoice_number", _("numer faktury"), 40),
    ),
    Target.SERVICE: (
        _PLATE,
        _DAY,
        Column("kind", _("rodzaj"), Kind.CHOICE, required=True, choices=dict(ServiceKind.choices)),
        _KM,
        _text("workshop", _("warsztat"), 120),
        _text("items", _("zakres"), 2_000),
        Column("net", _("koszt netto"), Kind.NUMBER, required=True, negative=False),
        Column(
            "covered_by",
            _("kto płaci"),
            Kind.CHOICE,
            required=True,
            choices=dict(CoveredBy.choices),
        ),
        Column("next_due_km", _("następny przy przebiegu, km"), Kind.KM),
        Column("next_due_on", _("następny do dnia"), Kind.DATE),
    ),
    Target.MILEAGE: (
        _PLATE,
        _DAY,
        _TIME,
        Column("km", _("przebieg, km"), Kind.KM, required=True),
        Column("source", _("źródło"), Kind.CHOICE, required=True, choices=_SOURCES),
    ),
    Target.TOLL: (
        _PLATE,
        _DAY,
        _TIME,
        Column("kind", _("rodzaj"), Kind.CHOICE, required=True, choices=dict(TollKind.choices)),
        _text("provider", _("dostawca"), 80),
        _text("place", _("miejsce"), 120),
        _CURRENCY,
        Column("net", _("netto"), Kind.NUMBER, required=True),
        Column("amount", _("brutto"), Kind.NUMBER, required=True),
    ),
}


def columns_of(target: str) -> tuple[Column, ...]:
    """The columns of a record of `target`, in the order in which people are asked for them."""
    return TARGETS[target]
