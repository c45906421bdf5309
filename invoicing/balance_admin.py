"""Back office: balances to be confirmed. Asking, the answers, clearing up disagreements."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, columns
from eboks.money import format_money
from eboks.ui.words import short_date
from invoicing import balance_confirmations as service
from invoicing import tasks
from invoicing.balance_page import rows_of, totals_of
from invoicing.enums import ConfirmationAnswer
from invoicing.models import BalanceConfirmation

_ADD = "invoicing.add_balanceconfirmation"
_SHOWN = ("company", "as_of", "created_at", "answer_by", "answer", "explanation")
_ANSWERED = ("answered_at", "answered_by")
_HANDLED = ("handled_at", "handled_by")


class AskForm(forms.Form):
    as_of = forms.DateField(
        label=gettext_lazy("Stan na dzień"), widget=forms.DateInput(attrs={"type": "date"})
    )
    answer_by = forms.DateField(
        label=gettext_lazy("Odpowiedź do"), widget=forms.DateInput(attrs={"type": "date"})
    )


@admin.register(BalanceConfirmation)
class BalanceConfirmationAdmin(BackOfficeAdmin):
    """Nothing was asked or answered here but through the service; only how a disagreement was
    cleared up is written."""

    list_display = ("company", "as_of", "answer", "answered_at", "answer_by", "handled_at", "sums")
    list_select_related = ("company",)
    list_filter = ("answer", "handled_at")
    find_by = ("company__client_id__startswith", "company__nip__exact", "company__name__icontains")
    search_help_text = gettext_lazy("Klient")
    sortable_by = ("as_of", "answered_at")
    actions = None
    change_list_template = "admin/invoicing/balances.html"

    def get_urls(self) -> list[Any]:
        ask = self.admin_site.admin_view(self.ask)
        own = path("popros/", ask, name="invoicing_balanceconfirmation_ask")
        return [own, *super().get_urls()]

    @admin.display(description=gettext_lazy("saldo"))
    def sums(self, row: BalanceConfirmation) -> str:
        return ", ".join(format_money(amount, currency) for currency, amount in totals_of(row))

    @admin.display(description=gettext_lazy("pozycje"))
    def items(self, row: BalanceConfirmation) -> SafeString:
        lines = format_html_join(
            "",
            "<li>{}: {}</li>",
            (
                (
                    f"{item.label}, {short_date(item.due_on or item.issued_on)}",
                    format_money(item.amount, item.currency),
                )
                for item in rows_of(row)
            ),
        )
        return format_html("<ul>{}</ul>", lines)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [
            *columns(BalanceConfirmation, _SHOWN),
            "sums",
            "items",
            *columns(BalanceConfirmation, _ANSWERED),
            "handling",
            *columns(BalanceConfirmation, _HANDLED),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = self.get_fields(request, obj)
        waits = (
            isinstance(obj, BalanceConfirmation)
            and obj.answer == ConfirmationAnswer.DISAGREED
            and obj.handled_at is None
        )
        return [name for name in fields if name != "handling"] if waits else fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a snapshot of the ledger is not typed in

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        try:
            service.handle(
                confirmation_id=obj.pk,
                staff=cast("User", request.user),
                text=form.cleaned_data.get("handling", ""),
                at=timezone.now(),
            )
        except service.ConfirmationError as error:
            self.message_user(request, str(error), messages.ERROR)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra = {"may_ask": request.user.has_perm(_ADD), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Asks all clients as at a day, in the background."""
        if not request.user.has_perm(_ADD):
            raise PermissionDenied
        today = clock.today(timezone.now())
        first = {"as_of": today, "answer_by": today + dt.timedelta(days=service.DAYS_TO_ANSWER)}
        form = AskForm(request.POST or None, initial=first)
        if request.method == "POST" and form.is_valid():
            as_of, answer_by = form.cleaned_data["as_of"], form.cleaned_data["answer_by"]
            try:
                service.check_days(as_of=as_of, answer_by=answer_by, on=today)
            except service.ConfirmationError as error:
                form.add_error(None, str(error))
            else:
                self._start(request, as_of=as_of, answer_by=answer_by)
                return redirect(reverse("admin:invoicing_balanceconfirmation_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Poproś klientów o potwierdzenie sald"),
            "form": form,
        }
        return TemplateResponse(request, "admin/invoicing/ask_balances.html", context)

    def _start(self, request: HttpRequest, *, as_of: dt.date, answer_by: dt.date) -> None:
        with transaction.atomic():
            tasks.ask_balances.delay_on_commit(
                as_of=as_of.isoformat(),
                answer_by=answer_by.isoformat(),
                actor_id=cast("User", request.user).pk,
            )
        messages.success(
            request,
            _("Pytamy klientów o saldo na dzień %(day)s. Lista wypełni się w ciągu kilku minut.")
            % {"day": short_date(as_of)},
        )
