"""What time does to requests: drafts and unanswered questions expire, late papers are made."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.db.models import Q

from eboks.documents.pdf import PdfError
from requests_app import producing, scanning, workflow
from requests_app.catalogue import RequestError, types
from requests_app.enums import By, Scan, Status
from requests_app.models import Request, RequestFile

log = structlog.get_logger("ebok.requests")

_AT_ONCE = 200


def sweep(*, at: dt.datetime) -> int:
    """Expires what is out of time, makes papers that are missing, scans files that wait.

    Returns how many requests moved. Safe to run at any time and by several at once.
    """
    moved = _expire(at) + _produce(at)
    if settings.CLAMD_URL:
        _scan()
    return moved


def _expire(at: dt.datetime) -> int:
    due = Request.objects.filter(
        status__in=[Status.DRAFT, Status.NEEDS_CUSTOMER], expires_at__lte=at
    ).select_related("company", "author")
    moved = 0
    for request in due.order_by("expires_at", "pk")[:_AT_ONCE]:
        try:
            workflow.move(request, to=Status.EXPIRED, by=By.PORTAL, actor=None, at=at)
        except RequestError:  # its author was faster
            continue
        moved += 1
    return moved


def _produce(at: dt.datetime) -> int:
    closing = [name for name, kind in types().items() if kind.closes_itself]
    waiting = Request.objects.filter(
        Q(status=Status.APPROVED) | Q(status=Status.PRODUCED, kind__in=closing),
        changed_at__lt=at - dt.timedelta(minutes=1),
    )
    # What has papers or closes by itself; others wait for staff in `approved`.
    moved = 0
    for pk in waiting.order_by("changed_at", "pk").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            before = Request.objects.get(pk=pk).status
            moved += producing.produce(request_id=pk, at=at).status != before
        except (PdfError, RequestError) as error:
            log.warning("papers of a request are not made", request=pk, reason=str(error))
    return moved


def _scan() -> None:
    waiting = RequestFile.objects.filter(scan=Scan.WAITING).order_by("pk")
    for pk in waiting.values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            scanning.scan(file_id=pk)
        except scanning.ScannerDownError as error:
            log.error("antivirus does not answer", reason=str(error))
            return
