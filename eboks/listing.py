"""What every list of the portal shares: reading parameters that anyone may have typed.

A list never answers a bad parameter with an error: unknown values are ignored, numbers clamped.
Paging is in `eboks.ui.paging`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

_MAX_TEXT = 100


def clean_text(value: object, limit: int = _MAX_TEXT) -> str:
    """One line of searchable text: no control characters or lone surrogates, spaces collapsed.

    PostgreSQL refuses NUL and surrogates outright, so they are dropped before any query.
    """
    text = str(value or "")[: limit * 4]
    visible = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return unicodedata.normalize("NFC", " ".join(visible.split()))[:limit].strip()


def clean_choice(value: object, among: Collection[str]) -> str:
    """`value` when it is one of the known ones, otherwise an empty string."""
    text = str(value or "")
    return text if text in among else ""


@dataclass(frozen=True, slots=True)
class Sort:
    """The chosen order: a known column and a direction. `str()` gives the parameter back."""

    key: str
    descending: bool = False

    @classmethod
    def parse(cls, value: object, columns: Mapping[str, object], default: Sort) -> Sort:
        """`?sort=end` or `?sort=-end`; anything else is the default."""
        text = str(value or "")
        key = text.removeprefix("-")
        return cls(key, text.startswith("-")) if key in columns else default

    def __str__(self) -> str:
        return f"-{self.key}" if self.descending else self.key


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, as the client reads it, and the address of the list without it."""

    label: str
    href: str


def without_empty(params: QueryDict) -> QueryDict:
    """`params` without those that say nothing: a form sends its empty fields too."""
    kept = params.copy()
    for name in [name for name in kept if not kept[name]]:
        del kept[name]
    return kept


def query_string(params: Mapping[str, str]) -> str:
    """`?a=b&c=d` of the parameters that say something; `?` alone when none does."""
    query = QueryDict(mutable=True)
    for name, value in params.items():
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def words(text: str, limit: int = 5) -> Sequence[str]:
    """The first words of a search text; each must be found somewhere in a row."""
    return text.split(" ")[:limit] if text else []


def spellings(word: str) -> set[str]:
    """Ways to write a word for `icontains`: SQLite folds the case of ASCII letters only."""
    if word.isascii():
        return {word}
    return {word, word.lower(), word.upper(), word.capitalize()}
