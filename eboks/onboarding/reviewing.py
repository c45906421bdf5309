"""What staff do with an application: accept, ask for more, refuse. Two people where set."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.events import security_event
from eboks.notifications.models import Channel
from eboks.notifications.services import notify, send_to
from eboks.onboarding import services
from eboks.onboarding.checks import person_of
from eboks.onboarding.models import AccessApplication, ApplicationState
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role

# target → permitted sources
ALLOWED_FROM = {
    ApplicationState.PROPOSED: (ApplicationState.SUBMITTED, ApplicationState.NEEDS_MORE),
    ApplicationState.NEEDS_MORE: (ApplicationState.SUBMITTED, ApplicationState.PROPOSED),
    ApplicationState.REFUSED: (
        ApplicationState.SUBMITTED,
        ApplicationState.NEEDS_MORE,
        ApplicationState.PROPOSED,
    ),
}


class ReviewError(Exception):
    """The step cannot be taken; the text is for the member of the staff."""


@transaction.atomic
def accept(
    *, application_id: int, company: Company, actor: User, at: dt.datetime
) -> ApplicationState:
    """Gives access, or with `settings.STAFF_TWO_PEOPLE` proposes it to a second person first.

    The person becomes administrator of `company`; whoever has no way in yet gets an invitation,
    the others a notice. Raises ReviewError.
    """
    application = _held(application_id)
    _require_possible_person(application)
    if settings.STAFF_TWO_PEOPLE:
        if application.state != ApplicationState.PROPOSED:
            return _propose(application, company=company, actor=actor, at=at)
        if application.proposed_by_id == actor.pk:
            raise ReviewError(_("Drugą osobą musi być ktoś inny niż ta, która sprawdziła wniosek."))
        if application.company_ref != company.public_id:
            raise ReviewError(_("Pierwsza osoba wskazała innego klienta. Wybierz tego samego."))
        rows = AccessApplication.objects.filter(
            state=ApplicationState.PROPOSED, company_ref=company.public_id
        ).exclude(proposed_by=actor)
        proposer = application.proposed_by
    else:
        rows = AccessApplication.objects.filter(state__in=ALLOWED_FROM[ApplicationState.REFUSED])
        proposer = None
    _change(
        rows,
        application,
        state=ApplicationState.ACCEPTED,
        proposed_by=proposer,
        decided_by=actor,
        decided_at=at,
        changed_at=at,
        company_ref=company.public_id,
    )
    person = _grant(application, company=company, at=at)
    AccessApplication.objects.filter(pk=application.pk).update(user=person)
    _note(application, "application_accepted", at=at, actor=actor, company=company, subject=person)
    return ApplicationState.ACCEPTED


@transaction.atomic
def ask_for_more(*, application_id: int, reason: str, actor: User, at: dt.datetime) -> None:
    """Asks the author by e-mail for what is missing. Raises ReviewError."""
    _turn_down(
        application_id,
        state=ApplicationState.NEEDS_MORE,
        kind="application_needs_more",
        event="application_asked_for_more",
        reason=reason,
        actor=actor,
        at=at,
    )


@transaction.atomic
def refuse(*, application_id: int, reason: str, actor: User, at: dt.datetime) -> None:
    """Refuses, and tells the author why by e-mail. Raises ReviewError."""
    _turn_down(
        application_id,
        state=ApplicationState.REFUSED,
        kind="application_refused",
        event="application_refused",
        reason=reason,
        actor=actor,
        at=at,
    )


@transaction.atomic
def note_representation(*, application_id: int, text: str, actor: User, at: dt.datetime) -> None:
    """Keeps what staff found about who represents the company. Raises ReviewError."""
    application = _held(application_id)
    rows = AccessApplication.objects.filter(state__in=ALLOWED_FROM[ApplicationState.REFUSED])
    _change(rows, application, representation=text, changed_at=at)
    _note(application, "application_representation_noted", at=at, actor=actor)


def _propose(
    application: AccessApplication, *, company: Company, actor: User, at: dt.datetime
) -> ApplicationState:
    rows = AccessApplication.objects.filter(state__in=ALLOWED_FROM[ApplicationState.PROPOSED])
    _change(
        rows,
        application,
        state=ApplicationState.PROPOSED,
        proposed_by=actor,
        company_ref=company.public_id,
        changed_at=at,
    )
    _note(application, "application_proposed", at=at, actor=actor, company=company)
    return ApplicationState.PROPOSED


def _grant(application: AccessApplication, *, company: Company, at: dt.datetime) -> User:
    person = services.invite(
        email=application.email,
        phone=application.phone,
        first_name=application.first_name,
        last_name=application.last_name,
        language=application.language,
        invited_by=None,
        at=at,
        company=company,
        replace_phone=True,
    )
    Membership.objects.update_or_create(
        user=person,
        company=company,
        defaults={
            "role": Role.OWNER,
            "is_active": True,
            "is_limited": False,
            "valid_from": None,
            "valid_to": None,
            "is_kept_here": True,
            "removed_at": None,
            "invited_at": at,
            "invited_as": f"{application.first_name} {application.last_name}",
        },
    )
    if not services.awaits_activation(person):
        notify(
            kind="access_granted",
            user=person,
            company=company,
            at=at,
            key=f"access_granted:{application.public_id}",
            facts={"company": company.name},
            url="/",
        )
    return person


def _turn_down(
    application_id: int,
    *,
    state: ApplicationState,
    kind: str,
    event: str,
    reason: str,
    actor: User,
    at: dt.datetime,
) -> None:
    if not reason.strip():
        raise ReviewError(_("Napisz powód: wnioskodawca dostanie go e-mailem."))
    application = _held(application_id)
    rows = AccessApplication.objects.filter(state__in=ALLOWED_FROM[state])
    _change(
        rows,
        application,
        state=state,
        reason=reason,
        proposed_by=None,
        company_ref=None,
        decided_by=actor,
        decided_at=at,
        changed_at=at,
    )
    has_link = state == ApplicationState.NEEDS_MORE
    send_to(
        kind=kind,
        channel=Channel.EMAIL,
        address=application.email,
        at=at,
        key=f"{kind}:{application.public_id}:{at.isoformat()}",
        language=application.language,
        facts={"number": application.number, "reason": reason},
        secret_source="application_link" if has_link else "",
        secret_ref=str(application.public_id) if has_link else "",
    )
    _note(application, event, at=at, actor=actor)


def _held(application_id: int) -> AccessApplication:
    return AccessApplication.objects.select_for_update(of=("self",)).get(pk=application_id)


def _require_possible_person(application: AccessApplication) -> None:
    person = person_of(application)
    if person is not None and (person.is_staff or person.is_superuser):
        raise ReviewError(_("Ten e-mail ma pracownik leasingodawcy. Poproś o inny adres."))
    if person is not None and not person.is_active:
        raise ReviewError(_("Konto z tym e-mailem jest wyłączone. Najpierw je wyjaśnij."))


def _change(rows: Any, application: AccessApplication, **changes: Any) -> None:
    """One conditional update: of two people who decide at once, one is told so."""
    if not rows.filter(pk=application.pk).update(**changes):
        raise ReviewError(_("Ten wniosek został już rozpatrzony. Odśwież stronę."))


def _note(
    application: AccessApplication,
    event: str,
    *,
    at: dt.datetime,
    actor: User,
    company: Company | None = None,
    subject: User | None = None,
) -> None:
    security_event(event, result="ok", actor_id=actor.pk, number=application.number)
    record(
        event=event,
        at=at,
        actor=actor,
        company=company,
        subject=subject,
        object_kind="application",
        object_ref=application.number,
    )
