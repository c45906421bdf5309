"""What staff see beside an application. Domains add their questions in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.onboarding.models import AccessApplication
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role

_MOST = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one check: good (as it should be), warn (look closer), bad (speaks against)."""

    state: Literal["good", "warn", "bad"]
    text: str


Check = Callable[[Company], Finding]
_checks: dict[str, tuple[str | Promise, Check]] = {}


def add_check(name: str, title: str | Promise, check: Check) -> None:
    """`check(company)` is asked for each company that an application may be about."""
    _checks[name] = (title, check)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company that the application may be about, and what is known of it."""

    company: Company
    findings: list[tuple[str, Finding]]


def candidates(application: AccessApplication) -> list[Candidate]:
    """Companies with the NIP or the client ID of the application."""
    wanted = Q(nip=application.nip)
    if application.client_id:
        wanted |= Q(client_id=application.client_id)
    companies = Company.objects.filter(wanted).order_by("name", "pk")[:_MOST]
    return [Candidate(company, _findings(application, company)) for company in companies]


def general_findings(application: AccessApplication) -> list[tuple[str, Finding]]:
    """What can be said without knowing the company."""
    return [
        (str(gettext_lazy("Powtórzenia")), _duplicates(application)),
        (str(gettext_lazy("Osoba")), _person(application)),
        (str(gettext_lazy("Podpisany skan")), _scan(application)),
        (str(gettext_lazy("Reprezentacja")), _representation(application)),
    ]


def similar(application: AccessApplication) -> QuerySet[AccessApplication]:
    """Other applications with the same NIP, e-mail or phone, the newest first."""
    same = Q(nip=application.nip) | Q(email__iexact=application.email) | Q(phone=application.phone)
    rows = AccessApplication.objects.filter(same).exclude(pk=application.pk)
    return rows.order_by("-submitted_at", "-pk")[:_MOST]


def person_of(application: AccessApplication) -> User | None:
    people = User.objects.alias(email_=Lower("email"))
    return people.filter(email_=application.email.lower()).first()


def _findings(application: AccessApplication, company: Company) -> list[tuple[str, Finding]]:
    own: list[tuple[str, Finding]] = [
        (_("NIP"), _same(application.nip == company.nip, company.nip)),
        (_("Identyfikator klienta"), _client_id(application, company)),
        (_("Administratorzy"), _administrators(company)),
    ]
    return [*own, *((str(title), check(company)) for title, check in _checks.values())]


def _same(fits: bool, there: str) -> Finding:
    if fits:
        return Finding("good", _("zgadza się"))
    return Finding("bad", _("u nas jest %(value)s") % {"value": there or "–"})


def _client_id(application: AccessApplication, company: Company) -> Finding:
    if not application.client_id:
        return Finding("warn", _("nie podano; u nas jest %(id)s") % {"id": company.client_id})
    return _same(application.client_id == company.client_id, company.client_id)


def _administrators(company: Company) -> Finding:
    owners = Membership.objects.active().filter(company=company, role=Role.OWNER)
    names = [str(row.user) for row in owners.select_related("user").order_by("pk")[:_MOST]]
    if names:
        return Finding("warn", _("firma ma już: %(names)s") % {"names": ", ".join(names)})
    return Finding("good", _("jeszcze nikt"))


def _duplicates(application: AccessApplication) -> Finding:
    found = len(similar(application))
    if found:
        return Finding("warn", _("podobnych wniosków: %(count)s") % {"count": found})
    return Finding("good", _("nie ma"))


def _person(application: AccessApplication) -> Finding:
    person = person_of(application)
    others = User.objects.filter(phone=application.phone).exclude(email__iexact=application.email)
    facts: dict[str, Any] = {"person": person}
    if person is not None and person.is_staff:
        return Finding("bad", _("ten e-mail ma pracownik leasingodawcy"))
    if person is not None and not person.is_active:
        return Finding("bad", _("konto z tym e-mailem jest wyłączone: %(person)s") % facts)
    if person is not None and str(person) != f"{application.first_name} {application.last_name}":
        return Finding("warn", _("ten e-mail ma już konto: %(person)s") % facts)
    if others.exists():
        return Finding("warn", _("ten telefon ma już inna osoba"))
    if person is not None:
        return Finding("good", _("ma już konto; dostanie dostęp do kolejnej firmy"))
    return Finding("good", _("nowa"))


def _scan(application: AccessApplication) -> Finding:
    if application.scan_name:
        return Finding("good", _("jest"))
    return Finding("warn", _("nie ma"))


def _representation(application: AccessApplication) -> Finding:
    if application.representation:
        return Finding("good", application.representation)
    return Finding("warn", _("nie sprawdzono"))
