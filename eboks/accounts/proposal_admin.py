"""Back office: what takes two people, and the rows that guard accounts (to look at)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eboks.accounts import proposals
from eboks.accounts.models import (
    EmailChange,
    FreezeLink,
    ProposalKind,
    StaffProposal,
    TrustedBrowser,
    User,
)
from eboks.accounts.proposals import ProposalError
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, columns
from eboks.phones import masked, normalise_mobile
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role


class PhoneResetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new number for a person who has lost theirs; somebody else has to approve it."""

    phone = forms.CharField(label=_("nowy numer telefonu komórkowego"), max_length=25)
    drop_factors = forms.BooleanField(
        label=_("na utraconym telefonie była też aplikacja z kodami albo klucz: usuń je"),
        required=False,
    )

    class Meta:
        model = StaffProposal
        fields = ("user", "phone", "drop_factors", "reason")

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if user.is_staff or user.is_superuser:
            raise forms.ValidationError(
                gettext("To konto pracownika. Zmienia je administrator serwera.")
            )
        return user

    def clean_phone(self) -> str:
        return normalise_mobile(self.cleaned_data["phone"])


@admin.register(StaffProposal)
class StaffProposalAdmin(BackOfficeAdmin):
    """One person proposes, another decides. Nothing here is edited afterwards."""

    form = PhoneResetForm
    list_display = ("__str__", "what", "state", "proposed_by", "proposed_at", "decided_by")
    list_select_related = ("user", "proposed_by", "decided_by")
    list_filter = ("state", "kind")
    find_by = ("user__username__istartswith", "user__email__istartswith")
    search_help_text = _("Osoba (identyfikator, e-mail)")
    sortable_by = ()
    autocomplete_fields = ("user",)
    actions = ("approve", "refuse")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return ("user", "phone", "drop_factors", "reason")
        shown = ("kind", "user", "whole", "reason", "state")
        named = ("proposed_by", "proposed_at", "decided_by", "decided_at")
        return columns(StaffProposal, [*shown, *named])

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_staffproposal")

    def save_model(self, request: HttpRequest, obj: StaffProposal, form: Any, change: bool) -> None:
        made = proposals.propose_phone(
            user=form.cleaned_data["user"],
            phone=form.cleaned_data["phone"],
            drop_factors=form.cleaned_data["drop_factors"],
            reason=form.cleaned_data["reason"],
            staff=cast("User", request.user),
            at=timezone.now(),
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.display(description=_("czego chce"))
    def what(self, proposal: StaffProposal) -> str:
        return _summary(proposal, phone=masked(proposal.payload.get("phone", "")))

    @admin.display(description=_("czego chce"))
    def whole(self, proposal: StaffProposal) -> str:
        """With the whole number: whoever approves compares it; opening the page is logged."""
        return _summary(proposal, phone=proposal.payload.get("phone", ""))

    @admin.action(description=_("Zatwierdź"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[StaffProposal]) -> None:
        self._each(request, queryset, proposals.approve)

    @admin.action(description=_("Odrzuć"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[StaffProposal]) -> None:
        self._each(request, queryset, proposals.refuse)

    def _each(self, request: HttpRequest, chosen: QuerySet[StaffProposal], decide: Any) -> None:
        for proposal in chosen.order_by("pk"):
            try:
                decide(proposal_id=proposal.pk, staff=cast("User", request.user), at=timezone.now())
            except ProposalError as error:
                self.message_user(request, f"{proposal}: {error}", messages.ERROR)
            else:
                self.message_user(request, gettext("Zrobione: %s.") % proposal, messages.SUCCESS)


def _summary(proposal: StaffProposal, *, phone: str) -> str:
    payload = proposal.payload
    if proposal.kind == ProposalKind.PHONE_RESET:
        words = [gettext("numer %s") % phone]
        if payload["drop_factors"]:
            words.append(gettext("usunąć aplikację z kodami i klucze"))
        return ", ".join(words)
    company = Company.objects.filter(pk=payload["company"]).first()
    words = [str(company or "–"), str(Role(payload["role"]).label)]
    if not payload["is_active"]:
        words.append(gettext("nieaktywne"))
    words += [f"{payload['valid_from'] or '…'} – {payload['valid_to'] or '…'}"]
    return ", ".join(words)


@admin.register(TrustedBrowser)
class TrustedBrowserAdmin(ReadOnlyAdmin):
    list_display = ("agent", "user", "ip", "created_at", "valid_until", "revoked_at")
    list_select_related = ("user",)
    find_by = ("user__username__istartswith", "user__email__istartswith")
    sortable_by = ()
    fields = ("user", "agent", "ip", "created_at", "valid_until", "revoked_at")


@admin.register(FreezeLink)
class FreezeLinkAdmin(ReadOnlyAdmin):
    """Which notices carried a link; never the link."""

    list_display = ("event", "user", "created_at", "valid_until", "used_at")
    list_select_related = ("user",)
    find_by = ("user__username__istartswith", "user__email__istartswith")
    sortable_by = ()
    fields = ("user", "event", "created_at", "valid_until", "used_at")


@admin.register(EmailChange)
class EmailChangeAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "valid_until", "used_at", "voided_at")
    list_select_related = ("user",)
    find_by = ("user__username__istartswith", "user__email__istartswith")
    sortable_by = ()
    masked_fields = ("new_email",)
    fields = ("user", "new_email", "created_at", "valid_until", "used_at", "voided_at")
