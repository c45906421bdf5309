"""Narrows thousands of assets, in one query, to those whose insurance may need somebody.

The rest is certain: each required risk has a checked policy that meets the rule for more than 30
days to come, and nothing is returned or paid for twice. What `insurance.cover` finds among the
doubtful ones decides; here some too many do no harm, one too few would.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from decimal import Decimal

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Least

from insurance.enums import TERRITORIES, VatBasis, Verification
from insurance.loading import InsuredAssetQuerySet
from insurance.models import Requirement
from insurance.requirements import Rule, Rulebook, reach, vat_share
from insurance.statuses import EXPIRING_DAYS

_PART = "policies__covers__"
# A sum in whole grosze that is no further below the exact product reaches its rounding as well.
_ROUNDING = Decimal("0.004")


def doubtful(
    assets: InsuredAssetQuerySet, *, rules: Rulebook, today: dt.date
) -> InsuredAssetQuerySet:
    """Those of `assets` that may lack something on `today`: rows to filter by, of no order."""
    long_enough = today + dt.timedelta(days=EXPIRING_DAYS)
    general = rules.general_on(today)
    runs = Q(policies__verification=Verification.VERIFIED, last_on__gte=today)
    good: Q = functools.reduce(operator.or_, map(_meets, general), Q(pk__in=[]))
    good &= runs & Q(
        policies__company=F("contract__company"),
        policies__valid_from__lte=today,
        last_on__gt=long_enough,
    )
    returned = Q(policies__verification=Verification.RETURNED, last_on__gte=today)
    counted = (
        assets.order_by()
        .annotate(
            last_on=Least(
                "policies__valid_to", Coalesce("policies__terminated_on", "policies__valid_to")
            )
        )
        .values("pk")
        .annotate(
            wanted=_wanted(general),
            good=Count(f"{_PART}risk", filter=good, distinct=True),
            parts=Count(f"{_PART}pk", filter=runs, distinct=True),
            risks=Count(f"{_PART}risk", filter=runs, distinct=True),
            ending=Count("policies__pk", filter=runs & Q(last_on__lte=long_enough)),
            back=Count("policies__pk", filter=returned),
        )
    )
    lacks = Q(good__lt=F("wanted")) | Q(parts__gt=F("risks")) | Q(ending__gt=0) | Q(back__gt=0)
    own_rules = Exists(Requirement.objects.filter(contract=OuterRef("contract_id")))
    found: InsuredAssetQuerySet = counted.annotate(special=own_rules).filter(
        lacks | Q(special=True)
    )
    return found


def _meets(rule: Rule) -> Q:
    """A part of a policy that surely meets `rule`."""
    found = Q(category=rule.category, policies__covers__risk=rule.risk)
    found &= Q(
        policies__territory__in=[
            territory for territory in TERRITORIES if reach(territory) >= reach(rule.territory)
        ]
    )
    if rule.needs_assignment:
        found &= Q(policies__has_assignment=True)
    if rule.vat_basis:
        enough = [b for b in VatBasis if vat_share(b) >= vat_share(rule.vat_basis)]
        found &= Q(policies__covers__vat_basis__in=["", *enough])
    if rule.sum_pct:
        share = vat_share(rule.vat_basis)
        vat = Value(1) + F("contract__vat_pct") * share / 100
        needed = F("net_price") * (rule.sum_pct / 100) * vat - _ROUNDING
        # What cannot be compared is not held against a policy (`cover.defects`).
        found &= (
            Q(policies__covers__sum_insured__isnull=True)
            | Q(policies__covers__sum_insured__gte=needed)
            | ~Q(policies__currency=F("contract__currency"))
        )
    return found


def _wanted(general: list[Rule]) -> Case:
    by_category: dict[str, int] = {}
    for rule in general:
        by_category[rule.category] = by_category.get(rule.category, 0) + 1
    return Case(
        *(When(category=category, then=Value(n)) for category, n in by_category.items()),
        default=Value(0),
        output_field=IntegerField(),
    )
