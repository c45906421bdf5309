"""Back office: periods of keeping, holds, and the removal of documents in four steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from eboks.documents.models import Document
from eboks.retention import holds, purging, tasks
from eboks.retention.models import LegalHold, PurgeItem, PurgeRun, RetentionRule, Tombstone
from eboks.retention.registry import classes


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    document_class = forms.ChoiceField(
        label=_("rodzaj dokumentu"), choices=lambda: [(c.name, c.title) for c in classes()]
    )


@admin.register(RetentionRule)
class RetentionRuleAdmin(BackOfficeAdmin):
    form = RuleForm
    list_display = ("title", "document_class", "formula", "years", "basis", "valid_from")
    list_filter = ("document_class", "formula")
    ordering = ("document_class", "title", "pk")
    sortable_by = ()
    search_fields = ()


class HoldForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_document_key(self) -> str:
        key: str = self.cleaned_data["document_key"].strip()
        if key and not Document.objects.filter(key=key).exists():
            raise forms.ValidationError(gettext("Nie ma takiego dokumentu."))
        return key


@admin.register(LegalHold)
class LegalHoldAdmin(BackOfficeAdmin):
    """Placed by one, confirmed by another; lifted by two. Nothing here is edited."""

    form = HoldForm
    list_display = (
        "__str__",
        "placed_at",
        "placed_by",
        "confirmed_by",
        "lift_asked_by",
        "lifted_at",
    )
    list_select_related = ("company", "person", "placed_by", "confirmed_by")
    find_by = ("company__client_id__startswith", "company__nip__exact", "contract_number__exact")
    sortable_by = ()
    autocomplete_fields = ("company", "person")
    actions = ("confirm", "ask_to_lift", "lift")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        asked = ("company", "contract_number", "person", "document_key", "reason")
        if obj is None:
            return asked
        named = ("placed_at", "placed_by", "confirmed_by", "lift_asked_by", "lifted_by")
        return (*asked, *named, "lifted_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("retention.add_legalhold")

    def save_model(self, request: HttpRequest, obj: LegalHold, form: Any, change: bool) -> None:
        given = form.cleaned_data
        made = holds.place(
            reason=given["reason"],
            company=given["company"],
            contract_number=given["contract_number"],
            person=given["person"],
            document_key=given["document_key"],
            staff=cast("User", request.user),
            at=timezone.now(),
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.action(description=_("Potwierdź wstrzymanie"), permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        self._each(request, queryset, holds.confirm)

    @admin.action(description=_("Poproś o zwolnienie"), permissions=["decide"])
    def ask_to_lift(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        self._each(request, queryset, holds.ask_to_lift)

    @admin.action(description=_("Zwolnij"), permissions=["decide"])
    def lift(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        self._each(request, queryset, holds.lift)

    def _each(
        self, request: HttpRequest, chosen: QuerySet[LegalHold], act: Callable[..., None]
    ) -> None:
        for hold in chosen.order_by("pk"):
            try:
                act(hold_id=hold.pk, staff=cast("User", request.user), at=timezone.now())
            except holds.HoldError as error:
                self.message_user(request, f"{hold}: {error}", messages.ERROR)
            else:
                self.message_user(request, gettext("Zrobione: %s.") % hold, messages.SUCCESS)


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a run is planned for: everything whose period was over on a day not in the future."""

    class Meta:
        model = PurgeRun
        fields = ("through",)

    def clean_through(self) -> Any:
        through = self.cleaned_data["through"]
        if through > clock.today(timezone.now()):
            raise forms.ValidationError(gettext("Ten dzień jeszcze nie nadszedł."))
        return through

    def clean(self) -> None:
        waiting = PurgeRun.objects.filter(state__in=["planned", "approved"])
        if waiting.exists():
            raise forms.ValidationError(
                gettext("Poprzednie usuwanie czeka: zatwierdź je albo odwołaj.")
            )


@admin.register(PurgeRun)
class PurgeRunAdmin(BackOfficeAdmin):
    """Plan, look at what would go, have somebody else approve, and it is done in the background."""

    form = PlanForm
    list_display = ("through", "state", "planned_at", "planned_by", "approved_by", "finished_at")
    list_select_related = ("planned_by", "approved_by")
    list_filter = ("state",)
    sortable_by = ()
    search_fields = ()
    actions = ("approve", "cancel")
    readonly_fields = ("sums",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return ("through",)
        named = ("planned_at", "planned_by", "approved_by", "approved_at", "finished_at")
        return ("through", "state", "sums", *named)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("retention.add_purgerun")

    @admin.display(description=_("co zniknie"))
    def sums(self, run: PurgeRun) -> SafeString:
        titles = {c.name: c.title for c in classes()}
        lines = (
            (
                gettext(
                    "%(title)s: %(count)s, %(size)s, klientów %(companies)s, najstarszy %(day)s"
                )
                % {
                    "title": titles.get(str(row["document_class"]), row["document_class"]),
                    "count": row["count"],
                    "size": filesizeformat(row["bytes"]),
                    "companies": row["companies"],
                    "day": row["oldest"],
                },
            )
            for row in purging.preview(run)
        )
        return format_html_join("", "<p>{}</p>", lines)

    def save_model(self, request: HttpRequest, obj: PurgeRun, form: Any, change: bool) -> None:
        try:
            made = purging.plan(
                through=form.cleaned_data["through"],
                staff=cast("User", request.user),
                at=timezone.now(),
            )
        except purging.PurgeError as error:
            self.message_user(request, str(error), messages.WARNING)
            return
        obj.pk = made.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: PurgeRun, post_url_continue: Any = None
    ) -> Any:
        if not obj.pk:  # there was nothing to plan, and the message says so
            return self.response_post_save_add(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None

    @admin.action(description=_("Zatwierdź i usuń"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[PurgeRun]) -> None:
        for run in queryset.order_by("pk"):
            if self._tried(request, run, purging.approve):
                tasks.execute_purge.delay_on_commit(run_id=run.pk)

    @admin.action(description=_("Odwołaj"), permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[PurgeRun]) -> None:
        for run in queryset.order_by("pk"):
            self._tried(request, run, purging.cancel)

    def _tried(self, request: HttpRequest, run: PurgeRun, act: Callable[..., None]) -> bool:
        try:
            act(run_id=run.pk, staff=cast("User", request.user), at=timezone.now())
        except purging.PurgeError as error:
            self.message_user(request, f"{run}: {error}", messages.ERROR)
            return False
        self.message_user(request, gettext("Zrobione: %s.") % run, messages.SUCCESS)
        return True


@admin.register(PurgeItem)
class PurgeItemAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "company", "document_class", "purge_on", "state", "reason")
    list_select_related = ("company",)
    list_filter = ("state", "document_class")
    find_by = ("key__startswith", "company__client_id__startswith")
    sortable_by = ()


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnlyAdmin):
    list_display = ("key", "company", "document_class", "purge_on", "purged_at", "sha256")
    list_select_related = ("company",)
    find_by = ("key__startswith", "company__client_id__startswith")
    sortable_by = ()
