"""Tables of contracts: by use case, one module each."""

from contracts.models.contract import (
    AllowedContract,
    Asset,
    AssetQuerySet,
    AssignedAsset,
    Contract,
    ContractQuerySet,
    ScheduleRow,
    ScheduleRowQuerySet,
    ScheduleVersion,
    ScheduleVersionQuerySet,
    VehicleQuerySet,
)
from contracts.models.lessees import LesseePeriod, LesseePeriodQuerySet
from contracts.models.rates import (
    FixingCorrection,
    IndexFixing,
    RateChange,
    RateChangeQuerySet,
    RateProposal,
    ReferenceRate,
)

__all__ = [
    "AllowedContract",
    "Asset",
    "AssetQuerySet",
    "AssignedAsset",
    "Contract",
    "ContractQuerySet",
    "FixingCorrection",
    "IndexFixing",
    "LesseePeriod",
    "LesseePeriodQuerySet",
    "RateChange",
    "RateChangeQuerySet",
    "RateProposal",
    "ReferenceRate",
    "ScheduleRow",
    "ScheduleRowQuerySet",
    "ScheduleVersion",
    "ScheduleVersionQuerySet",
    "VehicleQuerySet",
]
