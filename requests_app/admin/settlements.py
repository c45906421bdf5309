"""Back office: rules of early settlement, which the lessor sets, and the quotes made by them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from requests_app.models.settlements import SettlementQuote, SettlementRule


@admin.register(SettlementRule)
class SettlementRuleAdmin(BackOfficeAdmin):
    list_display = (
        *("product", "valid_from", "valid_to", "discount", "less_pp", "valid_days"),
        *("expert_valuation_below_pct", "price_vat", "basis"),
    )
    list_filter = ("product",)
    ordering = ("-valid_from", "product", "pk")
    search_fields = ()
    sortable_by = ()


@admin.register(SettlementQuote)
class SettlementQuoteAdmin(ReadOnlyAdmin):
    list_display = ("request", "settle_on", "valid_until", "discount_pct", "gross", "made_at")
    list_select_related = ("request", "rule")
    find_by = ("request__reference__iexact", "request__contract__number__exact")
    search_help_text = gettext_lazy("Numer wniosku albo umowy")
    sortable_by = ()
