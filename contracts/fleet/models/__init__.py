"""What happens to a leased vehicle, and how suppliers' files about it are read."""

from contracts.fleet.models.base import VehicleRecord, VehicleRecordQuerySet
from contracts.fleet.models.fuel import FuelTransaction
from contracts.fleet.models.imports import SupplierImport, SupplierTemplate
from contracts.fleet.models.mileage import MileageReading, MileageTerms
from contracts.fleet.models.records import Damage, ReplacementCar, ServiceVisit, Toll, TyreSet

__all__ = [
    "Damage",
    "FuelTransaction",
    "MileageReading",
    "MileageTerms",
    "ReplacementCar",
    "ServiceVisit",
    "SupplierImport",
    "SupplierTemplate",
    "Toll",
    "TyreSet",
    "VehicleRecord",
    "VehicleRecordQuerySet",
]
