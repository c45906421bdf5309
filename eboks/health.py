"""Health for load balancers and operators: /healthz (the process) and /readyz (can it serve?).

Both answer before any other middleware, so a probe needs no host name, cookie or TLS, and say one
word to strangers. What is wrong goes to the log and to `manage.py readiness`.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

import structlog
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from eboks.caching import cache_errors

log = structlog.get_logger(__name__)

HEARTBEAT = "health.heartbeat"
HEARTBEAT_LIMIT = dt.timedelta(minutes=5)
FEED_LIMIT = dt.timedelta(hours=26)  # a nightly feed and two hours of grace
NIGHT_LIMIT = dt.timedelta(hours=26)
MIN_FREE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong; `fatal` means that this process cannot serve people now."""

    name: str
    detail: str
    fatal: bool


def findings(*, at: dt.datetime) -> list[Finding]:
    """All that is wrong at the moment `at`: database, tables, disk, task queue, age of the data."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated():
            return [Finding("migrations", "run `manage.py migrate`", fatal=True), *_disk()]
        return [*_disk(), *_queue(at), *_feed(at), *_night(at), *_signing(at)]
    except Error as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        return [Finding("database", reason, fatal=True), *_disk()]


def _migrated() -> bool:
    if not _migrated_once():
        _migrated_once.cache_clear()  # it may be migrated while we run
        return False
    return True


@once
def _migrated_once() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _disk() -> Iterator[Finding]:
    path = Path(settings.DATA_DIR)
    try:
        free = shutil.disk_usage(path).free
    except OSError as error:
        yield Finding("disk", f"{path}: {error.strerror}", fatal=True)
        return
    if not os.access(path, os.W_OK):
        yield Finding("disk", f"{path} is not writable", fatal=True)
    if free < MIN_FREE_BYTES:
        yield Finding("disk", f"{path}: {free // 2**20} MB left", fatal=True)


def _queue(at: dt.datetime) -> Iterator[Finding]:
    """Beat queues a heartbeat each minute, a worker notes when it ran: the age of the queue."""
    if not settings.REDIS_URL:
        return  # tasks run in this process
    try:
        beaten: dt.datetime | None = cache.get(HEARTBEAT)
    except cache_errors() as error:
        yield Finding("redis", type(error).__name__, fatal=False)
        return
    if beaten is None or at - beaten > HEARTBEAT_LIMIT:
        yield Finding("queue", f"last heartbeat: {beaten or 'never'}", fatal=False)


def _feed(at: dt.datetime) -> Iterator[Finding]:
    from eboks.feeds.models import FeedRun, FeedStatus  # noqa: PLC0415 -- health loads before apps

    applied = (FeedStatus.APPLIED, FeedStatus.UNCHANGED)
    last = FeedRun.objects.filter(status__in=applied).order_by("-finished_at").first()
    if last is not None and last.finished_at is not None and at - last.finished_at > FEED_LIMIT:
        yield Finding("feed", f"last applied {last.finished_at:%Y-%m-%d %H:%M}", fatal=False)


def _night(at: dt.datetime) -> Iterator[Finding]:
    from eboks.jobs.models import (  # noqa: PLC0415 -- as above
        BALANCES_JOB,
        JobFailure,
        JobRun,
        JobState,
    )

    nights = JobRun.objects.filter(job=BALANCES_JOB, state=JobState.DONE)
    last = nights.order_by("-business_on", "-finished_at").first()
    if last is not None and last.finished_at is not None and at - last.finished_at > NIGHT_LIMIT:
        yield Finding("night", f"last finished {last.finished_at:%Y-%m-%d %H:%M}", fatal=False)
    aside = JobFailure.objects.filter(is_set_aside=True).count()
    if aside:
        yield Finding("jobs", f"set aside: {aside}", fatal=False)


def _signing(at: dt.datetime) -> Iterator[Finding]:
    from eboks.documents.checks import trouble_with_certificate  # noqa: PLC0415 -- as above

    text, _already = trouble_with_certificate(at=at)
    if text:
        yield Finding("signing", text, fatal=False)


@shared_task(expires=300)  # type: ignore[untyped-decorator]
def heartbeat() -> None:
    """Note that beat, broker and worker are alive."""
    cache.set(HEARTBEAT, timezone.now(), timeout=24 * 3600)


class HealthMiddleware:
    """Answers /healthz and /readyz, passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return _word("ok", 200)
        if request.path == "/readyz":
            return _readiness()
        return self.get_response(request)


def _readiness() -> HttpResponse:
    found = findings(at=timezone.now())
    for finding in found:
        log.warning("readiness", check=finding.name, detail=finding.detail, fatal=finding.fatal)
    if any(finding.fatal for finding in found):
        return _word("not ready", 503)
    return _word("degraded" if found else "ready", 200)


def _word(text: str, status: int) -> HttpResponse:
    return HttpResponse(
        f"{text}\n",
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            # Answered before the middleware that gives every other answer its policy.
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        },
    )
