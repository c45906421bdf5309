"""Back office: what the portal does by itself, each night's report, and what it could not do."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.jobs import nights
from eboks.jobs.models import JobFailure, JobRun


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """A run's page is its report; it leads to the other runs of the same night."""

    list_display = ("title", "business_on", "shard", "state", "progress", "duration", "started_at")
    list_filter = ("state", "job")
    ordering = ("-business_on", "-pk")
    sortable_by = ()
    search_fields = ()
    readonly_fields = ("title", "figures", "progress", "duration", "same_night", "failures")
    fields = (
        *("title", "business_on", "shard", "state", "error", "figures", "failures"),
        *("progress", "duration", "started_at", "finished_at", "beat_at", "attempts"),
        *("same_night", "job", "position", "token"),
    )

    @admin.display(description=_("praca"))
    def title(self, run: JobRun) -> str:
        return nights.title_of(run.job)

    @admin.display(description=_("postęp"))
    def progress(self, run: JobRun) -> str:
        return f"{run.done} / {run.total}" if run.total else "–"

    @admin.display(description=_("jak długo"))
    def duration(self, run: JobRun) -> str:
        seconds = ((run.finished_at or run.beat_at) - run.started_at).total_seconds()
        minutes, seconds = divmod(round(seconds, 1), 60)
        return f"{minutes:.0f} min {seconds:.0f} s" if minutes else f"{seconds:.1f} s"

    @admin.display(description=_("wynik"))
    def figures(self, run: JobRun) -> SafeString | str:
        pairs = [(label, _shown(value)) for label, value in nights.labelled(run.job, run.report)]
        rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", pairs)
        return format_html("<table>{}</table>", rows) if pairs else "–"

    @admin.display(description=_("reszta tej nocy"))
    def same_night(self, run: JobRun) -> SafeString | str:
        others = JobRun.objects.filter(business_on=run.business_on).exclude(pk=run.pk)
        rows = [
            (
                reverse("admin:jobs_jobrun_change", args=[other.pk]),
                " ".join(filter(None, (nights.title_of(other.job), other.shard))),
                other.get_state_display(),
            )
            for other in others.order_by("started_at", "pk")[:50]
        ]
        return format_html_join("", '<p><a href="{}">{}</a>: {}</p>', rows) or "–"

    @admin.display(description=_("czego nie dało się zrobić"))
    def failures(self, run: JobRun) -> SafeString | str:
        rows = JobFailure.objects.filter(job=run.job).order_by("-last_at", "-pk")[:50]
        shown = [
            (
                reverse("admin:jobs_jobfailure_change", args=[row.pk]),
                row.object_ref,
                gettext("odłożone") if row.is_set_aside else gettext("próby: %s") % row.tries,
                row.reason,
            )
            for row in rows
        ]
        return format_html_join("", '<p><a href="{}">{}</a> ({}): {}</p>', shown) or "–"


@admin.register(JobFailure)
class JobFailureAdmin(ReadOnlyAdmin):
    list_display = ("object_ref", "title", "is_set_aside", "tries", "last_at", "reason")
    list_filter = ("is_set_aside", "job")
    ordering = ("-is_set_aside", "-last_at", "-pk")
    sortable_by = ()
    search_fields = ()
    actions = ("try_again",)

    @admin.display(description=_("praca"))
    def title(self, failure: JobFailure) -> str:
        return nights.title_of(failure.job)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_jobfailure")

    @admin.action(description=_("Spróbuj ponownie"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[JobFailure]) -> None:
        staff, at = cast("User", request.user), timezone.now()
        for failure in queryset.order_by("pk"):
            nights.try_again(failure_id=failure.pk, staff=staff, at=at)
        self.message_user(
            request, gettext("Portal spróbuje ponownie w ciągu kilku minut."), messages.SUCCESS
        )


def _shown(value: object) -> str:
    """Lists (of numbers, of names) in one line; everything else as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
