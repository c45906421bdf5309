"""Critical operations of the portal. Each domain adds its own in `AppConfig.ready()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from eboks.accounts.models import User
from eboks.authorisation.enums import Slot
from eboks.money import ZERO
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right

if TYPE_CHECKING:
    from eboks.authorisation.models import Instruction


class Refused(Exception):  # noqa: N818 -- an outcome, its text is for the client
    """The operation cannot be done as it stands."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an operation is about: who, for which company (None: about the person), and the data."""

    user: User
    company: Company | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Price:
    """What the operation costs (PLN), by which version of the fee schedule."""

    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO
    version: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What to tell the client: what was done, what happens next and when, where to go on."""

    text: str
    next: str = ""
    url: str = ""
    result: dict[str, Any] = field(default_factory=dict)


def _nothing(facts: Facts) -> dict[str, Any]:
    return {}


def _free(facts: Facts) -> Price:
    return Price()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One kind of critical operation.

    `lines` are the rows of the summary as (label, value), made once, in the person's language, and
    shown the same on the page, in the record and on the PDF. `sms` says the same in at most 70
    ASCII characters, without anything that the person typed freely. `basis` is everything outside
    the payload on which the operation rests (prices, states, the number in use): JSON values; when
    they differ at the moment of signing, nothing is executed (SEC-31). `execute` runs in the
    gate's transaction, reads only the stored instruction, and may raise `Refused`.
    """

    name: str
    title: str | Promise
    button: str | Promise  # names the act: „Zmień adres”
    edit_url: Callable[[Instruction], str]
    lines: Callable[[Facts], Sequence[tuple[str, str]]]
    sms: Callable[[Facts], str]
    execute: Callable[[Instruction, dt.datetime], Done]
    right: Right | None = Right.SIGN  # in the instruction's company; None: about the person alone
    basis: Callable[[Facts], dict[str, Any]] = _nothing
    price: Callable[[Facts], Price] = _free
    # Codes that are needed, in order; None: one code to the person's own number.
    codes: Callable[[Facts], Sequence[tuple[Slot, str]]] | None = None
    costly: bool = False  # a second person signs when the company asks for it (SEC-46)
    after: str | Promise = ""  # on the summary: what happens after signing, and when


_operations: dict[str, Operation] = {}


def add_operation(operation: Operation) -> None:
    _operations[operation.name] = operation


def operation(name: str) -> Operation:
    return _operations[name]


def operations() -> list[Operation]:
    return list(_operations.values())
