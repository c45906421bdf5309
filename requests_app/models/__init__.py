"""Requests and what single kinds of them keep: one module a subject."""

from requests_app.models.complaints import ComplaintTerm
from requests_app.models.countries import CountryRule
from requests_app.models.inquiries import AuthorityInquiry
from requests_app.models.requests import (
    Request,
    RequestFile,
    RequestMessage,
    RequestPaper,
    RequestPartQuerySet,
    RequestQuerySet,
    RequestStep,
)
from requests_app.models.settlements import SettlementQuote, SettlementRule
from requests_app.models.vehicle_uses import VehicleUse

__all__ = [
    "AuthorityInquiry",
    "ComplaintTerm",
    "CountryRule",
    "Request",
    "RequestFile",
    "RequestMessage",
    "RequestPaper",
    "RequestPartQuerySet",
    "RequestQuerySet",
    "RequestStep",
    "SettlementQuote",
    "SettlementRule",
    "VehicleUse",
]
