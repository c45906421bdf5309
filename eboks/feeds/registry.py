"""What a feed may carry and what is done with it: domains register here in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eboks.feeds.columns import Column

if TYPE_CHECKING:
    from eboks.feeds.applying import Load
    from eboks.feeds.dialect import Params
    from eboks.feeds.manifest import Manifest
    from eboks.feeds.problems import Problems


@dataclass(frozen=True, slots=True)
class Check:
    """A question to the staged rows; every row of its answer is an error.

    `sql` selects (line, value) or (line, value, column). It names staged tables `feed_<kind>`;
    `needs` are the kinds whose files must be whole for the answer to make sense. A `guarded`
    question is one that the tables themselves answer on a first load: a constraint or a count
    stops the import, and only then it is asked, to name the rows. `more` gives parameters of the
    moment, beyond those of the feed; None when there is nothing to ask.
    """

    column: str
    reason: str
    sql: str
    needs: tuple[str, ...] = ()
    guarded: bool = False
    more: Callable[[], Params | None] | None = None


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of CSV file. `key` columns identify a row inside a feed.

    `table`: where rows with a `source_id` land; references are looked up there too.
    `ids`: columns of the staged table with ids reserved for the rows that will be made, each
    with the table it is an id of.
    `guarded`: what holds for each row alone, and unique keys, is guarded (see `Check`).
    """

    name: str
    title: str
    order: int
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("source_id",)
    table: str = ""
    ids: tuple[tuple[str, str], ...] = ()
    guarded: bool = False
    checks: tuple[Check, ...] = ()

    @property
    def stage(self) -> str:
        return f"feed_{self.name}"

    @property
    def totals(self) -> tuple[str, ...]:
        """Columns whose sums the manifest must name."""
        return tuple(column.name for column in self.columns if column.is_total)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of applying a feed. `fills` are the tables it inserts rows into by the million."""

    name: str
    title: str
    order: int
    run: Callable[[Load], None]
    fills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON file of a feed. `read` says what is wrong or gives what `apply` takes."""

    name: str
    title: str
    read: Callable[[str, bytes, Manifest, Problems], Any]
    apply: Callable[[Load, Any], None]


@dataclass(slots=True)
class Registry:
    _documents: dict[str, Document] = field(default_factory=dict)
    kinds_by_name: dict[str, FileKind] = field(default_factory=dict)
    _steps: dict[str, Step] = field(default_factory=dict)
    _followers: dict[str, Callable[[], None]] = field(default_factory=dict)

    def add_kind(self, kind: FileKind) -> None:
        self.kinds_by_name[kind.name] = kind

    def add_step(self, step: Step) -> None:
        self._steps[step.name] = step

    def add_document(self, document: Document) -> None:
        self._documents[document.name] = document

    def add_follower(self, name: str, run: Callable[[], None]) -> None:
        """`run` is called after each feed that was applied and is safe: it only queues work."""
        self._followers[name] = run

    def document(self, name: str) -> Document | None:
        return self._documents.get(name)

    def kind(self, name: str) -> FileKind | None:
        return self.kinds_by_name.get(name)

    @property
    def kinds(self) -> tuple[FileKind, ...]:
        """In the order of reference."""
        return tuple(sorted(self.kinds_by_name.values(), key=lambda kind: kind.order))

    @property
    def followers(self) -> tuple[Callable[[], None], ...]:
        return tuple(self._followers.values())

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(sorted(self._steps.values(), key=lambda step: step.order))

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the steps fill, each once."""
        return tuple(dict.fromkeys(table for step in self.steps for table in step.fills))


registry = Registry()
