"""Field :86: by the bank's dialect: title, counterparty and the account that was credited."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from invoicing.bank.statements import account_in, bare_account, clean
from invoicing.models import BankDialect

LINE_END = "\ue000"  # private use: where a line of :86: ended, whose last blanks belong to the text
IN_TITLE, IN_REFERENCE = "title", "reference"
SEPARATORS = "~<^?"


@dataclass(frozen=True, slots=True)
class Details:
    """What :86: says."""

    operation: str = ""
    title: str = ""
    name: str = ""
    counterparty: str = ""
    credited: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A dialect, ready to read with."""

    code: str
    encoding: str
    separator: str
    titles: tuple[str, ...]
    names: tuple[str, ...]
    counterparty: str
    account: str
    _subfield: re.Pattern[str] = field(repr=False)

    @classmethod
    def of(cls, dialect: BankDialect) -> Profile:
        mark = re.escape(dialect.separator)
        return cls(
            code=dialect.code,
            encoding=dialect.encoding,
            separator=dialect.separator,
            titles=_names(dialect.title_subfields),
            names=_names(dialect.name_subfields),
            counterparty=dialect.counterparty_subfield,
            account=dialect.account_subfield,
            _subfield=re.compile(f"{mark}(\\d\\d)"),
        )

    def is_structured(self, text: str) -> bool:
        """Whether the text has subfields with this dialect's mark."""
        return self._subfield.search(text) is not None

    def read(self, text: str, reference: str = "") -> Details:
        """The parts of :86:. A text without subfields is all title."""
        first, *parts = self._subfield.split(text)
        if not parts:
            title = clean(text.replace(LINE_END, " "), 500)
            return Details(title=title, credited=self._credited({}, title, reference))
        found: dict[str, str] = defaultdict(str)
        for number, value in zip(parts[::2], parts[1::2], strict=True):
            found[number] += value.replace(LINE_END, "")
        title = clean("".join(found[number] for number in self.titles if number in found), 500)
        return Details(
            operation=clean(found["00"] or first.strip(LINE_END), 60),
            title=title,
            name=clean("".join(found[number] for number in self.names if number in found), 150),
            counterparty=bare_account(found.get(self.counterparty, "")),
            credited=self._credited(found, title, reference),
        )

    def _credited(self, found: dict[str, str], title: str, reference: str) -> str:
        if self.account == IN_TITLE:
            return account_in(title)
        if self.account == IN_REFERENCE:
            return account_in(reference)
        return account_in(found.get(self.account, "").removeprefix("PL"))


def foreign_mark(text: str, profile: Profile) -> str:
    """The mark of another dialect that the text is written with; empty when it is not."""
    for mark in SEPARATORS:
        if mark != profile.separator and re.match(rf"\d{{0,3}}{re.escape(mark)}\d\d", text):
            return mark
    return ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
