"""What time does to requests: drafts and unanswered questions expire, late papers are made, staff
are reminded of what they have to answer."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from eboks import clock
from eboks.documents import antivirus
from eboks.documents.pdf import PdfError
from requests_app import conversation, producing, telling, workflow
from requests_app.catalogue import RequestError, types
from requests_app.enums import WITH_STAFF, By, Reminder, Status
from requests_app.models import Request, RequestFile

log = structlog.get_logger("ebok.requests")

_AT_ONCE = 200
# Papers of a refusal that fail are tried again so long: a document that retention has let go later
# is not made anew.
_REFUSALS_TRIED = dt.timedelta(days=30)


def sweep(*, at: dt.datetime) -> int:
    """Expires what is out of time, makes papers that are missing, reminds staff, scans files that
    wait.

    Returns how many requests moved. Safe to run at any time and by several at once.
    """
    moved = _expire(at) + _produce(at)
    _remind(at)
    if settings.CLAMD_URL:
        antivirus.scan_waiting(RequestFile.objects.all())
    return moved


def _expire(at: dt.datetime) -> int:
    due = Request.objects.filter(
        status__in=[Status.DRAFT, Status.NEEDS_CUSTOMER], expires_at__lte=at
    ).select_related("company", "author")
    moved = 0
    for request in due.order_by("expires_at", "pk")[:_AT_ONCE]:
        try:
            with transaction.atomic():
                workflow.move(request, to=Status.EXPIRED, by=By.PORTAL, actor=None, at=at)
                if request.submitted_at is None:
                    conversation.forget_files(request)
        except RequestError:  # its author was faster
            continue
        moved += 1
    return moved


def _produce(at: dt.datetime) -> int:
    """What has papers or closes by itself; others wait for staff in `approved`, where many of them
    would keep the rest from their turn."""
    produced = [name for name, kind in types().items() if kind.is_produced]
    closing = [name for name, kind in types().items() if kind.closes_itself]
    answering = [name for name, kind in types().items() if kind.papers_when_refused]
    refused = Q(
        status=Status.REJECTED,
        kind__in=answering,
        papers__document=None,
        changed_at__gte=at - _REFUSALS_TRIED,
    )
    waiting = Request.objects.filter(
        Q(status=Status.APPROVED, kind__in=produced)
        | Q(status=Status.PRODUCED, kind__in=closing)
        | refused,
        changed_at__lt=at - dt.timedelta(minutes=1),
    ).distinct()
    moved = 0
    for pk in waiting.order_by("changed_at", "pk").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            before = Request.objects.get(pk=pk).status
            moved += producing.produce(request_id=pk, at=at).status != before
        except (PdfError, RequestError) as error:
            log.warning("papers of a request are not made", request=pk, reason=str(error))
    return moved


def _remind(at: dt.datetime) -> None:
    """Tells staff of each request whose term ends by the next working day, and again when it has
    passed. A term that runs while the client is asked for more counts, too."""
    today = clock.today(at)
    due = Q(answer_by__lte=clock.add_working_days(today, 1), reminded="")
    late = Q(answer_by__lt=today, reminded=Reminder.SOON)
    rows = Request.objects.filter(
        due | late, status__in=[*WITH_STAFF, Status.NEEDS_CUSTOMER], kind__in=types()
    ).select_related("company", "assignee")
    for request in rows.order_by("answer_by", "pk")[:_AT_ONCE]:
        if request.answer_by is None:
            continue
        stage = Reminder.LATE if request.answer_by < today else Reminder.SOON
        with transaction.atomic():
            won = Request.objects.filter(
                pk=request.pk, reminded=request.reminded, answer_by=request.answer_by
            ).update(reminded=stage)
            if won == 1:
                telling.of_term(request, stage=stage, at=at)
