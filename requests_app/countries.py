"""Names of countries and languages, and the travel rule of a country on a day."""

from __future__ import annotations

import datetime as dt
import unicodedata
from functools import cache

from babel import Locale
from babel.dates import format_date
from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from requests_app.models.countries import CountryRule

# Letters after their plain ones, as dictionaries have them; code points would put Ł after Z.
_ALPHABETS = {
    "pl": "aąbcćdeęfghijklłmnńoóprsśtuvwxyzźż",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
# European order of day and month.
_LOCALES = {"en": "en_GB"}


def rule_of(iso2: str, *, on: dt.date) -> CountryRule | None:
    """The rule of the country in force on the day `on`; the later one where two overlap."""
    return _in_force(on).filter(iso2=iso2).order_by("-valid_from").first()


def rules_on(on: dt.date) -> dict[str, CountryRule]:
    """Every rule in force on the day `on`, by the country's code, in one query."""
    return {rule.iso2: rule for rule in _in_force(on).order_by("iso2", "valid_from")}


def country_name(iso2: str, language: str | None = None) -> str:
    """The name in `language`, by default that of the page; an unknown code stands for itself."""
    return str(_locale(language).territories.get(iso2, iso2))


def in_order(codes: list[str], language: str | None = None) -> list[str]:
    """`codes` by the names of their countries."""
    language = _language(language)
    return sorted(codes, key=lambda code: (_place(country_name(code, language), language), code))


def language_name(code: str) -> str:
    """`niemiecki`, in the language of the page."""
    return str(_locale(None).languages.get(code, code))


def day_in(day: dt.date, language: str) -> str:
    """`1. März 2027`: a day as a letter in `language` writes it."""
    return format_date(day, "long", locale=_LOCALES.get(language, language))


def _in_force(on: dt.date) -> QuerySet[CountryRule]:
    return CountryRule.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on
    )


def _language(language: str | None) -> str:
    return (language or get_language() or "pl").split("-")[0]


def _locale(language: str | None) -> Locale:
    return _parsed(_language(language))


@cache
def _parsed(language: str) -> Locale:
    return Locale.parse(language)


def _place(name: str, language: str) -> list[int]:
    alphabet = _ALPHABETS.get(language, "")
    if not alphabet:
        name = unicodedata.normalize("NFKD", name)
        return [ord(letter) for letter in name.casefold() if not unicodedata.combining(letter)]
    return [alphabet.find(letter) for letter in name.casefold()]
