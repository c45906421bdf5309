"""The check of an own policy by the back office: point by point, decided once, told to the client.

Also policies of the lessor that staff record by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.documents.antivirus import Scan
from insurance import checklist, lapses, own_policies, policy_messages
from insurance.enums import CheckItem, Placement, Verification
from insurance.models import Policy, PolicyCheck
from insurance.own_policies import PolicyError

_LONGEST_NOTE = 250
_LONGEST_REMARKS = 2000


@dataclass(frozen=True, slots=True)
class Tick:
    """How a point was decided; `note` says what is missing."""

    is_met: bool
    note: str = ""


@transaction.atomic
def approve(
    *,
    policy_id: int,
    ticks: Mapping[CheckItem, Tick],
    seen_at: dt.datetime,
    actor: User,
    at: dt.datetime,
) -> Policy:
    """Every point is met: the policy counts from now on.

    `seen_at` is the `sent_at` that the clerk had on the page. Raises PolicyError when a point is
    not met, no file can be read, somebody else has decided, or the client has sent something since.
    """
    policy = _policy(policy_id)
    wanted = _items(policy, at)
    if any(not ticks.get(item, Tick(False)).is_met for item in wanted):
        raise PolicyError(_("Zaznacz wszystkie punkty albo zwróć polisę do poprawy."))
    if not policy.files.filter(scan=Scan.CLEAN).exists():
        raise PolicyError(_("Żaden plik nie jest jeszcze sprawdzony. Poczekaj chwilę."))
    _decide(policy, Verification.VERIFIED, seen_at=seen_at, actor=actor, at=at, remarks="")
    _write(policy, wanted, {item: Tick(True) for item in wanted})
    lapses.close_covered(on=clock.today(at), at=at, asset_id=policy.asset_id)
    policy_messages.of_check(policy, at=at)
    own_policies.note("policy_verified", policy, actor=actor, at=at)
    return policy


@transaction.atomic
def send_back(
    *,
    policy_id: int,
    ticks: Mapping[CheckItem, Tick],
    remarks: str,
    seen_at: dt.datetime,
    actor: User,
    at: dt.datetime,
) -> Policy:
    """Returns the policy with its defects. Raises PolicyError without a defect in words, and as
    `approve` when somebody was faster."""
    policy = _policy(policy_id)
    wanted = _items(policy, at)
    defects = [item for item in wanted if not ticks.get(item, Tick(False)).is_met]
    if not defects:
        raise PolicyError(_("Odznacz punkt, którego brakuje, i napisz, co poprawić."))
    if any(not ticks.get(item, Tick(False)).note.strip() for item in defects):
        raise PolicyError(_("Przy każdym brakującym punkcie napisz, co poprawić."))
    text = remarks.strip()[:_LONGEST_REMARKS]
    _decide(policy, Verification.RETURNED, seen_at=seen_at, actor=actor, at=at, remarks=text)
    _write(policy, wanted, ticks)
    policy_messages.of_check(policy, at=at)
    own_policies.note("policy_returned", policy, actor=actor, at=at)
    return policy


def wanted_items(policy: Policy, *, on: dt.date) -> dict[CheckItem, checklist.Finding]:
    """The points of this policy with what the data say of each."""
    return checklist.findings(policy, on=on)


@transaction.atomic
def record_lessors(*, policy: Policy, actor: User, at: dt.datetime) -> None:
    """Writes down that staff have recorded or changed a policy of the lessor."""
    own_policies.note("policy_recorded", policy, actor=actor, at=at)


def _policy(policy_id: int) -> Policy:
    rows = Policy.objects.select_related("company", "contract", "asset__contract", "author")
    return rows.get(pk=policy_id)


def _items(policy: Policy, at: dt.datetime) -> list[CheckItem]:
    return list(wanted_items(policy, on=clock.today(at)))


def _decide(
    policy: Policy,
    to: Verification,
    *,
    seen_at: dt.datetime,
    actor: User,
    at: dt.datetime,
    remarks: str,
) -> None:
    won = Policy.objects.filter(
        pk=policy.pk,
        placement=Placement.OWN,
        verification=Verification.TO_VERIFY,
        sent_at=seen_at,
    ).update(
        verification=to,
        checked_by=actor,
        checked_at=at,
        remarks=remarks,
        revision=F("revision") + 1,
    )
    if won != 1:
        policy.refresh_from_db(fields=["verification"])
        if policy.verification == Verification.TO_VERIFY:
            raise PolicyError(_("Klient w tym czasie coś dosłał. Sprawdź polisę jeszcze raz."))
        raise PolicyError(
            _("Ktoś był szybszy: polisa jest w stanie „%s”.") % policy.get_verification_display()
        )
    policy.verification, policy.checked_by, policy.checked_at = to, actor, at
    policy.remarks = remarks


def _write(policy: Policy, wanted: list[CheckItem], ticks: Mapping[CheckItem, Tick]) -> None:
    """The list as it was decided this time; the one of an earlier round goes."""
    policy.checks.all().delete()
    PolicyCheck.objects.bulk_create(
        PolicyCheck(
            policy=policy,
            item=item,
            is_met=ticks.get(item, Tick(False)).is_met,
            note=ticks.get(item, Tick(False)).note.strip()[:_LONGEST_NOTE],
        )
        for item in wanted
    )
