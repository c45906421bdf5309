"""What the lessor's staff read about clients is written down where the client sees it (SEC-97)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import translation

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership


def is_client_data(model: type[models.Model]) -> bool:
    """Whether rows of `model` tell something about a client or about a client's person."""
    if model is User or isinstance(model._default_manager.all(), CompanyScopedQuerySet):
        return True
    return model.__module__.startswith("eboks.") and _leads_to_person(model)


def note_view(*, staff: User, obj: models.Model, at: dt.datetime) -> None:
    """`staff` opened the page of `obj` in the back office."""
    _note("staff_viewed", staff, obj, at, {})


def note_reveal(
    *, staff: User, obj: models.Model, fields: Sequence[str], reason: str, at: dt.datetime
) -> None:
    """`staff` asked to see the masked `fields` of `obj` and said why."""
    _note("staff_revealed", staff, obj, at, {"fields": list(fields), "reason": reason})


def note_list(
    *,
    staff: User,
    model: type[models.Model],
    keys: Sequence[Any],
    company_key: str,
    at: dt.datetime,
) -> None:
    """`staff` read a page of a list with the rows `keys`.

    A list of one client's rows (`company_key`) stands in that client's chain; one that crosses
    clients in the portal's own, so that nobody learns of anybody else.
    """
    company = Company.objects.filter(pk=company_key).first() if company_key else None
    record(
        event="staff_viewed",
        at=at,
        actor=staff,
        company=company,
        object_kind=model._meta.label,
        facts={"what": _in_polish(model._meta.verbose_name_plural), "rows": list(keys)},
    )


@transaction.atomic
def _note(
    event: str, staff: User, obj: models.Model, at: dt.datetime, facts: dict[str, Any]
) -> None:
    person = _person_of(obj)
    for company in _companies_of(obj, person):
        record(
            event=event,
            at=at,
            actor=staff,
            company=company,
            subject=person,
            object_kind=obj._meta.label,
            object_ref=str(obj.pk),
            facts={"what": _in_polish(obj._meta.verbose_name), **facts},
        )


def _companies_of(obj: models.Model, person: User | None) -> Sequence[Company | None]:
    """The company that the row belongs to; of a row about a person alone, all of theirs.

    Always in the same order: two entries never wait for each other's chain.
    """
    company = company_of(obj)
    if company is not None:
        return [company]
    if person is not None:
        active = Membership.objects.active().filter(user=person).values("company")
        return list(Company.objects.filter(pk__in=active).order_by("pk")) or [None]
    return [None]


def company_of(obj: models.Model) -> Company | None:
    """The client that `obj` belongs to; None when it belongs to none."""
    if isinstance(obj, Membership):
        return obj.company
    rows = type(obj)._default_manager.all()
    if not isinstance(rows, CompanyScopedQuerySet):
        return None
    found: Any = obj
    for step in rows.company_path.split("__") if rows.company_path else []:
        found = getattr(found, step, None)
    return found if isinstance(found, Company) else None


def _person_of(obj: models.Model) -> User | None:
    if isinstance(obj, User):
        return obj
    return obj.user if _leads_to_person(type(obj)) else None  # type: ignore[attr-defined]


def _leads_to_person(model: type[models.Model]) -> bool:
    return any(field.name == "user" and field.related_model is User for field in model._meta.fields)


def _in_polish(name: Any) -> str:
    """One entry reads the same whoever wrote it; pages translate it for their reader."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(name)
