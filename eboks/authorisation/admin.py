"""Back office: instructions and their evidence, to look at. Codes are nowhere to be seen."""

from __future__ import annotations

from django.contrib import admin

from eboks.admin_site import ReadOnlyAdmin, ReadOnlyInline
from eboks.authorisation.models import (
    Instruction,
    InstructionStep,
    OperationAuthorisation,
    SmsDevice,
)


class StepInline(ReadOnlyInline):
    model = InstructionStep
    fields = ("at", "step", "user", "ip")


class CodeInline(ReadOnlyInline):
    model = OperationAuthorisation
    fields = ("ordinal", "slot", "created_at", "valid_until", "tries_left", "state")


@admin.register(Instruction)
class InstructionAdmin(ReadOnlyAdmin):
    list_display = ("reference", "title", "company", "user", "state", "created_at")
    list_select_related = ("company", "user")
    list_filter = ("state", "operation")
    find_by = ("reference__exact", "company__name__icontains", "user__email__istartswith")
    sortable_by = ()
    fields = (
        *("reference", "operation", "title", "state", "user", "company", "lines", "sms_text"),
        *("fee_net", "fee_vat", "fee_gross", "price_version", "needs_second", "second_user"),
        *("created_at", "expires_at", "signed_at", "ended_at", "outcome_text", "digest"),
    )
    inlines = (CodeInline, StepInline)


@admin.register(OperationAuthorisation)
class OperationAuthorisationAdmin(ReadOnlyAdmin):
    list_display = ("instruction", "ordinal", "slot", "user", "state", "created_at")
    list_select_related = ("instruction", "user")
    search_fields = ()
    sortable_by = ()
    fields = (
        *("instruction", "user", "slot", "ordinal", "state", "tries_left", "created_at"),
        *("valid_until", "ended_at", "message", "digest"),
    )


@admin.register(InstructionStep)
class InstructionStepAdmin(ReadOnlyAdmin):
    list_display = ("at", "instruction", "step", "user", "ip")
    list_select_related = ("instruction", "user")
    search_fields = ()
    sortable_by = ()


@admin.register(SmsDevice)
class SmsDeviceAdmin(ReadOnlyAdmin):
    """Whose codes go where; the number itself is masked by `__str__`."""

    list_display = ("__str__", "user", "confirmed", "changed_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ()
    sortable_by = ()
    fields = ("user", "confirmed", "changed_at", "created_at", "last_used_at")
