"""Numbers of invoices and contracts in the titles of transfers, however people write them.

Nobody tells how a lessor's numbers look: it is learned from the numbers themselves. `FV/L/2026/11/
000042` teaches that FV, L, four digits, two and six belong together, so `fv l 2026-11-42` and
`FVL202611000042` are found too and written back the lessor's way. Whether there is such a document
is for the database to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from contracts.models import Contract
from invoicing.models import Invoice

_PIECE = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_WORD = re.compile(r"[^\s,;]+")
_SPLIT_PAYMENT = re.compile(r"/INV/(.{1,60}?)(?:/TXT/|$)")
_SAMPLE = 2_000
_MOST_SHAPES, _MOST_SPELLINGS = 40, 12
_SHORTEST = 5  # characters that are no separators

# What stands between digits, and how many digits there are, of one way of writing.
_Spelling = tuple[tuple[str, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Numbers with the same letters at the same places."""

    first: str  # the letters it begins with; empty for digits
    pattern: re.Pattern[str]  # with separators between digits, zeros in front left out or not
    squeezed: tuple[re.Pattern[str], ...]  # without separators, so with every zero
    spellings: tuple[_Spelling, ...]

    def numbers(self, title: str) -> Iterator[str]:
        found = [match.groups() for match in self.pattern.finditer(title)]
        for pattern in self.squeezed if not found else ():
            found += [match.groups() for match in pattern.finditer(title)]
        for groups in found:
            yield from self._written([run.lstrip("0") or "0" for run in groups])

    def _written(self, digits: list[str]) -> Iterator[str]:
        for words, widths in self.spellings:
            if all(len(run) <= width for run, width in zip(digits, widths, strict=True)):
                filled = (run.zfill(width) for run, width in zip(digits, widths, strict=True))
                yield "".join(_woven(words, filled))


@dataclass(frozen=True, slots=True)
class NumberFinder:
    """Finds numbers of the shapes that it has learned."""

    shapes: tuple[_Shape, ...]

    @classmethod
    def learn(cls, numbers: Iterable[str]) -> NumberFinder:
        seen: Counter[tuple[str, ...]] = Counter()
        spellings: dict[tuple[str, ...], Counter[_Spelling]] = {}
        for number in numbers:
            pieces = _PIECE.findall(number)
            bare = [piece for piece in pieces if piece[0].isalnum()]
            if sum(map(len, bare)) < _SHORTEST or not any(one.isdecimal() for one in bare):
                continue
            shape = tuple("#" if piece.isdecimal() else piece.upper() for piece in bare)
            seen[shape] += 1
            spellings.setdefault(shape, Counter())[_spelling(pieces)] += 1
        return cls(
            tuple(
                _shape(shape, [one for one, _n in spellings[shape].most_common(_MOST_SPELLINGS)])
                for shape, _count in seen.most_common(_MOST_SHAPES)
            )
        )

    def find(self, title: str) -> list[str]:
        """Numbers that the title may mean, each once, in its order as far as shapes tell it."""
        text = title.upper()
        found: dict[str, None] = {}
        for shape in self.shapes:
            if not shape.first or shape.first in text:
                found |= dict.fromkeys(shape.numbers(text))
        return list(found)


def invoice_finder() -> NumberFinder:
    """Taught by the latest invoices."""
    latest = Invoice.objects.order_by("-pk").values_list("number", flat=True)
    return NumberFinder.learn(latest[:_SAMPLE])


def contract_finder() -> NumberFinder:
    """Taught by the latest contracts."""
    latest = Contract.objects.order_by("-pk").values_list("number", flat=True)
    return NumberFinder.learn(latest[:_SAMPLE])


def words_of(title: str) -> list[str]:
    """Words with a digit as they stand in the title, for numbers of a shape not learned yet."""
    found = [word.strip(".:()[]\"'") for word in _WORD.findall(title)]
    named = [part.strip() for part in _SPLIT_PAYMENT.findall(title)]
    return [
        word
        for word in (*named, *found)
        if _SHORTEST <= len(word) <= 60 and any(c.isdecimal() for c in word)
    ]


def _spelling(pieces: list[str]) -> _Spelling:
    words, widths = [""], []
    for piece in pieces:
        if piece.isdecimal():
            widths.append(len(piece))
            words.append("")
        else:
            words[-1] += piece
    return tuple(words), tuple(widths)


def _shape(shape: tuple[str, ...], spellings: list[_Spelling]) -> _Shape:
    """Digits that follow digits need a separator, or every digit: 2026/1/1 is not 2026/11."""
    widest = [max(widths) for widths in zip(*(one[1] for one in spellings), strict=True)]
    twice = any(one == other == "#" for one, other in pairwise(shape))
    exact = {widths for _words, widths in spellings} if twice else set()
    return _Shape(
        first="" if shape[0] == "#" else shape[0],
        pattern=_compiled(shape, [f"(\\d{{1,{width}}})" for width in widest], between="{1,3}"),
        squeezed=tuple(
            _compiled(shape, [f"(\\d{{{width}}})" for width in widths], between="{0}")
            for widths in sorted(exact)
        ),
        spellings=tuple(spellings),
    )


def _compiled(shape: tuple[str, ...], runs: list[str], *, between: str) -> re.Pattern[str]:
    """`between`: how many separators stand between digits; elsewhere up to three may."""
    left = iter(runs)
    text = ""
    for place, one in enumerate(shape):
        if place:
            many = between if one == shape[place - 1] == "#" else "{0,3}"
            text += rf"[\W_]{many}"
        text += next(left) if one == "#" else re.escape(one)
    end = r"(?!\d)" if shape[-1] == "#" else r"(?!\w)"
    return re.compile(rf"(?<![^\W_]){text}{end}")


def _woven(words: tuple[str, ...], digits: Iterator[str]) -> Iterator[str]:
    yield words[0]
    for word, run in zip(words[1:], digits, strict=True):
        yield run
        yield word
