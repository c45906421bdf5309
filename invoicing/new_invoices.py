"""„Nowe od ostatniego pobrania”: which invoices a person has not fetched yet, company by company.

A mark moves only when the whole file has gone to the person. Invoices that could not be given (no
PDF, a damaged file) stay new. Imports may overlap, so an invoice may appear with an earlier moment
than one fetched before: for the hours of OVERLAP the ids themselves are remembered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from eboks.accounts.models import User
from eboks.exports.models import DownloadMark
from eboks.tenancy.models import Company
from invoicing.models import Invoice, InvoiceQuerySet

OVERLAP = dt.timedelta(hours=6)  # longer than any import
_WHAT = "invoices"


def new_ids(
    rows: InvoiceQuerySet, *, user: User, companies: Iterable[Company], most: int
) -> list[int]:
    """Ids of the invoices of `rows` that `user` has not fetched, oldest first; at most `most`.

    Without a mark for a company all of its invoices are new.
    """
    marks = {mark.company_id: mark for mark in _marks(user, companies)}
    unmarked = [company.pk for company in companies if company.pk not in marks]
    later = Q(company__in=unmarked)
    known: set[int] = set()
    missed: set[int] = set()
    for mark in marks.values():
        later |= Q(company=mark.company_id, received_at__gt=mark.up_to - OVERLAP)
        known.update(map(int, mark.recent))
        missed.update(mark.missed)
    if missed:
        later |= Q(pk__in=missed)
    found = rows.filter(later).order_by("received_at", "pk").values_list("pk", flat=True)
    fresh: list[int] = []
    for pk in found.iterator(chunk_size=2_000):
        if pk not in known or pk in missed:
            fresh.append(pk)
            if len(fresh) == most:
                break
    return fresh


def marks_of(given: Iterable[int], missed: Iterable[int]) -> dict[str, Any]:
    """What to remember once these invoices have been fetched; JSON, by company."""
    found: dict[str, Any] = {}
    lost = set(missed)
    ids = [*given, *lost]
    rows = Invoice.objects.filter(pk__in=ids).order_by("pk")
    for pk, company, received in rows.values_list("pk", "company_id", "received_at"):
        fresh: dict[str, Any] = {"up_to": 0.0, "recent": {}, "given": [], "missed": []}
        mark = found.setdefault(str(company), fresh)
        moment = received.timestamp()
        mark["up_to"] = max(mark["up_to"], moment)
        if pk in lost:
            mark["missed"].append(pk)
        else:
            mark["given"].append(pk)
            mark["recent"][str(pk)] = moment
    for mark in found.values():
        mark["recent"] = _within_overlap(mark["recent"], mark["up_to"])
    return found


@transaction.atomic
def note_fetched(*, user: User, marks: Mapping[str, Any]) -> None:
    """Moves the marks on, never back; two files fetched at once are both remembered."""
    for company, new in sorted(marks.items()):
        up_to = dt.datetime.fromtimestamp(new["up_to"], tz=dt.UTC)
        rows = DownloadMark.objects.select_for_update()
        mark, _made = rows.get_or_create(
            owner=user, company_id=int(company), what=_WHAT, defaults={"up_to": up_to}
        )
        mark.up_to = max(mark.up_to, up_to)
        recent = {**mark.recent, **new["recent"]}
        mark.recent = _within_overlap(recent, mark.up_to.timestamp())
        mark.missed = sorted({*mark.missed, *new["missed"]}.difference(new["given"]))
        mark.save(update_fields=["up_to", "recent", "missed"])


def _within_overlap(recent: Mapping[str, float], up_to: float) -> dict[str, float]:
    since = up_to - OVERLAP.total_seconds()
    return {pk: moment for pk, moment in recent.items() if moment > since}


def _marks(user: User, companies: Iterable[Company]) -> Iterable[DownloadMark]:
    rows = DownloadMark.objects.for_user(user).filter(company__in=list(companies), what=_WHAT)
    return rows.order_by("pk")
