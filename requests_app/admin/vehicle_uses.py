"""Back office: the register of vehicle users, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from eboks.admin_site import ReadOnlyAdmin
from requests_app.models.vehicle_uses import VehicleUse


@admin.register(VehicleUse)
class VehicleUseAdmin(ReadOnlyAdmin):
    list_display = ("asset", "user_name", "purpose", "from_on", "to_on", "ended_on", "company")
    list_select_related = ("asset", "company")
    find_by = (
        *("asset__plate__exact", "asset__vin__exact", "identifier__exact"),
        *("user_name__icontains", "company__client_id__exact", "request__reference__iexact"),
    )
    search_help_text = gettext_lazy("Numer rejestracyjny, VIN, użytkownik, NIP, klient, wniosek")
    sortable_by = ()
    ordering = ("-from_on", "-pk")
