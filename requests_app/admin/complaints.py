"""Back office: by when complaints must be answered."""

from __future__ import annotations

from django.contrib import admin

from eboks.admin_site import BackOfficeAdmin
from requests_app.models.complaints import ComplaintTerm


@admin.register(ComplaintTerm)
class ComplaintTermAdmin(BackOfficeAdmin):
    list_display = ("client_kind", "calendar_days", "valid_from", "valid_to", "basis")
    list_filter = ("client_kind",)
    ordering = ("-valid_from", "client_kind", "pk")
    search_fields = ()
    sortable_by = ()
