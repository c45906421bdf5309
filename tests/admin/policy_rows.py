"""Policies with everything that hangs on them, for the back office's lists."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from contracts.models import Asset
from eboks.tenancy.models import Membership
from insurance.enums import Placement, Verification
from insurance.models import PolicyFile
from tests.insurance import factories as i


def make_policy_rows(membership: Membership, asset: Asset, n: int) -> None:
    """An own policy that waits for the check, a requirement of its contract, an offer."""
    policy = i.PolicyFactory(
        asset=asset,
        insurer=i.InsurerFactory(code=f"tu-{n}", name=f"TU {n}"),
        source_system="portal",
        placement=Placement.OWN,
        verification=Verification.TO_VERIFY,
        author=membership.user,
        sent_at=timezone.now(),
        risks=["oc", "ac"],
    )
    policy.instalments.create(n=1, due_on=dt.date(2026, 1, 1), amount=3600)
    policy.checks.create(item="assignment", is_met=False, note="bez cesji")
    PolicyFile.objects.create(
        policy=policy, author=membership.user, name="polisa.pdf", scan="clean", at=timezone.now()
    )
    i.RequirementFactory(contract=asset.contract, risk="ac")
    i.RenewalOfferFactory(policy=policy, made_by=membership.user)
