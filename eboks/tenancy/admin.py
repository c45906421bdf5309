"""Back office: clients, who may act for them, and the lessor's own profile."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, ReadOnlyInline, list_links
from eboks.events import security_event
from eboks.tenancy.models import Company, LessorAccount, LessorProfile, Membership


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "role", "is_active", "valid_from", "valid_to")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "company")


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    """A client, found by anything that they or their papers say."""

    list_display = ("name", "client_id", "nip", "city", "phone", "as_of")
    find_by: ClassVar[tuple[str, ...]] = (
        "name__icontains",
        "nip__exact",
        "client_id__startswith",
        "contracts__number__startswith",
        "contracts__assets__plate__exact",
        "contracts__assets__vin__exact",
        "contracts__assets__serial_number__exact",
        "invoices__number__startswith",
    )
    search_help_text = _(
        "Nazwa, NIP, identyfikator klienta, numer umowy, rejestracja, VIN, numer seryjny"
        " albo numer faktury"
    )
    sortable_by = ("name", "client_id", "nip")
    inlines = (MembershipInline,)
    readonly_fields = ("related",)

    @admin.display(description=_("przejdź do"))
    def related(self, company: Company) -> SafeString:
        return list_links(
            company,
            [
                ("contracts.Contract", "company"),
                ("invoicing.Invoice", "company"),
                ("invoicing.ReceivableItem", "company"),
                ("invoicing.Payment", "company"),
                ("documents.Document", "company"),
            ],
        )


@admin.register(Membership)
class MembershipAdmin(BackOfficeAdmin):
    """Gives people access to a client's data and takes it away (switch off, never delete)."""

    list_display = ("user", "company", "role", "is_active", "valid_from", "valid_to")
    list_select_related = ("user", "company")
    list_filter = ("role", "is_active")
    find_by = (
        "company__name__icontains",
        "company__nip__exact",
        "company__client_id__startswith",
        "user__username__istartswith",
        "user__email__istartswith",
        "user__last_name__istartswith",
    )
    search_help_text = _("Klient (nazwa, NIP, identyfikator) albo osoba (identyfikator, e-mail)")
    autocomplete_fields = ("user", "company")
    sortable_by = ()
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("user", "company", "source_system") if obj else ("source_system",)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        security_event(
            "membership_changed" if change else "membership_given",
            result="ok",
            actor_id=request.user.pk,
            user_id=obj.user_id,
            company_id=obj.company_id,
            role=obj.role,
            is_active=obj.is_active,
        )


class LessorAccountInline(admin.TabularInline):  # type: ignore[type-arg]
    model = LessorAccount
    extra = 0
    can_delete = False


@admin.register(LessorProfile)
class LessorProfileAdmin(BackOfficeAdmin):
    """The lessor's name, colours and contacts, as the portal shows them. One row."""

    list_display = ("short_name", "name", "phone", "email", "is_demo")
    inlines = (LessorAccountInline,)
    search_fields = ()
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not LessorProfile.objects.exists()
