"""Columns of feed files: how a value is written, staged and explained when it is wrong.

One regular expression per type says what is well written. The reader joins them into one
expression per line, so that a good file costs one match per block and no Python per row.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from eboks.tenancy.identifiers import validate_nip, validate_nrb

# What text may hold: no control characters (they would forge lines in logs and lists).
_CHARACTER = r"[^\x00-\x1f\x7f\",]"
_QUOTED_CHARACTER = r"(?:[^\x00-\x1f\x7f\"]|\"\")"
_LEAP_YEAR = r"(?:(?:19|20|21)(?:0[48]|[2468][048]|[13579][26])|2000)"
_DATE = (
    r"(?:(?:19|20|21)[0-9][0-9]-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    rf"|{_LEAP_YEAR}-02-29)"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file kind.

    `pattern` describes a written value, `reason` says in Polish what is expected. `check` runs
    over the distinct values of the staged column. `references` names the file kind whose
    `source_id` the value must be, in this feed or in the database. `unique` values belong to one
    row only, here and in the database. `quick` says yes where `check` would raise nothing, and
    spares asking it. `default` fills an empty optional column that the target
    does not allow to be empty.
    """

    name: str
    pattern: str
    reason: str
    kind: str  # for the documentation: text, code, money, rate, integer, date, boolean, choice
    staged_as: tuple[str, str]  # PostgreSQL, SQLite
    required: bool = True
    is_text: bool = False
    check: Callable[[str], None] | None = None
    quick: Callable[[str], bool] | None = None
    references: str = ""
    unique: bool = False
    is_total: bool = False
    default: str = ""  # an SQL literal

    def cell(self) -> str:
        """The expression of a whole cell: bare, or in the quotes that RFC 4180 allows."""
        if self.kind == "text":
            low = 1 if self.required else 0
            high = self.pattern
            return rf'(?:{_CHARACTER}{{{low},{high}}}|"{_QUOTED_CHARACTER}{{{low},{high}}}")'
        empty = '""|' if self.is_text else ""
        cell = rf'(?:{self.pattern}|"{self.pattern}")'
        return cell if self.required else rf"(?:{cell}|{empty})"

    def explain(self, value: str) -> str:
        """Why `value` is refused, or an empty text when it is well written."""
        if not value:
            return "wartość jest wymagana" if self.required else ""
        if self.kind == "text":
            if len(value) > int(self.pattern):
                return f"tekst ma {len(value)} znaków, dozwolone {self.pattern}"
            return (
                "" if re.fullmatch(r"[^\x00-\x1f\x7f]+", value) else "niedozwolony znak sterujący"
            )
        return "" if re.fullmatch(self.pattern, value) else self.reason


def text(name: str, max_length: int, *, required: bool = True, **more: Any) -> Column:
    """Free text of at most `max_length` characters, without control characters."""
    return Column(
        name,
        str(max_length),
        f"tekst do {max_length} znaków",
        "text",
        ("text", "varchar"),
        required=required,
        is_text=True,
        **more,
    )


def code(name: str, *, max_length: int = 50, required: bool = True, **more: Any) -> Column:
    """A key of the source system."""
    return Column(
        name,
        rf"[0-9A-Za-z._/-]{{1,{max_length}}}",
        f"klucz: od 1 do {max_length} znaków z zakresu 0–9 A–Z a–z . _ / -",
        "code",
        ("text", "varchar"),
        required=required,
        is_text=True,
        **more,
    )


def token(name: str, pattern: str, reason: str, *, required: bool = True, **more: Any) -> Column:
    """Text of a fixed shape, e.g. a postcode or an identifier."""
    return Column(
        name,
        pattern,
        reason,
        "token",
        ("text", "varchar"),
        required=required,
        is_text=True,
        **more,
    )


def email(name: str, *, required: bool = True, **more: Any) -> Column:
    return token(
        name,
        r"[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-z-]{1,63}(?:\.[0-9A-Za-z-]{1,63}){1,4}",
        "adres e-mail, np. anna@firma.pl",
        required=required,
        **more,
    )


def money(name: str, *, required: bool = True, total: bool = False, **more: Any) -> Column:
    """An amount with a decimal point and at most two decimal places."""
    return Column(
        name,
        r"-?[0-9]{1,12}(?:\.[0-9]{1,2})?",
        "kwota z kropką i najwyżej dwoma miejscami, np. -1234.50",
        "money",
        ("numeric(14,2)", "decimal"),
        required=required,
        is_total=total,
        **more,
    )


def rate(name: str, *, required: bool = True, **more: Any) -> Column:
    """Percent per year or percentage points, at most six decimal places."""
    return Column(
        name,
        r"-?[0-9]{1,3}(?:\.[0-9]{1,6})?",
        "liczba z kropką i najwyżej sześcioma miejscami, np. 6.5",
        "rate",
        ("numeric(9,6)", "decimal"),
        required=required,
        **more,
    )


def decimal(
    name: str, digits: int, places: int, *, signed: bool = False, required: bool = True, **more: Any
) -> Column:
    """A number of at most `digits` digits, `places` of them after the decimal point."""
    sign = "-?" if signed else ""
    return Column(
        name,
        rf"{sign}[0-9]{{1,{digits - places}}}(?:\.[0-9]{{1,{places}}})?",
        f"liczba z kropką, najwyżej {digits - places} cyfr przed nią i {places} po niej",
        "decimal",
        (f"numeric({digits},{places})", "decimal"),
        required=required,
        **more,
    )


def moment(name: str, *, required: bool = True, **more: Any) -> Column:
    """A moment with its offset from UTC. Staged the way Django stores one."""
    return Column(
        name,
        rf"{_DATE}T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
        r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])",
        "data i godzina z przesunięciem, np. 2026-11-20T12:30:00+01:00",
        "moment",
        ("timestamptz", "text"),
        required=required,
        **more,
    )


def integer(name: str, *, digits: int = 4, required: bool = True, **more: Any) -> Column:
    """A whole number, not negative."""
    return Column(
        name,
        rf"[0-9]{{1,{digits}}}",
        f"liczba całkowita, najwyżej {digits} cyfr",
        "integer",
        ("integer", "integer"),
        required=required,
        **more,
    )


def date(name: str, *, required: bool = True, **more: Any) -> Column:
    return Column(
        name,
        _DATE,
        "data RRRR-MM-DD",
        "date",
        ("date", "date"),
        required=required,
        **more,
    )


def boolean(name: str, *, required: bool = True, **more: Any) -> Column:
    return Column(
        name,
        "(?:true|false)",
        "true albo false",
        "boolean",
        ("boolean", "bool"),
        required=required,
        **more,
    )


def choice(
    name: str, choices: type[models.TextChoices], *, required: bool = True, **more: Any
) -> Column:
    allowed = [str(value) for value in choices.values]
    return Column(
        name,
        "(?:" + "|".join(re.escape(value) for value in allowed) + ")",
        "jedna z wartości: " + ", ".join(allowed),
        "choice",
        ("text", "varchar"),
        required=required,
        is_text=True,
        **more,
    )


def nip(name: str, *, required: bool = True) -> Column:
    return token(
        name, "[0-9]{10}", "10 cyfr", required=required, check=validate_nip, quick=is_right_nip
    )


def nrb(name: str, *, required: bool = True) -> Column:
    return token(
        name, "[0-9]{26}", "26 cyfr", required=required, check=validate_nrb, quick=is_right_nrb
    )


def currency(name: str = "currency") -> Column:
    return token(name, "[A-Z]{3}", "kod waluty z trzech liter, np. PLN")


_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_NOUGHT = ord("0")


def is_right_nip(digits: str) -> bool:
    """Ten digits whose last is the check digit: what the validator says, twenty times quicker."""
    pairs = zip(digits.encode(), _NIP_WEIGHTS, strict=False)
    total = sum((digit - _NOUGHT) * weight for digit, weight in pairs)
    return total % 11 == ord(digits[9]) - _NOUGHT


def is_right_nrb(digits: str) -> bool:
    """26 digits of an account whose first two are the check digits, likewise."""
    return int(f"{digits[2:]}2521{digits[:2]}") % 97 == 1


def reason_of(check: Callable[[str], None], value: str) -> str:
    """What a validator says of `value`, or an empty text."""
    try:
        check(value)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


def parse_date(value: str) -> dt.date | None:
    """The date of a well-written cell, None for anything else."""
    return dt.date.fromisoformat(value) if re.fullmatch(_DATE, value) else None
