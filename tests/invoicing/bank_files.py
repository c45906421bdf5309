"""Bank files made for a test, and the lessor's account that they are of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from invoicing.bank.importing import Outcome, import_file
from invoicing.bank.reading import Raw
from invoicing.models import BankDialect, LessorAccount

SAMPLES = Path(__file__).parent / "bank_samples"
NUMBER = "91116022020000000123456789"  # of the samples
DAY = dt.date(2026, 11, 20)
AT = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


def dialect(code: str = "tilde-cp1250", **values: Any) -> BankDialect:
    """Made by the migration; made again after a test that empties every table."""
    known = {
        "tilde-cp1250": {"separator": "~", "encoding": "cp1250"},
        "lt-cp852": {"separator": "<", "encoding": "cp852"},
        "caret-cp1250": {"separator": "^", "encoding": "cp1250"},
        "question-utf-8": {"separator": "?", "encoding": "utf-8"},
    }
    defaults = {"title": code, "name_subfields": "32", **known.get(code, {}), **values}
    found, _made = BankDialect.objects.get_or_create(code=code, defaults=defaults)
    return found


def account(number: str = NUMBER, code: str = "tilde-cp1250", **values: Any) -> LessorAccount:
    return LessorAccount.objects.create(
        number=number, title="Główny", dialect=dialect(code) if code else None, **values
    )


@dataclass(frozen=True)
class Row:
    """An entry of a file. `mark`: C, D, RC or RD."""

    amount: str
    reference: str = ""
    title: str = "wpłata"
    to: str = ""  # the individual account that was credited
    payer: str = "10114010100000555566667777"
    name: str = "PIEKARNIA"
    mark: str = "C"
    code: str = "NTRF"

    @property
    def signed(self) -> Decimal:
        amount = Decimal(self.amount)
        return -amount if self.mark in {"D", "RC"} else amount


def mt940(
    rows: Sequence[Row],
    *,
    number: int = 1,
    opening: str = "0.00",
    closing: str = "",
    day: dt.date = DAY,
    separator: str = "~",
    encoding: str = "cp1250",
    of: str = NUMBER,
    part: int = 1,
) -> bytes:
    """A statement in MT940 that holds together, unless `closing` says otherwise."""
    first = Decimal(opening)
    last = Decimal(closing) if closing else first + sum(row.signed for row in rows)
    lines = [
        ":20:MT940",
        f":25:PL{of}",
        f":28C:{number:05d}/{part:03d}",
        _balance("60F", first, day),
    ]
    for n, row in enumerate(rows, 1):
        reference = row.reference or f"{number}{part - 1 or ''}{n:06d}"
        amount = row.amount.replace(".", ",")
        lines.append(f":61:{day:%y%m%d}{day:%m%d}{row.mark}{amount}{row.code}NONREF//{reference}")
        lines.append(f":86:034{separator}00PRZELEW")
        for place, start in enumerate(range(0, len(row.title), 27)):
            lines.append(f"{separator}{20 + place}{row.title[start : start + 27]}")
        if row.to:
            lines.append(f"{separator}29{row.to}")
        if row.payer:
            lines.append(f"{separator}32{row.name}{separator}38PL{row.payer}")
    lines += [_balance("62F", last, day), "-", ""]
    return "\r\n".join(lines).encode(encoding)


def _balance(tag: str, amount: Decimal, day: dt.date) -> str:
    mark = "D" if amount < 0 else "C"
    return f":{tag}:{mark}{day:%y%m%d}PLN{abs(amount):.2f}".replace(".", ",")


def take(content: bytes, name: str = "wyciag.sta", at: dt.datetime = AT) -> Outcome:
    return import_file(raw=Raw.of(name, content), at=at)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()
