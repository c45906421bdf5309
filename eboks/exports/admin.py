"""Back office: which files people ordered and what became of them. The files are theirs alone."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from eboks.admin_site import ReadOnlyAdmin
from eboks.exports.models import DownloadMark, ExportFile, ExportUse, SavedReport

_OWNER = ("owner__username__istartswith", "owner__email__istartswith")


@admin.register(ExportFile)
class ExportFileAdmin(ReadOnlyAdmin):
    list_display = ("ordered_at", "title", "owner", "state", "attempts", "size", "error")
    list_filter = ("state", "kind")
    list_select_related = ("owner",)
    find_by = (*_OWNER, "company__client_id__startswith")
    search_help_text = _("Osoba albo identyfikator klienta")
    sortable_by = ()


@admin.register(SavedReport)
class SavedReportAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "kind", "frequency", "next_on", "created_at")
    list_filter = ("frequency", "kind")
    list_select_related = ("owner",)
    find_by = _OWNER
    sortable_by = ()


@admin.register(ExportUse)
class ExportUseAdmin(ReadOnlyAdmin):
    list_display = ("at", "owner", "kind", "held_until")
    list_select_related = ("owner",)
    find_by = _OWNER
    sortable_by = ()


@admin.register(DownloadMark)
class DownloadMarkAdmin(ReadOnlyAdmin):
    list_display = ("owner", "company", "what", "up_to")
    list_select_related = ("owner", "company")
    find_by = _OWNER
    sortable_by = ()
