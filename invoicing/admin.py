"""Back office: invoices and settlements. To look at; money is never changed here."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, ReadOnlyInline, row_link
from invoicing import (  # noqa: F401 -- register
    balance_admin,
    bank_admin,
    bank_queue_admin,
    fee_admin,
    interest_admin,
    issuing_admin,
    nightly_admin,
    paying_admin,
    tax_admin,
    write_off_admin,
)
from invoicing.models import (
    Allocation,
    Balance,
    ConsentText,
    EInvoiceConsent,
    Invoice,
    InvoiceRow,
    Payment,
    ReceivableItem,
    SetOff,
)

_CLIENT = ("company__client_id__startswith", "company__nip__exact", "company__name__icontains")


class InvoiceRowInline(ReadOnlyInline):
    model = InvoiceRow
    fields = (
        *("position", "description", "cost_kind", "net", "vat_code", "vat", "gross"),
        *("principal", "interest"),
    )
    ordering = ("position",)
    show_change_link = False


@admin.register(Invoice)
class InvoiceAdmin(issuing_admin.IssuingPages):
    masked_fields = ("account",)
    list_display = ("number", "company", "contract", "issued_on", "due_on", "gross", "currency")
    list_select_related = ("company", "contract")
    list_filter = ("kind",)
    find_by = ("number__startswith", "contract__number__startswith", *_CLIENT)
    search_help_text = _("Numer faktury, numer umowy albo klient")
    sortable_by = ()
    readonly_fields = ("related",)
    inlines = (InvoiceRowInline,)

    @admin.display(description=_("przejdź do"))
    def related(self, invoice: Invoice) -> SafeString | str:
        return row_link(ReceivableItem.objects.filter(invoice=invoice).first())


class AllocationInline(ReadOnlyInline):
    model = Allocation
    ordering = ("-allocated_on", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        return super().get_queryset(request).select_related("payment", "item")


class ItemAllocationInline(AllocationInline):
    fields = ("payment", "amount", "allocated_on", "rule", "reverses")


class PaymentAllocationInline(AllocationInline):
    fields = ("item", "amount", "allocated_on", "rule", "reverses")


@admin.register(ReceivableItem)
class ReceivableItemAdmin(
    write_off_admin.WriteOffActions, interest_admin.NoteActions, ReadOnlyAdmin
):
    actions = (
        *interest_admin.NoteActions.actions,
        *write_off_admin.WriteOffActions.settling_actions,
    )
    masked_fields = ("account",)
    list_display = (
        *("label", "company", "contract", "effective_due_on", "gross", "open_amount", "currency"),
    )
    list_select_related = ("company", "contract")
    list_filter = (
        "kind",
        "is_disputed",
        ("collection_since", admin.EmptyFieldListFilter),
        ("written_off_on", admin.EmptyFieldListFilter),
    )
    find_by = ("invoice__number__startswith", "contract__number__startswith", *_CLIENT)
    search_help_text = _("Numer faktury, numer umowy albo klient")
    sortable_by = ()
    inlines = (ItemAllocationInline,)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    masked_fields = ("payer_account",)
    list_display = (
        *("booked_on", "company", "contract", "kind", "amount", "unallocated_amount", "currency"),
    )
    list_select_related = ("company", "contract")
    list_filter = ("kind",)
    find_by = ("contract__number__startswith", *_CLIENT)
    search_help_text = _("Numer umowy albo klient")
    sortable_by = ()
    inlines = (PaymentAllocationInline,)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ("allocated_on", "payment", "item", "amount", "rule")
    list_select_related = ("payment", "item")
    list_filter = ("rule",)
    find_by = ("item__invoice__number__startswith",)
    search_help_text = _("Numer faktury")
    sortable_by = ()


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = (
        *("contract", "as_of", "open_amount", "overdue_amount", "overpaid_amount", "currency"),
        "refreshed_at",
    )
    list_select_related = ("contract",)
    find_by = ("contract__number__startswith",)
    search_help_text = _("Numer umowy")
    sortable_by = ()


@admin.register(SetOff)
class SetOffAdmin(ReadOnlyAdmin):
    list_display = (
        "set_off_on",
        "company",
        "amount",
        "debit_item",
        "credit_item",
        "credit_payment",
    )
    list_select_related = ("company", "debit_item", "credit_item", "credit_payment")
    find_by = _CLIENT
    search_help_text = _("Klient")
    sortable_by = ()


@admin.register(ConsentText)
class ConsentTextAdmin(BackOfficeAdmin):
    """Words of the consent by version: added, never changed once somebody may have agreed."""

    list_display = ("version", "valid_from")
    search_fields = ()
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(EInvoiceConsent)
class EInvoiceConsentAdmin(ReadOnlyAdmin):
    list_display = ("company", "is_given", "text", "decided_at", "decided_by", "reference")
    list_select_related = ("company", "text", "decided_by")
    search_fields = ()
    sortable_by = ()
