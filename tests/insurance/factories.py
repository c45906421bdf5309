"""Rows of insurance: each factory makes the least that is valid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from contracts.enums import AssetCategory
from insurance import models
from insurance.enums import ClaimKind, Placement, Risk, VatBasis, Verification
from tests.factories import AssetFactory, Sourced, UserFactory


class InsurerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Insurer
        django_get_or_create = ("code",)

    code = "przykladowe-tu"
    name = "Przykładowe TU S.A."


class ClaimContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.ClaimContact

    insurer = factory.SubFactory(InsurerFactory)
    phone = "+48 22 000 00 00"
    hours = "całą dobę"
    have_ready = "numer polisy\ndata i miejsce"
    valid_from = dt.date(2020, 1, 1)


class RequirementFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Requirement

    category = AssetCategory.VEHICLE
    risk = Risk.AC
    valid_from = dt.date(2020, 1, 1)


class PolicyFactory(Sourced):
    """A checked policy of the lessor for 2026."""

    class Meta:
        model = models.Policy
        skip_postgeneration_save = True  # its risks are rows of their own

    asset = factory.SubFactory(AssetFactory)
    contract = factory.SelfAttribute("asset.contract")
    company = factory.SelfAttribute("contract.company")
    insurer = factory.SubFactory(InsurerFactory)
    number = factory.Sequence(lambda n: f"POL/{n:06d}")
    placement = Placement.LESSOR
    policyholder = "Przykładowy Leasing S.A."
    insured = "Przykładowy Leasing S.A."
    valid_from = dt.date(2026, 1, 1)
    valid_to = dt.date(2026, 12, 31)
    premium = Decimal("3600.00")
    has_assignment = True
    verification = Verification.VERIFIED

    @factory.post_generation
    def risks(self, create, extracted, **kwargs):
        for risk in extracted or ():
            PolicyCoverFactory(policy=self, risk=risk)


class PolicyCoverFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.PolicyCover

    policy = factory.SubFactory(PolicyFactory)
    risk = Risk.AC
    sum_insured = Decimal("100000.00")
    vat_basis = VatBasis.NET


class ClaimFactory(Sourced):
    class Meta:
        model = models.Claim

    reference = factory.Sequence(lambda n: f"SZ/2026/{n:06d}")
    asset = factory.SubFactory(AssetFactory)
    contract = factory.SelfAttribute("asset.contract")
    company = factory.SelfAttribute("contract.company")
    kind = ClaimKind.COLLISION
    happened_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=2))
    place = "Kalisz, ul. Polna"
    description = "Uderzenie w tył."
    contact_name = "Anna Żuk"
    contact_phone = "+48601234741"
    reported_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=1))
    changed_at = factory.SelfAttribute("reported_at")


class RenewalOfferFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.RenewalOffer

    policy = factory.SubFactory(PolicyFactory)
    asset = factory.SelfAttribute("policy.asset")
    contract = factory.SelfAttribute("policy.contract")
    company = factory.SelfAttribute("policy.company")
    insurer = factory.SelfAttribute("policy.insurer")
    valid_from = dt.date(2027, 1, 1)
    valid_to = dt.date(2027, 12, 31)
    premium = Decimal("3800.00")
    covers = factory.LazyFunction(
        lambda: [{"risk": "oc"}, {"risk": "ac", "sum_insured": "90000.00"}]
    )
    answer_by = dt.date(2026, 12, 20)
    made_by = factory.SubFactory(UserFactory)
    made_at = factory.LazyFunction(timezone.now)
