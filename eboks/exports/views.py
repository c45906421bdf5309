"""*Moje pliki*: what the person ordered, how far it is, and the files themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from eboks.documents.responses import unavailable
from eboks.documents.services import DocumentDamagedError, open_stored
from eboks.exports import services
from eboks.exports.answers import streamed, too_many
from eboks.exports.models import ExportFile, ExportState
from eboks.exports.registry import exports
from eboks.http import PortalRequest
from eboks.tenancy.access import scoped_or_404
from eboks.ui.paging import paginate

_CHUNK = 1 << 18
_LOOKS = {
    ExportState.QUEUED: "neutral",
    ExportState.RUNNING: "due",
    ExportState.READY: "good",
    ExportState.FAILED: "bad",
    ExportState.EXPIRED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One ordered file as the page shows it."""

    file: ExportFile
    state: ExportState
    left: str

    @property
    def look(self) -> str:
        return _LOOKS[self.state]

    @property
    def is_under_way(self) -> bool:
        return self.state in {ExportState.QUEUED, ExportState.RUNNING}


@require_GET
def file_list(request: PortalRequest) -> HttpResponse:
    """`/moje-pliki/`: files that the person ordered, newest first; asks by itself while any is
    under way.
    """
    at = timezone.now()
    rows = ExportFile.objects.for_user(request.user).select_related("company")
    page = paginate(request, rows.order_by("-ordered_at", "-pk"))
    lines = [_line(file, at) for file in page.object_list]
    titles = {export.name: str(export.title) for export in exports()}
    context = {
        "page": page,
        "lines": lines,
        "titles": titles,
        "working": any(line.is_under_way for line in lines),
        "several_companies": len(request.memberships) > 1,
    }
    return render(request, "exports/list.html", context)


def _line(file: ExportFile, at: dt.datetime) -> Line:
    state = ExportState(file.state)
    if state == ExportState.READY and file.expires_at <= at:  # the purge has not come yet
        state = ExportState.EXPIRED
    return Line(file, state, _time_left(file, at) if state == ExportState.RUNNING else "")


def _time_left(file: ExportFile, at: dt.datetime) -> str:
    """By the pace so far; empty while nobody can tell."""
    if not (file.total and file.done and file.started_at):
        return ""
    seconds = (at - file.started_at).total_seconds() * (file.total - file.done) / file.done
    if seconds < 60:
        return _("mniej niż minuta")
    minutes = round(seconds / 60)
    text = ngettext("około %(n)d minuta", "około %(n)d minut", minutes)
    return text % {"n": minutes}


@require_GET
def download(request: PortalRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """`/moje-pliki/<id>/pobierz/`: the file, when its owner may still see all that is in it.

    Who acts for one of its companies no more finds nothing (404); who acts with less than the file
    holds is refused (403).
    """
    at = timezone.now()
    rows = ExportFile.objects.select_related("owner")
    file = scoped_or_404(rows, request.user, public_id=public_id)
    try:
        if not services.may_fetch(file=file, at=at):
            raise PermissionDenied
    except ExportFile.DoesNotExist:
        raise Http404 from None
    except services.ExportFileError as error:
        messages.error(request, str(error))
        return redirect("exports:list")
    try:
        content = open_stored(
            file.storage_name, size=file.size, sha256=file.sha256, what=f"export {file.pk}"
        )
    except DocumentDamagedError as error:
        return unavailable(request, str(error))
    services.note_fetching(file=file, at=at)
    return streamed(
        _chunks(content, lambda: services.fetched(file=file, at=timezone.now())),
        file_name=file.file_name,
        content_type=file.content_type,
        size=file.size,
    )


def _chunks(file: BinaryIO, at_end: Callable[[], None]) -> Iterator[bytes]:
    """The file in pieces; `at_end` runs when the last of them has been taken."""
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
    at_end()


@require_POST
def delete(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    file = scoped_or_404(ExportFile.objects.all(), request.user, public_id=public_id)
    services.delete(file=file)
    messages.success(request, _("Plik został usunięty."))
    return redirect("exports:list")


@require_POST
def order_again(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    rows = ExportFile.objects.select_related("owner", "company")
    file = scoped_or_404(rows, request.user, public_id=public_id)
    try:
        services.order_again(file=file, at=timezone.now())
    except services.LimitError as error:
        return too_many(request, error)
    except services.ExportFileError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Przygotowujemy plik jeszcze raz."))
    return redirect("exports:list")
