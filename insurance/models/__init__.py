"""Policies and what they cover, what is required, claims, renewal offers, lapses."""

from insurance.models.claims import Claim, ClaimFile, ClaimStep
from insurance.models.insurers import ClaimContact, Insurer
from insurance.models.lapses import Lapse, LapseStep
from insurance.models.offers import RenewalOffer
from insurance.models.policies import (
    Policy,
    PolicyCheck,
    PolicyCover,
    PolicyFile,
    PolicyInstalment,
    PolicyQuerySet,
)
from insurance.models.requirements import Requirement

__all__ = [
    "Claim",
    "ClaimContact",
    "ClaimFile",
    "ClaimStep",
    "Insurer",
    "Lapse",
    "LapseStep",
    "Policy",
    "PolicyCheck",
    "PolicyCover",
    "PolicyFile",
    "PolicyInstalment",
    "PolicyQuerySet",
    "RenewalOffer",
    "Requirement",
]
