"""What people are told of own policies and renewal offers, and what the audit trail notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.audit.events import Group, add_event
from eboks.money import format_money
from eboks.notifications import registry
from eboks.notifications.models import Channel
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify
from eboks.tenancy.models import UNLIMITED, Membership
from eboks.tenancy.rights import Right, roles_with
from eboks.ui.words import long_date
from insurance import own_policies
from insurance.enums import OfferState, Verification
from insurance.models import Policy, RenewalOffer

CHECKED = "policy_checked"
OFFERED, ISSUED = "renewal_offered", "renewal_issued"


def register() -> None:
    """Called once, when the app is ready."""
    for name, title in (
        (CHECKED, _("Sprawdzenie przesłanych polis")),
        (OFFERED, _("Oferty odnowienia polisy")),
        (ISSUED, _("Wystawione polisy")),
    ):
        registry.add_kind(
            MessageKind(name=name, title=title, channels=(Channel.EMAIL, Channel.BELL))
        )
    for name, text, group in (
        ("policy_sent", _("przesłał(a) polisę %(number)s"), Group.INSTRUCTIONS),
        ("policy_file_added", _("dołączył(a) plik do polisy %(number)s"), Group.INSTRUCTIONS),
        ("policy_sent_again", _("przesłał(a) ponownie polisę %(number)s"), Group.INSTRUCTIONS),
        ("policy_withdrawn", _("wycofał(a) polisę %(number)s"), Group.INSTRUCTIONS),
        ("policy_file_read", _("pobrał(a) plik polisy %(number)s"), Group.DOCUMENTS),
        ("policy_verified", _("sprawdził(a) polisę %(number)s"), Group.STAFF),
        ("policy_returned", _("zwrócił(a) do poprawy polisę %(number)s"), Group.STAFF),
        ("policy_recorded", _("zapisał(a) polisę leasingodawcy %(number)s"), Group.STAFF),
        ("renewal_made", _("przygotował(a) ofertę odnowienia: %(asset)s"), Group.STAFF),
        ("renewal_withdrawn", _("wycofał(a) ofertę odnowienia: %(asset)s"), Group.STAFF),
        ("renewal_accepted", _("przyjął(ęła) ofertę odnowienia: %(asset)s"), Group.INSTRUCTIONS),
        ("renewal_declined", _("odrzucił(a) ofertę odnowienia: %(asset)s"), Group.INSTRUCTIONS),
        ("renewal_issued", _("wystawił(a) polisę z oferty: %(asset)s"), Group.STAFF),
    ):
        add_event(name, text, group=group)


def of_check(policy: Policy, *, at: dt.datetime) -> None:
    """Tells whoever sent the policy how the check ended, once a decision."""
    facts = {
        "verified": policy.verification == Verification.VERIFIED,
        "number": policy.number,
        "asset": str(policy.asset),
        "company": policy.company.name,
        "defects": [check.note for check in policy.checks.filter(is_met=False).order_by("pk")],
        "remarks": policy.remarks,
    }
    for person in _senders(policy):
        notify(
            kind=CHECKED,
            user=person,
            at=at,
            key=f"{CHECKED}:{policy.pk}:{at:%Y%m%d%H%M%S%f}:{person.pk}",
            company=policy.company,
            facts=facts,
            url=own_policies.address(policy),
        )


def of_offer(offer: RenewalOffer, *, at: dt.datetime) -> None:
    """Tells those who deal with insurance that an offer waits for them, once."""
    for person in _holders(offer.company_id, offer.contract_id):
        with translation.override(person.language):
            facts = {
                "asset": str(offer.asset),
                "company": offer.company.name,
                "premium": format_money(offer.premium, offer.currency),
                "from": long_date(offer.valid_from),
                "until": long_date(offer.answer_by),
            }
        _tell(OFFERED, offer, person, facts, at=at)


def of_issue(offer: RenewalOffer, policy: Policy, *, at: dt.datetime) -> None:
    """Tells them that the accepted offer has become a policy."""
    for person in _holders(offer.company_id, offer.contract_id):
        with translation.override(person.language):
            facts = {
                "asset": str(offer.asset),
                "company": offer.company.name,
                "number": policy.number,
                "from": long_date(policy.valid_from),
                "to": long_date(policy.valid_to),
            }
        _tell(ISSUED, offer, person, facts, at=at)


def offer_address(offer: RenewalOffer) -> str:
    """The page of the offer in the portal; of the policy, once it is issued."""
    if offer.state == OfferState.ISSUED and offer.issued_policy is not None:
        return own_policies.address(offer.issued_policy)
    return reverse("insurance:offer", args=[offer.public_id])


def _tell(
    kind: str, offer: RenewalOffer, person: User, facts: dict[str, str], *, at: dt.datetime
) -> None:
    notify(
        kind=kind,
        user=person,
        at=at,
        key=f"{kind}:{offer.pk}:{person.pk}",
        company=offer.company,
        facts=facts,
        url=offer_address(offer),
    )


def _senders(policy: Policy) -> Iterable[User]:
    """The person who sent it; everybody who deals with insurance once that person has left."""
    people = list(_holders(policy.company_id, policy.contract_id))
    author = [person for person in people if person.pk == policy.author_id]
    return author or people


def _holders(company_id: int, contract_id: int) -> Iterable[User]:
    """Active members who deal with insurance and reach the contract."""
    reach = UNLIMITED | Q(allowed_contracts__contract=contract_id)
    rows = Membership.objects.active().filter(
        reach, company=company_id, role__in=roles_with(Right.HANDLE_INSURANCE)
    )
    members = rows.select_related("user").order_by("pk")
    return {member.user_id: member.user for member in members}.values()
