"""Back office: the queue of claims, one page to lead each, its parts to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from insurance import arrears_gate, claim_files, claims
from insurance.claim_errors import ClaimError
from insurance.claim_forms import FilesForm
from insurance.claim_step_forms import StepForm, possible_steps
from insurance.claim_words import NEXT, country_name
from insurance.enums import CLAIM_STEPS, CLAIMS_ENDED, ClaimStatus
from insurance.models import Claim, ClaimFile, ClaimStep

_CHANGE = "insurance.change_claim"
_LARGEST_KEY = 2**63
_QUEUES = {
    "": gettext_lazy("w toku"),
    "nowe": gettext_lazy("do zarejestrowania"),
    "zakonczone": gettext_lazy("zakończone"),
    "wszystkie": gettext_lazy("wszystkie"),
}


class QueueFilter(admin.SimpleListFilter):
    """The list opens with what is not done with."""

    title = gettext_lazy("kolejka")
    parameter_name = "kolejka"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, title) for name, title in _QUEUES.items() if name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = self.value() or ""
        if name == "":
            return queryset.exclude(status__in=CLAIMS_ENDED)
        if name == "nowe":
            return queryset.filter(status=ClaimStatus.REPORTED)
        if name == "zakonczone":
            return queryset.filter(status__in=CLAIMS_ENDED)
        return queryset

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": _QUEUES[""]}, *rest]


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    """Nothing is edited: a claim is led from state to state by `insurance.claims`."""

    list_display = (
        *("reference", "kind", "company", "asset", "happened_at", "status", "insurer_number"),
        "changed_at",
    )
    list_filter = (QueueFilter, "status", "kind", "injured")
    list_select_related = ("company", "asset")
    find_by = (
        *("reference__iexact", "insurer_number__exact", "contract__number__exact"),
        *("asset__plate__exact", "asset__vin__exact"),
        *("company__client_id__exact", "company__nip__exact", "company__name__icontains"),
    )
    search_help_text = gettext_lazy(
        "Numer zgłoszenia, numer u ubezpieczyciela, umowa, klient, NIP, rejestracja albo VIN"
    )
    ordering = ("changed_at", "pk")
    fields = ("reference", "status")
    change_form_template = "admin/insurance/claim.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/krok/<str:to>/", view(self.step), name="insurance_claim_step"),
            path("<int:pk>/pliki/", view(self.add_files), name="insurance_claim_add_files"),
            path("<int:pk>/plik/<int:file>/", view(self.file), name="insurance_claim_file"),
            *super().get_urls(),
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = lookup == QueueFilter.parameter_name
        return own or super().lookup_allowed(lookup, value, request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: Claim = kwargs["obj"]
        may = request.user.has_perm(_CHANGE)
        who, what = NEXT[ClaimStatus(row.status)]
        asks_arrears = row.status in CLAIM_STEPS[ClaimStatus.AUTHORISED]
        context |= {
            "row": row,
            "who": who,
            "what": what,
            "country": country_name(row.country),
            "asks_arrears": asks_arrears,
            "arrears": asks_arrears
            and arrears_gate.has_arrears(row.company, on=clock.today(timezone.now())),
            "files": row.files.order_by("at", "pk"),
            "steps": row.steps.select_related("actor").order_by("at", "pk"),
            "may": may,
            "step_forms": possible_steps(row) if may else [],
            "files_form": FilesForm(auto_id="id_files_%s"),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def step(self, request: HttpRequest, pk: int, to: str) -> HttpResponse:
        row = self._to_change(request, pk)
        if isinstance(row, HttpResponse):
            return row
        if to not in ClaimStatus.values:
            raise Http404
        form = StepForm(request.POST, claim=row, to=ClaimStatus(to))
        if not form.is_valid():
            return self._back(request, row, error=_words(form))
        try:
            claims.move(
                row,
                to=form.to,
                actor=_staff(request),
                at=timezone.now(),
                note=form.cleaned_data["note"],
                **form.values(),
            )
        except ClaimError as error:
            return self._back(request, row, error=str(error))
        return self._back(request, row, done=_("Zapisane. Klient już wie."))

    def add_files(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._to_change(request, pk)
        if isinstance(row, HttpResponse):
            return row
        form = FilesForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._back(request, row, error=_words(form))
        try:
            claim_files.attach_all(
                claim=row,
                author=_staff(request),
                files=form.cleaned_data["pictures"],
                at=timezone.now(),
                from_staff=True,
            )
        except ClaimError as error:
            return self._back(request, row, error=str(error))
        return self._back(request, row, done=_("Pliki dodane."))

    def file(self, request: HttpRequest, pk: int, file: int) -> HttpResponseBase:
        """A file of the claim, as an attachment, once it has been scanned (SEC-86)."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self._row(request, pk)
        rows = row.files.select_related("claim__company", "document")
        found = rows.filter(pk=file).first() if file < _LARGEST_KEY else None
        if found is None or found.document is None:
            raise Http404
        if found.scan != Scan.CLEAN:
            return self._back(request, row, error=found.get_scan_display())
        claim_files.note_reading(found, actor=_staff(request), at=timezone.now())
        return document_response(request, found.document)

    def _to_change(self, request: HttpRequest, pk: int) -> Claim | HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        return self._row(request, pk)

    def _row(self, request: HttpRequest, pk: int) -> Claim:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("company", "author", "asset")
        row: Claim | None = rows.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        return row

    def _back(
        self, request: HttpRequest, row: Claim, *, done: str = "", error: str = ""
    ) -> HttpResponse:
        if error:
            messages.error(request, error)
        if done:
            messages.success(request, done)
        return redirect(reverse("admin:insurance_claim_change", args=[row.pk]))


class PartAdmin(ReadOnlyAdmin):
    """Rows that belong to a claim; they are read on its page, and found here."""

    list_select_related: ClassVar[Any] = ("claim",)
    find_by: ClassVar[Sequence[str]] = ("claim__reference__iexact",)
    search_help_text = gettext_lazy("Numer zgłoszenia")


@admin.register(ClaimStep)
class ClaimStepAdmin(PartAdmin):
    list_display = ("at", "claim", "before", "after", "by_client")


@admin.register(ClaimFile)
class ClaimFileAdmin(PartAdmin):
    list_display = ("name", "claim", "from_staff", "scan", "at")


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)


def _words(form: Any) -> str:
    return " ".join(
        f"{form.fields[name].label}: {text}" if name in form.fields else str(text)
        for name, texts in form.errors.items()
        for text in texts
    )
