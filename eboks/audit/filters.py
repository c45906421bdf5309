"""The log of activity: what was asked for in the address, and the entries that answer it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.events import Group, events_of
from eboks.audit.models import ActorKind, AuditEntry
from eboks.clock import WARSAW
from eboks.listing import Chip, clean_choice, query_string
from eboks.tenancy.models import Company
from eboks.ui import words

# The calendar of the database ends well after anything we can hold.
_FIRST, _LAST = dt.date(1990, 1, 1), dt.date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class ActivityFilters:
    """Filters of the page, each empty when not set. Only known values ever get in."""

    person: str = ""  # public id of one of the companies' own people
    kind: str = ""
    company: str = ""  # public id of one of the person's companies
    since: str = ""
    until: str = ""

    @classmethod
    def parse(
        cls, params: Mapping[str, str], people: Sequence[User], companies: Sequence[Company]
    ) -> ActivityFilters:
        """Reads a query string; what is unknown or belongs to a stranger is left out."""
        return cls(
            person=clean_choice(params.get("person"), [str(row.public_id) for row in people]),
            kind=clean_choice(params.get("kind"), Group.values),
            company=clean_choice(params.get("company"), [str(row.public_id) for row in companies]),
            since=_day(params.get("since")),
            until=_day(params.get("until")),
        )

    def __bool__(self) -> bool:
        return any(self.as_params().values())

    def as_params(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}

    def apply(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if self.person:
            rows = rows.filter(Q(actor__public_id=self.person) | Q(subject__public_id=self.person))
        if self.kind == Group.STAFF:
            rows = rows.filter(actor_kind=ActorKind.STAFF)
        elif self.kind:
            rows = rows.filter(event__in=events_of(Group(self.kind)))
        if self.company:
            rows = rows.filter(company__public_id=self.company)
        if self.since:
            rows = rows.filter(at__gte=_midnight(self.since))
        if self.until:
            rows = rows.filter(at__lt=_midnight(self.until, days=1))
        return rows

    def chips(self, people: Sequence[User], companies: Sequence[Company]) -> list[Chip]:
        names = {str(user.public_id): str(user) for user in people}
        names |= {str(company.public_id): company.name for company in companies}
        labels = {
            "person": names.get(self.person, ""),
            "kind": str(Group(self.kind).label) if self.kind else "",
            "company": names.get(self.company, ""),
            "since": _("od %(day)s") % {"day": _shown(self.since)} if self.since else "",
            "until": _("do %(day)s") % {"day": _shown(self.until)} if self.until else "",
        }
        return [
            Chip(label, query_string(replace(self, **{name: ""}).as_params()))
            for name, label in labels.items()
            if label
        ]


def _day(value: object) -> str:
    """An ISO day within reason, as text; empty for anything else."""
    try:
        day = dt.date.fromisoformat(str(value or ""))
    except ValueError:
        return ""
    return day.isoformat() if _FIRST <= day <= _LAST else ""


def _midnight(day: str, *, days: int = 0) -> dt.datetime:
    """When the business day begins (or the one `days` later)."""
    date = dt.date.fromisoformat(day) + dt.timedelta(days=days)
    return dt.datetime.combine(date, dt.time(), tzinfo=WARSAW)


def _shown(day: str) -> str:
    return words.short_date(dt.date.fromisoformat(day))
