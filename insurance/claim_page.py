"""`/ubezpieczenia/pomoc-po-szkodzie/`: whom to call after a damage, when everything else is down.

The page is the same for everybody: no person, no session, no cache server. It is rendered into a
file and answered from there, above all that asks the database (`ClaimPageMiddleware`). A copy that
is older than `_FRESH_SECONDS` is made anew; while the database is away the old one stands.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from eboks import clock
from eboks.tenancy.models import LessorProfile
from insurance.contacts import all_contacts

log = structlog.get_logger("ebok.insurance")

_FRESH_SECONDS = 300
_TRY_AGAIN_SECONDS = 30  # after the database did not answer
_CACHING = "public, max-age=300, stale-while-revalidate=600, stale-if-error=2592000"
_LANGUAGE = "jezyk"
_kept: dict[str, str] = {}  # of this process: the disk may be full
_failed_at: float | None = None


class ClaimPageMiddleware:
    """Answers the page of claim contacts, passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.path = reverse("insurance:claim_contacts")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == self.path and request.method in {"GET", "HEAD"}:
            request.get_host()  # only for our own names
            return _answer(request)
        return self.get_response(request)


@login_not_required
@require_safe
def claim_contacts(request: HttpRequest) -> HttpResponse:
    """The same page, where the middleware is not installed."""
    return _answer(request)


def refresh() -> bool:
    """Makes the copies anew; False while they cannot be made, and the old ones stand."""
    try:
        for language, _name in settings.LANGUAGES:
            _store(language, _rendered(language))
    except Exception as error:  # whatever is down, the page is not
        log.warning("claim page is not made anew", reason=f"{type(error).__name__}: {error}")
        return False
    return True


def refresh_later(**_signal: Any) -> None:
    """After a contact or an insurer was changed: once its transaction is done."""
    transaction.on_commit(refresh, robust=True)


def register() -> None:
    """Called once, when the app is ready."""
    from django.db.models.signals import post_delete, post_save  # noqa: PLC0415

    from insurance.models import ClaimContact, Insurer  # noqa: PLC0415

    for model in (ClaimContact, Insurer):
        for signal in (post_save, post_delete):
            signal.connect(refresh_later, sender=model)


def _answer(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get(_LANGUAGE, settings.LANGUAGE_CODE)
    language = wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    page = _page(language)
    if page is None:  # never made yet, and the database is away: 112 at least
        answer = render(request, "insurance/claim_contacts_down.html", status=503)
        answer["Cache-Control"] = "no-store, private"
        return answer
    answer = HttpResponse(page)
    answer["Content-Language"] = language
    answer["Cache-Control"] = _CACHING
    answer["X-Frame-Options"] = settings.X_FRAME_OPTIONS
    return answer


def _page(language: str) -> str | None:
    global _failed_at  # noqa: PLW0603 -- of this process: nobody waits twice for a dead database
    stored, is_fresh = _stored(language)
    rests = _failed_at is not None and time.monotonic() - _failed_at < _TRY_AGAIN_SECONDS
    if is_fresh or (rests and stored is not None):
        return stored
    try:
        page = _rendered(language)
    except Exception as error:  # whatever is down, the page is not
        _failed_at = time.monotonic()
        log.warning("claim page is old", reason=f"{type(error).__name__}: {error}")
        return stored
    _failed_at = None
    _store(language, page)
    return page


def _rendered(language: str) -> str:
    at = timezone.now()
    with translation.override(language):
        context = {
            "groups": all_contacts(clock.today(at)),
            "lessor": LessorProfile.objects.order_by("pk").first(),
            "language": language,
            "languages": settings.LANGUAGES,
            "on": clock.today(at),
        }
        return render_to_string("insurance/claim_contacts.html", context)


def _file(language: str) -> Path:
    """Beside the documents, in the directory that all parts of the portal share."""
    return Path(settings.MEDIA_ROOT) / f"claim-contacts.{language}.html"


def _stored(language: str) -> tuple[str | None, bool]:
    """The copy and whether it is young enough to be shown as it is."""
    file = _file(language)
    try:
        age = time.time() - file.stat().st_mtime
        return file.read_text(encoding="utf-8"), 0 <= age < _FRESH_SECONDS
    except (OSError, UnicodeDecodeError):
        return _kept.get(language), False


def _store(language: str, page: str) -> None:
    _kept[language] = page
    file = _file(language)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".claim-contacts", dir=file.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as out:
                out.write(page)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
