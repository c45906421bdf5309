"""Entries as a client reads them: who, what, when, from where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from django.apps import apps
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.events import EVENTS
from eboks.audit.models import ActorKind, AuditEntry
from eboks.documents.xlsx import About, Column, Kind, Sheet, write_workbook
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.people_list import has_come

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words. The lessor's people have no name here, nor an address."""

    at: dt.datetime
    who: str
    what: str
    ip: str
    company: str
    went_well: bool


def people_of(companies: Sequence[Company]) -> list[User]:
    """Whoever acts or has acted for `companies`, by name; not those who have yet to come in, whose
    accounts are none of the companies' business.
    """
    rows = Membership.objects.filter(company__in=companies, user__is_staff=False)
    rows = rows.select_related("user").order_by("user__last_name", "user__first_name", "pk")
    return list(dict.fromkeys(row.user for row in rows if has_come(row)))


def line_of(entry: AuditEntry) -> Line:
    own = entry.actor_kind == ActorKind.CLIENT
    return Line(
        at=entry.at,
        who=_who(entry),
        what=sentence(entry),
        ip=(entry.ip or "") if own else "",
        company=entry.company.name if entry.company else "",
        went_well=entry.result == "ok",
    )


def sentence(entry: AuditEntry) -> str:
    """What happened, in the reader's language."""
    text = str(EVENTS.get(entry.event, entry.event)) % _Facts(entry)
    if "seen_as" in entry.facts and not entry.event.startswith("view_as_"):
        text = _("%(what)s (podgląd portalu)") % {"what": text}
    return text[:1].upper() + text[1:]


def _who(entry: AuditEntry) -> str:
    if entry.actor_kind == ActorKind.CLIENT:
        return str(entry.actor)
    return str(ActorKind(entry.actor_kind).label)


class _Facts(Mapping[str, str]):
    """What a sentence may name. Facts that an entry lacks show as a dash."""

    def __init__(self, entry: AuditEntry) -> None:
        self._entry = entry

    def __getitem__(self, name: str) -> str:
        entry = self._entry
        if name == "subject":
            return _named(entry.subject)
        if name == "object":
            return entry.object_ref or "–"
        if name == "what":
            return _object(entry)
        value = entry.facts.get(name)
        return "–" if value in (None, "") else str(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entry.facts)

    def __len__(self) -> int:
        return len(self._entry.facts)


def _named(user: User | None) -> str:
    if user is None:
        return "–"
    return str(ActorKind.STAFF.label) if user.is_staff else str(user)


def _object(entry: AuditEntry) -> str:
    """What kind of row an entry is about, in the reader's language: „umowa”."""
    try:
        names = apps.get_model(entry.object_kind)._meta
    except (LookupError, ValueError):
        return str(entry.facts.get("what") or "–")
    return str(names.verbose_name_plural if "rows" in entry.facts else names.verbose_name)


def workbook(
    rows: QuerySet[AuditEntry],
    *,
    conditions: Sequence[str],
    company: Company | None,
    at: dt.datetime,
) -> BinaryIO:
    """The log as a workbook. Raises TooManyRowsError."""
    title = _("Dziennik aktywności")
    columns = [
        Column(_("Kiedy"), Kind.MOMENT),
        Column(_("Kto"), width=30),
        Column(_("Co"), width=80),
        Column(_("Skąd (adres IP)"), width=24),
        Column(_("Firma"), width=34),
    ]
    found = rows.select_related("actor", "subject", "company").iterator(chunk_size=_CHUNK)
    cells = (
        (line.at, line.who, line.what, line.ip or None, line.company)
        for line in map(line_of, found)
    )
    facts: list[tuple[str, str | dt.date]] = [
        (_("Firma"), company.name if company else _("wszystkie")),
        (_("Filtry"), ", ".join(conditions) or _("bez filtrów")),
        (_("Stan na dzień"), clock.today(at)),
    ]
    return write_workbook(sheets=[Sheet(title, columns, cells)], about=About(title, at, facts))
