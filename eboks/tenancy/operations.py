"""What of a company is changed only by a code: signing persons, its data, the two-people rule."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.authorisation.models import Instruction
from eboks.authorisation.registry import Done, Facts, Operation, Refused, add_operation
from eboks.tenancy import company_data, people
from eboks.tenancy.company_data import CONTACT_FIELDS, contact_values
from eboks.tenancy.mandates import Mandate, label_lines, scope_text, validity_text
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.people_list import shown_name
from eboks.tenancy.rights import Right, Role

SIGNING_PERSON = "signing_person"
COMPANY_CONTACT = "company_contact"
TWO_PEOPLE = "two_people"
# For the SMS: without Polish letters, and short.
_ROLES = {Role.OWNER: "administrator", Role.SIGNATORY: "osoba podpisujaca"}


def register() -> None:
    """Called once, when the app is ready."""
    add_operation(
        Operation(
            name=SIGNING_PERSON,
            title=gettext_lazy("Nadanie prawa do podpisu"),
            button=gettext_lazy("Nadaj uprawnienia"),
            right=Right.MANAGE_PEOPLE,
            costly=True,
            edit_url=_person_url,
            lines=_person_lines,
            sms=_person_sms,
            basis=_person_basis,
            execute=_give,
            after=gettext_lazy("Uprawnienia działają od razu po podpisaniu."),
        )
    )
    add_operation(
        Operation(
            name=COMPANY_CONTACT,
            title=gettext_lazy("Zmiana danych do kontaktu"),
            button=gettext_lazy("Zmień dane"),
            edit_url=lambda instruction: (
                f"{reverse('tenancy:company_data')}?dyspozycja={instruction.public_id}"
            ),
            lines=_contact_lines,
            sms=lambda facts: f"Zmiana danych do kontaktu klienta {_client_id(facts)}",
            basis=lambda facts: dict(contact_values(_fresh(facts.company))),
            execute=_change_contact,
            after=gettext_lazy(
                "Nowe dane widać od razu w portalu, w naszym systemie w ciągu dnia roboczego."
            ),
        )
    )
    add_operation(
        Operation(
            name=TWO_PEOPLE,
            title=gettext_lazy("Podpisywanie przez dwie osoby"),
            button=gettext_lazy("Zmień sposób podpisywania"),
            right=Right.MANAGE_PEOPLE,
            costly=True,
            edit_url=lambda instruction: reverse("tenancy:two_people"),
            lines=_two_people_lines,
            sms=_two_people_sms,
            basis=lambda facts: {"now": _fresh(facts.company).two_people_sign},
            execute=_switch_two_people,
            after=gettext_lazy("Działa od razu po podpisaniu, dla nowych dyspozycji."),
        )
    )


# --- a person who may sign ------------------------------------------------------------------
def _person_url(instruction: Instruction) -> str:
    address = f"?dyspozycja={instruction.public_id}"
    match instruction.payload["act"]:
        case "invite":
            return reverse("tenancy:invite") + address
        case "change":
            return reverse("tenancy:person_edit", args=[instruction.payload["person"]]) + address
    return reverse("tenancy:person", args=[instruction.payload["person"]])


def _person_lines(facts: Facts) -> list[tuple[str, str]]:
    payload = facts.payload
    mandate = Mandate.of_json(payload["mandate"])
    lines: list[tuple[str, str]] = []
    if payload["act"] == "invite":
        lines += [
            (_("Nowa osoba"), f"{payload['first_name']} {payload['last_name']}"),
            (_("E-mail"), payload["email"]),
            (_("Telefon komórkowy"), payload["phone"]),
        ]
    else:
        membership = _membership(facts)
        lines.append((_("Osoba"), shown_name(membership)))
        if payload["act"] == "resume":
            lines.append((_("Zmiana"), _("przywrócenie zawieszonego dostępu")))
        else:
            lines.append((_("Dotychczasowa rola"), str(membership.get_role_display())))
    lines.append((_("Rola"), str(mandate.role.label)))
    lines.append((_("Zakres"), scope_text(mandate)))
    lines += [(_("Umowy"), line) for line in label_lines(mandate.labels)]
    return [*lines, (_("Ważność"), validity_text(mandate))]


def _person_sms(facts: Facts) -> str:
    role = _ROLES.get(Role(facts.payload["mandate"]["role"]), "")
    if facts.payload["act"] == "invite":
        ending = facts.payload["phone"][-3:]
        return f"Nowa osoba z tel. ...{ending}, rola {role}"
    return f"Uprawnienia osoby w {_client_id(facts)}, rola {role}"


def _person_basis(facts: Facts) -> dict[str, Any]:
    payload = facts.payload
    if payload["act"] == "invite":
        company = _company(facts)
        return {"refusal": people.why_not_invited(company=company, email=payload["email"])}
    membership = _membership(facts)
    return {
        "now": Mandate.of(membership).as_json(),
        "is_active": membership.is_active,
        "removed": membership.removed_at is not None,
    }


def _give(instruction: Instruction, at: dt.datetime) -> Done:
    payload, reference = instruction.payload, instruction.reference
    mandate = Mandate.of_json(payload["mandate"])
    facts = Facts(user=instruction.user, company=instruction.company, payload=payload)
    actor: User = instruction.user
    try:
        match payload["act"]:
            case "invite":
                people.invite_person(
                    company=_company(facts),
                    actor=actor,
                    invitee=people.Invitee(
                        first_name=payload["first_name"],
                        last_name=payload["last_name"],
                        email=payload["email"],
                        phone=payload["phone"],
                    ),
                    mandate=mandate,
                    at=at,
                    reference=reference,
                )
                text = _("Osoba jest dodana. Wysłaliśmy do niej wiadomość, co robić dalej.")
            case "change":
                people.change_person(
                    membership_id=_membership(facts).pk,
                    actor=actor,
                    mandate=mandate,
                    at=at,
                    reference=reference,
                )
                text = _("Uprawnienia są zmienione.")
            case _:
                people.resume_person(
                    membership_id=_membership(facts).pk, actor=actor, at=at, reference=reference
                )
                text = _("Dostęp jest przywrócony.")
    except people.PeopleError as error:
        raise Refused(str(error)) from error
    except PermissionDenied as error:  # no administrator any more
        raise Refused(_("Nie możesz już zarządzać osobami w tej firmie.")) from error
    return Done(text=text, url=reverse("tenancy:people"))


# --- the company's data ---------------------------------------------------------------------
def _contact_lines(facts: Facts) -> list[tuple[str, str]]:
    company = _company(facts)
    now, new = contact_values(company), facts.payload["values"]
    changed = [name for name in CONTACT_FIELDS if now[name] != new[name]]
    return [
        (
            _contact_label(name),
            _("%(now)s → %(new)s") % {"now": now[name] or _("brak"), "new": new[name] or _("brak")},
        )
        for name in changed
    ]


def _contact_label(name: str) -> str:
    return {
        "mail_street": _("Adres do korespondencji"),
        "mail_postcode": _("Kod pocztowy"),
        "mail_city": _("Miejscowość"),
        "contact_name": _("Osoba do kontaktu"),
        "email": _("E-mail"),
        "phone": _("Telefon"),
    }[name]


def _change_contact(instruction: Instruction, at: dt.datetime) -> Done:
    company = _fresh(instruction.company)
    mine = Membership.objects.active().filter(company=company, user=instruction.user)
    if mine.filter(is_limited=True).exists():
        raise Refused(_("Dane firmy zmienia osoba, która widzi wszystkie jej umowy."))
    company_data.change_contact(
        company=company,
        values=instruction.payload["values"],
        actor=instruction.user,
        reference=instruction.reference,
        at=at,
    )
    return Done(
        text=_("Dane są zmienione."),
        next=_("W naszym systemie uwzględnimy je w ciągu dnia roboczego."),
        url=reverse("portal:company"),
    )


# --- two people -----------------------------------------------------------------------------
def _two_people_lines(facts: Facts) -> list[tuple[str, str]]:
    on = facts.payload["on"]
    return [
        (
            _("Kosztowne dyspozycje"),
            _("podpisują dwie osoby") if on else _("podpisuje jedna osoba"),
        ),
    ]


def _two_people_sms(facts: Facts) -> str:
    who = "dwie osoby" if facts.payload["on"] else "jedna osoba"
    return f"Klient {_client_id(facts)}: kosztowne dyspozycje podpisuje {who}"


def _switch_two_people(instruction: Instruction, at: dt.datetime) -> Done:
    company = _fresh(instruction.company)
    try:
        company_data.switch_two_people(
            company=company,
            on=bool(instruction.payload["on"]),
            actor=instruction.user,
            reference=instruction.reference,
            at=at,
        )
    except people.PeopleError as error:
        raise Refused(str(error)) from error
    return Done(text=_("Sposób podpisywania jest zmieniony."), url=reverse("portal:company"))


def _company(facts: Facts) -> Company:
    if facts.company is None:
        raise Refused(_("Ta dyspozycja dotyczy firmy."))
    return facts.company


def _fresh(company: Company | None) -> Company:
    """As it stands now, whatever the caller has read before."""
    if company is None:
        raise Refused(_("Ta dyspozycja dotyczy firmy."))
    return Company.objects.get(pk=company.pk)


def _membership(facts: Facts) -> Membership:
    """The person of the payload, who must be one of the instruction's company."""
    rows = Membership.objects.select_related("user", "company")
    found = rows.filter(company=facts.company, public_id=facts.payload["person"]).first()
    if found is None:
        raise Refused(_("Tej osoby nie ma już w firmie."))
    return found


def _client_id(facts: Facts) -> str:
    return _company(facts).client_id
