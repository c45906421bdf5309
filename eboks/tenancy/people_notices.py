"""What is written down and who is told when somebody's access changes (SEC-11)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import translation

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.events import security_event
from eboks.notifications.services import notify
from eboks.tenancy.mandates import Mandate
from eboks.tenancy.models import Membership
from eboks.tenancy.people_list import has_come, shown_name
from eboks.tenancy.rights import Right, roles_with


def invited(membership: Membership, *, actor: User, at: dt.datetime, reference: str) -> None:
    """A new person: the other administrators are told, and who has an account already."""
    security_event("person_invited", result="ok", actor_id=actor.pk, **_ids(membership))
    _record("person_invited", membership, actor=actor, at=at, reference=reference)
    _tell_administrators("added", membership, actor=actor, at=at)
    if membership.user.activated_at is not None:
        _tell_person("given", membership, at=at)


def changed(
    membership: Membership,
    *,
    before: Mandate,
    after: Mandate,
    actor: User,
    at: dt.datetime,
    reference: str,
) -> None:
    security_event(
        "person_changed",
        result="ok",
        actor_id=actor.pk,
        role_before=before.role.value,
        **_ids(membership),
    )
    facts = {"before": before.as_json(), "after": after.as_json()}
    _record("person_changed", membership, actor=actor, at=at, reference=reference, **facts)
    _tell_administrators("changed", membership, actor=actor, at=at)
    _tell_person("changed", membership, at=at)


def ended(membership: Membership, *, actor: User, at: dt.datetime) -> None:
    """Suspended, or removed for good."""
    gone = membership.removed_at is not None
    security_event(
        "person_removed" if gone else "person_suspended",
        result="ok",
        actor_id=actor.pk,
        **_ids(membership),
    )
    event = "person_removed" if gone else "person_suspended"
    _record(event, membership, actor=actor, at=at)
    what = "removed" if gone else "suspended"
    _tell_administrators(what, membership, actor=actor, at=at)
    _tell_person(what, membership, at=at)


def restored(membership: Membership, *, actor: User, at: dt.datetime, reference: str) -> None:
    security_event("person_restored", result="ok", actor_id=actor.pk, **_ids(membership))
    _record("person_restored", membership, actor=actor, at=at, reference=reference)
    _tell_administrators("restored", membership, actor=actor, at=at)
    _tell_person("restored", membership, at=at)


def invited_again(membership: Membership, *, actor: User, at: dt.datetime) -> None:
    security_event("person_invited_again", result="ok", actor_id=actor.pk, **_ids(membership))
    _record("person_invited_again", membership, actor=actor, at=at)


def _ids(membership: Membership) -> dict[str, Any]:
    return {
        "user_id": membership.user_id,
        "company_id": membership.company_id,
        "role": membership.role,
    }


def _record(
    event: str, membership: Membership, *, actor: User, at: dt.datetime, **facts: Any
) -> None:
    """A person who has not come in yet is no subject: the account's name is not ours to tell."""
    record(
        event=event,
        at=at,
        actor=actor,
        company=membership.company,
        subject=membership.user if has_come(membership) else None,
        object_kind="membership",
        object_ref=str(membership.public_id),
        facts={"name": shown_name(membership), "role": membership.role, **facts},
    )


def _tell_administrators(
    what: str, membership: Membership, *, actor: User, at: dt.datetime
) -> None:
    others = (
        Membership.objects.active()
        .filter(company=membership.company, role__in=roles_with(Right.MANAGE_PEOPLE))
        .exclude(user__in=[actor.pk, membership.user_id])
    )
    for other in others.select_related("user").order_by("pk"):
        notify(
            kind="people_changed",
            user=other.user,
            at=at,
            key=f"people_changed:{membership.pk}:{at.timestamp():.6f}:{other.pk}",
            company=membership.company,
            facts={
                "what": what,
                "name": shown_name(membership),
                "role": _role(membership, other.user),
                "author": actor.get_full_name() or actor.username,
                "company": membership.company.name,
            },
            url="/firma/osoby/",
        )


def _tell_person(what: str, membership: Membership, *, at: dt.datetime) -> None:
    """Only who has an account: others hear from their invitation."""
    user = membership.user
    if user.activated_at is None and not user.has_usable_password():
        return
    notify(
        kind="access_changed",
        user=user,
        at=at,
        key=f"access_changed:{membership.pk}:{at.timestamp():.6f}",
        company=membership.company,
        facts={
            "what": what,
            "role": _role(membership, user),
            "company": membership.company.name,
        },
        url="/",
    )


def _role(membership: Membership, reader: User) -> str:
    """The role in words of the one who reads the message."""
    with translation.override(reader.language):
        return str(membership.get_role_display())
