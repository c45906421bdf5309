"""Back office: letters of authorities, registering one, and answering without the client."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.ui.words import short_date
from requests_app import inquiries
from requests_app.catalogue import RequestError
from requests_app.enums import Status
from requests_app.inquiry_forms import LetterForm
from requests_app.models.inquiries import AuthorityInquiry

_CHANGE = "requests_app.change_request"
_LARGEST_KEY = 2**63


@admin.register(AuthorityInquiry)
class AuthorityInquiryAdmin(ReadOnlyAdmin):
    """Nothing is edited: a letter is registered, and answered by the client or by staff."""

    list_display = ("letter_no", "authority", "request", "plate", "offence_at", "term")
    list_select_related = ("request",)
    find_by = ("letter_no__iexact", "plate__iexact", "request__reference__iexact")
    search_help_text = gettext_lazy("Numer pisma, numer pojazdu z pisma albo numer wniosku")
    sortable_by = ("deadline",)
    change_list_template = "admin/requests_app/inquiries.html"
    change_form_template = "admin/requests_app/inquiry.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("zarejestruj/", view(self.enter), name="requests_app_authorityinquiry_enter"),
            path(
                "<int:pk>/odpowiedz/",
                view(self.answer),
                name="requests_app_authorityinquiry_answer",
            ),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("termin odpowiedzi"), ordering="deadline")
    def term(self, row: AuthorityInquiry) -> SafeString | str:
        if not _is_late(row, timezone.now()):
            return short_date(row.deadline)
        return format_html(
            '<strong class="finding bad">{} · {}</strong>',
            short_date(row.deadline),
            _("po terminie"),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra = {"may_enter": request.user.has_perm(_CHANGE), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: AuthorityInquiry = kwargs["obj"]
        waits = row.request.status == Status.NEEDS_CUSTOMER
        context |= {
            "row": row,
            "is_late": _is_late(row, timezone.now()),
            "may_answer": waits and request.user.has_perm(_CHANGE),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def enter(self, request: HttpRequest) -> HttpResponse:
        """Registers a letter; the lessee of the moment of the offence is asked at once."""
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        form = LetterForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = inquiries.open_inquiry(
                    letter=form.letter(),
                    picture=form.cleaned_data["scan"],
                    file_name=form.file_name,
                    form_key=form.cleaned_data["form_key"],
                    actor=_staff(request),
                    at=timezone.now(),
                )
            except RequestError as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request,
                    _("Pismo zarejestrowane. Pytamy klienta: %s.") % made.request.company.name,
                )
                return redirect("admin:requests_app_request_change", made.request_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Zarejestruj pismo organu"),
            "form": form,
        }
        return TemplateResponse(request, "admin/requests_app/inquiry_enter.html", context)

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The lessor answers alone: the letter names the lessee."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        row = AuthorityInquiry.objects.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        try:
            inquiries.answer_alone(
                inquiry=row,
                waive="waive" in request.POST,
                actor=_staff(request),
                at=timezone.now(),
            )
            messages.success(request, _("Odpowiedź przygotowana. Wyślij ją organowi i zamknij."))
        except RequestError as error:
            messages.error(request, str(error))
        return redirect(reverse("admin:requests_app_request_change", args=[row.request_id]))


def _is_late(row: AuthorityInquiry, at: dt.datetime) -> bool:
    return row.request.status == Status.NEEDS_CUSTOMER and row.deadline < clock.today(at)


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)
