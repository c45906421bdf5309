"""Whom to call after a damage: contacts of insurers by risk, as they stand on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from contracts.models import Asset
from eboks.accounts.models import User
from insurance.enums import Risk
from insurance.models import Claim, ClaimContact, Insurer, Policy, PolicyCover

# The order in which somebody at the roadside needs them.
_ORDER = {risk: n for n, risk in enumerate(dict.fromkeys((Risk.ASS, Risk.AC, Risk.OC, *Risk)))}


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact and the risks that it is for; none: all that have no contact of their own."""

    row: ClaimContact
    risks: tuple[Risk, ...] = ()

    @property
    def label(self) -> str:
        """The risks in words, joined by commas; empty for all."""
        return ", ".join(str(risk.label) for risk in self.risks)

    @property
    def have_ready(self) -> list[str]:
        return [line.strip() for line in self.row.have_ready.splitlines() if line.strip()]

    @property
    def dial(self) -> str:
        return "".join(self.row.phone.split())

    @property
    def dial_abroad(self) -> str:
        return "".join(self.row.phone_abroad.split())


@dataclass(slots=True)
class OfInsurer:
    """An insurer with its contacts, the most urgent first."""

    insurer: Insurer
    contacts: list[Contact] = field(default_factory=list)


@dataclass(slots=True)
class OfPolicy:
    policy: Policy
    contacts: list[Contact]


def valid_contacts(on: dt.date) -> QuerySet[ClaimContact]:
    """Contacts that hold on `on`, of one insurer and risk the newest first."""
    rows = ClaimContact.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on
    )
    return rows.select_related("insurer").order_by("insurer__name", "insurer", "-valid_from", "-pk")


def all_contacts(on: dt.date) -> list[OfInsurer]:
    """Contacts of every insurer in use, grouped. One query."""
    found: dict[int, OfInsurer] = {}
    rows = valid_contacts(on).filter(insurer__is_active=True)
    for row in _newest(rows):
        group = found.setdefault(row.insurer_id, OfInsurer(row.insurer))
        group.contacts.append(Contact(row, (Risk(row.risk),) if row.risk else ()))
    for group in found.values():
        group.contacts.sort(key=_urgency)
    return list(found.values())


def contact_of_claim(claim: Claim, *, on: dt.date) -> Contact | None:
    """Whom to call about `claim` on the day `on`: the insurer's own line for its risk, else its
    general one. None without an insurer, or when it gave neither. One query."""
    if claim.insurer_id is None:
        return None
    rows = {row.risk: row for row in _newest(valid_contacts(on).filter(insurer=claim.insurer_id))}
    row = rows.get(claim.risk) or rows.get("")
    return Contact(row) if row is not None else None


def contacts_of_vehicle(asset: Asset, *, user: User, on: dt.date) -> list[OfPolicy]:
    """For each policy that covers the vehicle on `on` and that the person may see: whom to call.

    Three queries.
    """
    rows = Policy.of_vehicles.for_user(user).on_day(on).filter(asset=asset)
    policies = list(
        rows.filter(company=asset.contract.company_id)
        .select_related("insurer")
        .order_by("insurer__name", "valid_from", "pk")
    )
    if not policies:
        return []
    risks: dict[int, list[str]] = {}
    covers = PolicyCover.objects.filter(policy__in=policies).order_by("pk")
    for policy, risk in covers.values_list("policy_id", "risk"):
        risks.setdefault(policy, []).append(risk)
    known: dict[int, list[ClaimContact]] = {}
    for row in _newest(valid_contacts(on).filter(insurer__in={p.insurer_id for p in policies})):
        known.setdefault(row.insurer_id, []).append(row)
    found = [
        OfPolicy(policy, _for_risks(known.get(policy.insurer_id, []), risks.get(policy.pk, ())))
        for policy in policies
    ]
    return sorted(found, key=lambda one: _urgency(one.contacts[0]) if one.contacts else len(_ORDER))


def _newest(rows: Iterable[ClaimContact]) -> Iterable[ClaimContact]:
    """Of several that hold for an insurer and risk the newest alone."""
    seen = set()
    for row in rows:
        if (row.insurer_id, row.risk) not in seen:
            seen.add((row.insurer_id, row.risk))
            yield row


def _for_risks(rows: list[ClaimContact], risks: Iterable[str]) -> list[Contact]:
    by_risk = {row.risk: row for row in rows}
    chosen: dict[int, tuple[ClaimContact, list[Risk]]] = {}
    for risk in sorted({Risk(name) for name in risks}, key=_ORDER.__getitem__):
        row = by_risk.get(risk) or by_risk.get("")
        if row is not None:
            chosen.setdefault(row.pk, (row, []))[1].append(risk)
    return [Contact(row, tuple(found)) for row, found in chosen.values()]


def _urgency(contact: Contact) -> int:
    return min((_ORDER[risk] for risk in contact.risks), default=-1)
