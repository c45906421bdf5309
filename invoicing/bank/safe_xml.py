"""XML from outside, read as a stream: no DTD, no entities, nothing fetched, limited depth (SEC-91).

Expat itself, not a tree: a statement of 70 000 entries is 100 MB of XML, of which one entry at a
time is kept. A document type is refused when it begins, so no entity is ever declared, and with
it go external files, networks and „billion laughs”.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from django.utils.translation import gettext as _

from invoicing.bank.statements import refuse

_DEEPEST = 40
_LONGEST_TEXT = 10_000
_BLOCK = 1 << 20


@dataclass(slots=True)
class Scope:
    """What stands in one element but in no scope inside it: texts by the path from it, in order."""

    path: str
    line: int
    values: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *paths: str) -> str:
        """The first text under any of `paths`; empty when there is none."""
        for path in paths:
            found = self.values.get(path)
            if found:
                return found[0]
        return ""

    def every(self, path: str) -> list[str]:
        return self.values.get(path, [])


class Reader:
    """Reads a document and hands over each element whose path is in `scopes` when it ends.

    Paths have no namespaces; the namespace of the root goes to `root(namespace)`, elements of
    other namespaces are left out. `Amt@Ccy` is an attribute.
    """

    def __init__(
        self,
        scopes: frozenset[str],
        *,
        root: Callable[[str], None],
        begin: Callable[[Scope], None],
        end: Callable[[Scope], None],
    ) -> None:
        self._scope_paths = scopes
        self._root, self._begin, self._end = root, begin, end
        self._namespace: str | None = None
        self._paths = [""]
        self._scopes = [Scope("", 1)]
        self._text: list[str] = []
        self._size = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._forbidden
        parser.EntityDeclHandler = self._forbidden
        parser.ExternalEntityRefHandler = self._forbidden
        parser.UnparsedEntityDeclHandler = self._forbidden
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._characters
        self._parser = parser

    def read(self, content: bytes) -> None:
        """Raises BankFileError when the document is broken, unsafe or cut off."""
        view = memoryview(content)
        try:
            for start in range(0, len(view), _BLOCK):
                self._parser.Parse(view[start : start + _BLOCK], False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "")
            raise refuse(
                _("Plik nie jest poprawnym XML (%s): jest uszkodzony albo niepełny.") % reason,
                line=error.lineno,
            ) from None
        except (LookupError, ValueError):  # an encoding that Python does not know or that lies
            raise refuse(_("Plik ma nieznane albo złe kodowanie."), line=1) from None

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def _forbidden(self, *parts: object) -> NoReturn:
        raise refuse(
            _("Plik ma definicję typu dokumentu (DTD) albo encje. Takich plików nie czytamy."),
            line=self.line,
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _blank, local = name.rpartition(" ")
        if self._namespace is None:
            self._namespace = namespace
            self._root(namespace)
        if len(self._paths) > _DEEPEST:
            raise refuse(_("Plik ma za głęboko zagnieżdżone elementy."), line=self.line)
        # A foreign element gets a name that no path has.
        path = f"{self._paths[-1]}/{local if namespace == self._namespace else '*'}"
        self._paths.append(path)
        self._text.clear()
        self._size = 0
        if path in self._scope_paths:
            scope = Scope(path, self.line)
            self._scopes.append(scope)
            self._begin(scope)
        if attributes:
            scope = self._scopes[-1]
            for key, value in attributes.items():
                scope.values.setdefault(f"{path[len(scope.path) + 1 :]}@{key}", []).append(value)

    def _characters(self, text: str) -> None:
        self._size += len(text)
        if self._size > _LONGEST_TEXT:
            raise refuse(_("Plik ma za długi tekst w jednym elemencie."), line=self.line)
        self._text.append(text)

    def _finish(self, name: str) -> None:
        path = self._paths.pop()
        scope = self._scopes[-1]
        if path == scope.path:
            self._scopes.pop()
            self._end(scope)
        elif self._text:
            text = "".join(self._text).strip()
            if text:
                scope.values.setdefault(path[len(scope.path) + 1 :], []).append(text)
        self._text.clear()
        self._size = 0
