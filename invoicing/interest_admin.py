"""Back office: rates of interest and compensation, and charging them as notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from invoicing.compensation import issue_compensation_notes
from invoicing.interest_notes import issue_interest_notes
from invoicing.models import (
    CompensationRate,
    InterestNoteLine,
    Invoice,
    LateInterestRate,
    PaymentIndication,
    ReceivableItem,
)
from invoicing.notes import NoteError


class NoteActions:
    """Actions on late items: the lessor charges what has run up until today."""

    message_user: Callable[..., None]
    actions: Any = ("issue_interest_notes", "issue_compensation_notes")

    def has_issue_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("invoicing.add_invoice")

    @admin.action(description=_("Wystaw noty odsetkowe na dziś"), permissions=["issue"])
    def issue_interest_notes(self, request: HttpRequest, chosen: QuerySet[ReceivableItem]) -> None:
        at = timezone.now()
        self._issue(request, chosen, issue_interest_notes, until=clock.today(at), at=at)

    @admin.action(description=_("Wystaw noty o rekompensatę"), permissions=["issue"])
    def issue_compensation_notes(
        self, request: HttpRequest, chosen: QuerySet[ReceivableItem]
    ) -> None:
        self._issue(request, chosen, issue_compensation_notes, at=timezone.now())

    def _issue(
        self,
        request: HttpRequest,
        chosen: QuerySet[ReceivableItem],
        issue: Callable[..., list[Invoice]],
        **when: Any,
    ) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        try:
            notes = issue(item_ids=ids, actor=cast("User", request.user), **when)
        except NoteError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        if not notes:
            text = gettext("Nie ma czego wystawić: nic nowego nie zostało naliczone.")
            self.message_user(request, text, messages.WARNING)
            return
        text = ngettext("Wystawiono %(n)d notę: %(numbers)s.", "Wystawiono %(n)d not: %(numbers)s.",
                        len(notes))  # fmt: skip
        numbers = ", ".join(note.number for note in notes[:10])
        self.message_user(request, text % {"n": len(notes), "numbers": numbers}, messages.SUCCESS)


@admin.register(LateInterestRate)
class LateInterestRateAdmin(BackOfficeAdmin):
    """A rate that is not confirmed shows on pages as such and cannot be charged."""

    list_display = ("valid_from", "valid_to", "debtor", "rate_pct", "is_provisional", "source")
    list_filter = ("debtor", "is_provisional")
    search_fields = ()
    sortable_by = ()
    ordering = ("-valid_from", "pk")
    actions = None


@admin.register(CompensationRate)
class CompensationRateAdmin(BackOfficeAdmin):
    list_display = ("valid_from", "amount_from", "from_is_included", "eur")
    search_fields = ()
    sortable_by = ()
    actions = None


@admin.register(InterestNoteLine)
class InterestNoteLineAdmin(ReadOnlyAdmin):
    list_display = ("note", "position", "item", "amount", "since", "until", "rate_pct", "interest")
    list_select_related = ("note", "item")
    find_by = ("note__number__startswith",)
    search_help_text = _("Numer noty")
    sortable_by = ()


@admin.register(PaymentIndication)
class PaymentIndicationAdmin(ReadOnlyAdmin):
    list_display = ("payment", "position", "item")
    list_select_related = ("payment", "item")
    find_by = ("item__invoice__number__startswith",)
    search_help_text = _("Numer faktury")
    sortable_by = ()
