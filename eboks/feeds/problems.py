"""What is wrong with a feed: collected all at once, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass, field

LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1, the header being line 1; None where no line is to blame."""

    file: str
    reason: str
    line: int | None = None
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, wiersz {self.line}"
        if self.column:
            place += f", kolumna {self.column}"
        if self.value:
            place += f", wartość „{self.value}”"
        return f"{place}: {self.reason}"


def _shown(text: str) -> str:
    """`text` of a stranger's file, fit for a terminal and for the database.

    Names of files and columns too: both may hold NUL, half characters or commands to a terminal.
    """
    return "".join(char if char.isprintable() else "�" for char in text)


@dataclass(slots=True)
class Problems:
    """A list that stops growing at `LIMIT`; `is_full` tells readers to stop looking."""

    found: list[Problem] = field(default_factory=list)

    def add(
        self,
        file: str,
        reason: str,
        *,
        line: int | None = None,
        column: str = "",
        value: object = "",
    ) -> None:
        if not self.is_full:
            shown = "" if value is None else str(value)
            self.found.append(
                Problem(_shown(file), reason, line, _shown(column), _shown(shown)[:200])
            )

    @property
    def is_full(self) -> bool:
        return len(self.found) >= LIMIT

    @property
    def room(self) -> int:
        return LIMIT - len(self.found)

    def __bool__(self) -> bool:
        return bool(self.found)


@dataclass
class FeedRefusedError(Exception):
    """The feed cannot be applied; nothing of it was."""

    problems: Problems

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems.found[:3])
