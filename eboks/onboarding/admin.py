"""Back office: applications for access with everything beside them, invitations, paper fees."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.clock import is_working_day, today
from eboks.documents.responses import file_response
from eboks.onboarding import applications, checks, reviewing
from eboks.onboarding.applications import OPEN_TO_STAFF
from eboks.onboarding.forms import clean_lines
from eboks.onboarding.models import AccessApplication, ApplicationState, Invitation
from eboks.onboarding.office_forms import OfficeApplicationForm
from eboks.onboarding.reviewing import ReviewError
from eboks.tenancy.models import Company

_CHANGE, _ADD = "onboarding.change_accessapplication", "onboarding.add_accessapplication"


class QueueFilter(admin.SimpleListFilter):
    """What waits for staff comes first: the list opens with it."""

    title = gettext_lazy("kolejka")
    parameter_name = "kolejka"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("wszystkie", gettext_lazy("wszystkie")), *ApplicationState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value in ApplicationState.values:
            return queryset.filter(state=value)
        return queryset if value == "wszystkie" else queryset.filter(state__in=OPEN_TO_STAFF)

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": gettext_lazy("do rozpatrzenia")}, *rest]


@admin.register(AccessApplication)
class AccessApplicationAdmin(ReadOnlyAdmin):
    """Nothing is edited: an application is accepted, sent back or refused, each by its service."""

    list_display = ("number", "state", "waiting", "company_name", "nip", "source", "submitted_at")
    list_filter = (QueueFilter, "source")
    find_by = (
        *("number__exact", "nip__exact", "client_id__exact", "company_name__icontains"),
        *("email__istartswith", "last_name__istartswith"),
    )
    search_help_text = gettext_lazy("Numer wniosku, NIP, klient, e-mail albo nazwisko")
    sortable_by = ("submitted_at",)
    ordering = ("submitted_at", "pk")
    fields = ("number", "state")
    change_form_template = "admin/onboarding/application.html"
    change_list_template = "admin/onboarding/queue.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        steps = {
            "przyjmij": (self.accept, "accept"),
            "uzupelnij": (self.ask_for_more, "ask"),
            "odrzuc": (self.refuse, "refuse"),
            "reprezentacja": (self.note_representation, "representation"),
            "skan": (self.scan, "scan"),
        }
        return [
            path("wpisz/", view(self.enter), name="onboarding_accessapplication_enter"),
            *(
                path(f"<int:pk>/{part}/", view(step), name=f"onboarding_accessapplication_{name}")
                for part, (step, name) in steps.items()
            ),
            *super().get_urls(),
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = lookup == QueueFilter.parameter_name
        return own or super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("czeka"))
    def waiting(self, row: AccessApplication) -> SafeString | str:
        if row.state not in OPEN_TO_STAFF:
            return "–"
        days = _working_days(row.changed_at, timezone.now())
        text = _("%(days)s dni rob.") % {"days": days}
        if days <= settings.APPLICATION_DUE_DAYS:
            return text
        return format_html('<strong class="finding bad">{} · {}</strong>', text, _("po terminie"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra = {"may_enter": request.user.has_perm(_ADD), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: AccessApplication = kwargs["obj"]
        found = checks.candidates(row)
        is_open = row.state in (*OPEN_TO_STAFF, ApplicationState.NEEDS_MORE)
        proposed = row.state == ApplicationState.PROPOSED
        context |= {
            "row": row,
            "candidates": found,
            "chosen": row.company_ref or (found[0].company.public_id if len(found) == 1 else None),
            "findings": checks.general_findings(row),
            "similar": list(checks.similar(row)),
            "waiting": self.waiting(row),
            "may_decide": is_open and request.user.has_perm(_CHANGE),
            "needs_other": proposed and row.proposed_by_id == request.user.pk,
            "accept_text": self._accept_text(row),
            "company": Company.objects.filter(public_id=row.company_ref).first()
            if row.company_ref
            else None,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def accept(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: AccessApplication, actor: User, at: dt.datetime) -> str:
            wanted = request.POST.get("company", "")
            found = [
                one.company
                for one in checks.candidates(row)
                if str(one.company.public_id) == wanted
            ]
            if not found:
                raise ReviewError(_("Wybierz klienta, którego dotyczy wniosek."))
            state = reviewing.accept(application_id=row.pk, company=found[0], actor=actor, at=at)
            if state == ApplicationState.PROPOSED:
                return _("Wniosek sprawdzony. Czeka na drugą osobę.")
            return _("Dostęp nadany. Wysłaliśmy wiadomość.")

        return self._step(request, pk, step)

    def ask_for_more(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: AccessApplication, actor: User, at: dt.datetime) -> str:
            reviewing.ask_for_more(
                application_id=row.pk, reason=_typed(request, "reason"), actor=actor, at=at
            )
            return _("Wysłaliśmy prośbę o uzupełnienie.")

        return self._step(request, pk, step)

    def refuse(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: AccessApplication, actor: User, at: dt.datetime) -> str:
            reviewing.refuse(
                application_id=row.pk, reason=_typed(request, "reason"), actor=actor, at=at
            )
            return _("Wniosek odrzucony. Wysłaliśmy wiadomość.")

        return self._step(request, pk, step)

    def note_representation(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: AccessApplication, actor: User, at: dt.datetime) -> str:
            reviewing.note_representation(
                application_id=row.pk, text=_typed(request, "text"), actor=actor, at=at
            )
            return _("Zapisane.")

        return self._step(request, pk, step)

    def scan(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The signed scan, as an attachment and never as a page; the reading is noted."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self._row(request, pk)
        content = applications.read_scan_of(
            application_id=row.pk, actor=_staff(request), at=timezone.now()
        )
        if content is None:
            messages.error(request, _("Nie ma tego skanu albo jest uszkodzony."))
            return self._back(row)
        return file_response(
            io.BytesIO(content), file_name=row.scan_file_name, content_type=row.scan_type
        )

    def enter(self, request: HttpRequest) -> HttpResponse:
        """An application that came by e-mail or was handed in at a branch."""
        if not request.user.has_perm(_ADD):
            raise PermissionDenied
        sent = request.method == "POST"
        form = OfficeApplicationForm(request.POST or None, request.FILES or None)
        if sent and form.is_valid():
            row = applications.submit(
                data=form.data_given(),
                form_key=form.cleaned_data["form_key"],
                scan=form.cleaned_data["scan"],
                language="pl",
                at=timezone.now(),
                source=form.cleaned_data["source"],
                entered_by=_staff(request),
            )
            return self._back(row)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Wpisz wniosek"),
            "form": form,
        }
        return TemplateResponse(request, "admin/onboarding/enter.html", context)

    def _accept_text(self, row: AccessApplication) -> str:
        if not settings.STAFF_TWO_PEOPLE:
            return _("Nadaj dostęp")
        if row.state == ApplicationState.PROPOSED:
            return _("Zatwierdź i nadaj dostęp")
        return _("Sprawdzone, przekaż drugiej osobie")

    def _step(self, request: HttpRequest, pk: int, step: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        row = self._row(request, pk)
        try:
            messages.success(request, step(row, _staff(request), timezone.now()))
        except ReviewError as error:
            messages.error(request, str(error))
        return self._back(row)

    def _row(self, request: HttpRequest, pk: int) -> AccessApplication:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = AccessApplication.objects.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        return row

    def _back(self, row: AccessApplication) -> HttpResponse:
        return redirect(reverse("admin:onboarding_accessapplication_change", args=[row.pk]))


_LARGEST_KEY = 2**63


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)


def _typed(request: HttpRequest, name: str) -> str:
    return clean_lines(request.POST.get(name, ""))


def _working_days(since: dt.datetime, until: dt.datetime) -> int:
    """Whole working days between two moments, at most 99."""
    day, end, count = today(since), today(until), 0
    while day < end and count < 99:
        day += dt.timedelta(days=1)
        count += is_working_day(day)
    return count


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Which links are out. The links themselves are nowhere: only their seeds are stored."""

    list_display = ("user", "invited_by", "created_at", "valid_until", "used_at", "voided_at")
    list_select_related = ("user", "invited_by")
    find_by = ("user__username__istartswith", "user__email__istartswith")
    search_help_text = gettext_lazy("Osoba (identyfikator, e-mail)")
    sortable_by = ()
    masked_fields = ("email", "phone")
    fields = (
        *("user", "email", "phone", "invited_by", "created_at", "valid_until"),
        *("password_sent_at", "password_count", "tries_left", "used_at", "voided_at"),
    )
