"""Checking a code and executing what it signs: once, whole, or not at all (SEC-30 to 46).

The check returns an outcome and never raises: a raise would take back the count of a wrong code.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import translation
from django_otp.models import VerifyNotAllowed

from eboks import codes
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.authorisation import limits, sending, services
from eboks.authorisation.enums import (
    ALLOWED_FROM,
    CodeState,
    InstructionState,
    Outcome,
    Slot,
    Step,
)
from eboks.authorisation.evidence import add_step, digest_of
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.authorisation.registry import Refused, operation
from eboks.events import security_event
from eboks.notifications.services import notify
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import roles_with

_SEPARATORS = re.compile(r"[\s\u2010-\u2015-]+")
_LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Checked:
    """How the check ended, and the instruction as it stands after it."""

    outcome: Outcome
    instruction: Instruction
    tries_left: int = 0


@transaction.atomic
def check_code(
    *, instruction_id: int, user: User, session: str, typed: str, at: dt.datetime
) -> Checked:
    """Checks `typed` against the live code of this instruction, person and session.

    A right code is used up in the same transaction that executes the operation; a second use, also
    in parallel, finds the instruction executed and says so. A wrong one costs a try.
    """
    rows = Instruction.objects.select_related("user", "company").select_for_update(of=("self",))
    instruction = rows.get(pk=instruction_id)
    if instruction.state == InstructionState.EXECUTED and _took_part(instruction, user):
        return Checked(Outcome.EXECUTED, instruction)
    if instruction.state == InstructionState.AWAITING_SECOND and instruction.user_id == user.pk:
        return Checked(Outcome.AWAITS_SECOND, instruction)
    refusal = sending.why_not(instruction, user=user, at=at)
    if refusal is not None:
        return Checked(_outcome_of(instruction, user, refusal, at=at), instruction)
    code = _live_code(instruction, user=user, at=at)
    if code is None:
        return Checked(_no_code(instruction, user=user, at=at), instruction)
    if code.session != session or code.user_id != user.pk or code.digest != instruction.digest:
        add_step(instruction, Step.CODE_WRONG, at=at, user=user, why="session")
        _spend_try(code, at=at)
        _log("refused", instruction, user)
        return Checked(Outcome.NOT_YOURS, instruction)
    device = SmsDevice.objects.select_for_update(of=("self",)).get(user=user)
    allowed, why = device.verify_is_allowed()
    if not allowed and why.get("reason") == VerifyNotAllowed.N_FAILED_ATTEMPTS:
        return Checked(Outcome.TOO_FAST, instruction, code.tries_left)
    given = _SEPARATORS.sub("", typed[:_LONGEST_CODE])
    if not codes.is_same(given, code.code()):
        return _wrong(instruction, code, device, given, user=user, at=at)
    won = OperationAuthorisation.objects.filter(
        pk=code.pk, state=CodeState.LIVE, tries_left__gt=0, valid_until__gt=at
    ).update(state=CodeState.USED, ended_at=at)
    if not won:
        return Checked(Outcome.EXPIRED, instruction)
    device.throttle_reset(commit=False)
    device.cooldown_reset(commit=False)
    device.set_last_used_timestamp(commit=True)
    add_step(instruction, Step.CODE_RIGHT, at=at, user=user, ordinal=code.ordinal, slot=code.slot)
    return Checked(_after_right_code(instruction, code, user=user, at=at), instruction)


def _after_right_code(
    instruction: Instruction, code: OperationAuthorisation, *, user: User, at: dt.datetime
) -> Outcome:
    if code.slot == Slot.SECOND:
        instruction.second_user = user
        instruction.save(update_fields=["second_user"])
        return _execute(instruction, user=user, at=at)
    slot, _number = sending.next_code(instruction, user=user, at=at)
    used = OperationAuthorisation.objects.filter(
        instruction=instruction, slot=slot, state=CodeState.USED, digest=instruction.digest
    )
    if not used.exists():
        return Outcome.NEXT_CODE
    Instruction.objects.filter(pk=instruction.pk).update(signed_at=at)
    instruction.signed_at = at
    if instruction.needs_second:
        return _pass_on(instruction, user=user, at=at)
    return _execute(instruction, user=user, at=at)


def _execute(instruction: Instruction, *, user: User, at: dt.datetime) -> Outcome:
    """The last gate, whatever led here: the stored instruction, whole, once."""
    definition = operation(instruction.operation)
    if digest_of(instruction) != instruction.digest:
        services.end(instruction=instruction, state=InstructionState.REFUSED, at=at, user=user)
        security_event(
            "instruction_tampered",
            result="refused",
            actor_id=user.pk,
            reference=instruction.reference,
        )
        return Outcome.REFUSED
    won = Instruction.objects.filter(
        pk=instruction.pk, state__in=ALLOWED_FROM[InstructionState.EXECUTED]
    ).update(state=InstructionState.EXECUTED, ended_at=at)
    if not won:
        return Outcome.EXECUTED
    try:
        with transaction.atomic(), translation.override(instruction.language):
            done = definition.execute(instruction, at)
    except Refused as refused:
        Instruction.objects.filter(pk=instruction.pk).update(
            state=InstructionState.REFUSED, outcome_text=str(refused)[:250]
        )
        instruction.refresh_from_db(fields=["state", "ended_at", "outcome_text"])
        _note_end(instruction, Step.REFUSED, user=user, at=at)
        return Outcome.REFUSED
    Instruction.objects.filter(pk=instruction.pk).update(
        outcome_text=done.text[:250],
        result={"next": done.next, "url": done.url, **done.result},
    )
    instruction.refresh_from_db(fields=["state", "ended_at", "outcome_text", "result"])
    for person in {instruction.user, user}:
        notify(
            kind="instruction_executed",
            user=person,
            at=at,
            key=f"instruction_executed:{instruction.reference}:{person.pk}",
            company=instruction.company,
            facts=_told(instruction),
            url=f"/dyspozycje/{instruction.public_id}/potwierdzenie/",
        )
    _note_end(instruction, Step.EXECUTED, user=user, at=at)  # last: it locks the company's chain
    return Outcome.EXECUTED


def _pass_on(instruction: Instruction, *, user: User, at: dt.datetime) -> Outcome:
    """Signed by the first person; somebody else with the right must sign too (SEC-46)."""
    until = at + dt.timedelta(seconds=settings.SECOND_PERSON_SECONDS)
    won = Instruction.objects.filter(
        pk=instruction.pk, state__in=ALLOWED_FROM[InstructionState.AWAITING_SECOND]
    ).update(state=InstructionState.AWAITING_SECOND, expires_at=until)
    if not won:
        return Outcome.AWAITS_SECOND
    instruction.refresh_from_db(fields=["state", "expires_at"])
    _note_end(instruction, Step.AWAITS_SECOND, user=user, at=at)
    definition = operation(instruction.operation)
    others = Membership.objects.active().filter(
        company=instruction.company,
        role__in=roles_with(definition.right) if definition.right else [],
    )
    for membership in others.exclude(user=user).select_related("user").order_by("pk"):
        notify(
            kind="instruction_awaits_second",
            user=membership.user,
            at=at,
            key=f"instruction_awaits_second:{instruction.reference}:{membership.user_id}",
            company=instruction.company,
            facts=_told(instruction) | {"author": str(instruction.user)},
            url=f"/dyspozycje/{instruction.public_id}/",
        )
    return Outcome.AWAITS_SECOND


def _note_end(instruction: Instruction, step: Step, *, user: User, at: dt.datetime) -> None:
    entry = record(
        event=f"instruction_{step.value}",
        at=at,
        actor=user,
        company=instruction.company,
        object_kind="instruction",
        object_ref=instruction.reference,
        facts={"title": instruction.title, "reference": instruction.reference},
    )
    add_step(
        instruction, step, at=at, user=user, audit=[entry.chain.key, entry.sequence, entry.hash]
    )
    security_event(
        f"instruction_{step.value}",
        result="refused" if step == Step.REFUSED else "ok",
        actor_id=user.pk,
        operation=instruction.operation,
        reference=instruction.reference,
    )


def _wrong(
    instruction: Instruction,
    code: OperationAuthorisation,
    device: SmsDevice,
    given: str,
    *,
    user: User,
    at: dt.datetime,
) -> Checked:
    counted = _spend_try(code, at=at)
    if not counted:
        return Checked(Outcome.EXHAUSTED, instruction)
    device.throttle_increment()
    add_step(instruction, Step.CODE_WRONG, at=at, user=user, ordinal=code.ordinal)
    _log("failed", instruction, user)
    code.refresh_from_db(fields=["tries_left", "state"])
    if limits.is_blocked(user=user, at=at):
        notify(
            kind="signing_blocked",
            user=user,
            at=at,
            key=f"signing_blocked:{user.pk}:{at:%Y-%m-%d}",
            facts={},
        )
        return Checked(Outcome.BLOCKED, instruction)
    if code.tries_left == 0:
        services.end(
            instruction=instruction,
            state=InstructionState.REFUSED,
            at=at,
            user=user,
            text=str(Outcome.EXHAUSTED.label),
        )
        return Checked(Outcome.EXHAUSTED, instruction)
    older = OperationAuthorisation.objects.filter(
        instruction=instruction, slot=code.slot, state=CodeState.VOID
    ).order_by("pk")
    if any(codes.is_same(given, row.code()) for row in older):
        return Checked(Outcome.OLD_CODE, instruction, code.tries_left)
    return Checked(Outcome.WRONG, instruction, code.tries_left)


def _spend_try(code: OperationAuthorisation, *, at: dt.datetime) -> bool:
    """Takes one try away, atomically; the last one kills the code."""
    return (
        OperationAuthorisation.objects.filter(
            pk=code.pk, state=CodeState.LIVE, tries_left__gt=0
        ).update(
            tries_left=F("tries_left") - 1,
            state=Case(
                When(tries_left__lte=1, then=Value(CodeState.EXHAUSTED)),
                default=Value(CodeState.LIVE),
            ),
            ended_at=Case(When(tries_left__lte=1, then=Value(at)), default=F("ended_at")),
        )
        == 1
    )


def _live_code(
    instruction: Instruction, *, user: User, at: dt.datetime
) -> OperationAuthorisation | None:
    slot, _number = sending.next_code(instruction, user=user, at=at)
    return OperationAuthorisation.objects.filter(
        instruction=instruction, slot=slot, state=CodeState.LIVE, valid_until__gt=at
    ).first()


def _no_code(instruction: Instruction, *, user: User, at: dt.datetime) -> Outcome:
    slot, _number = sending.next_code(instruction, user=user, at=at)
    sent = OperationAuthorisation.objects.filter(instruction=instruction, slot=slot)
    add_step(instruction, Step.CODE_REFUSED, at=at, user=user)
    return Outcome.EXPIRED if sent.exists() else Outcome.NO_CODE


def _outcome_of(
    instruction: Instruction, user: User, refusal: sending.Sent, *, at: dt.datetime
) -> Outcome:
    if refusal.stale:
        return Outcome.STALE
    if limits.is_blocked(user=user, at=at):
        return Outcome.BLOCKED
    if instruction.state in {InstructionState.READY, InstructionState.AWAITING_SECOND}:
        add_step(instruction, Step.CODE_WRONG, at=at, user=user, why="person")
        _log("refused", instruction, user)
        return Outcome.NOT_YOURS
    if instruction.state == InstructionState.STALE:
        return Outcome.STALE
    return Outcome.REFUSED


def _took_part(instruction: Instruction, user: User) -> bool:
    return user.pk in {instruction.user_id, instruction.second_user_id}


def _told(instruction: Instruction) -> dict[str, str]:
    return {"title": instruction.title, "reference": instruction.reference}


def _log(result: str, instruction: Instruction, user: User) -> None:
    security_event(
        "operation_code",
        result="failed" if result == "failed" else "refused",
        actor_id=user.pk,
        reference=instruction.reference,
    )
