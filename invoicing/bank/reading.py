"""From a file to statements that hold together: size, format, accounts, currencies, balances."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from invoicing.bank import camt, mt940
from invoicing.bank.details import Profile
from invoicing.bank.statements import Statement, StatementFile, refuse
from invoicing.enums import BankFormat
from invoicing.models import LessorAccount

_AHEAD = dt.timedelta(days=3)
_VALUE_AHEAD = dt.timedelta(days=31)  # money may count from after the holidays
_XML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_EARLIEST = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Raw:
    """A file as it lies on the disk."""

    name: str
    content: bytes
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> Raw:
        return cls(name[-150:], content, hashlib.sha256(content).hexdigest())


def load(path: Path) -> Raw:
    """The file's bytes. Raises BankFileError for one that is larger than the cap, unread."""
    size = path.stat().st_size
    if size > settings.STATEMENT_MAX_BYTES:
        reason = _("Plik ma %(size)d MB, a przyjmujemy do %(cap)d MB.")
        cap = settings.STATEMENT_MAX_BYTES // 2**20
        raise refuse(reason % {"size": size // 2**20, "cap": cap})
    return Raw.of(path.name, path.read_bytes())


def read(raw: Raw, *, on: dt.date) -> StatementFile:
    """The statements of a file, each of an account that the portal books.

    Raises BankFileError when anything is wrong; nothing is stored here.
    """
    accounts = {
        account.number: account
        for account in LessorAccount.objects.filter(is_active=True).select_related("dialect")
    }
    found = _parse(raw.content, accounts)
    for statement in found.statements:
        _check(statement, accounts, on)
    keys = [(statement.account, statement.key) for statement in found.statements]
    if len(keys) != len(set(keys)):
        raise refuse(_("Plik ma dwa wyciągi o tym samym numerze."))
    return found


def _parse(content: bytes, accounts: Mapping[str, LessorAccount]) -> StatementFile:
    if not content.strip():
        raise refuse(_("Plik jest pusty."))
    if _XML.match(content) or content.startswith(_UTF_16):
        return StatementFile(*camt.parse(content))
    if b":20:" not in content:
        raise refuse(_("To nie jest wyciąg MT940 ani camt.053."))

    def profile_of(number: str) -> Profile:
        account = _account(number, accounts)
        if account.dialect is None:
            reason = _("Rachunek %s nie ma dialektu MT940; ustaw go na zapleczu.")
            raise refuse(reason % number, tag=":25:")
        return Profile.of(account.dialect)

    return StatementFile(BankFormat.MT940, mt940.parse(content, profile_of))


def _account(number: str, accounts: Mapping[str, LessorAccount], line: int = 0) -> LessorAccount:
    account = accounts.get(number)
    if account is None:
        reason = _("Nie prowadzimy wyciągów rachunku %s; dodaj go na zapleczu.")
        raise refuse(reason % number, line=line)
    return account


def _check(statement: Statement, accounts: Mapping[str, LessorAccount], on: dt.date) -> None:
    account = _account(statement.account, accounts, statement.line)
    if statement.currency != account.currency:
        raise refuse(
            _("Wyciąg jest w walucie %(found)s, a rachunek w %(ours)s.")
            % {"found": statement.currency, "ours": account.currency},
            line=statement.line,
        )
    if not _is_possible(statement.closed_on, on):
        reason = _("Wyciąg jest z dnia %s: to nie może być prawda.")
        raise refuse(reason % statement.closed_on.isoformat(), line=statement.line)
    for entry in statement.entries:
        is_possible = _is_possible(entry.booked_on, on)
        if not is_possible or not _is_possible(entry.value_on, on, ahead=_VALUE_AHEAD):
            day = entry.value_on if is_possible else entry.booked_on
            reason = _("Operacja jest z dnia %s: to nie może być prawda.")
            raise refuse(reason % day.isoformat(), line=entry.line)
    statement.check()
    # An entry of nothing changes nothing, and money of nothing cannot be booked.
    statement.entries = [entry for entry in statement.entries if entry.amount]


def _is_possible(day: dt.date, on: dt.date, *, ahead: dt.timedelta = _AHEAD) -> bool:
    return _EARLIEST <= day <= on + ahead
