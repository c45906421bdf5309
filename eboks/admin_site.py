"""The back office: Django's admin behind the portal's own log-in, mostly to look and find.

State and money are changed by feeds and by the portal, never here. Lists must answer at once with
70 000 contracts and a million invoices: no totals of big tables, relations in one query, and what
is searched has an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import connections, models
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from eboks.audit.back_office import WatchedAdmin, masked_column

PER_PAGE = 50
_INLINE_ROWS = 100
_FOUND_ROWS = 200
_LONGEST_KEY = 18  # digits
# Up to here rows are counted; a bigger table's size is the planner's estimate.
_COUNTED = 20_000
_ORDER = [
    *("tenancy", "contracts", "invoicing", "onboarding", "accounts", "documents", "feeds", "admin"),
]
# Third parties whose rows the portal does not use, or that hold secrets.
_HIDDEN_APPS = {"account", "mfa", "auth", "usersessions"}


class BackOffice(admin.AdminSite):
    """Open to the lessor's staff. Strangers are sent to log in; clients find nothing here."""

    site_header = site_title = _("Zaplecze eBOK")
    index_title = _("Klienci i dane")
    enable_nav_sidebar = False  # lists need the width
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        single = isinstance(model_or_iterable, type)
        wanted = [model_or_iterable] if single else list(model_or_iterable)
        kept = [model for model in wanted if model._meta.app_label not in _HIDDEN_APPS]
        super().register(kept, *args, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return inner(request, *args, **kwargs)

        return guarded

    def get_urls(self) -> list[Any]:
        """Django's, except that strangers go straight to the portal's log-in."""
        patterns: list[Any] = super().get_urls()
        for pattern in patterns:
            if hasattr(pattern, "callback") and hasattr(pattern.callback, "login_url"):
                del pattern.callback.login_url
        return patterns

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What is looked for most comes first."""
        found = super().get_app_list(request, app_label)
        place = {label: n for n, label in enumerate(_ORDER)}
        return sorted(found, key=lambda app: place.get(app["app_label"], len(place)))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The portal's log-in, with its throttle; a client who is logged in finds nothing."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(
            request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index")), "account_login"
        )

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from eboks.accounts.views import LogoutView  # noqa: PLC0415 -- needs the apps loaded

        return LogoutView.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to 20 000 rows; beyond, PostgreSQL's estimate of the table, or 20 001."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, models.QuerySet):
            return len(rows)
        counted = rows.order_by()[: _COUNTED + 1].count()
        return counted if counted <= _COUNTED else max(counted, _estimate(rows))

    @cached_property
    def num_pages(self) -> int:
        """No further than the rows that are counted: a far page reads all that stand before it."""
        return min(super().num_pages, max(1, _COUNTED // self.per_page))


def _estimate(rows: models.QuerySet[Any]) -> int:
    connection = connections[rows.db]
    if connection.vendor != "postgresql" or rows.query.where:
        return 0
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(rows.model._meta.db_table)
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [table]
        )
        found = cursor.fetchone()
    return int(found[0]) if found else 0


class BackOfficeAdmin(WatchedAdmin):
    """Common ground: fast lists, nothing deleted, no reading of columns through the address."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = list_max_show_all = PER_PAGE
    ordering: ClassVar[Any] = ("-pk",)
    # Ways to find a row by what a person types; see `find`.
    find_by: ClassVar[Sequence[str]] = ()
    search_fields: ClassVar[Any] = ("pk",)  # only shows the box; `find` does the work

    def get_list_display(self, request: HttpRequest) -> Any:
        first, *rest = super().get_list_display(request)
        # The first column leads to the row itself, so it cannot hold another link.
        return [
            *columns(self.model, [first], link=False, masked=self.masked_fields),
            *columns(self.model, rest, masked=self.masked_fields),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The list's own filters and the keys in links; anything else answers 400 (SEC-98)."""
        name, _sep, rest = lookup.partition("__")
        if name in {field.name for field in self.model._meta.fields if field.remote_field}:
            # A longer key is no key of ours, and SQLite would choke on it.
            return rest in {"", "exact", "id__exact"} and len(value) <= _LONGEST_KEY
        return name in self.list_filter and rest in {"", "exact", "isnull", "gte", "lt"}

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        term = " ".join(search_term.replace("\0", "").split())
        return (queryset.filter(pk__in=self.find(term)) if term else queryset), False

    def find(self, term: str) -> set[Any]:
        """Keys of at most a few hundred rows that `term` points at, by each way of `find_by`.

        A way is a look-up from the row to a column. One query each: joining them in one would
        read whole tables.
        """
        found: set[Any] = set()
        for way in self.find_by:
            rows = self.model._default_manager.filter(_asked(way, term))
            found.update(rows.order_by("pk").values_list("pk", flat=True)[:_FOUND_ROWS])
        return found


def _asked(way: str, term: str) -> models.Q:
    """Identifiers are kept in capitals; numbers without the spaces and dashes people type.

    SQLite compares only Latin letters in any case, so words are tried in the usual ones.
    """
    column = way.rpartition("__")[0].rpartition("__")[2]
    if column in {"nip", "vin", "plate"}:
        return models.Q((way, term.replace(" ", "").replace("-", "").upper()))
    if way.endswith(("__icontains", "__istartswith")):
        written = {term, term.upper(), term.capitalize(), term.title()}
        return models.Q(*((way, word) for word in sorted(written)), _connector=models.Q.OR)
    return models.Q((way, term.upper()))


class ReadOnlyAdmin(BackOfficeAdmin):
    """To look at: no adding, no changing, no actions. Shows every field unless `fields` says."""

    actions: Any = None

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        stored = [field.name for field in self.model._meta.fields]
        shown = self.fields or [name for name in stored if name not in {"id", "public_id"}]
        extra = [name for name in self.readonly_fields if name not in shown]
        shown = columns(self.model, shown, masked=self.hidden(request))
        return [(None, {"fields": [*extra, *shown]})]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class FirstRows(BaseInlineFormSet):  # type: ignore[type-arg]
    """An inline of a page that may have thousands of rows shows the first hundred."""

    def get_queryset(self) -> models.QuerySet[Any]:
        rows = super().get_queryset()
        if not hasattr(self, "_first"):
            self._first = rows[:_INLINE_ROWS]
        return self._first


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows of the page's object to look at, each with a link to its own page."""

    extra = 0
    can_delete = False
    show_change_link = True
    formset = FirstRows

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return columns(self.model, self.fields or ())

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def list_links(obj: models.Model, wanted: Iterable[tuple[str, str]]) -> SafeString:
    """Links to the lists of rows that belong to `obj`: (model label, column that leads to it)."""
    links = []
    for label, column in wanted:
        model = apps.get_model(label)
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        address = f"{url}?{column}__id__exact={obj.pk}"
        links.append((address, model._meta.verbose_name_plural))
    return format_html_join(" · ", '<a href="{}">{}</a>', links)


def columns(
    model: type[models.Model],
    names: Iterable[Any],
    *,
    link: bool = True,
    masked: Sequence[str] = (),
) -> list[Any]:
    """`names` of fields, with each relation shown as a link headed by what it leads to.

    Of those in `masked` only the end is shown.
    """
    relations = {field.name for field in model._meta.fields if field.remote_field}

    def shown(name: Any) -> Any:
        if name in masked:
            return masked_column(model, name)
        return _relation(model, name, link) if name in relations else name

    return [shown(name) for name in names]


@cache
def _relation(model: type[models.Model], name: str, link: bool) -> Any:
    field: Any = model._meta.get_field(name)
    unnamed = field.verbose_name == name.replace("_", " ")
    label = field.related_model._meta.verbose_name if unnamed else field.verbose_name

    @admin.display(description=label, ordering=name)
    def column(row: models.Model) -> SafeString | str:
        target = getattr(row, name)
        return row_link(target) if link else str(target)

    column.__name__ = name
    return column


def row_link(obj: models.Model | None) -> SafeString | str:
    """A link to the page of `obj`."""
    if obj is None:
        return "–"
    if not admin.site.is_registered(type(obj)):
        return str(obj)
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[obj.pk]), obj)
