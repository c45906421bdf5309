"""Back office: the queue of own policies, the page to check one, policies of the lessor."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from eboks.listing import clean_text
from eboks.tenancy.models import LessorProfile
from insurance import own_policies, verifying
from insurance.enums import CheckItem, Placement, Risk, Verification
from insurance.models import Policy, PolicyCover, PolicyInstalment
from insurance.own_policies import PORTAL, PolicyError
from insurance.requirements import least_sum, required_of
from insurance.verifying import Tick

_CHANGE = "insurance.change_policy"
_LARGEST_KEY = 2**63
_LONGEST_NOTE = 250
_EDITED = (
    *("asset", "insurer", "number", "policyholder", "insured", "valid_from", "valid_to"),
    *("terminated_on", "premium", "currency", "territory", "has_assignment"),
)


class QueueFilter(admin.SimpleListFilter):
    """What waits for the check comes first: the list opens with it, the oldest on top."""

    title = gettext_lazy("kolejka")
    parameter_name = "kolejka"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("zwrocone", gettext_lazy("zwrócone do poprawy")),
            ("wszystkie", gettext_lazy("wszystkie polisy")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "wszystkie" or "q" in request.GET:
            return queryset
        wanted = Verification.RETURNED if self.value() else Verification.TO_VERIFY
        return queryset.filter(verification=wanted)

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": _("do sprawdzenia")}, *rest]


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A policy of the lessor; the contract and the client come from the asset."""

    class Meta:
        model = Policy
        fields = list(_EDITED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lessor = LessorProfile.objects.order_by("pk").first()
        for name in ("policyholder", "insured"):
            if name in self.fields and lessor is not None:
                self.fields[name].initial = lessor.name


class CoverInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PolicyCover
    fields = ("risk", "gap_kind", "sum_insured", "vat_basis", "deductible")
    extra = 0
    min_num = 1


class InstalmentInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PolicyInstalment
    fields = ("n", "due_on", "amount", "paid_on")
    extra = 0


@admin.register(Policy)
class PolicyAdmin(BackOfficeAdmin):
    """An own policy is checked here, never edited; what the feed brought stays as it is. Only the
    lessor's policies that staff recorded here can be edited."""

    form = PolicyForm
    inlines: ClassVar[Any] = (CoverInline, InstalmentInline)
    autocomplete_fields = ("asset",)
    list_display = (
        *("number", "company", "asset", "insurer", "placement", "valid_from", "valid_to"),
        *("verification", "sent_at"),
    )
    list_filter = (QueueFilter, "placement")
    list_select_related = ("company", "asset", "insurer")
    find_by = (
        *("number__iexact", "asset__plate__exact", "asset__vin__exact"),
        *("contract__number__exact", "company__client_id__exact", "company__name__icontains"),
    )
    search_help_text = gettext_lazy("Numer polisy, rejestracja, VIN, umowa albo klient")
    sortable_by = ("valid_to",)
    change_form_template = "admin/insurance/policy.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/sprawdz/", view(self.check_policy), name="insurance_policy_check"),
            path("<int:pk>/plik/<int:file>/", view(self.file), name="insurance_policy_policyfile"),
            *super().get_urls(),
        ]

    def get_ordering(self, request: HttpRequest) -> Any:
        return ("-pk",) if request.GET.get(QueueFilter.parameter_name) else ("sent_at", "pk")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = lookup == QueueFilter.parameter_name
        return own or super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may: bool = super().has_change_permission(request, obj)
        return may and (obj is None or _is_recorded_here(obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [name for name in _EDITED if name != "terminated_on"]
        if _is_recorded_here(obj):
            return list(_EDITED)
        return [
            *("company", "contract", "placement", *_EDITED, "verification", "author", "sent_at"),
            *("checked_by", "checked_at", "remarks", "source_system", "source_id", "as_of"),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        if _is_recorded_here(obj):
            return ("asset",)
        return self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        if not change:
            obj.contract = obj.asset.contract
            obj.company = obj.contract.company
            obj.placement = Placement.LESSOR
            obj.verification = Verification.VERIFIED
            obj.source_system, obj.source_id = PORTAL, f"office:{uuid.uuid4()}"
        obj.as_of = clock.today(timezone.now())
        obj.revision = F("revision") + 1 if change else 1
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        verifying.record_lessors(policy=form.instance, actor=_staff(request), at=timezone.now())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: Policy | None = kwargs.get("obj")
        context["row"] = row
        if row is not None:
            context |= _shown(row, may=request.user.has_perm(_CHANGE))
            context["may_offer"] = request.user.has_perm("insurance.add_renewaloffer")
        return super().render_change_form(request, context, *args, **kwargs)

    def check_policy(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: the list as it was ticked, and which button was pressed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        row = self._row(request, pk)
        decided: dict[str, Any] = {
            "policy_id": row.pk,
            "ticks": _ticks(request),
            "seen_at": _moment(request.POST.get("seen_at", "")[:40]),
            "actor": _staff(request),
            "at": timezone.now(),
        }
        try:
            if "approve" in request.POST:
                verifying.approve(**decided)
                messages.success(request, _("Polisa sprawdzona. Klient już wie."))
            else:
                remarks = request.POST.get("remarks", "").replace("\0", "")
                verifying.send_back(**decided, remarks=remarks)
                messages.success(request, _("Polisa zwrócona do poprawy. Klient już wie."))
        except PolicyError as error:
            messages.error(request, str(error))
            request.session[_KEPT] = {"pk": row.pk, **_typed(request)}
        return redirect("admin:insurance_policy_change", row.pk)

    def file(self, request: HttpRequest, pk: int, file: int) -> HttpResponseBase:
        """A file of the policy, once it has been scanned (SEC-86)."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self._row(request, pk)
        if file >= _LARGEST_KEY:
            raise Http404
        found = row.files.select_related("policy__company", "document").filter(pk=file).first()
        if found is None or found.document is None:
            raise Http404
        if found.scan != Scan.CLEAN:
            messages.error(request, found.get_scan_display())
            return redirect("admin:insurance_policy_change", row.pk)
        own_policies.note_reading(found, actor=_staff(request), at=timezone.now())
        return document_response(request, found.document)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        kept = request.session.pop(_KEPT, None) if request.method == "GET" else None
        extra = {"kept": kept if kept and str(kept["pk"]) == object_id else None}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def _row(self, request: HttpRequest, pk: int) -> Policy:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        return cast("Policy", row)


_KEPT = "policy_check"  # in the session: what was typed when the decision was refused


def _shown(row: Policy, *, may: bool) -> dict[str, Any]:
    """What the page of the check shows beside the fields: list, findings, requirements, files."""
    if row.placement != Placement.OWN or row.source_system != PORTAL:
        return {"own": False}
    waits = row.verification == Verification.TO_VERIFY
    required = required_of(row.asset, on=row.valid_from)
    covers = {Risk(cover.risk): cover for cover in row.covers.order_by("pk")}
    made = {CheckItem(check.item): check for check in row.checks.order_by("pk")}
    found = verifying.wanted_items(row, on=clock.today(timezone.now()))
    return {
        "own": True,
        "files": row.files.order_by("at", "pk"),
        "may_check": may and waits,
        "lines": [(item, finding, made.get(item)) for item, finding in found.items()],
        "compared": [
            (
                risk.label,
                covers.get(risk),
                required.get(risk),
                least_sum(row.asset, required[risk]) if risk in required else None,
            )
            for risk in Risk
            if risk in covers or risk in required
        ],
        "seen_at": row.sent_at.isoformat() if row.sent_at else "",
    }


def _moment(typed: str) -> dt.datetime:
    """When the client had sent what the clerk saw; what is no moment is long ago."""
    try:
        found = parse_datetime(typed)
    except ValueError:  # of the right form, but in month 13
        found = None
    if found is None or found.tzinfo is None:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
    return found


def _ticks(request: HttpRequest) -> dict[CheckItem, Tick]:
    return {
        item: Tick(
            f"met_{item.value}" in request.POST,
            clean_text(request.POST.get(f"note_{item.value}"), _LONGEST_NOTE),
        )
        for item in CheckItem
    }


def _typed(request: HttpRequest) -> dict[str, Any]:
    ticks = _ticks(request)
    return {
        "met": [item.value for item, tick in ticks.items() if tick.is_met],
        "notes": {item.value: tick.note for item, tick in ticks.items() if tick.note},
        "remarks": request.POST.get("remarks", "").replace("\0", "")[:2000],
    }


def _is_recorded_here(row: Policy) -> bool:
    """A policy of the lessor that staff typed; one issued from an offer is such, too."""
    return row.placement == Placement.LESSOR and row.source_system == PORTAL


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)
