"""Back office: who leased a contract when. To look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from contracts.models import LesseePeriod
from eboks.admin_site import ReadOnlyAdmin


@admin.register(LesseePeriod)
class LesseePeriodAdmin(ReadOnlyAdmin):
    list_display = ("contract", "company", "from_on", "to_on", "as_of")
    list_select_related = ("contract", "company")
    find_by = ("contract__number__startswith", "company__client_id__startswith")
    search_help_text = _("Numer umowy albo klient")
    sortable_by = ("from_on",)
