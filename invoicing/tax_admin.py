"""Back office: limits of the income-tax law, and what clients said of their vehicles."""

from __future__ import annotations

from django.contrib import admin

from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from invoicing.models import AssetTaxUse, CarCostLimit


@admin.register(CarCostLimit)
class CarCostLimitAdmin(BackOfficeAdmin):
    list_display = ("group", "amount", "co2_below_g_km", "valid_from", "valid_to", "source")
    list_filter = ("group",)
    ordering = ("-valid_from", "group", "pk")
    search_fields = ()
    sortable_by = ()


@admin.register(AssetTaxUse)
class AssetTaxUseAdmin(ReadOnlyAdmin):
    list_display = ("asset", "valid_from", "is_passenger_car", "vat_use", "income_pct", "set_by")
    list_select_related = ("asset", "set_by")
    find_by = ("asset__plate__exact", "asset__vin__exact")
    sortable_by = ()
