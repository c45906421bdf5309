"""Back office: how suppliers lay out their files, trying that on a sample, and storing a file."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.fleet import supplier_imports as imports
from contracts.fleet.enums import ImportState
from contracts.fleet.models import SupplierImport, SupplierTemplate
from contracts.fleet.supplier_forms import SampleForm, SupplierTemplateForm
from contracts.fleet.supplier_imports import SupplierImportError
from contracts.fleet.supplier_reading import Row
from contracts.fleet.targets import Column, Kind, columns_of
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin
from eboks.clock import WARSAW
from eboks.documents.csv_files import CSV, write_csv
from eboks.documents.responses import file_response
from eboks.documents.xlsx import Column as Out
from eboks.documents.xlsx import Kind as OutKind
from eboks.documents.xlsx import Sheet

_ADD, _CHANGE = "fleet.add_supplierimport", "fleet.change_supplierimport"
_LARGEST_KEY = 2**63
_SHOWN_PROBLEMS = 100


@admin.register(SupplierTemplate)
class SupplierTemplateAdmin(BackOfficeAdmin):
    """Added without columns; these are mapped on the page that opens then."""

    form = SupplierTemplateForm
    list_display = ("name", "supplier", "target", "file_format", "is_active")
    list_filter = ("target", "is_active")
    find_by = ("name__icontains", "supplier__istartswith")
    search_help_text = gettext_lazy("Nazwa szablonu albo kod dostawcy")
    sortable_by = ()
    ordering = ("name", "pk")
    actions = None
    change_form_template = "admin/fleet/template.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.sample)
        own = path("<int:pk>/probka/", view, name="fleet_suppliertemplate_sample")
        return [own, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The record cannot change under its columns, nor the code under rows that bear it."""
        if obj is None:
            return ()
        return ("target", "supplier") if obj.imports.exists() else ("target",)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        messages.success(request, _("Szablon dodany. Teraz wskaż kolumny."))
        return redirect("admin:fleet_suppliertemplate_change", obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: SupplierTemplate | None = kwargs.get("obj")
        if row is not None:
            form = context["adminform"].form
            may_edit = isinstance(form, SupplierTemplateForm)
            context |= {
                "lines": list(form.lines()) if may_edit else [],
                "missing": imports.missing_columns(row),
                "may_try": request.user.has_perm(_ADD) and row.is_active,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def sample(self, request: HttpRequest, pk: int) -> HttpResponse:
        """„Sprawdź na próbce”: a file is read for a preview; no record of a vehicle is stored."""
        if not request.user.has_perm(_ADD):
            raise PermissionDenied
        row = SupplierTemplate.objects.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        sent = request.method == "POST"
        form = SampleForm(
            request.POST if sent else None, request.FILES if sent else None, template=row
        )
        if sent and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                made = imports.preview(
                    template=row,
                    file=file.file,
                    file_name=file.name,
                    actor=_staff(request),
                    at=timezone.now(),
                )
                return redirect("admin:fleet_supplierimport_change", made.pk)
            except SupplierImportError as error:
                form.add_error(None, str(error))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Sprawdź na próbce: %s") % row.name,
            "row": row,
            "form": form,
        }
        return TemplateResponse(request, "admin/fleet/sample.html", context)


@admin.register(SupplierImport)
class SupplierImportAdmin(ReadOnlyAdmin):
    """Nothing is edited: a file that was previewed is applied or dropped, each by its service."""

    list_display = ("file_name", "template", "state", "summary", "author", "uploaded_at")
    list_select_related = ("template", "author")
    list_filter = ("state",)
    find_by = ("file_name__icontains", "template__supplier__istartswith")
    search_help_text = gettext_lazy("Nazwa pliku albo kod dostawcy")
    sortable_by = ()
    fields = (
        *("file_name", "template", "state", "size", "sha256"),
        *("author", "uploaded_at", "applied_at"),
    )
    change_form_template = "admin/fleet/import.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/wczytaj/", view(self.apply), name="fleet_supplierimport_apply"),
            path("<int:pk>/porzuc/", view(self.drop), name="fleet_supplierimport_drop"),
            path("<int:pk>/bledy/", view(self.problems), name="fleet_supplierimport_problems"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("wiersze"))
    def summary(self, row: SupplierImport) -> str:
        facts = {name: row.counts.get(name, 0) for name in ("new", "known", "errors")}
        return _("nowe %(new)d, znane %(known)d, błędy %(errors)d") % facts

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: SupplierImport = kwargs["obj"]
        columns = [
            column for column in columns_of(row.template.target) if column.kind is not Kind.TIME
        ]
        may_change = request.user.has_perm(_CHANGE)
        context |= {
            "row": row,
            "counts": [(title, row.counts.get(name, 0)) for name, title in imports.COUNTS.items()],
            "problems": row.problems[:_SHOWN_PROBLEMS],
            "more_problems": max(0, len(row.problems) - _SHOWN_PROBLEMS),
            "titles": [column.title for column in columns],
            "rows": [
                (one.line, [shown(one, column) for column in columns])
                for one in imports.first_rows(row, at=timezone.now())
            ],
            "may_apply": may_change and row.state == ImportState.PREVIEW,
            "may_drop": may_change and row.state in {ImportState.PREVIEW, ImportState.REFUSED},
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def apply(self, request: HttpRequest, pk: int) -> HttpResponse:
        """„Wczytaj” after the preview."""
        row = self._row_to_change(request, pk)
        if isinstance(row, HttpResponseNotAllowed):
            return row
        try:
            done = imports.apply(import_id=row.pk, at=timezone.now(), actor=_staff(request))
            messages.success(
                request, _("Wczytane. Nowe: %(new)d, już znane: %(known)d.") % done.counts
            )
        except SupplierImportError as error:
            messages.error(request, str(error))
        return redirect("admin:fleet_supplierimport_change", row.pk)

    def drop(self, request: HttpRequest, pk: int) -> HttpResponse:
        """„Porzuć”: the file is deleted, its row says so."""
        row = self._row_to_change(request, pk)
        if isinstance(row, HttpResponseNotAllowed):
            return row
        imports.drop(import_id=row.pk)
        messages.success(request, _("Plik usunięty. Nic z niego nie wczytano."))
        return redirect("admin:fleet_supplierimport_change", row.pk)

    def problems(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All problems of a file as CSV, to send to the supplier."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self._row(pk)
        names = ("line", "column", "value", "reason")
        titles = (_("Wiersz"), _("Kolumna"), _("Wartość"), _("Powód"))
        kinds = (OutKind.WHOLE, OutKind.TEXT, OutKind.TEXT, OutKind.TEXT)
        sheet = Sheet(
            title=_("Błędy"),
            columns=[Out(title, kind) for title, kind in zip(titles, kinds, strict=True)],
            rows=([problem[name] for name in names] for problem in row.problems),
        )
        name = _("bledy-%d.csv") % row.pk
        file = write_csv(sheet)
        imports.note_problems(row, actor=_staff(request), at=timezone.now())
        return file_response(file, file_name=name, content_type=CSV)

    def _row_to_change(
        self, request: HttpRequest, pk: int
    ) -> SupplierImport | HttpResponseNotAllowed:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        return self._row(pk)

    def _row(self, pk: int) -> SupplierImport:
        row = SupplierImport.objects.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        return row


def shown(row: Row, column: Column) -> str:
    """What a column of a row became, for the preview."""
    value = row.values.get(column.name)
    if column.kind is Kind.DAY and row.values.get("at") is not None:
        at: dt.datetime = row.values["at"]
        return f"{at.astimezone(WARSAW):%Y-%m-%d %H:%M}"
    if value is None:
        return "–"
    if column.choices:
        return str(column.choices.get(value, value))
    return str(value).replace(".", ",") if column.kind is Kind.NUMBER else str(value)


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)
