"""Back office: reference rates. Values come from files; by hand they take two people."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contracts import rate_proposals
from contracts.models import FixingCorrection, IndexFixing, RateChange, RateProposal, ReferenceRate
from contracts.rate_proposals import RateProposalError, Wish
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, columns


@admin.register(ReferenceRate)
class ReferenceRateAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "kind", "currency", "valid_from", "valid_to", "replaced_by")
    list_select_related = ("replaced_by",)
    list_filter = ("kind", "currency")
    find_by = ("code__startswith",)
    search_help_text = _("Kod, np. WIBOR_1M")
    ordering = ("code", "pk")
    sortable_by = ()


@admin.register(IndexFixing)
class IndexFixingAdmin(ReadOnlyAdmin):
    list_display = ("on", "rate", "value", "compound_index", "source", "entered_by", "accepted_by")
    list_select_related = ("rate", "entered_by", "accepted_by")
    list_filter = ("rate",)
    find_by = ("rate__code__startswith",)
    search_help_text = _("Kod stopy, np. WIBOR_1M")
    ordering = ("-on", "-pk")
    sortable_by = ()


@admin.register(FixingCorrection)
class FixingCorrectionAdmin(ReadOnlyAdmin):
    list_display = (
        *("corrected_at", "rate", "day", "old_value", "new_value", "reason"),
        *("new_source", "entered_by", "accepted_by"),
    )
    list_select_related = ("fixing__rate", "entered_by", "accepted_by")
    list_filter = ("fixing__rate",)
    find_by = ("fixing__rate__code__startswith",)
    search_help_text = _("Kod stopy, np. WIBOR_1M")
    ordering = ("-corrected_at", "-pk")
    sortable_by = ()

    @admin.display(description=_("stopa"))
    def rate(self, correction: FixingCorrection) -> str:
        return str(correction.fixing.rate)

    @admin.display(description=_("dzień"))
    def day(self, correction: FixingCorrection) -> dt.date:
        return correction.fixing.on


@admin.register(RateChange)
class RateChangeAdmin(ReadOnlyAdmin):
    list_display = (
        *("contract", "kind", "reset_on", "new_index", "old_value", "new_value", "outcome"),
        *("old_instalment", "new_instalment"),
    )
    list_select_related = ("contract",)
    list_filter = ("kind", "outcome")
    find_by = ("contract__number__startswith",)
    search_help_text = _("Numer umowy")
    sortable_by = ()


class RateProposalForm(forms.ModelForm):  # type: ignore[type-arg]
    """A value of an index, its correction, or its end; somebody else has to approve it."""

    class Meta:
        model = RateProposal
        fields = (
            *("kind", "rate", "on", "value", "compound_index", "replaced_by", "source", "reason"),
        )
        help_texts = {
            "on": _("dzień notowania; przy zastąpieniu ostatni dzień stopy"),
            "replaced_by": _("tylko przy zastąpieniu"),
            "compound_index": _("przy korekcie puste zostawia dotychczasowy"),
            "reason": _("tylko przy korekcie notowania: co było źle i skąd to wiadomo"),
            "source": _("np. strona administratora stopy"),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                rate_proposals.check(self.wish, at=timezone.now())
            except RateProposalError as error:
                raise forms.ValidationError(str(error)) from error
        return data

    @property
    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(**{name: given[name] for name in self.Meta.fields})


@admin.register(RateProposal)
class RateProposalAdmin(BackOfficeAdmin):
    """One person proposes, another decides. Nothing here is edited afterwards."""

    form = RateProposalForm
    list_display = ("rate", "what", "source", "state", "proposed_by", "proposed_at", "decided_by")
    list_select_related = ("rate", "replaced_by", "proposed_by", "decided_by")
    list_filter = ("state", "kind")
    find_by = ("rate__code__startswith",)
    search_help_text = _("Kod stopy, np. WIBOR_1M")
    sortable_by = ()
    actions = ("accept", "refuse")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return RateProposalForm.Meta.fields
        named = ("proposed_by", "proposed_at", "decided_by", "decided_at")
        return columns(RateProposal, [*RateProposalForm.Meta.fields, "old_value", "state", *named])

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contracts.change_rateproposal")

    def save_model(
        self, request: HttpRequest, obj: RateProposal, form: RateProposalForm, change: bool
    ) -> None:
        staff = cast("User", request.user)
        made = rate_proposals.propose(wish=form.wish, staff=staff, at=timezone.now())
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.display(description=_("czego chce"))
    def what(self, proposal: RateProposal) -> str:
        return rate_proposals.summary(proposal)

    @admin.action(description=_("Zatwierdź"), permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[RateProposal]) -> None:
        self._each(request, queryset, rate_proposals.accept)

    @admin.action(description=_("Odrzuć"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[RateProposal]) -> None:
        self._each(request, queryset, rate_proposals.refuse)

    def _each(self, request: HttpRequest, chosen: QuerySet[RateProposal], decide: Any) -> None:
        staff = cast("User", request.user)
        for proposal in chosen.order_by("pk"):
            try:
                decide(proposal_id=proposal.pk, staff=staff, at=timezone.now())
            except RateProposalError as error:
                self.message_user(request, f"{proposal}: {error}", messages.ERROR)
            else:
                self.message_user(request, gettext("Zrobione: %s.") % proposal, messages.SUCCESS)
