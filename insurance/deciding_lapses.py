"""What staff do about a required risk that nobody covers. The client is told of each step."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from insurance import lapse_messages
from insurance.enums import LapseState, Placement, Verification
from insurance.lapses import UNSETTLED, settle
from insurance.models import Lapse, LapseStep, Policy


class LapseError(Exception):
    """Why a decision is refused, in words for staff."""


def lessor_policies(lapse: Lapse, *, on: dt.date) -> QuerySet[Policy]:
    """Checked policies of the lessor that cover the lapse's risk on `on` or will."""
    return (
        Policy.objects.with_last_day()
        .filter(
            Q(last_on__gte=on),
            asset=lapse.asset_id,
            company=lapse.company_id,  # a later lessee's is not theirs to hear of
            placement=Placement.LESSOR,
            verification=Verification.VERIFIED,
            covers__risk=lapse.risk,
        )
        .select_related("insurer")
        .order_by("valid_from", "pk")
    )


@transaction.atomic
def give_time(*, lapse_id: int, until: dt.date, note: str, actor: User, at: dt.datetime) -> None:
    """The client has until the end of the day `until` to bring a policy. May be prolonged.

    Raises LapseError for a day that has passed and for a lapse that is settled.
    """
    if until < clock.today(at):
        raise LapseError(_("Ten dzień już minął. Podaj dzisiejszy albo późniejszy."))
    won = Lapse.objects.filter(pk=lapse_id, state__in=UNSETTLED).update(
        state=LapseState.WAITING, wait_until=until
    )
    if won != 1:
        raise LapseError(_settled())
    step = LapseStep.objects.create(
        lapse_id=lapse_id, after=LapseState.WAITING, actor=actor, at=at, note=note
    )
    _tell("lapse_waiting", step, {"until": until.isoformat()}, actor, at)


@transaction.atomic
def insure(*, lapse_id: int, policy_id: int, note: str, actor: User, at: dt.datetime) -> None:
    """The lessor's policy `policy_id` covers the risk at the client's cost.

    The client's own policy that ended is marked as replaced by it. Raises LapseError for a policy
    that does not cover it and for a lapse that is settled.
    """
    lapse = Lapse.objects.get(pk=lapse_id)
    policy = lessor_policies(lapse, on=clock.today(at)).filter(pk=policy_id).first()
    if policy is None:
        raise LapseError(_("Wybierz polisę leasingodawcy, która obejmuje to ryzyko."))
    if not settle(
        lapse_id,
        to=LapseState.INSURED,
        at=at,
        replacement=policy.pk,
        actor_id=actor.pk,
        note=note,
    ):
        raise LapseError(_settled())
    if lapse.policy_id is not None:
        old = Policy.objects.filter(pk=lapse.policy_id, placement=Placement.OWN, replaced_by=None)
        old.update(replaced_by=policy, revision=F("revision") + 1)
    _tell("lapse_insured", _last_step(lapse_id), {"number": policy.number}, actor, at)


@transaction.atomic
def close(*, lapse_id: int, note: str, actor: User, at: dt.datetime) -> None:
    """Nothing more is done; `note` says why. Raises LapseError without a note and when settled."""
    if not note.strip():
        raise LapseError(_("Napisz, dlaczego zamykasz tę sprawę."))
    if not settle(lapse_id, to=LapseState.CLOSED, at=at, actor_id=actor.pk, note=note):
        raise LapseError(_settled())
    _tell("lapse_closed", _last_step(lapse_id), {}, actor, at)


def _settled() -> str:
    return _("Ta sprawa jest już załatwiona.")


def _last_step(lapse_id: int) -> LapseStep:
    found: LapseStep = LapseStep.objects.filter(lapse=lapse_id).latest("pk")
    return found


def _tell(event: str, step: LapseStep, facts: dict[str, Any], actor: User, at: dt.datetime) -> None:
    rows = Lapse.objects.select_related("asset", "company", "replacement__insurer")
    lapse = rows.get(pk=step.lapse_id)
    lapse_messages.tell_changed(lapse, step=step.pk, on=clock.today(at), at=at)
    record(
        event=event,
        at=at,
        actor=actor,
        company=lapse.company,
        object_kind="lapse",
        object_ref=f"{lapse.asset.sign} {lapse.get_risk_display()}",
        facts=facts,
    )
