"""What two members of the staff do together: one proposes, another approves (SEC-16, 46)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts import new_number, second_factor
from eboks.accounts.models import ProposalKind, ProposalState, StaffProposal, User
from eboks.accounts.security_notices import tell
from eboks.audit.services import record, record_for_companies
from eboks.events import security_event
from eboks.phones import masked, normalise_mobile
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Role

# Columns of a membership that staff decide about.
MANDATE = ("role", "is_active", "valid_from", "valid_to", "is_limited")


class ProposalError(Exception):
    """It cannot be done; the text is for the staff."""


@transaction.atomic
def propose_phone(
    *, user: User, phone: str, drop_factors: bool, reason: str, staff: User, at: dt.datetime
) -> StaffProposal:
    """A new number for somebody who has lost theirs; with `drop_factors` the authenticator app
    and passkeys that were on it go too. Raises ProposalError."""
    _require_client(user)
    try:
        number = normalise_mobile(phone)
    except ValidationError as error:
        raise ProposalError(" ".join(error.messages)) from error
    payload = {"phone": number, "drop_factors": drop_factors}
    return _propose(
        kind=ProposalKind.PHONE_RESET, user=user, payload=payload, reason=reason, staff=staff, at=at
    )


@transaction.atomic
def propose_membership(
    *,
    user: User,
    company: Company,
    mandate: dict[str, Any],
    reason: str,
    staff: User,
    at: dt.datetime,
) -> StaffProposal:
    """Access to a client's data, or a change of it: JSON values of `MANDATE`."""
    _require_client(user)
    payload = {"company": company.pk, **{name: mandate[name] for name in MANDATE}}
    return _propose(
        kind=ProposalKind.MEMBERSHIP, user=user, payload=payload, reason=reason, staff=staff, at=at
    )


@transaction.atomic
def approve(*, proposal_id: int, staff: User, at: dt.datetime) -> StaffProposal:
    """Does what was proposed, once. Raises ProposalError: decided already, or by its author."""
    proposal = _decide(proposal_id, ProposalState.APPROVED, staff=staff, at=at)
    if proposal.kind == ProposalKind.PHONE_RESET:
        _reset_phone(proposal, staff=staff, at=at)
    else:
        _give_access(proposal, staff=staff, at=at)
    return proposal


@transaction.atomic
def refuse(*, proposal_id: int, staff: User, at: dt.datetime) -> StaffProposal:
    """Says no; nothing changes. The author cannot decide here either."""
    proposal = _decide(proposal_id, ProposalState.REFUSED, staff=staff, at=at)
    if proposal.kind == ProposalKind.PHONE_RESET:
        _record("phone_reset_refused", proposal.user, staff=staff, at=at)
    return proposal


def _propose(
    *,
    kind: ProposalKind,
    user: User,
    payload: dict[str, Any],
    reason: str,
    staff: User,
    at: dt.datetime,
) -> StaffProposal:
    if not reason.strip():
        raise ProposalError(_("Napisz, dlaczego i jak sprawdzono tożsamość."))
    proposal = StaffProposal.objects.create(
        kind=kind, user=user, payload=payload, reason=reason, proposed_by=staff, proposed_at=at
    )
    security_event(
        "staff_proposed", result="started", actor_id=staff.pk, user_id=user.pk, kind=kind.value
    )
    if kind == ProposalKind.PHONE_RESET:
        facts = {"phone": masked(payload["phone"])}
        _record("phone_reset_proposed", user, staff=staff, at=at, facts=facts)
    return proposal


def _decide(
    proposal_id: int, state: ProposalState, *, staff: User, at: dt.datetime
) -> StaffProposal:
    """Takes the decision with one UPDATE: of two at once, one wins; the author never does."""
    won = (
        StaffProposal.objects.filter(pk=proposal_id, state=ProposalState.OPEN)
        .exclude(proposed_by=staff)
        .update(state=state, decided_by=staff, decided_at=at)
    )
    if not won:
        own = StaffProposal.objects.filter(pk=proposal_id, proposed_by=staff).exists()
        security_event(
            "staff_decided", result="refused", actor_id=staff.pk, proposal=proposal_id, own=own
        )
        raise ProposalError(
            _("Swojej sprawy nie można zatwierdzić. Musi to zrobić inna osoba.")
            if own
            else _("Ta sprawa jest już rozstrzygnięta.")
        )
    rows = StaffProposal.objects.select_related("user", "proposed_by", "decided_by")
    proposal = rows.get(pk=proposal_id)
    security_event(
        "staff_decided",
        result="ok",
        actor_id=staff.pk,
        user_id=proposal.user_id,
        proposal=proposal_id,
        state=state.value,
    )
    return proposal


def _reset_phone(proposal: StaffProposal, *, staff: User, at: dt.datetime) -> None:
    """The lost number keeps its say over costly operations for 48 hours, as after any change."""
    user, payload = proposal.user, proposal.payload
    _require_client(user)
    new_number.reset_number(user=user, number=payload["phone"], at=at)
    if payload["drop_factors"]:
        factors = Authenticator.objects.filter(user=user)
        if factors.filter(type__in=second_factor.STRONG).exists():
            factors.delete()
            tell(kind="factor_removed", user=user, at=at, facts={"type": "all"})
            security_event("factors_dropped", result="ok", actor_id=staff.pk, user_id=user.pk)
            _record("second_factor_reset", user, staff=staff, at=at)
    facts = {"phone": masked(payload["phone"]), "proposed_by": proposal.proposed_by_id}
    _record("phone_reset_approved", user, staff=staff, at=at, facts=facts)


def _give_access(proposal: StaffProposal, *, staff: User, at: dt.datetime) -> None:
    payload = proposal.payload
    company = Company.objects.get(pk=payload["company"])
    values = {
        "role": Role(payload["role"]),
        "is_active": bool(payload["is_active"]),
        "valid_from": _day(payload["valid_from"]),
        "valid_to": _day(payload["valid_to"]),
        "is_limited": bool(payload["is_limited"]),
    }
    if values["is_active"]:
        values["removed_at"] = None  # whoever has access is seen by the company's administrator
    membership, is_new = Membership.objects.update_or_create(
        user=proposal.user, company=company, defaults=values
    )
    note_membership(membership, is_new=is_new, staff=staff, at=at)


def note_membership(membership: Membership, *, is_new: bool, staff: User, at: dt.datetime) -> None:
    """Writes down that staff gave, changed or took away access to a client's data."""
    security_event(
        "membership_given" if is_new else "membership_changed",
        result="ok",
        actor_id=staff.pk,
        user_id=membership.user_id,
        company_id=membership.company_id,
        role=membership.role,
        is_active=membership.is_active,
    )
    record(
        event="person_added" if is_new else "person_changed",
        at=at,
        actor=staff,
        company=membership.company,
        subject=membership.user,
        object_kind="membership",
        object_ref=str(membership.public_id),
        facts={
            "name": membership.user.get_full_name() or membership.user.username,
            "role": membership.role,
            "is_active": membership.is_active,
        },
    )


def _record(
    event: str, user: User, *, staff: User, at: dt.datetime, facts: dict[str, Any] | None = None
) -> None:
    record_for_companies(event=event, at=at, user=user, actor=staff, subject=user, facts=facts)


def _require_client(user: User) -> None:
    """Nobody reaches another member of the staff this way."""
    if user.is_staff or user.is_superuser:
        raise ProposalError(_("To konto pracownika. Zmienia je administrator serwera."))


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None
