"""What people are told about a request: by their preferences, each thing once."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from eboks.audit.events import Group, add_event
from eboks.jobs import notices
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify
from requests_app.catalogue import type_of
from requests_app.enums import Reminder, Status
from requests_app.models import Request, RequestMessage

CHANGED, WRITTEN = "request_changed", "request_message"
TERM = "request_term"  # to staff


def register() -> None:
    """Called once, when the app is ready."""
    for name, title in ((CHANGED, _("Stan wniosków")), (WRITTEN, _("Wiadomości we wnioskach"))):
        registry.add_kind(
            MessageKind(name=name, title=title, channels=(Channel.EMAIL, Channel.BELL))
        )
    notices.add_operator_kind(TERM, _("Termin odpowiedzi na wniosek"))
    for name, text, group in (
        ("request_submitted", _("złożył(a) wniosek %(reference)s"), "instructions"),
        ("request_in_review", _("zaczął(ęła) rozpatrywać wniosek %(reference)s"), "staff"),
        ("request_needs_customer", _("poprosił(a) o uzupełnienie %(reference)s"), "staff"),
        ("request_approved", _("zgodził(a) się na wniosek %(reference)s"), "instructions"),
        ("request_rejected", _("odmówił(a) w sprawie %(reference)s"), "staff"),
        ("request_produced", _("wydał(a) dokumenty do wniosku %(reference)s"), "instructions"),
        ("request_closed", _("zamknął(ęła) wniosek %(reference)s"), "instructions"),
        ("request_withdrawn", _("wycofał(a) wniosek %(reference)s"), "instructions"),
        ("request_expired", _("wniosek %(reference)s wygasł"), "instructions"),
        ("request_written", _("napisał(a) w sprawie %(reference)s"), "instructions"),
        ("request_file_read", _("pobrał(a) plik do wniosku %(reference)s"), "documents"),
        ("request_paper_read", _("pobrał(a) dokument %(number)s"), "documents"),
        ("request_paper_revoked", _("cofnął(ęła) dokument %(number)s"), "staff"),
        ("request_assigned", _("przypisał(a) wniosek %(reference)s"), "staff"),
        ("request_proposed", _("zaproponował(a) zgodę na %(reference)s"), "staff"),
        ("request_use_ended", _("zakończył(a) używanie pojazdu z %(reference)s"), "instructions"),
        ("request_fee_noted", _("zapisał(a) opłatę za %(reference)s"), "staff"),
    ):
        add_event(name, text, group=Group(group))


def of_status(request: Request, *, at: dt.datetime) -> None:
    """Tells the author, once, that the request has come to its status."""
    status = Status(request.status)
    step = request.steps.filter(after=status).count()
    with translation.override(request.language):
        facts = {
            "status": status.value,
            "kind": str(type_of(request).title),
            "reference": request.reference,
            "company": request.company.name,
            "answer_by": request.answer_by.isoformat() if request.answer_by else "",
        }
    notify(
        kind=CHANGED,
        user=request.author,
        at=at,
        key=f"{CHANGED}:{request.pk}:{status.value}:{step}",
        company=request.company,
        facts=facts,
        url=reverse("requests_app:detail", args=[request.public_id]),
    )


def of_message(message: RequestMessage, *, at: dt.datetime) -> None:
    """Tells the author of the request that the lessor has written."""
    request = message.request
    with translation.override(request.language):
        kind = str(type_of(request).title)
    notify(
        kind=WRITTEN,
        user=request.author,
        at=at,
        key=f"{WRITTEN}:{message.pk}",
        company=request.company,
        facts={"kind": kind, "reference": request.reference, "company": request.company.name},
        url=reverse("requests_app:detail", args=[request.public_id]) + "#rozmowa",
    )


def of_term(request: Request, *, stage: Reminder, at: dt.datetime) -> None:
    """Reminds whoever deals with the request that its term ends or has passed, once a stage; the
    operator, while nobody has taken it."""
    if request.answer_by is None:
        return
    path = reverse("admin:requests_app_request_change", args=[request.pk])
    with translation.override(request.assignee.language if request.assignee else "pl"):
        facts = {
            "stage": stage.value,
            "kind": str(type_of(request).title),
            "reference": request.reference,
            "company": request.company.name,
            "answer_by": request.answer_by.isoformat(),
            "page": f"{settings.SITE_URL.rstrip('/')}{path}",
        }
    # A request filed again has another term, and is reminded of it anew.
    key = f"{TERM}:{request.pk}:{stage.value}:{request.answer_by}"
    if request.assignee is None:
        notices.tell_operator(kind=TERM, key=key, facts=facts, at=at)
    else:
        notify(
            kind=TERM,
            user=request.assignee,
            at=at,
            key=key,
            company=request.company,
            facts=facts,
            url=path,
        )
