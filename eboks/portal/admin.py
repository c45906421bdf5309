"""Back office: who has a link to a calendar. The links themselves are nowhere."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from eboks.admin_site import ReadOnlyAdmin
from eboks.portal.models import CalendarLink


@admin.register(CalendarLink)
class CalendarLinkAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "company", "last_read_at", "revoked_at")
    list_select_related = ("user", "company")
    fields = ("user", "company", "created_at", "last_read_at", "revoked_at")
    find_by = ("user__username__istartswith", "user__email__istartswith")
    search_help_text = _("Osoba")
    sortable_by = ()
