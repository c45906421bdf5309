"""Kinds of exports, and the order that a builder fills. Every domain adds its own in `ready()`.

One builder serves both ways out: a small file is answered at once (`eboks.exports.answers`), a big
one is made in the background and waits in *Moje pliki* (`eboks.exports.making`).
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeVar

from django.http import QueryDict
from django.utils.functional import Promise

from eboks.accounts.models import User
from eboks.documents.xlsx import ROW_LIMIT
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right

Q = TypeVar("Q", bound="CompanyScopedQuerySet")  # type: ignore[type-arg]  # rows of any model


AT_ONCE_ROWS = 10_000  # of a list: up to here it is answered in the request


class ExportError(Exception):
    """The file cannot be made, and trying again will not help. Its text is for people."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much an order asks for, before any work is done."""

    count: int  # rows or files, counted up to one above the most that a file may hold
    bytes: int = 0
    slow: bool = False  # few perhaps, but each takes long: never while a person waits
    words: str = ""  # of what was chosen: „poprzedni miesiąc, do zapłaty”


def _nobody(done: int, total: int) -> None:
    """Nobody watches a file that is answered at once."""


def query_of(params: Mapping[str, Any]) -> QueryDict:
    """Parameters as they stand in an address: a list is a name that is repeated."""
    found = QueryDict(mutable=True)
    for name, value in params.items():
        found.setlist(name, value if isinstance(value, list) else [value])
    return found


@dataclass(slots=True)
class Order:
    """What a builder gets, and where it leaves the file.

    `companies` are those where the person has the right of the kind at this very moment, narrowed
    to `company` when the order names one. `params` are what stood in the address of the page:
    texts, and lists of texts where a name was repeated. The builder writes `out` (from its
    beginning) and sets `file_name`.
    """

    user: User
    company: Company | None
    companies: list[Company]
    params: Mapping[str, Any]
    at: dt.datetime
    out: BinaryIO = field(default_factory=io.BytesIO)
    file_name: str = ""
    content_type: str = ""  # by the name's extension when left empty
    # Facts for whoever learns that the file was fetched (`Export.fetched`); JSON values.
    notes: dict[str, Any] = field(default_factory=dict)
    watch: Callable[[int, int], None] = _nobody
    total: int = 0  # known before the work when `measure` was asked

    def progress(self, done: int, total: int | None = None) -> None:
        """Says how far the work is. Call it often: it also keeps the work from being taken away.

        Raises eboks.exports.making.TakenOverError when somebody else has taken it; let it pass.
        """
        if total is not None:
            self.total = total
        self.watch(done, self.total)

    def query(self) -> QueryDict:
        """The parameters as a view reads them from the address."""
        return query_of(self.params)

    @property
    def file_format(self) -> str:
        """`csv` when the address asks for it (`?format=csv`), else `xlsx`."""
        return "csv" if self.params.get("format") == "csv" else "xlsx"

    def narrow(self, public_id: str) -> None:
        """Leaves the one company that the parameters name; nothing happens for an empty text."""
        if public_id:
            self.companies = [c for c in self.companies if str(c.public_id) == public_id]

    def scoped(self, rows: Q) -> Q:
        """`rows` that the person may read, of the companies of this order."""
        mine = rows.for_user(self.user)
        return mine.filter(**{f"{mine.company_path or 'pk'}__in": self.companies})

    def take(self, file: BinaryIO) -> None:
        """Writes what `file` holds as the result, and closes it."""
        with file:
            shutil.copyfileobj(file, self.out, 1 << 20)


@dataclass(frozen=True, kw_only=True)
class Export:
    """A kind of file that a person may order.

    `build` raises ExportError (or TooManyRowsError) for what people should know. `measure` is asked
    first: beyond `at_once` rows (or `at_once_bytes`) the file is made in the background, beyond
    `most` not at all; without it always in the background. `stream` gives the same bytes as `build`
    piece by piece, for a file that goes while it is being made; before its first piece it sets
    `file_name` and refuses what is to be refused. `page` names the view that shows the same thing
    with the same parameters; only such kinds can be saved as a favourite. `fetched` runs with the
    order's notes once the whole file has gone to the person.
    """

    name: str
    title: str | Promise
    right: Right
    build: Callable[[Order], None]
    measure: Callable[[Order], Extent] | None = None
    stream: Callable[[Order], Iterator[bytes]] | None = None
    at_once: int = AT_ONCE_ROWS
    at_once_bytes: int = 200_000_000
    most: int = ROW_LIMIT
    page: str = ""
    fetched: Callable[[User, Mapping[str, Any], dt.datetime], None] | None = None


_exports: dict[str, Export] = {}


def add_export(export: Export) -> None:
    _exports[export.name] = export


def export(name: str) -> Export:
    """The kind called `name`. Raises KeyError."""
    return _exports[name]


def exports() -> list[Export]:
    return list(_exports.values())
