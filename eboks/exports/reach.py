"""Whose data a file holds, and whether the person may still see all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eboks.accounts.models import User
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Right, roles_with


def memberships_with(
    *, user: User, right: Right, company: Company | None = None
) -> list[Membership]:
    """Memberships in force that carry `right`, of one company or of all, by its name."""
    rows = Membership.objects.active().filter(user=user, role__in=roles_with(right))
    if company is not None:
        rows = rows.filter(company=company)
    return list(rows.select_related("company").order_by("company__name", "pk"))


def reach_of(*, user: User, right: Right, companies: Iterable[Company]) -> dict[str, Any]:
    """What the person sees of `companies` now: {id: None for everything, ids of contracts}."""
    wanted = {company.pk for company in companies}
    return {
        str(membership.company_id): _limits(membership)
        for membership in memberships_with(user=user, right=right)
        if membership.company_id in wanted
    }


def still_reaches(*, user: User, right: Right, reach: Mapping[str, Any]) -> bool:
    """Whether the person may see now all that a file of that `reach` holds.

    A membership that was limited since the file was made, or whose contracts are not all there any
    more, does not.
    """
    companies = Company.objects.filter(pk__in=[int(pk) for pk in reach])
    now = reach_of(user=user, right=right, companies=companies)
    return all(pk in now and _within(inside, now[pk]) for pk, inside in reach.items())


def is_member_of_all(*, user: User, reach: Mapping[str, Any]) -> bool:
    """Whether the person still acts, in whatever role, for each company of a file."""
    mine = Membership.objects.active().filter(user=user, company__in=[int(pk) for pk in reach])
    return mine.count() == len(reach)


def _limits(membership: Membership) -> list[int] | None:
    if not membership.has_limits:
        return None
    contracts = membership.allowed_contracts.order_by("contract_id")
    return list(contracts.values_list("contract_id", flat=True))


def _within(inside: list[int] | None, allowed: list[int] | None) -> bool:
    if allowed is None:
        return True
    return inside is not None and set(inside) <= set(allowed)
