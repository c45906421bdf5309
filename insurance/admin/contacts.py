"""Back office: whom clients call after a damage."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from eboks.admin_site import BackOfficeAdmin
from insurance.models import ClaimContact


@admin.register(ClaimContact)
class ClaimContactAdmin(BackOfficeAdmin):
    list_display = (
        *("insurer", "risk", "phone", "phone_abroad", "email", "hours", "valid_from", "valid_to"),
    )
    list_filter = ("risk",)
    list_select_related = ("insurer",)
    ordering = ("insurer__name", "risk", "-valid_from", "pk")
    find_by = ("insurer__name__icontains", "phone__exact")
    search_help_text = gettext_lazy("Ubezpieczyciel albo telefon")
    sortable_by = ()

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)
