"""What a bank's file says, in one form for every format, and how it may be wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from eboks.money import GROSZ, ZERO, format_money
from invoicing.enums import BankFormat


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is refused: the line (0: the file as a whole), the tag or element, the reason."""

    line: int
    tag: str
    reason: str

    def __str__(self) -> str:
        place = [_("wiersz %d") % self.line] if self.line else []
        place += [self.tag] if self.tag else []
        return f"{', '.join(place)}: {self.reason}" if place else self.reason


class BankFileError(Exception):
    """The file is refused whole; the problems are for the person who has to do something."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems: Sequence[Problem] = problems


def refuse(reason: str, *, line: int = 0, tag: str = "") -> BankFileError:
    return BankFileError(Problem(line, tag, reason))


@dataclass(slots=True)
class Entry:
    """One entry of a statement, in the bank's words. `amount` is signed; accounts are bare NRBs,
    or IBANs when they are not Polish."""

    reference: str
    booked_on: dt.date
    value_on: dt.date
    amount: Decimal
    is_reversal: bool = False
    is_fee: bool = False  # of the bank's own making: fees and interest
    operation: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    virtual_account: str = ""
    title: str = ""
    line: int = 0  # of the file, where it begins


@dataclass(slots=True)
class Statement:
    """One statement of one account. Amounts are in `currency`."""

    account: str
    currency: str
    number: int
    part: int
    closed_on: dt.date
    opening: Decimal
    closing: Decimal
    entries: list[Entry] = field(default_factory=list)
    line: int = 0

    @property
    def year(self) -> int:
        return self.closed_on.year

    @property
    def key(self) -> tuple[int, int, int]:
        return self.year, self.number, self.part

    @property
    def name(self) -> str:
        part = f"/{self.part}" if self.part > 1 else ""
        return f"{self.number}{part}/{self.year}"

    def check(self) -> None:
        """Raises BankFileError unless opening and entries make the closing balance."""
        expected = self.opening + sum((entry.amount for entry in self.entries), ZERO)
        if expected != self.closing:
            raise refuse(
                _(
                    "Wyciąg %(name)s: saldo początkowe i operacje dają %(expected)s, a saldo"
                    " końcowe to %(closing)s. Różnica: %(difference)s."
                )
                % {
                    "name": self.name,
                    "expected": format_money(expected, self.currency),
                    "closing": format_money(self.closing, self.currency),
                    "difference": format_money(self.closing - expected, self.currency),
                },
                line=self.line,
            )


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file that was read and holds together."""

    format: BankFormat
    statements: Sequence[Statement]


_LARGEST = Decimal(10) ** 12  # what the database's money holds
LARGEST_NUMBER = 2_000_000_000


def as_money(amount: Decimal) -> Decimal | None:
    """The amount with two places; None when it has more, or is not an amount of money at all."""
    if not amount.is_finite() or abs(amount) >= _LARGEST:
        return None
    rounded = amount.quantize(GROSZ)
    return rounded + ZERO if rounded == amount else None


_NRB = re.compile(r"(?:PL)?(\d{26})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def bare_account(text: str) -> str:
    """`PL61 1090…` as 26 digits, a foreign IBAN as it stands, at most 34 characters."""
    packed = "".join(text.split()).replace("-", "").lstrip("/").upper()
    found = _NRB.fullmatch(packed)
    return found.group(1) if found else clean(packed, 34)


def account_in(text: str) -> str:
    """The first Polish account number in a text; empty when there is none."""
    found = re.search(r"(?<!\d)(\d{26})(?!\d)", re.sub(r"(?<=\d)[ -](?=\d)", "", text))
    return found.group(1) if found else ""


def clean(text: str, size: int) -> str:
    """A text fit for the database: no control characters, no blanks around, at most `size` long."""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    return text.strip()[:size].rstrip()
