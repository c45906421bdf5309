"""The demo's own policies: one that waits, one that came back, an offer."""

from __future__ import annotations

import pytest
from django.utils import timezone

from eboks.portal.demo.own_policies import load_own_policies
from eboks.tenancy.rights import Role
from insurance.enums import OfferState, Risk, Verification
from insurance.models import Policy, RenewalOffer
from tests import factories as f
from tests.insurance import factories as i

pytestmark = pytest.mark.django_db


@pytest.fixture
def fleet():
    f.LessorFactory()
    f.UserFactory(username="demo-zaplecze")
    return f.MembershipFactory(user__username="demo-flota", role=Role.FLEET)


def test_demo_has_a_policy_that_waits_one_that_came_back_and_an_offer(fleet):
    for _n in range(3):
        f.AssetFactory(contract__company=fleet.company)
    i.RequirementFactory(risk=Risk.AC, needs_assignment=True)
    i.InsurerFactory()

    load_own_policies(at=timezone.now())

    found = set(Policy.objects.values_list("verification", flat=True))
    assert found == {Verification.TO_VERIFY, Verification.RETURNED}
    assert RenewalOffer.objects.get().state == OfferState.OPEN


def test_demo_with_too_few_vehicles_makes_nothing(fleet):
    load_own_policies(at=timezone.now())

    assert not Policy.objects.exists()
