"""Back office: issuing invoices, correcting them, their numbers, exchange rates of the NBP."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from eboks.jobs import leases
from invoicing import tasks
from invoicing.issuing import panel
from invoicing.issuing.corrections import (
    CorrectionError,
    basis_of,
    correct,
    corrected,
    refusal,
    states,
)
from invoicing.issuing.mode import issuer_from
from invoicing.issuing.numbers import NumberError, written
from invoicing.issuing_forms import CorrectionForm
from invoicing.models import (
    Correction,
    ExchangeRate,
    Invoice,
    NumberSeries,
    SeriesCounter,
    UpfrontVat,
)
from invoicing.words import vat_rate

_ISSUE = "invoicing.add_invoice"


class IssuingPages(ReadOnlyAdmin):
    """On invoices: the page of issuing, and a correction of one in two steps."""

    change_list_template = "admin/invoicing/invoices.html"
    change_form_template = "admin/invoicing/invoice.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("wystawianie/", view(self.issuing), name="invoicing_issuing"),
            path("wystawianie/teraz/", view(self.issue_now), name="invoicing_issue_now"),
            path("wystawianie/ponow/", view(self.try_again), name="invoicing_try_again"),
            path("<path:object_id>/korekta/", view(self.correct), name="invoicing_invoice_correct"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        invoice = kwargs.get("obj")
        context["may_correct"] = (
            isinstance(invoice, Invoice) and request.user.has_perm(_ISSUE) and not refusal(invoice)
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def issuing(self, request: HttpRequest) -> HttpResponse:
        """What is due, the last runs, what waits for somebody."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = clock.today(timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Wystawianie faktur"),
            "page": panel.panel(on=today),
            "today": today,
            "may_issue": request.user.has_perm(_ISSUE),
        }
        return TemplateResponse(request, "admin/invoicing/issuing.html", context)

    def issue_now(self, request: HttpRequest) -> HttpResponse:
        """Starts a run for today in the background."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_ISSUE):
            raise PermissionDenied
        if issuer_from() is None:
            messages.error(request, _("Portal nie wystawia faktur: nie ma na to ustawienia."))
        else:
            tasks.issue_invoices.delay(on=clock.today(timezone.now()).isoformat())
            messages.success(
                request, _("Wystawianie ruszyło. Wynik pojawi się na liście przebiegów.")
            )
        return redirect("admin:invoicing_issuing")

    def try_again(self, request: HttpRequest) -> HttpResponse:
        """What was set aside is tried in the next run."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_ISSUE):
            raise PermissionDenied
        key = request.POST.get("failure", "")
        failure = panel.failures().filter(pk=key).first() if key.isdecimal() else None
        if failure is None:
            messages.error(request, _("Tego już nie ma na liście."))
        else:
            leases.clear_failure(job=failure.job, object_ref=failure.object_ref)
            messages.success(request, _("Spróbujemy jeszcze raz przy następnym przebiegu."))
        return redirect("admin:invoicing_issuing")

    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """First the amounts and the reason, then before and after to be confirmed."""
        if not request.user.has_perm(_ISSUE):
            raise PermissionDenied
        invoice = self.get_object(request, unquote(object_id))
        if not isinstance(invoice, Invoice):
            raise Http404
        if why := refusal(invoice):
            messages.error(request, why)
            return self._back(invoice)
        now = states(invoice)
        form = CorrectionForm(request.POST or None, rows=now, initial={"basis": basis_of(now)})
        changes: list[Any] = []
        if request.method == "POST" and form.is_valid():
            try:
                if "confirm" in request.POST:
                    return self._correct(request, invoice, form)
                after = corrected(now, form.amounts())
                pairs = zip(now, after, strict=True)
                changes = [
                    (old, new, new.plus(old, -1), vat_rate(old.vat_code))
                    for old, new in pairs
                    if old != new
                ]
                if not changes:
                    form.add_error(None, _("Nic się nie zmienia: kwoty są takie jak na fakturze."))
            except CorrectionError as error:
                form.add_error(None, str(error))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Korekta faktury %s") % invoice.number,
            "invoice": invoice,
            "form": form,
            "changes": changes,
        }
        return TemplateResponse(request, "admin/invoicing/correct.html", context)

    def _correct(
        self, request: HttpRequest, invoice: Invoice, form: CorrectionForm
    ) -> HttpResponse:
        at = timezone.now()
        correction = correct(
            invoice=invoice,
            rows=form.amounts(),
            reason=form.cleaned_data["reason"],
            on=clock.today(at),
            at=at,
            actor=cast("User", request.user),
            basis=form.cleaned_data["basis"],
        )
        messages.success(request, _("Wystawiono korektę %s.") % correction.number)
        return self._back(correction)

    def _back(self, invoice: Invoice) -> HttpResponse:
        return redirect(reverse("admin:invoicing_invoice_change", args=[invoice.pk]))


class NumberSeriesForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        day = dt.date(2026, 11, 3)
        try:
            numbers = {
                written(pattern, day, 1),
                written(pattern, day, 2),
                written(pattern, day.replace(year=2027), 1),
            }
        except NumberError as error:
            raise forms.ValidationError(str(error)) from None
        if len(numbers) < 3 or max(len(number) for number in numbers) > 50:
            raise forms.ValidationError(
                _("Wzór musi zawierać {year} i {n}, a numer mieć najwyżej 50 znaków.")
            )
        return pattern


@admin.register(NumberSeries)
class NumberSeriesAdmin(BackOfficeAdmin):
    """A series that has given a number does not change; a new one begins on its day."""

    form = NumberSeriesForm
    list_display = ("kind", "pattern", "valid_from")
    list_filter = ("kind",)
    search_fields = ()
    sortable_by = ()
    ordering = ("kind", "-valid_from")
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        used = isinstance(obj, NumberSeries) and obj.counters.exists()
        return not used and super().has_change_permission(request, obj)


@admin.register(SeriesCounter)
class SeriesCounterAdmin(ReadOnlyAdmin):
    list_display = ("series", "year", "month", "last")
    list_select_related = ("series",)
    search_fields = ()
    sortable_by = ()
    ordering = ("-year", "-month", "-pk")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(BackOfficeAdmin):
    """Mostly imported (`import_exchange_rates`); issued invoices keep the rate they were given."""

    list_display = ("currency", "on", "rate", "table")
    list_filter = ("currency",)
    search_fields = ()
    sortable_by = ()
    ordering = ("-on", "currency")
    actions = None


@admin.register(UpfrontVat)
class UpfrontVatAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "base", "vat_pct")
    list_select_related = ("invoice",)
    find_by = ("invoice__number__startswith",)
    search_help_text = gettext_lazy("Numer faktury")
    sortable_by = ()


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "reason", "rate_change", "made_by")
    list_select_related = ("invoice", "rate_change__contract", "made_by")
    find_by = ("invoice__number__startswith",)
    search_help_text = gettext_lazy("Numer korekty")
    sortable_by = ()
