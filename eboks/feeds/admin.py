"""Back office: what came from the lessor's systems, and why a feed was refused."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from eboks.admin_site import ReadOnlyAdmin, ReadOnlyInline
from eboks.feeds.models import FeedError, FeedRun


class FeedErrorInline(ReadOnlyInline):
    model = FeedError
    fields = ("file", "line", "column", "value", "reason")
    ordering = ("file", "line", "pk")
    show_change_link = False


@admin.register(FeedRun)
class FeedRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "source_system", "sequence", "business_date", "status", "reason")
    list_filter = ("status", "source_system")
    ordering = ("-started_at", "-pk")
    sortable_by = ()
    search_fields = ()
    fields = (
        "status",
        "message",
        "row_counts",
        "lessor_code",
        "source_system",
        "sequence",
        "business_date",
        "started_at",
        "finished_at",
        "manifest_sha256",
    )
    readonly_fields = ("row_counts",)
    inlines = (FeedErrorInline,)

    @admin.display(description=_("wyjaśnienie"))
    def reason(self, run: FeedRun) -> str:
        return run.message if len(run.message) <= 120 else f"{run.message[:119]}…"

    @admin.display(description=_("wiersze"))
    def row_counts(self, run: FeedRun) -> SafeString | str:
        pairs = [(name, number) for name, number in run.counts.items()]
        return format_html_join(", ", "{}: {}", pairs) or "–"


@admin.register(FeedError)
class FeedErrorAdmin(ReadOnlyAdmin):
    """All errors of a run, reached from its page; not on the front page."""

    list_display = ("run", "file", "line", "column", "value", "reason")
    list_select_related = ("run",)
    ordering = ("run", "file", "line", "pk")
    sortable_by = ()
    search_fields = ()
