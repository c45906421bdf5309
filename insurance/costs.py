"""Premiums as a cost of vehicles (TCO, domain 6): spread by day over the days of the policy.

An own policy's premium always counts. One of the lessor's counts when the policy has instalments
of its own: it is recharged then. Without them the premium is in the instalments of the lease
(domain 5), which the lease already counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy

from contracts.fleet.costs import CostSource, Foreign, Monthly, add_source, spread
from contracts.models import Asset
from eboks.money import ZERO
from eboks.tenancy.rights import Right
from insurance.enums import Placement, Verification
from insurance.models import Policy, PolicyInstalment, PolicyQuerySet


def _policies(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> PolicyQuerySet:
    is_recharged = Exists(PolicyInstalment.objects.filter(policy=OuterRef("pk")))
    rows: PolicyQuerySet = Policy.objects.with_last_day().filter(
        Q(placement=Placement.OWN) | is_recharged,
        asset__in=assets.order_by().values("pk"),
        company=F("asset__contract__company"),
        verification=Verification.VERIFIED,
        premium__isnull=False,
        valid_from__lte=last,
        last_on__gte=first,
    )
    return rows.order_by("pk")


def premiums(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Monthly:
    """Premiums in PLN that the present lessee pays beside the lease, of checked policies, by month.

    Each day of a policy costs the same; all days together give the premium to the grosz. Of a
    policy that was ended early the days of cover count: the rest of the premium is given back.
    """
    found: dict[tuple[int, dt.date], Decimal] = {}
    for row in _policies(assets, first, last).filter(currency="PLN"):
        days = row.valid_from, row.valid_to
        for month, part in _parts(row, days, (first, min(last, row.last_day))):
            found[row.asset_id, month] = found.get((row.asset_id, month), ZERO) + part
    return found


def premiums_elsewhere(assets: QuerySet[Asset], first: dt.date, last: dt.date) -> Foreign:
    """What falls into the period of premiums in other currencies."""
    found: dict[tuple[int, str], Decimal] = {}
    for row in _policies(assets, first, last).exclude(currency="PLN"):
        days = row.valid_from, row.valid_to
        for _month, part in _parts(row, days, (first, min(last, row.last_day))):
            key = row.asset_id, row.currency
            found[key] = found.get(key, ZERO) + part
    return found


def _parts(
    row: Policy, days: tuple[dt.date, dt.date], within: tuple[dt.date, dt.date]
) -> list[tuple[dt.date, Decimal]]:
    return list(spread(row.premium or ZERO, days=days, within=within).items())


def _changed(companies: Collection[int]) -> object:
    """Policies that were sent, checked, recorded or issued in the portal."""
    rows = Policy.objects.filter(company__in=companies, revision__gt=0)
    return rows.aggregate(revisions=Sum("revision"))["revisions"]


def register() -> None:
    """Called once, when the app is ready."""
    add_source(
        CostSource(
            name="insurance",
            title=gettext_lazy("Składki ubezpieczeń"),
            order=30,
            right=Right.VIEW_FINANCE,
            monthly=premiums,
            foreign=premiums_elsewhere,
            changed=_changed,
        )
    )
