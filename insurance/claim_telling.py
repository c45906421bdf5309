"""What people are told about a claim: by their preferences, each step once."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from contracts.readers import people_with, reach
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.events import Group, add_event
from eboks.jobs import notices
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify
from eboks.tenancy.rights import Right
from eboks.ui.words import moment
from insurance.models import Claim, ClaimStep

CHANGED = "claim_changed"
REPORTED = "claim_reported"  # to staff


def register() -> None:
    """Called once, when the app is ready."""
    registry.add_kind(
        MessageKind(
            name=CHANGED, title=_("Stan zgłoszonych szkód"), channels=(Channel.EMAIL, Channel.BELL)
        )
    )
    notices.add_operator_kind(REPORTED, _("Nowa szkoda"))
    for name, text, group in (
        ("claim_reported", _("zgłosił(a) szkodę %(reference)s"), "instructions"),
        ("claim_withdrawn", _("wycofał(a) zgłoszenie szkody %(reference)s"), "instructions"),
        ("claim_registered", _("zarejestrował(a) szkodę %(reference)s"), "staff"),
        ("claim_inspection", _("zapisał(a) oględziny szkody %(reference)s"), "staff"),
        ("claim_partial", _("uznał(a) szkodę %(reference)s za częściową"), "staff"),
        ("claim_total", _("uznał(a) szkodę %(reference)s za całkowitą"), "staff"),
        ("claim_theft", _("uznał(a) szkodę %(reference)s za kradzież"), "staff"),
        ("claim_authorised", _("wydał(a) upoważnienie do szkody %(reference)s"), "staff"),
        ("claim_withheld", _("wstrzymał(a) upoważnienie do szkody %(reference)s"), "staff"),
        ("claim_paid", _("zapisał(a) wypłatę za szkodę %(reference)s"), "staff"),
        ("claim_closed", _("zamknął(ęła) szkodę %(reference)s"), "staff"),
        ("claim_file_added", _("dodał(a) pliki do szkody %(reference)s"), "instructions"),
        ("claim_file_read", _("pobrał(a) plik do szkody %(reference)s"), "documents"),
    ):
        add_event(name, text, group=Group(group))


def of_step(claim: Claim, step: ClaimStep) -> None:
    """Tells whoever reported the damage, once, that it has come to a state. Once that person has
    left the company, or lost the right, everybody who deals with insurance."""
    if claim.author_id is None:
        return
    for person in _told(claim, clock.today(step.at)):
        with translation.override(person.language):
            state = step.get_after_display()
        facts = {
            "status": step.after,
            "state": state,
            "reference": claim.reference,
            "company": claim.company.name,
            "asset": str(claim.asset),
        }
        notify(
            kind=CHANGED,
            user=person,
            at=step.at,
            key=f"{CHANGED}:{step.pk}:{person.pk}",
            company=claim.company,
            facts=facts,
            url=reverse("insurance:claim", args=[claim.public_id]),
        )


def _told(claim: Claim, day: dt.date) -> list[User]:
    people = [
        member.user
        for member in people_with(Right.VIEW_INSURANCE, [claim.company_id], day)[claim.company_id]
        if (allowed := reach(member)) is None or claim.contract_id in allowed
    ]
    return [person for person in people if person.pk == claim.author_id] or people


def of_report(claim: Claim, *, at: dt.datetime) -> None:
    """Tells the lessor's staff, once, that there is a new claim."""
    path = reverse("admin:insurance_claim_change", args=[claim.pk])
    with translation.override("pl"):
        facts = {
            "reference": claim.reference,
            "kind": claim.get_kind_display(),
            "company": claim.company.name,
            "asset": str(claim.asset),
            "happened": moment(claim.happened_at),
            "injured": claim.injured,
            "page": f"{settings.SITE_URL.rstrip('/')}{path}",
        }
    notices.tell_operator(kind=REPORTED, key=f"{REPORTED}:{claim.pk}", facts=facts, at=at)
