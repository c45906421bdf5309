"""Who acts for a company: inviting, changing, suspending, removing. Only the portal's own changes.

Every change first takes the company's row, so that changes of one company follow each other on
both databases: two administrators who remove each other at once find that one of them is the last.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.tenancy import people_notices
from eboks.tenancy.mandates import Mandate
from eboks.tenancy.models import Company, Membership, MembershipQuerySet
from eboks.tenancy.people_list import shown_name
from eboks.tenancy.rights import SIGNING_ROLES, Right, roles_with

INVITED_A_DAY = 50  # people of one company: the portal is no way to mail strangers


class PeopleError(Exception):
    """The change cannot be made; its text is for the client."""


@dataclass(frozen=True, slots=True)
class Invitee:
    """What the inviter typed. `phone` is normalised (E.164)."""

    first_name: str
    last_name: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@transaction.atomic
def invite_person(
    *,
    company: Company,
    actor: User,
    invitee: Invitee,
    mandate: Mandate,
    at: dt.datetime,
    reference: str = "",
) -> Membership:
    """Lets a person in. Whoever has an account gets the membership and a notice, nobody a hint.

    `reference` is the signed instruction, needed for roles that may sign. Raises PeopleError.
    """
    from eboks.onboarding import services as onboarding  # noqa: PLC0415 -- it knows this module

    _hold(company, actor)
    _require_signature(mandate, reference)
    refusal = why_not_invited(company=company, email=invitee.email)
    if refusal:
        raise PeopleError(refusal)
    lately = Membership.objects.filter(company=company, invited_at__gt=at - dt.timedelta(days=1))
    if lately.count() >= INVITED_A_DAY:
        raise PeopleError(_("Dziś zaprosiliście już tyle osób, ile można. Wróć do tego jutro."))
    user = onboarding.invite(
        email=invitee.email,
        phone=invitee.phone,
        first_name=invitee.first_name,
        last_name=invitee.last_name,
        language=actor.language,
        invited_by=actor,
        company=company,
        at=at,
    )
    membership, _made = Membership.objects.update_or_create(
        user=user,
        company=company,
        defaults={
            "role": mandate.role,
            "is_limited": mandate.is_limited,
            "valid_from": mandate.valid_from,
            "valid_to": mandate.valid_to,
            "is_active": True,
            "is_kept_here": True,
            "removed_at": None,
            "invited_by": actor,
            "invited_at": at,
            "invited_as": invitee.name[:301],
        },
    )
    _set_limits(membership, mandate)
    people_notices.invited(membership, actor=actor, at=at, reference=reference)
    return membership


def why_not_invited(*, company: Company, email: str) -> str:
    """What stands in the way of inviting this address, in words for the inviter; or nothing.

    Only what the company's administrator sees anyway: its own people.
    """
    there = Membership.objects.filter(company=company, removed_at=None, user__email__iexact=email)
    if there.exists():
        return _("Ta osoba ma już dostęp do tej firmy. Zmień jej uprawnienia na liście osób.")
    if (
        User.objects.filter(email__iexact=email)
        .filter(Q(is_staff=True) | Q(is_superuser=True))
        .exists()
    ):
        return _("Tego adresu nie można zaprosić. Zadzwoń do nas.")
    return ""


@transaction.atomic
def change_person(
    *,
    membership_id: int,
    actor: User,
    mandate: Mandate,
    at: dt.datetime,
    reference: str = "",
) -> Membership:
    """Gives another role, other limits, another time. Raises PeopleError."""
    membership = _held(membership_id, actor)
    _require_signature(mandate, reference)
    lasting = mandate.role in roles_with(Right.MANAGE_PEOPLE) and mandate.valid_to is None
    if not lasting or (mandate.valid_from and mandate.valid_from > clock.today(at)):
        _require_other_administrators(membership)
    before = Mandate.of(membership)
    membership.role = mandate.role
    membership.is_limited = mandate.is_limited
    membership.valid_from = mandate.valid_from
    membership.valid_to = mandate.valid_to
    _keep(membership, "role", "is_limited", "valid_from", "valid_to")
    _set_limits(membership, mandate)
    people_notices.changed(
        membership, before=before, after=mandate, actor=actor, at=at, reference=reference
    )
    return membership


@transaction.atomic
def suspend_person(*, membership_id: int, actor: User, at: dt.datetime) -> Membership:
    """Out at the next request, until somebody lets them in again. Raises PeopleError."""
    membership = _held(membership_id, actor)
    if not membership.is_active:
        raise PeopleError(_("Dostęp tej osoby jest już zawieszony."))
    _require_other_administrators(membership)
    membership.is_active = False
    _keep(membership, "is_active")
    people_notices.ended(membership, actor=actor, at=at)
    return membership


@transaction.atomic
def resume_person(
    *, membership_id: int, actor: User, at: dt.datetime, reference: str = ""
) -> Membership:
    """Lets a suspended person in again, as they were. Raises PeopleError."""
    membership = _held(membership_id, actor)
    if membership.is_active:
        raise PeopleError(_("Dostęp tej osoby nie jest zawieszony."))
    _require_signature(Mandate.of(membership), reference)
    membership.is_active = True
    _keep(membership, "is_active")
    people_notices.restored(membership, actor=actor, at=at, reference=reference)
    return membership


@transaction.atomic
def remove_person(*, membership_id: int, actor: User, at: dt.datetime) -> Membership:
    """Takes the access away for good; a later invitation begins anew. Raises PeopleError."""
    membership = _held(membership_id, actor)
    _require_other_administrators(membership)
    membership.is_active = False
    membership.removed_at = at
    _keep(membership, "is_active", "removed_at")
    people_notices.ended(membership, actor=actor, at=at)
    return membership


@transaction.atomic
def send_invitation(*, membership_id: int, actor: User, at: dt.datetime) -> Membership:
    """A new link for a person who is not in yet; the one before it dies. Raises PeopleError."""
    from eboks.onboarding import services as onboarding  # noqa: PLC0415 -- it knows this module

    membership = _held(membership_id, actor)
    if not membership.is_active:
        raise PeopleError(_("Najpierw przywróć dostęp tej osoby."))
    user = membership.user
    first_time = membership.invited_at is None
    made = onboarding.resend(user=user, at=at, by=actor)
    if first_time and made is None:
        raise PeopleError(_("Nie mamy numeru komórkowego tej osoby. Zadzwoń do nas."))
    if first_time:
        membership.invited_at, membership.invited_by = at, actor
        membership.invited_as = shown_name(membership)[:301]
        membership.save(update_fields=["invited_at", "invited_by", "invited_as"])
    people_notices.invited_again(membership, actor=actor, at=at)
    return membership


def administrators(company: Company) -> MembershipQuerySet:
    """Those who may manage people today and can log in."""
    no_password = {"user__password__startswith": UNUSABLE_PASSWORD_PREFIX}
    return (
        Membership.objects.active()
        .filter(company=company, role__in=roles_with(Right.MANAGE_PEOPLE), user__frozen_at=None)
        .exclude(user__activated_at=None, **no_password)
    )


def administrators_needed(company: Company) -> int:
    """One at least; two where two people sign, or nobody could sign anything costly any more."""
    return 2 if company.two_people_sign else 1


def _held(membership_id: int, actor: User) -> Membership:
    """The membership as it stands once this change has its turn."""
    company = Company.objects.get(memberships=membership_id)
    _hold(company, actor)
    rows = Membership.objects.select_related("user", "company")
    membership = rows.get(pk=membership_id)
    if membership.removed_at is not None:
        raise PeopleError(_("Ta osoba nie ma już dostępu do firmy."))
    return membership


def _hold(company: Company, actor: User) -> None:
    """Waits for its turn and looks again whether `actor` may still manage people.

    The UPDATE changes nothing: it takes the row (PostgreSQL) or the database (SQLite).
    """
    Company.objects.filter(pk=company.pk).update(two_people_sign=F("two_people_sign"))
    company.refresh_from_db(fields=["two_people_sign"])
    mine = Membership.objects.active().filter(company=company, user=actor)
    if not mine.filter(role__in=roles_with(Right.MANAGE_PEOPLE)).exists():
        raise PermissionDenied


def _require_signature(mandate: Mandate, reference: str) -> None:
    """Roles that may bind the company are given by a signed instruction only."""
    if mandate.role in SIGNING_ROLES and not reference:
        raise PermissionDenied


def _require_other_administrators(leaving: Membership) -> None:
    company = leaving.company
    here = administrators(company)
    if not here.filter(pk=leaving.pk).exists():
        return
    others, needed = here.exclude(pk=leaving.pk).count(), administrators_needed(company)
    if others >= needed:
        return
    if needed > 1:
        raise PeopleError(
            _("Gdy dyspozycje podpisują dwie osoby, firma musi mieć dwóch administratorów.")
        )
    raise PeopleError(
        _("To jedyny administrator firmy. Najpierw nadaj tę rolę komuś innemu, kto już się loguje.")
    )


def _keep(membership: Membership, *fields: str) -> None:
    """Saves `fields`; from now on a feed may only narrow this membership."""
    membership.is_kept_here = True
    membership.save(update_fields=[*fields, "is_kept_here"])


def _set_limits(membership: Membership, mandate: Mandate) -> None:
    """Exactly the contracts or vehicles of `mandate`, and only while the role is limited."""
    limits: list[tuple[Any, str, tuple[int, ...]]] = [
        (membership.allowed_contracts, "contract_id", mandate.contracts),
        (membership.assigned_assets, "asset_id", mandate.assets),
    ]
    for relation, column, wanted in limits:
        relation.exclude(**{f"{column}__in": wanted}).delete()
        there = set(relation.values_list(column, flat=True))
        row = relation.model
        row.objects.bulk_create(
            row(membership=membership, **{column: key}) for key in wanted if key not in there
        )
