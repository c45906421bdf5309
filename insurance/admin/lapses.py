"""Back office: required risks that nobody covers, and what the lessor decides about each."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin, ReadOnlyInline
from insurance import deciding_lapses
from insurance.deciding_lapses import LapseError
from insurance.lapses import UNSETTLED
from insurance.models import Lapse, LapseStep

_CHANGE = "insurance.change_lapse"
_LARGEST_KEY = 2**63
_NOTE = forms.CharField(max_length=250, required=False, strip=True)


class _TimeForm(forms.Form):
    until = forms.DateField()
    note = _NOTE


class _PolicyForm(forms.Form):
    policy = forms.IntegerField(min_value=1, max_value=_LARGEST_KEY - 1)
    note = _NOTE


class _NoteForm(forms.Form):
    note = _NOTE


class LapseStepInline(ReadOnlyInline):
    model = LapseStep
    fields = ("at", "after", "actor", "note")
    ordering = ("at", "pk")
    show_change_link = False


@admin.register(Lapse)
class LapseAdmin(ReadOnlyAdmin):
    """The queue: nothing is edited, three decisions are taken on the page of a lapse."""

    list_display = ("asset", "risk", "company", "contract", "uncovered_from", "state", "wait_until")
    list_select_related = ("asset", "company", "contract")
    list_filter = ("state", "risk")
    ordering = ("uncovered_from", "pk")
    sortable_by = ()
    find_by = (
        *("asset__plate__exact", "asset__vin__exact", "contract__number__exact"),
        "company__client_id__exact",
    )
    search_help_text = gettext_lazy("Numer rejestracyjny, VIN, numer umowy albo klienta")
    inlines = (LapseStepInline,)
    change_form_template = "admin/insurance/lapse.html"

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(self.decide)
        return [
            path("<int:pk>/decyzja/", decide, name="insurance_lapse_decide"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: Lapse = kwargs["obj"]
        today = clock.today(timezone.now())
        may = row.state in UNSETTLED and request.user.has_perm(_CHANGE)
        context |= {
            "row": row,
            "today": today,
            "may_decide": may,
            "policies": list(deciding_lapses.lessor_policies(row, on=today)) if may else [],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`decision`: wait, insure or close."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        if pk >= _LARGEST_KEY or not Lapse.objects.filter(pk=pk).exists():
            raise Http404
        try:
            messages.success(request, self._decided(request, pk))
        except LapseError as error:
            messages.error(request, str(error))
        return redirect("admin:insurance_lapse_change", pk)

    def _decided(self, request: HttpRequest, pk: int) -> str:
        common: dict[str, Any] = {
            "lapse_id": pk,
            "actor": cast("User", request.user),
            "at": timezone.now(),
        }
        decision = request.POST.get("decision", "")
        if decision == "wait":
            time = _TimeForm(request.POST)
            if not time.is_valid():
                raise LapseError(_("Podaj dzień, do którego czekamy."))
            deciding_lapses.give_time(**common, **time.cleaned_data)
            return _("Klient wie, do kiedy czekamy.")
        if decision == "insure":
            chosen = _PolicyForm(request.POST)
            if not chosen.is_valid():
                raise LapseError(_("Wybierz polisę leasingodawcy, która obejmuje to ryzyko."))
            deciding_lapses.insure(
                **common, policy_id=chosen.cleaned_data["policy"], note=chosen.cleaned_data["note"]
            )
            return _("Zapisane. Klient wie o polisie i jej koszcie.")
        note = _NoteForm(request.POST)
        if decision != "close" or not note.is_valid():
            raise LapseError(_("Wybierz, co robimy."))
        deciding_lapses.close(**common, note=note.cleaned_data["note"])
        return _("Sprawa zamknięta. Klient wie.")


@admin.register(LapseStep)
class LapseStepAdmin(ReadOnlyAdmin):
    list_display = ("at", "lapse", "after", "actor", "note")
    list_select_related = ("lapse__asset", "actor")
    list_filter = ("after",)
    find_by = ("lapse__asset__plate__exact", "lapse__contract__number__exact")
    search_help_text = gettext_lazy("Numer rejestracyjny albo numer umowy")
    ordering = ("-at", "-pk")
    sortable_by = ()
