"""Back office: balances that differ from the core system's, to be explained."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, columns
from invoicing import differences
from invoicing.enums import DifferenceState
from invoicing.models import BalanceDifference, CoreBalance

_FIGURES = ("our_open", "core_open", "our_overpaid", "core_overpaid")


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "note" in self.fields:
            self.fields["note"].required = True


@admin.register(BalanceDifference)
class BalanceDifferenceAdmin(BackOfficeAdmin):
    """The queue: those to be explained come first. Only the explanation is written here."""

    form = NoteForm
    list_display = ("contract", "state", "currency", *_FIGURES, "first_on", "as_of", "note")
    list_select_related = ("contract",)
    list_filter = ("state",)
    ordering = ("-state", "first_on", "pk")  # open, gone, explained
    sortable_by = ()
    find_by = ("contract__number__startswith", "contract__company__client_id__startswith")
    search_help_text = _("Numer umowy albo klient")
    actions = None

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        shown = ("contract", "currency", "state", *_FIGURES, "first_on", "as_of", "gone_on")
        named = ("found_at", "handled_by", "handled_at")
        return [*columns(BalanceDifference, shown), "note", *columns(BalanceDifference, named)]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = self.get_fields(request, obj)
        is_gone = isinstance(obj, BalanceDifference) and obj.state == DifferenceState.GONE
        return fields if is_gone else [name for name in fields if name != "note"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        try:
            differences.explain(
                difference_id=obj.pk,
                note=form.cleaned_data.get("note", ""),
                staff=cast("User", request.user),
                at=timezone.now(),
            )
        except differences.DifferenceError as error:
            self.message_user(request, str(error), messages.ERROR)


@admin.register(CoreBalance)
class CoreBalanceAdmin(ReadOnlyAdmin):
    list_display = ("contract", "as_of", "currency", "open_amount", "overpaid_amount")
    list_select_related = ("contract",)
    find_by = ("contract__number__startswith",)
    search_help_text = _("Numer umowy")
    sortable_by = ()
