"""What can be asked for: one `RequestType` for each kind, in a module of `requests_app.types`."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contracts.models import Asset, Contract
from eboks.accounts.models import User
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from requests_app.eligibility import live

if TYPE_CHECKING:
    from requests_app.forms import RequestForm
    from requests_app.models import Request


class RequestError(Exception):
    """The step cannot be made; the text is for whoever tried."""


class Group(models.TextChoices):
    """The shelves of the catalogue, in the order of the page."""

    VEHICLE = "vehicle", _("Pojazd i dokumenty")
    CONTRACT = "contract", _("Umowa i raty")
    MONEY = "money", _("Pieniądze i zaświadczenia")
    COMPANY = "company", _("Firma i inne sprawy")


class Subject(StrEnum):
    """What a request is about; a vehicle is asked for by its plate, with its contract."""

    COMPANY = "company"
    CONTRACT = "contract"
    VEHICLE = "vehicle"


class Files(StrEnum):
    NONE = "none"
    WELCOME = "welcome"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom and what a request is for, on the day `on`. `contract` and `asset` as the kind asks.

    `facts`: for the text of the SMS alone, what the request comes to as it is now.
    `request`: the row itself, once there is one.
    """

    user: User
    company: Company
    contract: Contract | None
    asset: Asset | None
    on: dt.date
    facts: dict[str, Any] = field(default_factory=dict)
    request: Request | None = None

    @property
    def own_contract(self) -> Contract:
        """The contract, for kinds that are never asked for without one."""
        if self.contract is None:
            raise ValueError("this kind of request is about a contract")
        return self.contract


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of a decision made by the portal: yes at once, or staff must look because of `reason`."""

    at_once: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document to issue: `template` under `templates/requests_app/papers/`, once a language.

    `about` (label, value) is what the public check page shows beside number and days.
    """

    template: str
    title: str
    version: str  # of the text; a change of words is a new version
    languages: Sequence[str] = ("pl",)
    valid_from: dt.date
    valid_to: dt.date | None = None
    about: Sequence[tuple[str, str]] = ()
    qr_title: str = ""  # in the paper's language, where that is none of the portal's
    context: dict[str, Any] = field(default_factory=dict)


_NOTHING_WHEN_REFUSED = _("Przy odmowie nic nie naliczamy.")


def _staff_decides(request: Request, at: dt.datetime) -> Verdict:
    return Verdict(False)


def _no_change(request: Request, at: dt.datetime, actor: User | None) -> None:
    return None


def _no_term(request: Request, on: dt.date) -> dt.date | None:
    return None


def _nothing(request: Request) -> None:
    return None


def _no_papers(request: Request, at: dt.datetime) -> Sequence[Paper]:
    return ()


@dataclass(frozen=True, kw_only=True)
class RequestType:
    """One kind of request, whole. What is not said here is the same for all kinds.

    `lines` are (label, value) of the summary, made from the cleaned form in the person's language:
    they are what is shown, stored and signed. `facts` gives the JSON values that the rest works
    with. `basis` is everything outside the form that the answer rests on; when it has changed by
    the time of the code, nothing is filed (SEC-31). `effect` is what an approval does, in its
    transaction; it may raise `RequestError`, and what staff wrote stands in `request.answer`.
    `papers` says which documents follow.
    """

    name: str
    title: str | Promise
    summary: str | Promise  # in the catalogue, one sentence
    group: Group
    form: type[RequestForm]
    subject: Subject = Subject.CONTRACT
    contracts: Callable[[QuerySet[Contract], dt.date], QuerySet[Contract]] = live
    vehicles_only: bool = False
    right: Right = Right.FILE_REQUESTS
    signed: bool = False
    is_financial: bool = False  # shows amounts: readers need the right to see money
    costly: bool = False  # a second signature where the company asks for two
    fee_code: str = ""  # of the fee table; empty: free in every table
    fee_when_refused: str | Promise = _NOTHING_WHEN_REFUSED
    refused_fee_code: str = ""  # of the fee that a refusal costs; empty: nothing
    working_days: int = 2
    term_text: str | Promise = ""  # before the form, where working days do not say it
    # The last day to answer a request filed on a day, where a term of law sets it and asking the
    # client for more does not stop it. None: `working_days`.
    answer_by: Callable[[Request, dt.date], dt.date | None] = _no_term
    exclusive: bool = False
    files: Files = Files.NONE
    files_hint: str | Promise = ""
    needed: Sequence[str | Promise] = ()  # what to have at hand, before the form
    next_step: str | Promise = ""  # after filing, when staff decide
    bulk: bool = False  # simple enough to be approved many at a time
    # Staff begin it, because somebody else waits for the answer: no client starts or withdraws it,
    # and it is answered whatever has become of the contract since.
    begun_by_lessor: bool = False
    lines: Callable[[RequestForm], Sequence[tuple[str, str]]]
    facts: Callable[[RequestForm], dict[str, Any]]
    sms: Callable[[About], str] | None = None
    basis: Callable[[About, dict[str, Any]], dict[str, Any]] = lambda about, facts: {}
    amount: Callable[[dict[str, Any]], Decimal | None] = lambda facts: None
    waived: Callable[[About], bool] = lambda about: False  # filed on that day it costs nothing
    decide: Callable[[Request, dt.datetime], Verdict] = _staff_decides
    effect: Callable[[Request, dt.datetime, User | None], None] = _no_change
    refused: Callable[[Request, dt.datetime, User | None], None] = _no_change  # of a refusal
    papers: Callable[[Request, dt.datetime], Sequence[Paper]] = _no_papers
    papers_with_contract: bool = False  # worth nothing once the contract has ended or is another's
    papers_when_refused: bool = False  # a refusal is answered with the same papers
    # Fields whose typed value is forgotten once the matter is decided or ends, such as a PESEL.
    private: Sequence[str] = ()
    after_papers: Callable[[Request], None] = _nothing  # safe to call twice
    closes_itself: bool = True  # nothing is left to do once approved and produced
    # Of a kind that closes itself: whether staff must still do something for this one.
    left_to_do: Callable[[Request], bool] = lambda request: False
    # (label, value) for whoever decides, as things stand at the moment given.
    office: Callable[[Request, dt.datetime], Sequence[tuple[str, str]]] = lambda request, at: ()

    @property
    def is_produced(self) -> bool:
        """Whether the portal has something to do after an approval: papers to make, or to close."""
        return self.closes_itself or self.papers is not _no_papers

    @property
    def start_url(self) -> str:
        return reverse(f"requests_app:start_{self.name}")


@cache
def types() -> dict[str, RequestType]:
    """Every kind by its name, in the order of names of their modules."""
    from requests_app import types as package  # noqa: PLC0415 -- its modules import this one

    found: dict[str, RequestType] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        kind: RequestType = module.TYPE
        if kind.name in found:
            raise ValueError(f"two kinds of request are called {kind.name}")
        found[kind.name] = kind
    return found


def type_of(request: Request) -> RequestType:
    return types()[request.kind]
