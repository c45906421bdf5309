"""Working out until when each document stays: the longest of the periods of its class."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from eboks.documents.models import Document
from eboks.retention import dates
from eboks.retention.models import Formula, RetentionRule
from eboks.retention.registry import DocumentClass, Facts, classes

_BATCH = 2_000
_FORMULAS = {
    Formula.ACCOUNTING: dates.accounting,
    Formula.VAT: dates.vat,
    Formula.INCOME_TAX: dates.income_tax,
    Formula.CIVIL: dates.civil,
    Formula.ANNIVERSARY: dates.anniversary,
}


def rules_in_force(name: str, *, on: dt.date) -> list[RetentionRule]:
    """Rules of a class of documents that hold on `on`."""
    rows = RetentionRule.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), document_class=name, valid_from__lte=on
    )
    return list(rows.order_by("formula", "basis", "pk"))


def periods(rules: Sequence[RetentionRule], facts: Facts) -> dict[RetentionRule, dt.date | None]:
    """The purge date by each rule; None where the day it runs from is not known yet."""
    found: dict[RetentionRule, dt.date | None] = {}
    for rule in rules:
        day = facts.days.get(rule.basis)  # type: ignore[call-overload]  # values of Basis
        formula = _FORMULAS[Formula(rule.formula)]
        found[rule] = formula(day, rule.years) if day is not None else None
    return found


def purge_date(rules: Sequence[RetentionRule], facts: Facts) -> dt.date | None:
    """The first day on which all periods are over; None while one of them has not begun, and for
    a class without rules: what nobody said a period for is kept."""
    days = list(periods(rules, facts).values())
    if not days or None in days:
        return None
    return max(day for day in days if day is not None)


def date_documents(*, on: dt.date, everything: bool = False) -> int:
    """Give documents without a date theirs; with `everything` work out all anew (a rule changed).

    Returns how many dates were written. Batches of 2 000: each asks its class once for the facts.
    """
    written = 0
    for document_class in classes():
        rules = rules_in_force(document_class.name, on=on)
        rows = Document.objects.filter(key__startswith=document_class.prefix)
        if not everything:
            rows = rows.filter(purge_on=None)
        last = 0
        while batch := list(rows.filter(pk__gt=last).order_by("pk")[:_BATCH]):
            last = batch[-1].pk
            written += _write(batch, document_class, rules)
    return written


def _write(
    batch: Sequence[Document], document_class: DocumentClass, rules: Sequence[RetentionRule]
) -> int:
    facts = document_class.facts(batch)
    by_day: dict[dt.date | None, list[int]] = defaultdict(list)
    for document in batch:
        day = purge_date(rules, facts.get(document.pk, Facts()))
        if day != document.purge_on:
            # Told of another date, the owner is told again.
            by_day[day].append(document.pk)
    for day, keys in by_day.items():
        Document.objects.filter(pk__in=keys).update(purge_on=day, purge_told_at=None)
    return sum(map(len, by_day.values()))


def facts_of(documents: Iterable[Document]) -> Mapping[int, Facts]:
    """Facts of documents of any class, by id; of an unknown class none."""
    found: dict[int, Facts] = {}
    by_class: dict[str, list[Document]] = defaultdict(list)
    known = {document_class.name: document_class for document_class in classes()}
    for document in documents:
        name = class_name(document.key)
        if name in known:
            by_class[name].append(document)
    for name, rows in by_class.items():
        found.update(known[name].facts(rows))
    return found


def class_name(key: str) -> str:
    """The class that a document's key belongs to; empty for none."""
    return next((c.name for c in classes() if key.startswith(c.prefix)), "")
