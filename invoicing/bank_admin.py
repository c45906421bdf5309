"""Back office: the bank's files and statements, and how accounts and dialects are set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from eboks.listing import clean_text
from eboks.money import format_money
from eboks.tenancy.admin import staff_of
from invoicing.accounts import mask_problem
from invoicing.bank import holding, reports
from invoicing.bank.details import IN_REFERENCE, IN_TITLE
from invoicing.bank.holding import HoldingError
from invoicing.enums import BankFileState, EntryState, StatementState
from invoicing.models import (
    AccountMask,
    BankDialect,
    BankEntry,
    BankFile,
    BankStatement,
    LessorAccount,
    VirtualAccount,
)

LARGEST_KEY = 2**63
_LONGEST_REASON = 200
_TAG = b":20:"


class DialectForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_encoding(self) -> str:
        name = str(self.cleaned_data["encoding"])
        try:
            # `zip` is a codec, but of no text; in UTF-16 no tag would be found.
            is_fit = _TAG.decode(name) == _TAG.decode()
        except (LookupError, UnicodeError):
            is_fit = False
        if not is_fit:
            raise forms.ValidationError(_("Nie znamy takiego kodowania."))
        return name

    def clean_account_subfield(self) -> str:
        name = str(self.cleaned_data["account_subfield"])
        if name and not name.isdigit() and name not in {IN_TITLE, IN_REFERENCE}:
            raise forms.ValidationError(_("Podaj numer podpola albo słowo title lub reference."))
        return name


@admin.register(BankDialect)
class BankDialectAdmin(BackOfficeAdmin):
    form = DialectForm
    list_display = ("title", "code", "separator", "encoding", "account_subfield")
    ordering = ("code",)
    search_fields = ()
    sortable_by = ()
    actions = None


@admin.register(LessorAccount)
class LessorAccountAdmin(BackOfficeAdmin):
    """Whose statements are booked. An account that has statements keeps its number."""

    list_display = ("number", "title", "currency", "dialect", "is_active")
    list_select_related = ("dialect",)
    ordering = ("number",)
    search_fields = ()
    sortable_by = ()
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("number", "currency") if obj is not None and obj.statements.exists() else ()


class MaskForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors:
            problem = mask_problem(self.instance.__class__(**found))
            if problem:
                raise forms.ValidationError(problem)
        return found


@admin.register(AccountMask)
class AccountMaskAdmin(BackOfficeAdmin):
    """Added with a day from which it holds; numbers made under it stay, so it is not changed."""

    form = MaskForm
    list_display = ("sort_code", "layout", "scope", "currency", "valid_from")
    ordering = ("-valid_from", "-pk")
    search_fields = ()
    sortable_by = ()
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(VirtualAccount)
class VirtualAccountAdmin(ReadOnlyAdmin):
    list_display = ("number", "company", "contract", "invoice", "created_at")
    list_select_related = ("company", "contract", "invoice", "mask")
    find_by = ("number__exact", "company__client_id__startswith", "contract__number__startswith")
    search_help_text = gettext_lazy("Numer rachunku, klient albo numer umowy")
    sortable_by = ()


class Steps:
    """Pages whose buttons call one service each: POST alone, with the right to change."""

    steps: dict[str, tuple[str, str]] = {}  # part of the address → method, name of the route
    model: Any
    opts: Any
    admin_site: Any

    def step_urls(self) -> list[Any]:
        base = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path(
                f"<int:pk>/{part}/",
                self.admin_site.admin_view(self._posted(getattr(self, method))),
                name=f"{base}_{name}",
            )
            for part, (method, name) in self.steps.items()
        ]

    def may_act(self, request: HttpRequest) -> bool:
        right = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(right)

    def _posted(self, step: Callable[[HttpRequest, Any], str]) -> Any:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if not self.may_act(request):
                raise PermissionDenied
            row = self.model._default_manager.filter(pk=pk).first() if pk < LARGEST_KEY else None
            if row is None:
                raise Http404
            try:
                messages.success(request, step(request, row))
            except self.problems as error:
                messages.error(request, str(error))
            return redirect(self.after(row))

        return view

    problems: tuple[type[Exception], ...] = (HoldingError,)

    def after(self, row: Any) -> str:
        """Back to the row, or to the list when it is gone."""
        base = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if self.model._default_manager.filter(pk=row.pk).exists():
            return reverse(f"{base}_change", args=[row.pk])
        return reverse(f"{base}_changelist")


def typed(request: HttpRequest, name: str) -> str:
    return clean_text(request.POST.get(name), _LONGEST_REASON)


@admin.register(BankFile)
class BankFileAdmin(Steps, ReadOnlyAdmin):
    list_display = ("read_at", "name", "state", "format", "why")
    list_filter = ("state",)
    ordering = ("-read_at", "-pk")
    sortable_by = ()
    search_fields = ()
    fields = ("name", "state", "problems", "read_at", "tries", "format", "size", "sha256")
    change_form_template = "admin/invoicing/bank_file.html"
    steps = {"ponow": ("try_again", "retry")}

    def get_urls(self) -> list[Any]:
        return [*self.step_urls(), *super().get_urls()]

    @admin.display(description=gettext_lazy("co jest nie tak"))
    def why(self, file: BankFile) -> str:
        first, _rest, more = file.problems.partition("\n")
        return f"{first[:120]}…" if more or len(first) > 120 else first

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        file: BankFile = kwargs["obj"]
        statements = BankStatement.objects.filter(file=file).select_related("account")
        context |= {
            "row": file,
            "statements": list(statements.order_by("pk")[:50]),
            "may_retry": self.may_act(request)
            and file.state == BankFileState.REFUSED
            and bool(file.kept_as),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def try_again(self, request: HttpRequest, file: BankFile) -> str:
        outcome = holding.retry(file_id=file.pk, at=timezone.now())
        if outcome.is_refused:
            raise HoldingError("\n".join(map(str, outcome.problems)))
        return _("Wynik: %s.") % reports.verdict(outcome)


@admin.register(BankStatement)
class BankStatementAdmin(Steps, ReadOnlyAdmin):
    list_display = (
        *("statement", "account", "closed_on", "standing", "opening_sum", "closing_sum"),
        *("entry_count", "to_explain", "difference"),
    )
    list_select_related = ("account", "file")
    list_filter = ("state", "account")
    ordering = ("-closed_on", "-pk")
    sortable_by = ()
    search_fields = ()
    change_form_template = "admin/invoicing/bank_statement.html"
    steps = {
        "sprawdz": ("try_again", "try_again"),
        "zaksieguj": ("accept", "accept"),
        "wycofaj": ("withdraw", "withdraw"),
    }

    def get_urls(self) -> list[Any]:
        return [*self.step_urls(), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankStatement]:
        queued = BankEntry.objects.filter(statement=OuterRef("pk"), state=EntryState.QUEUED)
        booked = BankStatement.objects.filter(
            account=OuterRef("account"), state=StatementState.BOOKED
        ).order_by("-year", "-number", "-part")
        rows: QuerySet[BankStatement] = super().get_queryset(request)
        count = queued.order_by().values("statement").annotate(n=Count("pk")).values("n")
        return rows.annotate(
            queued=Subquery(count), last_closing=Subquery(booked.values("closing")[:1])
        )

    @admin.display(description=gettext_lazy("wyciąg"))
    def statement(self, row: BankStatement) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("stan"))
    def standing(self, row: BankStatement) -> str:
        if row.state == StatementState.BOOKED:
            return str(row.get_state_display())
        return format_html(
            '<strong class="finding warn">{}</strong>', row.get_wait_reason_display()
        )

    @admin.display(description=gettext_lazy("saldo początkowe"))
    def opening_sum(self, row: BankStatement) -> str:
        return format_money(row.opening, row.currency)

    @admin.display(description=gettext_lazy("saldo końcowe"))
    def closing_sum(self, row: BankStatement) -> str:
        return format_money(row.closing, row.currency)

    @admin.display(description=gettext_lazy("do wyjaśnienia"))
    def to_explain(self, row: Any) -> SafeString | str:
        if not row.queued:
            return "–"
        url = reverse("admin:invoicing_bankentry_changelist")
        return format_html('<a href="{}?statement__id__exact={}">{}</a>', url, row.pk, row.queued)

    @admin.display(description=gettext_lazy("różnica do poprzedniego"))
    def difference(self, row: Any) -> str:
        """What the missing statements must come to."""
        if row.state == StatementState.BOOKED or row.last_closing is None:
            return "–"
        return format_money(row.opening - row.last_closing, row.currency)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: BankStatement = kwargs["obj"]
        counts = dict(
            BankEntry.objects.filter(statement=row)
            .order_by()
            .values_list("state")
            .annotate(n=Count("pk"))
        )
        context |= {
            "row": row,
            "counts": [
                (label, counts[value], value)
                for value, label in EntryState.choices
                if value in counts
            ],
            "difference": self.difference(row),
            "may_act": self.may_act(request) and row.state == StatementState.WAITING,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def try_again(self, request: HttpRequest, row: BankStatement) -> str:
        count = holding.try_again(statement_id=row.pk, at=timezone.now())
        return _("Zaksięgowano wyciągów: %d.") % count

    def accept(self, request: HttpRequest, row: BankStatement) -> str:
        count = holding.accept(
            statement_id=row.pk,
            reason=typed(request, "reason"),
            actor=staff_of(request),
            at=timezone.now(),
        )
        return _("Zaksięgowano wyciągów: %d.") % count

    def withdraw(self, request: HttpRequest, row: BankStatement) -> str:
        holding.withdraw(
            statement_id=row.pk,
            reason=typed(request, "reason"),
            actor=staff_of(request),
            at=timezone.now(),
        )
        return _("Wyciąg wycofany.")
