"""Back office: risks, instalments, checks and files of policies, to look at; insurers and rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy

from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from insurance.models import (
    Insurer,
    PolicyCheck,
    PolicyCover,
    PolicyFile,
    PolicyInstalment,
    Requirement,
)


class PartAdmin(ReadOnlyAdmin):
    """Rows of a policy; they are read on its page, and found here."""

    list_select_related: ClassVar[Any] = ("policy",)
    find_by: ClassVar[Sequence[str]] = ("policy__number__iexact",)
    search_help_text = gettext_lazy("Numer polisy")
    sortable_by = ()


@admin.register(PolicyCover)
class PolicyCoverAdmin(PartAdmin):
    list_display = ("policy", "risk", "sum_insured", "vat_basis", "deductible")
    list_filter = ("risk",)


@admin.register(PolicyInstalment)
class PolicyInstalmentAdmin(PartAdmin):
    list_display = ("policy", "n", "due_on", "amount", "paid_on")


@admin.register(PolicyCheck)
class PolicyCheckAdmin(PartAdmin):
    list_display = ("policy", "item", "is_met", "note")
    list_filter = ("item", "is_met")


@admin.register(PolicyFile)
class PolicyFileAdmin(PartAdmin):
    list_display = ("name", "policy", "scan", "author", "at")
    list_select_related = ("policy", "author")


@admin.register(Insurer)
class InsurerAdmin(BackOfficeAdmin):
    """Kept up by staff; clients choose from those in use."""

    list_display = ("name", "code", "is_active")
    list_filter = ("is_active",)
    ordering = ("name", "pk")
    find_by = ("code__iexact", "name__icontains")
    search_help_text = gettext_lazy("Nazwa albo kod")
    sortable_by = ()


@admin.register(Requirement)
class RequirementAdmin(BackOfficeAdmin):
    """What must be insured, with dates: general rules, and those of single contracts."""

    autocomplete_fields = ("contract",)
    list_display = (
        *("category", "risk", "contract", "is_waived", "sum_pct", "vat_basis", "territory"),
        *("needs_assignment", "valid_from", "valid_to"),
    )
    list_filter = ("category", "risk")
    list_select_related = ("contract",)
    ordering = ("category", "risk", "-valid_from", "pk")
    find_by = ("contract__number__exact",)
    search_help_text = gettext_lazy("Numer umowy")
    sortable_by = ()
