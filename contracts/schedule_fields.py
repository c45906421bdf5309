"""Reads typed fields out of a JSON object and remembers everything that is wrong with them.

Reasons are in Polish: they are shown to the person who wrote the file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from contracts.day_count import DayCount, Frequency, FrequencyUnit
from contracts.schedule_terms import Problem
from eboks.money import GROSZ

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,40})?")
_WORD_FREQUENCIES = {
    "monthly": Frequency(1),
    "bimonthly": Frequency(2),
    "quarterly": Frequency(3),
    "yearly": Frequency(12),
    "weekly": Frequency(1, FrequencyUnit.WEEK),
    "biweekly": Frequency(2, FrequencyUnit.WEEK),
}
_MONTHS_IN = {"M": 1, "Q": 3, "Y": 12}


class Fields:
    """One JSON object. A field that is missing or null reads as None; a bad one also leaves
    a problem. Several names are synonyms, the first present wins."""

    def __init__(self, data: Mapping[str, Any], problems: list[Problem] | None = None) -> None:
        self._data = data
        self._used: set[str] = set()
        self.problems: list[Problem] = [] if problems is None else problems

    @property
    def unused(self) -> list[str]:
        """Names nobody asked for, in the order of the file."""
        return [name for name in self._data if name not in self._used]

    def fail(self, name: str, reason: str) -> None:
        self.problems.append(Problem(name, reason))

    def has(self, *names: str) -> bool:
        return any(self._data.get(name) is not None for name in names)

    def raw(self, *names: str) -> tuple[str, Any]:
        """The first present of these names and its value, or the first name and None."""
        for name in names:
            if self._data.get(name) is not None:
                self._used.add(name)
                return name, self._data[name]
        return names[0], None

    def decimal(self, *names: str) -> Decimal | None:
        return self._read(as_decimal, names)

    def money(self, *names: str) -> Decimal | None:
        return self._read(as_money, names)

    def integer(self, *names: str) -> int | None:
        return self._read(as_integer, names)

    def date(self, *names: str) -> dt.date | None:
        return self._read(as_date, names)

    def boolean(self, *names: str) -> bool | None:
        return self._read(as_boolean, names)

    def frequency(self, *names: str) -> Frequency | None:
        return self._read(as_frequency, names)

    def choice(self, choices: Mapping[str, Any], *names: str) -> Any:
        """The value that the given word stands for; letter case does not matter."""

        def read(value: Any) -> Any:
            if isinstance(value, str) and value.strip().casefold() in choices:
                return choices[value.strip().casefold()]
            raise ValueError(f"dozwolone wartości: {', '.join(sorted(choices))}")

        return self._read(read, names)

    def items(self, read: Callable[[Any], T], *names: str) -> list[T] | None:
        """A list whose every item is read by `read`; each bad item is a problem of its own."""
        name, value = self.raw(*names)
        if value is None:
            return None
        if not isinstance(value, list):
            self.fail(name, "oczekiwana lista")
            return None
        result = []
        for position, item in enumerate(value, 1):
            try:
                result.append(read(item))
            except ValueError as error:
                self.fail(f"{name}[{position}]", str(error))
        return result

    def _read(self, read: Callable[[Any], T], names: tuple[str, ...]) -> T | None:
        name, value = self.raw(*names)
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as error:
            self.fail(name, str(error))
            return None


def as_decimal(value: Any) -> Decimal:
    """A number written as a JSON number (read as Decimal) or as text with a decimal point."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= 40:
        return value
    raise ValueError(f"{_shown(value)} to nie jest liczba (kropka dziesiętna, bez spacji)")


def as_money(value: Any) -> Decimal:
    amount = as_decimal(value)
    if abs(amount) >= Decimal(10) ** 15 or amount != amount.quantize(GROSZ):
        raise ValueError(f"{_shown(value)}: kwota ma najwyżej dwa miejsca po przecinku")
    return amount.quantize(GROSZ)


def as_integer(value: Any) -> int:
    number = as_decimal(value)
    if number != number.to_integral_value() or abs(number) >= 10**9:
        raise ValueError(f"{_shown(value)} to nie jest liczba całkowita")
    return int(number)


def as_date(value: Any) -> dt.date:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise ValueError(f"{_shown(value)} to nie jest data w postaci RRRR-MM-DD")


def as_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{_shown(value)}: dozwolone wartości to true i false")


def as_frequency(value: Any) -> Frequency:
    """1M, 3M, 2W, 15D, 1Q, 1Y, or a word such as monthly."""
    if isinstance(value, str):
        text = value.strip()
        word = _WORD_FREQUENCIES.get(text.casefold())
        if word is not None:
            return word
        match = re.fullmatch(r"(\d{1,3})([DWMQY])", text.upper())
        if match:
            count, unit = int(match[1]), match[2]
            if unit in _MONTHS_IN:
                return Frequency(count * _MONTHS_IN[unit])
            return Frequency(count, FrequencyUnit(unit))
    raise ValueError(f"{_shown(value)}: oczekiwany odstęp, np. 1M, 3M, 2W albo 15D")


def as_day_count(value: Any) -> tuple[DayCount, Frequency | None]:
    """A day count under its own name or the names met in practice; "r/4" also tells the
    frequency. What follows the name ("ACT/ACT (calendar-year split)") is a remark."""
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)}: oczekiwana nazwa, np. 30/360 albo ACT/365F")
    text = value.strip().upper()
    if text == "ANY":  # a zero rate does not care
        return DayCount.THIRTY_360, None
    if match := re.fullmatch(r"R/(12|6|4|2|1)", text):
        return DayCount.THIRTY_360, Frequency(12 // int(match[1]))
    if re.match(r"30E?/360\b", text):
        return DayCount.THIRTY_360, None
    if re.match(r"(ACT|ACTUAL)/(ACT|ACTUAL)\b", text):
        return DayCount.ACT_ACT, None
    if match := re.match(r"(?:ACT|ACTUAL|\d{1,3})/(360|364|365)F?\b", text):
        name = "ACT/365F" if match[1] == "365" else f"ACT/{match[1]}"
        return DayCount(name), None
    raise ValueError(f"{_shown(value)}: nieznana konwencja; np. 30/360, ACT/365F, ACT/ACT, ACT/360")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
