"""The people of a company as its administrator sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.tenancy.mandates import Mandate, scope_text, validity_text
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role
from eboks.ui.words import short_date


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person: who, as what, within what limits, in what state, when last in."""

    membership: Membership
    name: str
    email: str
    look: str
    state: str
    scope: str
    validity: str
    last_in: dt.datetime | None
    is_me: bool
    waits: bool  # not in yet: the invitation can be sent again


def people_of(company: Company, *, me: User, today: dt.date) -> list[PersonLine]:
    """Everybody who has or had access and was not removed. Two queries, whatever their number."""
    rows: Any = Membership.objects.filter(company=company, removed_at=None).select_related("user")
    rows = rows.order_by("user__last_name", "user__first_name", "pk")
    rows = rows.annotate(
        contracts=Count("allowed_contracts", distinct=True),
        vehicles=Count("assigned_assets", distinct=True),
    )
    lines = [line_of(row, me=me, today=today, scope=_scope(row)) for row in rows]
    return sorted(lines, key=lambda line: line.name.rpartition(" ")[2].casefold())


def line_of(
    membership: Membership, *, me: User, today: dt.date, scope: str | None = None
) -> PersonLine:
    """`membership` with its user read; `scope` saves a query where it is known."""
    look, state = state_of(membership, today=today)
    mandate = Mandate.of(membership) if scope is None else None
    user, come = membership.user, has_come(membership)
    return PersonLine(
        membership=membership,
        name=shown_name(membership),
        email=user.email.lower(),
        look=look,
        state=state,
        scope=scope_text(mandate) if mandate else scope or "",
        validity=validity_text(
            Mandate(
                role=Role(membership.role),
                valid_from=membership.valid_from,
                valid_to=membership.valid_to,
            )
        ),
        last_in=user.last_visit_at if come else None,
        is_me=user.pk == me.pk,
        waits=not come or not _can_log_in(user),
    )


def has_come(membership: Membership) -> bool:
    """Whether the person has been in since they were invited.

    Until then the inviter sees only what they typed, whether or not an account existed before.
    """
    if membership.invited_at is None:
        return True
    last = membership.user.last_visit_at
    return last is not None and last > membership.invited_at


def shown_name(membership: Membership) -> str:
    user = membership.user
    if not has_come(membership) and membership.invited_as:
        return membership.invited_as
    return user.get_full_name() or user.username


def state_of(membership: Membership, *, today: dt.date) -> tuple[str, str]:
    """Look of the tag and words."""
    user, come = membership.user, has_come(membership)
    if not membership.is_active:
        return "ended", _("zawieszona")
    if come and (not user.is_active or user.frozen_at is not None):
        return "bad", _("konto zablokowane")
    if membership.valid_to is not None and membership.valid_to < today:
        return "ended", _("wygasła")
    if membership.valid_from is not None and membership.valid_from > today:
        return "future", _("od %s") % short_date(membership.valid_from)
    if not come:
        return "due", _("zaproszona, czeka")
    if not _can_log_in(user):
        return "neutral", _("bez konta w portalu")
    return "active", _("aktywna")


def _can_log_in(user: User) -> bool:
    return user.activated_at is not None or user.has_usable_password()


def _scope(row: Any) -> str:
    """From the counts of the list's query."""
    return scope_text(
        Mandate(
            role=Role(row.role),
            is_limited=row.is_limited,
            contracts=tuple(range(row.contracts)),
            assets=tuple(range(row.vehicles)),
        )
    )


def active_people(companies: Iterable[Company]) -> dict[int, list[Membership]]:
    """People with access in force by company id, for the company's page. One query."""
    found: dict[int, list[Membership]] = {}
    rows = Membership.objects.active().filter(company__in=list(companies)).select_related("user")
    for row in rows.order_by("user__last_name", "user__first_name", "pk"):
        found.setdefault(row.company_id, []).append(row)
    return found
