"""Back office: contracts, what they finance, and their schedules. To look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contracts import lessees_admin, rates_admin  # noqa: F401 -- register their own
from contracts.models import (
    AllowedContract,
    Asset,
    AssignedAsset,
    Contract,
    ScheduleRow,
    ScheduleVersion,
)
from eboks.admin_site import ReadOnlyAdmin, ReadOnlyInline, list_links


class AssetInline(ReadOnlyInline):
    model = Asset
    fields = ("category", "make", "model", "year", "vin", "plate", "serial_number", "net_price")


class ScheduleVersionInline(ReadOnlyInline):
    model = ScheduleVersion
    fields = ("number", "is_current", "valid_from", "reason", "annual_rate_pct", "as_of")
    ordering = ("-number",)


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    masked_fields = ("virtual_account",)
    list_display = ("number", "company", "product", "status", "financed", "currency", "end_on")
    list_select_related = ("company",)
    list_filter = ("status", "product", "currency")
    find_by = (
        "number__startswith",
        "assets__plate__exact",
        "assets__vin__exact",
        "assets__serial_number__exact",
        "company__nip__exact",
        "company__client_id__startswith",
        "company__name__icontains",
    )
    search_help_text = _("Numer umowy, rejestracja, VIN, numer seryjny albo klient")
    sortable_by = ("number", "end_on")
    readonly_fields = ("related",)
    inlines = (AssetInline, ScheduleVersionInline)

    @admin.display(description=_("przejdź do"))
    def related(self, contract: Contract) -> SafeString:
        return list_links(
            contract,
            [
                ("contracts.ScheduleVersion", "contract"),
                ("contracts.LesseePeriod", "contract"),
                ("contracts.RateChange", "contract"),
                ("invoicing.Invoice", "contract"),
                ("invoicing.ReceivableItem", "contract"),
                ("invoicing.Payment", "contract"),
                ("invoicing.Balance", "contract"),
            ],
        )


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    list_display = ("make", "model", "year", "plate", "vin", "serial_number", "contract")
    list_select_related = ("contract",)
    list_filter = ("category", "propulsion")
    find_by = ("plate__exact", "vin__exact", "serial_number__exact", "contract__number__startswith")
    search_help_text = _("Rejestracja, VIN, numer seryjny albo numer umowy")
    sortable_by = ("plate", "vin")


class ScheduleRowInline(ReadOnlyInline):
    model = ScheduleRow
    fields = (
        *("n", "kind", "nominal_due_on", "effective_due_on"),
        *("payment", "principal", "interest", "vat", "gross", "balance"),
    )
    ordering = ("nominal_due_on", "n", "pk")
    show_change_link = False
    formset = ReadOnlyInline.formset

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduleRow]:
        return super().get_queryset(request).select_related("version__contract")


@admin.register(ScheduleVersion)
class ScheduleVersionAdmin(ReadOnlyAdmin):
    list_display = ("contract", "number", "is_current", "valid_from", "annual_rate_pct", "reason")
    list_select_related = ("contract",)
    find_by = ("contract__number__startswith",)
    search_help_text = _("Numer umowy")
    sortable_by = ()
    inlines = (ScheduleRowInline,)


@admin.register(AllowedContract)
class AllowedContractAdmin(ReadOnlyAdmin):
    """Which contracts a member with selected contracts reaches; the client's own choice."""

    list_display = ("membership", "contract")
    list_select_related = ("membership__user", "membership__company", "contract")
    find_by = ("contract__number__startswith", "membership__user__username__istartswith")
    search_help_text = _("Numer umowy albo identyfikator osoby")
    sortable_by = ()


@admin.register(AssignedAsset)
class AssignedAssetAdmin(ReadOnlyAdmin):
    """Which vehicle a driver uses; the client's own choice."""

    list_display = ("membership", "asset")
    list_select_related = ("membership__user", "membership__company", "asset")
    find_by = ("asset__plate__exact", "membership__user__username__istartswith")
    search_help_text = _("Rejestracja albo identyfikator osoby")
    sortable_by = ()
