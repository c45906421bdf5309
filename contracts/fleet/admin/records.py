"""Back office: what happens to vehicles, to look at. Feeds and suppliers' files write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from contracts.fleet.models import (
    Damage,
    FuelTransaction,
    MileageReading,
    MileageTerms,
    ReplacementCar,
    ServiceVisit,
    Toll,
    TyreSet,
)
from eboks.admin_site import ReadOnlyAdmin

_VEHICLE = ("asset__plate__exact", "asset__vin__exact")
_FIND = (*_VEHICLE, "company__client_id__exact", "source_id__exact")


class RecordAdmin(ReadOnlyAdmin):
    """What the records have in common: the newest first, found by vehicle, client or source key."""

    list_select_related: ClassVar[Any] = ("asset", "company")
    find_by: ClassVar[Sequence[str]] = _FIND
    search_help_text = _("Numer rejestracyjny, VIN, klient, klucz w systemie źródłowym")
    sortable_by = ()
    ordering = ("-on", "-pk")


@admin.register(ServiceVisit)
class ServiceVisitAdmin(RecordAdmin):
    list_display = (
        *("on", "asset", "company", "kind", "workshop", "odometer_km", "net", "covered_by"),
        "next_due_on",
    )
    list_filter = ("kind", "covered_by")


@admin.register(Damage)
class DamageAdmin(RecordAdmin):
    list_display = (
        *("on", "asset", "company", "description", "claim_number", "fault", "net", "payout"),
    )
    list_filter = ("fault",)
    find_by = (*_FIND, "claim_number__exact")
    search_help_text = _("Numer rejestracyjny, VIN, klient, numer szkody, klucz źródłowy")


@admin.register(FuelTransaction)
class FuelTransactionAdmin(RecordAdmin):
    list_display = (
        *("at", "asset", "company", "product", "quantity", "unit", "gross", "currency", "card"),
    )
    list_filter = ("product", "currency")
    find_by = (*_FIND, "invoice_number__exact")
    search_help_text = _("Numer rejestracyjny, VIN, klient, numer faktury, klucz źródłowy")
    ordering = ("-at", "-pk")


@admin.register(TyreSet)
class TyreSetAdmin(RecordAdmin):
    list_display = (
        *("on", "asset", "company", "set_id", "season", "size", "depth_mm", "storage_place"),
    )
    list_filter = ("season",)
    find_by = (*_FIND, "set_id__exact")
    search_help_text = _("Numer rejestracyjny, VIN, klient, numer kompletu, klucz źródłowy")


@admin.register(MileageReading)
class MileageReadingAdmin(RecordAdmin):
    list_display = (*("on", "asset", "company", "km", "source", "author", "withdrawn_at", "scan"),)
    list_select_related = ("asset", "company", "author")
    list_filter = ("source", "scan")


@admin.register(ReplacementCar)
class ReplacementCarAdmin(RecordAdmin):
    list_display = (
        *("on", "to_on", "asset", "car_class", "plate", "reason", "limit_days", "company"),
    )
    find_by = (*_FIND, "plate__exact")


@admin.register(Toll)
class TollAdmin(RecordAdmin):
    list_display = (
        *("on", "asset", "kind", "provider", "place", "net", "amount", "currency", "company"),
    )
    list_filter = ("kind", "currency")


@admin.register(MileageTerms)
class MileageTermsAdmin(ReadOnlyAdmin):
    list_display = (
        *("asset", "has_cfm", "limit_km", "start_on", "end_on", "start_km"),
        *("rate_over", "rate_under"),
    )
    list_select_related = ("asset",)
    list_filter = ("has_cfm",)
    find_by = (*_VEHICLE, "asset__contract__number__iexact", "source_id__exact")
    search_help_text = _("Numer rejestracyjny, VIN, numer umowy, klucz w systemie źródłowym")
    sortable_by = ()
    ordering = ("end_on", "pk")
