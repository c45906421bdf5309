"""Pages of the back office that say what was read, and hide until asked what is seldom needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit import viewing, watching
from eboks.http import PortalRequest
from eboks.listing import clean_text
from eboks.phones import masked, masked_email
from eboks.tenancy.models import Company, Membership

_REVEALED = "revealed"  # in the session: what the next page shows in full
_ACCOUNT_ENDING = 4
_LONGEST_REASON = 200


class WatchedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Each page with clients' data that is read leaves an entry in the audit trail (SEC-97).

    `masked_fields` show only their ends, in lists and where they cannot be edited, until the
    person says why they are needed.
    """

    change_form_template = "admin/watched_form.html"
    masked_fields: ClassVar[Sequence[str]] = ()

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        view = self.admin_site.admin_view(self.reveal)
        own = [path("<path:object_id>/odslon/", view, name=name)] if self.masked_fields else []
        return [*own, *super().get_urls()]

    def hidden(self, request: HttpRequest) -> Sequence[str]:
        """Fields whose values this page must not show in full."""
        return () if getattr(request, "shows_masked", False) else self.masked_fields

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method == "GET":
            asked = request.session.pop(_REVEALED, None)
            request.shows_masked = asked == self._key(unquote(object_id))  # type: ignore[attr-defined]
        response = super().change_view(request, object_id, form_url, extra_context)
        if request.method == "GET" and (shown := self._shown(response)):
            staff = cast("User", request.user)
            watching.note_view(staff=staff, obj=shown["original"], at=timezone.now())
        return response

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        response = super().changelist_view(request, extra_context)
        if request.method == "GET" and (shown := self._shown(response)):
            watching.note_list(
                staff=cast("User", request.user),
                model=self.model,
                keys=[row.pk for row in shown["cl"].result_list],
                company_key=request.GET.get("company__id__exact", ""),
                at=timezone.now(),
            )
        return response

    def _shown(self, response: HttpResponse) -> dict[str, Any]:
        """What a page with clients' data shows; nothing for redirects and other pages."""
        if not (isinstance(response, TemplateResponse) and watching.is_client_data(self.model)):
            return {}
        return response.context_data or {}

    def reveal(self, request: PortalRequest, object_id: str) -> HttpResponse:
        """POST with a reason: the next page of this row shows the masked values, once."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        reason = clean_text(request.POST.get("reason"), _LONGEST_REASON)
        if reason:
            watching.note_reveal(
                staff=request.user,
                obj=obj,
                fields=self.masked_fields,
                reason=reason,
                at=timezone.now(),
            )
            request.session[_REVEALED] = self._key(obj.pk)
        else:
            messages.error(request, _("Podaj powód."))
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", obj.pk)

    def _key(self, pk: Any) -> list[str]:
        return [self.opts.label, str(pk)]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        obj = kwargs.get("obj")
        context["reveal_url"] = ""
        if obj is not None and self.hidden(request):
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_reveal"
            context["reveal_url"] = reverse(name, args=[obj.pk])
        return super().render_change_form(request, context, *args, **kwargs)


class ViewAsClient(admin.ModelAdmin):  # type: ignore[type-arg]
    """On a client's page: see the portal through the eyes of one of its people."""

    def get_urls(self) -> list[Any]:
        begin = self.admin_site.admin_view(self.begin_viewing)
        end = self.admin_site.admin_view(self.end_viewing)
        return [
            path("podglad/koniec/", end, name="tenancy_company_end_viewing"),
            path("<path:object_id>/podglad/", begin, name="tenancy_company_begin_viewing"),
            *super().get_urls(),
        ]

    def begin_viewing(self, request: PortalRequest, object_id: str) -> HttpResponse:
        """POST with a reason and one of the client's people."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        company = self.get_object(request, unquote(object_id))
        if not isinstance(company, Company):
            raise Http404
        if not request.user.has_perm(viewing.PERMISSION):
            raise PermissionDenied
        at = timezone.now()
        reason = clean_text(request.POST.get("reason"), _LONGEST_REASON)
        key = request.POST.get("membership", "")
        rows = viewing.candidates(company, on=clock.today(at))
        chosen = next((row for row in rows.order_by("pk") if str(row.pk) == key), None)
        if not reason or chosen is None:
            messages.error(request, _("Wybierz osobę i podaj powód."))
            return redirect("admin:tenancy_company_change", company.pk)
        viewing.end(request.session, staff=request.user, at=at, why="another")
        viewing.begin(request.session, staff=request.user, membership=chosen, reason=reason, at=at)
        return redirect("portal:dashboard")

    def end_viewing(self, request: PortalRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        company = viewing.end(request.session, staff=request.user, at=timezone.now(), why="asked")
        return viewing.back_office(company)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        company = kwargs.get("obj")
        people: list[Membership] = []
        if isinstance(company, Company) and request.user.has_perm(viewing.PERMISSION):
            rows = viewing.candidates(company, on=clock.today(timezone.now()))
            people = list(rows.order_by("user__last_name", "user__first_name", "pk")[:50])
        context["view_as"] = people
        return super().render_change_form(request, context, *args, **kwargs)


@cache
def masked_column(model: type[models.Model], name: str) -> Any:
    """The column `name` of `model` with all but the end of its values hidden."""
    field: Any = model._meta.get_field(name)

    @admin.display(description=field.verbose_name, ordering=name)
    def column(row: models.Model) -> str:
        return masked_value(field, getattr(row, name)) or "–"

    column.__name__ = name
    return column


def masked_value(field: models.Field[Any, Any], value: object) -> str:
    """`a•••@example.com`, `••• ••• 741`; of anything else the last four characters."""
    text = str(value or "")
    if isinstance(field, models.EmailField) or "@" in text:
        return masked_email(text)
    if "phone" in field.name:
        return masked(text)
    return f"•••• {text[-_ACCOUNT_ENDING:]}" if text else ""
