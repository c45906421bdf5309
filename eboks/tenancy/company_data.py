"""The company's own data that it changes in the portal, and whether two people sign (SEC-46)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.events import security_event
from eboks.notifications.services import notify
from eboks.tenancy.models import Company, CompanyChange, Membership
from eboks.tenancy.people import PeopleError, administrators
from eboks.tenancy.rights import Right, roles_with

CONTACT_FIELDS = (
    *("mail_street", "mail_postcode", "mail_city"),
    *("contact_name", "email", "phone"),
)
# What stands in the register; changed when staff have seen an extract of it.
REGISTRY_FIELDS = ("name", "legal_form", "street", "postcode", "city")


def contact_values(company: Company) -> dict[str, str]:
    """Correspondence address and contact as they stand."""
    return {name: getattr(company, name) for name in CONTACT_FIELDS}


@transaction.atomic
def change_contact(
    *, company: Company, values: dict[str, str], actor: User, reference: str, at: dt.datetime
) -> CompanyChange:
    """Writes the new data at once, and keeps them above the feed until the core has them too."""
    Company.objects.filter(pk=company.pk).update(**{name: values[name] for name in CONTACT_FIELDS})
    return _changed(company=company, values=values, actor=actor, reference=reference, at=at)


def registry_values(company: Company) -> dict[str, str]:
    """Name, legal form and seat as they stand."""
    return {name: getattr(company, name) for name in REGISTRY_FIELDS}


@transaction.atomic
def change_registry(
    *, company: Company, values: dict[str, str], actor: User, reference: str, at: dt.datetime
) -> CompanyChange:
    """The same of what stands in the register; `values` holds only what changes.

    `actor` signed the instruction called `reference`; the caller has the lessor's consent. Raises
    ValueError for columns that are not for this way.
    """
    if not values or values.keys() - set(REGISTRY_FIELDS):
        raise ValueError(f"not registry data: {sorted(values)}")
    Company.objects.filter(pk=company.pk).update(**values)
    return _changed(company=company, values=values, actor=actor, reference=reference, at=at)


def _changed(
    *, company: Company, values: dict[str, str], actor: User, reference: str, at: dt.datetime
) -> CompanyChange:
    """Keeps the change above feeds, and tells of it."""
    change = keep_change(company=company, values=values, actor=actor, reference=reference, at=at)
    security_event("company_data_changed", result="ok", actor_id=actor.pk, company_id=company.pk)
    record(
        event="company_data_changed",
        at=at,
        actor=actor,
        company=company,
        object_kind="instruction",
        object_ref=reference,
        facts={"fields": sorted(values), "reference": reference},
    )
    for membership in (
        Membership.objects.active()
        .filter(company=company, role__in=roles_with(Right.MANAGE_PEOPLE))
        .exclude(user=actor)
        .select_related("user")
        .order_by("pk")
    ):
        notify(
            kind="company_data_changed",
            user=membership.user,
            at=at,
            key=f"company_data_changed:{reference}:{membership.pk}",
            company=company,
            facts={
                "author": actor.get_full_name() or actor.username,
                "company": company.name,
                "reference": reference,
            },
            url="/firma/",
        )
    return change


def keep_change(
    *, company: Company, values: dict[str, Any], actor: User, reference: str, at: dt.datetime
) -> CompanyChange:
    """A change that outlives feeds; an older one of the same columns has had its day."""
    for older in CompanyChange.objects.filter(company=company, settled_at=None).order_by("pk"):
        if older.values.keys() <= values.keys():
            CompanyChange.objects.filter(pk=older.pk, settled_at=None).update(settled_at=at)
    return CompanyChange.objects.create(
        company=company, values=values, made_by=actor, made_at=at, reference=reference
    )


@transaction.atomic
def switch_two_people(
    *, company: Company, on: bool, actor: User, reference: str, at: dt.datetime
) -> None:
    """Whether a second person signs what is costly. Raises PeopleError: nobody would be there."""
    # Takes the row first: administrators must not leave while they are counted (`tenancy.people`).
    Company.objects.filter(pk=company.pk).update(two_people_sign=F("two_people_sign"))
    if on and administrators(company).count() < 2:
        raise PeopleError(too_few())
    Company.objects.filter(pk=company.pk).update(two_people_sign=on)
    security_event(
        "two_people_switched", result="ok", actor_id=actor.pk, company_id=company.pk, on=on
    )
    record(
        event="company_two_people_on" if on else "company_two_people_off",
        at=at,
        actor=actor,
        company=company,
        object_kind="instruction",
        object_ref=reference,
        facts={"reference": reference},
    )


def too_few() -> str:
    return _("Potrzeba dwóch administratorów, którzy już się logują. Najpierw zaproś drugiego.")


@transaction.atomic
def settle_change(*, change_id: int, actor: User, at: dt.datetime) -> bool:
    """Staff say that the core system has taken the change over (or refused it): feeds rule again.

    False when it was settled before.
    """
    won = CompanyChange.objects.filter(pk=change_id, settled_at=None).update(settled_at=at)
    if not won:
        return False
    change = CompanyChange.objects.select_related("company").get(pk=change_id)
    security_event(
        "company_change_settled", result="ok", actor_id=actor.pk, company_id=change.company_id
    )
    record(
        event="company_data_settled",
        at=at,
        actor=actor,
        company=change.company,
        object_kind="instruction",
        object_ref=change.reference,
        facts={"fields": sorted(change.values), "reference": change.reference},
    )
    return True
