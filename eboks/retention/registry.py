"""Classes of documents: domains say what they keep, from which days periods run, how to let go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.tenancy.rights import Right


@dataclass(frozen=True, slots=True)
class Facts:
    """What a period needs to know of one document. A day that is not known yet is left out:
    the document then has no purge date and stays."""

    days: Mapping[Basis, dt.date] = field(default_factory=dict)
    contract_numbers: frozenset[str] = frozenset()
    person_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DocumentClass:
    """Documents whose key begins with `prefix`. `facts` answers for many at once, by document id;
    `links` gives the name and the address under which a client finds each. `release` takes the
    links to them out of the domain's rows before they are removed. `right`: without it a client is
    not shown the names of these, beside VIEW_FINANCE, which the list of documents asks for."""

    name: str
    title: str | Promise
    prefix: str
    facts: Callable[[Sequence[Document]], Mapping[int, Facts]]
    links: Callable[[Sequence[Document]], Mapping[int, tuple[str, str]]]
    release: Callable[[Sequence[int]], None]
    right: Right = Right.VIEW_FINANCE


_classes: dict[str, DocumentClass] = {}


def add_class(document_class: DocumentClass) -> None:
    _classes[document_class.name] = document_class


def classes() -> list[DocumentClass]:
    return list(_classes.values())


def document_class(name: str) -> DocumentClass:
    """Raises KeyError for a class that nobody registered."""
    return _classes[name]
