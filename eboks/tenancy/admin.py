"""Back office: clients, who may act for them, and the lessor's own profile."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eboks.accounts import proposals
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, ReadOnlyInline, list_links
from eboks.audit.back_office import ViewAsClient
from eboks.tenancy.company_data import settle_change
from eboks.tenancy.models import (
    Company,
    CompanyChange,
    LessorAccount,
    LessorProfile,
    Membership,
)


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "role", "is_active", "valid_from", "valid_to")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "company")


@admin.register(Company)
class CompanyAdmin(ViewAsClient, ReadOnlyAdmin):
    """A client, found by anything that they or their papers say."""

    masked_fields = ("phone", "email")
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


@admin.register(CompanyChange)
class CompanyChangeAdmin(ReadOnlyAdmin):
    """The queue: what clients changed in the portal and the core system does not say yet."""

    list_display = ("company", "made_at", "made_by", "reference", "what", "settled_at")
    list_select_related = ("company", "made_by")
    list_filter = ("settled_at",)
    find_by = ("company__name__icontains", "company__client_id__startswith", "reference__exact")
    search_help_text = _("Klient (nazwa, identyfikator) albo numer dyspozycji")
    sortable_by = ()
    actions = ("settle",)

    @admin.display(description=_("nowe dane"))
    def what(self, change: CompanyChange) -> str:
        return "; ".join(f"{name}: {value}" for name, value in change.values.items() if value)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tenancy.change_companychange")

    @admin.action(description=_("Przyjęte w systemie"), permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[CompanyChange]) -> None:
        """From now on the feed says what the data are."""
        at, done = timezone.now(), 0
        for change in queryset.filter(settled_at=None).order_by("pk"):
            done += settle_change(change_id=change.pk, actor=staff_of(request), at=at)
        text = ngettext("Zamknięto %(n)d zmianę.", "Zamknięto %(n)d zmiany.", done)
        self.message_user(request, text % {"n": done}, messages.SUCCESS)


def staff_of(request: HttpRequest) -> User:
    """The member of the staff who is working."""
    return cast("User", request.user)


class MandateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A mandate, and why: whoever approves it reads the reason."""

    reason = forms.CharField(
        label=_("uzasadnienie i sposób sprawdzenia tożsamości"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    class Meta:
        model = Membership
        fields = ("user", "company", "role", "is_active", "valid_from", "valid_to", "is_limited")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        user = self.cleaned_data.get("user") or getattr(self.instance, "user", None)
        if not settings.STAFF_TWO_PEOPLE or self.only_takes_away():
            return cleaned
        if user is not None and (user.is_staff or user.is_superuser):
            raise forms.ValidationError(
                gettext("To konto pracownika. Zmienia je administrator serwera.")
            )
        if not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", gettext("Napisz, dlaczego i jak sprawdzono tożsamość."))
        return cleaned

    def only_takes_away(self) -> bool:
        """Whether the form does nothing but switch off: that needs nobody's consent."""
        changed = set(self.changed_data) - {"reason"}
        return (
            bool(self.instance.pk) and changed <= {"is_active"} and not self.data.get("is_active")
        )

    def mandate(self) -> dict[str, Any]:
        """What is asked for, as JSON values."""
        data = self.cleaned_data
        days = {name: data[name] and data[name].isoformat() for name in ("valid_from", "valid_to")}
        return {**{n: data[n] for n in ("role", "is_active", "is_limited")}, **days}


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
    form = MandateForm

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("user", "company", "source_system") if obj else ("source_system",)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Access is given by two people (`STAFF_TWO_PEOPLE`); one is enough to take it away."""
        request.proposed = False  # type: ignore[attr-defined]
        if settings.STAFF_TWO_PEOPLE and not form.only_takes_away():
            proposals.propose_membership(
                user=obj.user,
                company=obj.company,
                mandate=form.mandate(),
                reason=form.cleaned_data["reason"],
                staff=staff_of(request),
                at=timezone.now(),
            )
            request.proposed = True  # type: ignore[attr-defined]
            return
        if obj.is_active:
            obj.removed_at = None  # whoever has access is seen by the company's administrator
        super().save_model(request, obj, form, change)
        proposals.note_membership(
            obj, is_new=not change, staff=staff_of(request), at=timezone.now()
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if not request.proposed:  # type: ignore[attr-defined]
            super().save_related(request, form, formsets, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not request.proposed:  # type: ignore[attr-defined]
            return super().log_addition(request, obj, message)
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not request.proposed:  # type: ignore[attr-defined]
            return super().log_change(request, obj, message)
        return None

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        if request.proposed:  # type: ignore[attr-defined]
            return self._passed_on(request)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        if request.proposed:  # type: ignore[attr-defined]
            return self._passed_on(request)
        return super().response_change(request, obj)

    def _passed_on(self, request: HttpRequest) -> HttpResponse:
        text = gettext("Nic się jeszcze nie zmieniło: sprawa czeka na zatwierdzenie innej osoby.")
        self.message_user(request, text, messages.WARNING)
        return redirect("admin:accounts_staffproposal_changelist")


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
