"""Whom a company's messages go to, and which contracts each of them may hear of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Prefetch

from contracts.models import AllowedContract
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Right, roles_with


def people_with(
    right: Right, companies: Sequence[int], day: dt.date
) -> dict[int, list[Membership]]:
    """Memberships in force on `day` with `right`, by company. Two queries."""
    rows = (
        Membership.objects.active(day)
        .filter(company__in=companies, role__in=roles_with(right))
        .select_related("user", "company")
        .prefetch_related(Prefetch("allowed_contracts", AllowedContract.objects.order_by("pk")))
        .order_by("pk")
    )
    found: dict[int, list[Membership]] = defaultdict(list)
    for row in rows:
        found[row.company_id].append(row)
    return found


def reach(person: Membership) -> set[int] | None:
    """Ids of the contracts that the membership is limited to; None without a limit."""
    if not person.has_limits:
        return None
    return {row.contract_id for row in person.allowed_contracts.all()}
