"""MT940 files, read with the `mt-940` library under the dialect of the account's bank.

The library reads tags and amounts. Ours is what it leaves out: the encoding is the dialect's and
strict, a reversed credit (RC) is negative and a reversed debit (RD) positive, blanks at the end of
a line of :86: are kept, and a refusal names the line.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from mt940.models import Amount, Balance, Transactions
from mt940.options import Options

from invoicing.bank.details import LINE_END, Profile, foreign_mark
from invoicing.bank.statements import (
    BankFileError,
    Entry,
    Statement,
    as_money,
    bare_account,
    clean,
    refuse,
)

# A statement that cannot be read is somebody's bank data: none of it belongs in the log.
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)

_OPTIONS = Options.all()
_PROCESSORS: Any = {
    "post_statement": [],
    "post_transaction_details": [],  # subfields are read by dialect
}
_TAG = re.compile(r":(\d\d[A-Z]?|NS):")
_BLOCK = re.compile(rb"(?m)^(?=:20:)")
_ACCOUNT = re.compile(rb"(?m)^:25:([^\r\n]*)")
_WHOLE_ENTRY = re.compile(
    r"\d{6}(\d{4}|\s{4})?R?[DC][A-Z]?\n?\d+,\d{0,2}[A-Z][A-Z0-9 ]{3}", re.IGNORECASE
)
_BAD_FIELD = gettext_lazy("Pole ma zły zapis: „%s”.")
_NO_REFERENCE = {"", "NONREF"}
_FEES = ("NCHG", "FCHG", "NCOM", "FCOM", "NINT", "FINT")
# Letters of neither code page of a Polish file: boxes, odd accents, the second control set.
_WRONG_PAGE = re.compile("[\u0080-\u009f\u2500-\u259f\ufffd\u02c7\u02d8\u02db\u02dd\u2020\u2021]")


def parse(content: bytes, profile_of: Callable[[str], Profile]) -> list[Statement]:
    """The statements of a file. `profile_of` gives the dialect of an account, or raises.

    Raises BankFileError. Balances are not held against entries here.
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\x01", b"")  # mBank begins a block so
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, *blocks = _BLOCK.split(content)
    if not blocks:
        raise refuse(_("W pliku nie ma wyciągu: brak pola :20:."), tag=":20:")
    statements = []
    line = head.count(b"\n") + 1
    for block in blocks:
        statements.append(_statement(block, line, profile_of))
        line += block.count(b"\n")
    return statements


def _statement(block: bytes, line: int, profile_of: Callable[[str], Profile]) -> Statement:
    found = _ACCOUNT.search(block)
    if found is None:
        raise refuse(_("Brak numeru rachunku: plik jest niepełny."), line=line, tag=":25:")
    account = bare_account(found.group(1).decode("latin-1"))
    profile = profile_of(account)
    fields = list(_fields(_decoded(block, profile, line), line))
    return _assembled(_parsed(fields), fields, account, profile, line)


def _decoded(block: bytes, profile: Profile, line: int) -> str:
    problem = _("To nie jest tekst w kodowaniu %s: zły dialekt banku albo uszkodzony plik.")
    try:
        text = block.decode(profile.encoding)
    except UnicodeDecodeError as error:
        place = line + block.count(b"\n", 0, error.start)
        raise refuse(problem % profile.encoding, line=place) from None
    odd = _WRONG_PAGE.search(text)
    if odd is not None:
        raise refuse(problem % profile.encoding, line=line + text.count("\n", 0, odd.start()))
    return text


@dataclass(slots=True)
class _Field:
    """A tag with its text: each further line of :86: behind a mark, so that no blank is lost."""

    tag: str
    text: str
    line: int


def _fields(text: str, line: int) -> Iterator[_Field]:
    current: _Field | None = None
    for number, row in enumerate(text.split("\n"), line):
        found = _TAG.match(row)
        if found is not None:
            if current is not None:
                yield current
            current = _Field(found.group(1), row[found.end() :], number)
        elif current is None or row.strip() in {"", "-"} or row.startswith("-}"):
            continue
        else:
            current.text += (LINE_END if current.tag == "86" else "\n") + row
    if current is not None:
        yield current


def _parsed(fields: list[_Field]) -> Transactions:
    result = Transactions(processors=_PROCESSORS, options=_OPTIONS)
    try:
        result.parse("\n".join(f":{field.tag}:{field.text}" for field in fields))
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        raise _located(fields) from None
    return result


def _located(fields: list[_Field]) -> BankFileError:
    """Which field the library could not read: tried one by one."""
    alone = Transactions(processors=_PROCESSORS, options=_OPTIONS)
    for field in fields:
        try:
            alone.parse(f":{field.tag}:{field.text}")
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
            reason = str(_BAD_FIELD) % clean(field.text, 60)
            return refuse(reason, line=field.line, tag=f":{field.tag}:")
    return refuse(_("Wyciąg ma zły zapis."), line=fields[0].line)


def _assembled(
    parsed: Transactions, fields: list[_Field], account: str, profile: Profile, line: int
) -> Statement:
    data = parsed.data
    opening = _balance(data, "opening", ":60F:", line)
    closing = _balance(data, "closing", ":62F:", line)
    number = str(data.get("statement_number") or "")
    if not number.isdigit():
        raise refuse(_("Brak numeru wyciągu."), line=line, tag=":28C:")
    part = str(data.get("sequence_number") or "1")
    opened, closed = _signed(opening.amount), _signed(closing.amount)
    closed_on = closing.date
    currency = str(getattr(closing.amount, "currency", "") or "").upper()
    if opened is None or closed is None or closed_on is None:
        raise refuse(_("Salda mają zły zapis: plik jest niepełny."), line=line, tag=":62F:")
    statement = Statement(
        account=account,
        currency=currency,
        number=int(number),
        part=int(part) if part.isdigit() and int(part) else 1,
        closed_on=_day(closed_on),
        opening=opened,
        closing=closed,
        line=line,
    )
    rows = [(field.line, field.text) for field in fields if field.tag == "61"]
    for place, text in rows:
        # Without its kind the library would take the next entry for a part of this one.
        if not _WHOLE_ENTRY.match(text):
            raise refuse(str(_BAD_FIELD) % clean(text, 60), line=place, tag=":61:")
    _check_dialect(fields, profile)
    for (place, text), transaction in zip(rows, parsed.transactions, strict=True):
        statement.entries.append(_entry(transaction.data, text, place, profile))
    return statement


def _balance(data: dict[str, Any], which: str, tag: str, line: int) -> Balance:
    for kind in ("final", "intermediate"):
        found = data.get(f"{kind}_{which}_balance")
        if isinstance(found, Balance):
            return found
    raise refuse(_("Brak salda: plik jest niepełny."), line=line, tag=tag)


def _check_dialect(fields: list[_Field], profile: Profile) -> None:
    """A wrong mark would leave every title unread and every payment unmatched."""
    written = [field for field in fields if field.tag == "86"]
    for field in written:
        mark = foreign_mark(field.text, profile)
        if mark and not any(profile.is_structured(other.text) for other in written):
            raise refuse(
                _("Podpola zaczynają się od „%(mark)s”, a dialekt banku ma „%(ours)s”.")
                % {"mark": mark, "ours": profile.separator},
                line=field.line,
                tag=":86:",
            )


def _entry(data: dict[str, Any], text: str, line: int, profile: Profile) -> Entry:
    amount = _signed(data["amount"])
    if amount is None:
        raise refuse(_("Kwota ma zły zapis."), line=line, tag=":61:")
    reference = clean(str(data.get("bank_reference") or ""), 60)
    if reference in _NO_REFERENCE:
        reference = clean(str(data.get("customer_reference") or ""), 60)
    details = profile.read(str(data.get("transaction_details") or ""), text)
    return Entry(
        reference="" if reference in _NO_REFERENCE else reference,
        booked_on=_day(data.get("entry_date") or data["date"]),
        value_on=_day(data["date"]),
        amount=amount,
        is_reversal=str(data["status"]).upper().startswith("R"),
        is_fee=str(data.get("id") or "").upper().startswith(_FEES),
        operation=details.operation,
        counterparty_name=details.name,
        counterparty_account=details.counterparty,
        virtual_account=details.credited,
        title=details.title,
        line=line,
    )


@lru_cache(maxsize=512)
def _day(day: dt.date) -> dt.date:
    """A plain date of the library's own."""
    return dt.date(day.year, day.month, day.day)


def _signed(amount: object) -> Decimal | None:
    """The library's amount with two places; None when it is not money."""
    return as_money(amount.amount) if isinstance(amount, Amount) else None
