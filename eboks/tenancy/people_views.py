"""Pages of people: who acts for the company, and everything that an administrator does about it.

Each change asks for the password first, when it was given more than five minutes ago.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from eboks import clock
from eboks.authorisation.registry import Refused
from eboks.authorisation.services import draft_of
from eboks.http import PortalRequest
from eboks.tenancy import people
from eboks.tenancy.access import scoped_or_404
from eboks.tenancy.acting import choose_company, company_with, sign
from eboks.tenancy.mandates import Mandate
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.operations import SIGNING_PERSON
from eboks.tenancy.people_forms import (
    INVITEE_FIELDS,
    InviteForm,
    MandateForm,
    mandate_initial,
    person_initial,
)
from eboks.tenancy.people_list import line_of, people_of
from eboks.tenancy.proof import kept_form, proof_missing
from eboks.tenancy.rights import SIGNING_ROLES, Right


@require_GET
def people_list(request: PortalRequest) -> HttpResponse:
    """`/firma/osoby/`: who has what role, until when, in what state, when last in."""
    company = company_with(request, Right.MANAGE_PEOPLE)
    if company is None:
        return choose_company(request, Right.MANAGE_PEOPLE)
    today = clock.today(timezone.now())
    context = {
        "company": company,
        "people": people_of(company, me=request.user, today=today),
    }
    return render(request, "tenancy/people.html", context)


@require_http_methods(["GET", "POST"])
def invite(request: PortalRequest) -> HttpResponse:
    """`/firma/osoby/zapros/`: a new person. A role that may sign goes through the gate."""
    company = company_with(request, Right.MANAGE_PEOPLE)
    if company is None:
        return choose_company(request, Right.MANAGE_PEOPLE)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    kept = kept_form(request) if request.method == "GET" else None
    form = InviteForm(
        request.POST or kept, company=company, initial=_draft(request) or {"role": ""}
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _invited(request, company, form)
        except (people.PeopleError, Refused) as error:
            form.add_error(None, str(error))
    return render(request, "tenancy/invite.html", {"form": form, "company": company})


def _invited(request: PortalRequest, company: Company, form: InviteForm) -> HttpResponse:
    mandate, invitee = form.mandate, form.invitee
    if mandate.role in SIGNING_ROLES:
        payload = {
            "act": "invite",
            **{name: getattr(invitee, name) for name in INVITEE_FIELDS},
            "mandate": mandate.as_json(),
        }
        return sign(request, SIGNING_PERSON, company, payload, form)
    people.invite_person(
        company=company,
        actor=request.user,
        invitee=invitee,
        mandate=mandate,
        at=timezone.now(),
    )
    messages.success(request, _("Osoba jest dodana. Wysłaliśmy do niej wiadomość."))
    return redirect("tenancy:people")


@require_GET
def person(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/firma/osoby/<id>/`: one person and what can be done about them."""
    membership = _person(request, public_id)
    context = _about(request, membership) | {"mandate": Mandate.of(membership)}
    return render(request, "tenancy/person.html", context)


@require_http_methods(["GET", "POST"])
def person_edit(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """`/firma/osoby/<id>/zmien/`: role, limits, time."""
    membership = _person(request, public_id)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    kept = kept_form(request) if request.method == "GET" else None
    initial = _draft(request) or person_initial(membership)
    form = MandateForm(request.POST or kept, company=membership.company, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return _changed(request, membership, form)
        except (people.PeopleError, Refused) as error:
            form.add_error(None, str(error))
    return render(request, "tenancy/person_edit.html", _about(request, membership) | {"form": form})


def _changed(request: PortalRequest, membership: Membership, form: MandateForm) -> HttpResponse:
    mandate = form.mandate
    if mandate.role in SIGNING_ROLES:
        payload = {
            "act": "change",
            "person": str(membership.public_id),
            "mandate": mandate.as_json(),
        }
        return sign(request, SIGNING_PERSON, membership.company, payload, form)
    people.change_person(
        membership_id=membership.pk, actor=request.user, mandate=mandate, at=timezone.now()
    )
    messages.success(request, _("Uprawnienia są zmienione."))
    return _back(request, membership)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done to a membership after a page that asks."""

    run: Callable[..., Membership]
    title: Promise | str
    text: Promise | str
    button: Promise | str
    done: Promise | str


SUSPEND = Act(
    people.suspend_person,
    gettext_lazy("Zawiesić dostęp?"),
    gettext_lazy(
        "Osoba od razu przestanie widzieć dane firmy. Dostęp można przywrócić w każdej chwili."
    ),
    gettext_lazy("Zawieś dostęp"),
    gettext_lazy("Dostęp jest zawieszony."),
)
RESUME = Act(
    people.resume_person,
    gettext_lazy("Przywrócić dostęp?"),
    gettext_lazy("Osoba znowu zobaczy dane firmy, w tej samej roli co przedtem."),
    gettext_lazy("Przywróć dostęp"),
    gettext_lazy("Dostęp jest przywrócony."),
)
REMOVE = Act(
    people.remove_person,
    gettext_lazy("Usunąć dostęp?"),
    gettext_lazy("Osoba od razu przestanie widzieć dane firmy i zniknie z listy."),
    gettext_lazy("Usuń dostęp"),
    gettext_lazy("Dostęp jest usunięty."),
)
INVITE_AGAIN = Act(
    people.send_invitation,
    gettext_lazy("Wysłać zaproszenie jeszcze raz?"),
    gettext_lazy("Wyślemy nowy link na ten sam adres. Poprzedni przestanie działać."),
    gettext_lazy("Wyślij zaproszenie"),
    gettext_lazy("Zaproszenie jest wysłane."),
)


@require_http_methods(["GET", "POST"])
def person_suspend(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    return _act(request, public_id, SUSPEND)


@require_http_methods(["GET", "POST"])
def person_resume(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    """A person who may sign comes back only by a signed instruction."""
    return _act(request, public_id, RESUME)


@require_http_methods(["GET", "POST"])
def person_remove(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    return _act(request, public_id, REMOVE)


@require_http_methods(["GET", "POST"])
def person_invite(request: PortalRequest, public_id: uuid.UUID) -> HttpResponse:
    return _act(request, public_id, INVITE_AGAIN)


def _act(request: PortalRequest, public_id: uuid.UUID, act: Act) -> HttpResponse:
    """GET asks, POST does it."""
    membership = _person(request, public_id)
    missing = proof_missing(request)
    if missing is not None:
        return missing
    if request.method != "POST":
        context = _about(request, membership) | {"act": act, "form_key": uuid.uuid4()}
        return render(request, "tenancy/person_act.html", context)
    try:
        if act is RESUME and membership.role in SIGNING_ROLES:
            payload = {
                "act": "resume",
                "person": str(membership.public_id),
                "mandate": Mandate.of(membership).as_json(),
            }
            return sign(request, SIGNING_PERSON, membership.company, payload)
        act.run(membership_id=membership.pk, actor=request.user, at=timezone.now())
    except (people.PeopleError, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(act.done))
    return _back(request, membership)


def _person(request: PortalRequest, public_id: uuid.UUID) -> Membership:
    """404 for a stranger and for who was removed, 403 without the right."""
    rows = Membership.objects.filter(removed_at=None).select_related("user", "company")
    return scoped_or_404(rows, request.user, public_id=public_id)


def _about(request: PortalRequest, membership: Membership) -> dict[str, Any]:
    line = line_of(membership, me=request.user, today=clock.today(timezone.now()))
    return {"membership": membership, "company": membership.company, "line": line}


def _back(request: PortalRequest, membership: Membership) -> HttpResponse:
    """To the person's page, or away when there is nothing more to see there."""
    mine = Membership.objects.for_user(request.user).filter(removed_at=None)
    if mine.filter(pk=membership.pk).exists():
        return redirect("tenancy:person", membership.public_id)
    if mine.filter(company=membership.company_id).exists():
        return redirect("tenancy:people")
    return redirect("portal:company")


def _draft(request: PortalRequest) -> dict[str, Any] | None:
    """What was typed before, when the page is opened from an instruction („Zmień”)."""
    payload = draft_of(
        user=request.user,
        operation=SIGNING_PERSON,
        public_id=request.GET.get("dyspozycja"),
    )
    if payload is None:
        return None
    typed = {name: payload[name] for name in INVITEE_FIELDS if name in payload}
    return typed | mandate_initial(Mandate.of_json(payload["mandate"]))
