"""Back office: the queue of requests, one page to decide on each, its parts to look at."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.documents.antivirus import Scan
from eboks.documents.responses import document_response
from eboks.onboarding.scans import read_scan
from eboks.ui.words import short_date
from invoicing.enums import FeeBase
from requests_app import conversation, deciding, office, producing
from requests_app.catalogue import RequestError, type_of, types
from requests_app.enums import WITH_STAFF, FeeState, Status
from requests_app.forms import MessageForm
from requests_app.models import Request, RequestFile, RequestMessage, RequestPaper, RequestStep

_CHANGE = "requests_app.change_request"
_LARGEST_KEY = 2**63
_MOST_AT_ONCE = 100
Step = Callable[[Request, User, dt.datetime], str]


class QueueFilter(admin.SimpleListFilter):
    """What waits for staff comes first: the list opens with it."""

    title = gettext_lazy("kolejka")
    parameter_name = "kolejka"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, title) for name, title in office.QUEUES.items() if name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return office.queue(queryset, self.value() or "", user=request.user, at=timezone.now())

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": office.QUEUES[""]}, *rest]


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("rodzaj")
    parameter_name = "rodzaj"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, kind.title) for name, kind in types().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in types() else queryset


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    """Nothing is edited: a request is taken, sent back, approved, refused, closed by services."""

    list_display = ("reference", "kind_title", "company", "status", "term", "assignee", "amount")
    list_filter = (QueueFilter, KindFilter)
    list_select_related = ("company", "assignee")
    find_by = (
        *("reference__iexact", "contract__number__exact", "asset__plate__exact"),
        *("company__client_id__exact", "company__nip__exact", "company__name__icontains"),
    )
    search_help_text = gettext_lazy("Numer wniosku, umowa, klient, NIP albo numer rejestracyjny")
    sortable_by = ("answer_by",)
    ordering = ("answer_by", "pk")
    fields = ("reference", "status")
    actions = ("take_selected", "approve_selected")
    change_form_template = "admin/requests_app/request.html"
    change_list_template = "admin/requests_app/queue.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        steps = {
            "wez": self.take,
            "zgoda": self.approve,
            "uzupelnij": self.ask,
            "odmowa": self.reject,
            "zamknij": self.close,
            "napisz": self.write,
            "oplata": self.note_fee,
        }
        names = ("take", "approve", "ask", "reject", "close", "write", "fee")
        return [
            *(
                path(f"<int:pk>/{part}/", view(step), name=f"requests_app_request_{name}")
                for (part, step), name in zip(steps.items(), names, strict=True)
            ),
            path("<int:pk>/plik/<int:file>/", view(self.file), name="requests_app_request_file"),
            path(
                "<int:pk>/cofnij/<int:paper>/",
                view(self.revoke),
                name="requests_app_request_revoke",
            ),
            path(
                "<int:pk>/dokument/<int:paper>/",
                view(self.paper),
                name="requests_app_request_paper",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Request]:
        return super().get_queryset(request) & Request.objects.left_author()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = lookup in {QueueFilter.parameter_name, KindFilter.parameter_name}
        return own or super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("sprawa"))
    def kind_title(self, row: Request) -> str:
        return str(type_of(row).title) if row.kind in types() else row.kind

    @admin.display(description=gettext_lazy("odpowiedź do"), ordering="answer_by")
    def term(self, row: Request) -> SafeString | str:
        if row.answer_by is None or row.status not in (*WITH_STAFF, Status.NEEDS_CUSTOMER):
            return "–"
        if row.answer_by >= clock.today(timezone.now()):
            return short_date(row.answer_by)
        late = _("po terminie")
        return format_html(
            '<strong class="finding bad">{} · {}</strong>', short_date(row.answer_by), late
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(_CHANGE)

    @admin.action(description=gettext_lazy("Weź zaznaczone wnioski"), permissions=["decide"])
    def take_selected(self, request: HttpRequest, queryset: QuerySet[Request]) -> None:
        """Each is taken like one by one; what is decided by now stays."""
        self._each(request, queryset, deciding.take)

    @admin.action(
        description=gettext_lazy("Zgoda na zaznaczone (proste sprawy)"), permissions=["decide"]
    )
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Request]) -> None:
        """Only kinds that say so (`RequestType.bulk`), and none that two people decide."""
        simple = [name for name, kind in types().items() if kind.bulk]
        rows = [row for row in queryset.filter(kind__in=simple) if not deciding.needs_two(row)]
        self._each(request, queryset.filter(pk__in=[row.pk for row in rows]), deciding.approve)

    def _each(self, request: HttpRequest, queryset: QuerySet[Request], step: Any) -> None:
        done, failed, asked = 0, [], queryset.count()
        for row in queryset.order_by("pk")[:_MOST_AT_ONCE]:
            try:
                step(request_id=row.pk, actor=_staff(request), at=timezone.now())
                done += 1
            except RequestError as error:
                failed.append(f"{row.reference}: {error}")
        text = ngettext("Załatwiono %(n)d wniosek.", "Załatwiono %(n)d wniosków.", done)
        self.message_user(request, text % {"n": done}, messages.SUCCESS)
        if asked > _MOST_AT_ONCE:
            failed.append(_("Naraz najwyżej %d wniosków.") % _MOST_AT_ONCE)
        if failed:
            self.message_user(request, " ".join(failed), messages.WARNING)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        now = timezone.now()
        extra = {
            "counts": office.counts(user=request.user, at=now),
            "times": office.handling_times(at=now),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: Request = kwargs["obj"]
        kind, now = type_of(row), timezone.now()
        may = request.user.has_perm(_CHANGE)
        open_to_staff = row.status in WITH_STAFF
        fee_range = row.fee_line is not None and row.fee_line.base == FeeBase.RANGE
        context |= {
            "row": row,
            "kind": kind,
            "term": self.term(row),
            "findings": office.findings(row, at=now),
            "own_findings": kind.office(row, now),
            "history": office.history(row),
            "files": row.files.order_by("pk"),
            "papers": row.papers.order_by("pk"),
            "talk": row.messages.select_related("author").order_by("at", "pk"),
            "steps": row.steps.select_related("actor").order_by("at", "pk"),
            "form_key": uuid.uuid4(),
            "may_take": may and open_to_staff and row.assignee_id != request.user.pk,
            "may_decide": may and open_to_staff,
            "needs_two": deciding.needs_two(row),
            "needs_other": row.proposed_by_id == request.user.pk,
            "may_close": may and row.status in {Status.APPROVED, Status.PRODUCED},
            "may_write": may,
            "may_note_fee": may and row.fee_state == FeeState.CORE,
            "asks_fee": fee_range and row.fee_state == FeeState.DUE,
            "may_waive": row.fee_state == FeeState.DUE,
            "refusal_costs": bool(kind.refused_fee_code),
            "answers": office.ANSWERS,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def take(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            deciding.take(request_id=row.pk, actor=actor, at=at)
            return _("Wniosek jest Twój.")

        return self._step(request, pk, step)

    def approve(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            done = deciding.approve(
                request_id=row.pk,
                actor=actor,
                at=at,
                text=_typed(request),
                fee=_fee(request),
                waive="waive" in request.POST,
            )
            if done.status not in WITH_STAFF:
                return _("Zgoda zapisana. Klient już wie.")
            return _("Zgoda zaproponowana. Czeka na drugą osobę.")

        return self._step(request, pk, step)

    def ask(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            deciding.ask_for_more(request_id=row.pk, text=_typed(request), actor=actor, at=at)
            return _("Poprosiliśmy klienta o uzupełnienie.")

        return self._step(request, pk, step)

    def reject(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            deciding.reject(
                request_id=row.pk,
                text=_typed(request),
                actor=actor,
                at=at,
                waive="waive" in request.POST,
            )
            return _("Odmowa zapisana. Klient już wie.")

        return self._step(request, pk, step)

    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            deciding.close(request_id=row.pk, actor=actor, at=at, text=_typed(request))
            return _("Wniosek zamknięty.")

        return self._step(request, pk, step)

    def note_fee(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            deciding.note_core_fee(request_id=row.pk, actor=actor, at=at)
            return _("Zapisane.")

        return self._step(request, pk, step)

    def write(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            form = MessageForm(request.POST, request.FILES)
            if not form.is_valid():
                words = [str(text) for texts in form.errors.values() for text in texts]
                raise RequestError(" ".join(words))
            sent = form.cleaned_data["file"]
            try:
                picture = read_scan(sent) if sent else None
            except ValidationError as error:
                raise RequestError(" ".join(error.messages)) from error
            conversation.write(
                request=row,
                author=actor,
                text=form.cleaned_data["text"],
                form_key=form.cleaned_data["form_key"],
                at=at,
                from_staff=True,
                picture=picture,
                file_name=sent.name if sent else "",
            )
            return _("Wiadomość wysłana.")

        return self._step(request, pk, step)

    def revoke(self, request: HttpRequest, pk: int, paper: int) -> HttpResponse:
        def step(row: Request, actor: User, at: dt.datetime) -> str:
            found = row.papers.select_related("request__company").filter(pk=paper).first()
            if found is None:
                raise Http404
            producing.revoke(paper=found, reason=_typed(request), actor=actor, at=at)
            return _("Dokument cofnięty. Strona sprawdzania mówi już, że nie jest ważny.")

        return self._step(request, pk, step)

    def file(self, request: HttpRequest, pk: int, file: int) -> HttpResponseBase:
        """A file of the request, as an attachment, once it has been scanned (SEC-86)."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self._row(request, pk)
        found = row.files.select_related("request__company", "document").filter(pk=file).first()
        if found is None or found.document is None:
            raise Http404
        if found.scan != Scan.CLEAN:
            messages.error(request, found.get_scan_display())
            return self._back(row)
        conversation.note_reading(found, actor=_staff(request), at=timezone.now())
        return document_response(request, found.document)

    def paper(self, request: HttpRequest, pk: int, paper: int) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        found = self._row(request, pk).papers.select_related("document").filter(pk=paper).first()
        if found is None or found.document is None:
            raise Http404
        return document_response(request, found.document)

    def _step(self, request: HttpRequest, pk: int, step: Step) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        row = self._row(request, pk)
        try:
            messages.success(request, step(row, _staff(request), timezone.now()))
        except RequestError as error:
            messages.error(request, str(error))
        return self._back(row)

    def _row(self, request: HttpRequest, pk: int) -> Request:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        return row

    def _back(self, row: Request) -> HttpResponse:
        return redirect(reverse("admin:requests_app_request_change", args=[row.pk]))


class PartAdmin(ReadOnlyAdmin):
    """Rows that belong to a request; they are read on its page, and found here."""

    list_select_related: ClassVar[Any] = ("request",)
    find_by: ClassVar[Sequence[str]] = ("request__reference__iexact",)
    search_help_text = gettext_lazy("Numer wniosku")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.filter(request__in=Request.objects.left_author())


@admin.register(RequestStep)
class RequestStepAdmin(PartAdmin):
    list_display = ("at", "request", "before", "after", "by")


@admin.register(RequestMessage)
class RequestMessageAdmin(PartAdmin):
    list_display = ("at", "request", "from_staff", "author")
    list_select_related = ("request", "author")


@admin.register(RequestFile)
class RequestFileAdmin(PartAdmin):
    list_display = ("name", "request", "scan", "at")


@admin.register(RequestPaper)
class RequestPaperAdmin(PartAdmin):
    list_display = ("number", "title", "request", "valid_from", "valid_to", "revoked_at")
    find_by = ("request__reference__iexact", "number__iexact", "check_code__exact")
    search_help_text = gettext_lazy("Numer wniosku, numer albo kod dokumentu")


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)


def _typed(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\0", "").strip()


def _fee(request: HttpRequest) -> Decimal | None:
    typed = request.POST.get("fee", "").replace(" ", "").replace("\xa0", "").replace(",", ".")
    if not typed:
        return None
    try:
        fee = Decimal(typed[:12])
        is_amount = fee.is_finite() and fee >= 0 and fee == fee.quantize(Decimal("0.01"))
    except InvalidOperation:  # no number, or one too large for grosze
        is_amount = False
    if not is_amount:
        raise RequestError(_("Kwota opłaty jest nieprawidłowa."))
    return fee
