"""Sending the codes of an instruction: each bound to it, to a person, a session and a digest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.authorisation import limits, services
from eboks.authorisation.enums import CodeState, InstructionState, Slot, Step
from eboks.authorisation.evidence import add_step
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.authorisation.registry import Refused, operation
from eboks.events import security_event
from eboks.money import format_money
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to
from eboks.phones import masked


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether a code is on its way. `stale`: the data have changed, a new summary is due."""

    ok: bool
    text: str = ""
    stale: bool = False
    next_at: dt.datetime | None = None


@transaction.atomic
def send_code(*, instruction_id: int, user: User, session: str, at: dt.datetime) -> Sent:
    """Sends the next code that the instruction needs, and makes an earlier one void (SEC-37).

    `user` is the author, or the second person once the author has signed. `session` is the hash of
    the session that may type the code in.
    """
    rows = Instruction.objects.select_related("user", "company").select_for_update(of=("self",))
    instruction = rows.get(pk=instruction_id)
    refusal = why_not(instruction, user=user, at=at)
    if refusal is not None:
        return refusal
    slot, phone = next_code(instruction, user=user, at=at)
    last = (
        OperationAuthorisation.objects.filter(instruction=instruction, slot=slot)
        .order_by("-ordinal")
        .first()
    )
    pause = dt.timedelta(seconds=settings.SMS_RESEND_SECONDS)
    if last is not None and at < last.created_at + pause:
        return _wait(last.created_at + pause)
    if last is not None and last.ordinal >= settings.SMS_CODES_PER_INSTRUCTION:
        return Sent(False, _("Więcej kodów do tej dyspozycji nie wyślemy. Zacznij ją od nowa."))
    if text := limits.refusal_to_send(user=user, phone=phone, at=at):
        return Sent(False, text)
    if slot != Slot.NEW_NUMBER:
        allowed, why = _device(user).generate_is_allowed()
        if not allowed:
            return _wait(why["next_generation_at"])
    return _issue(instruction, slot, phone, last, user=user, session=session, at=at)


def why_not(instruction: Instruction, *, user: User, at: dt.datetime) -> Sent | None:
    """Why `user` cannot sign this instruction now, or None when they can."""
    if instruction.state not in {InstructionState.READY, InstructionState.AWAITING_SECOND}:
        return Sent(False, _("Tej dyspozycji nie można już podpisać."))
    if not may_sign(instruction, user=user):
        return Sent(False, _("Tę dyspozycję podpisuje ktoś inny."))
    if at >= instruction.expires_at:
        services.end(
            instruction=instruction, state=InstructionState.EXPIRED, at=at, user=instruction.user
        )
        return Sent(False, _("Minął czas na podpisanie. Sprawdź dane jeszcze raz."), stale=True)
    if limits.is_blocked(user=user, at=at):
        return Sent(
            False,
            _("Za dużo błędnych kodów dzisiaj. Podpisywanie wróci jutro; możesz też zadzwonić."),
        )
    try:
        fresh = is_fresh(instruction, at=at)
    except Refused as refused:
        services.end(
            instruction=instruction,
            state=InstructionState.REFUSED,
            at=at,
            user=user,
            text=str(refused),
        )
        return Sent(False, str(refused))
    if not fresh:
        services.end(instruction=instruction, state=InstructionState.STALE, at=at, user=user)
        return Sent(False, _("Dane się zmieniły. Sprawdź je jeszcze raz."), stale=True)
    return None


def may_sign(instruction: Instruction, *, user: User) -> bool:
    """The author signs first; then, where two are needed, somebody else with the right."""
    definition = operation(instruction.operation)
    if instruction.state == InstructionState.READY:
        if instruction.user_id != user.pk:
            return False
    elif instruction.user_id == user.pk or instruction.company is None:
        return False
    if definition.right is None:
        return user.frozen_at is None
    return instruction.company is not None and services.may(
        user, instruction.company, definition.right
    )


def is_fresh(instruction: Instruction, *, at: dt.datetime) -> bool:
    """Whether everything that the instruction rests on is as it was when it was shown.

    Raises `Refused` when the operation has become impossible.
    """
    definition = operation(instruction.operation)
    facts = services.facts_of(instruction)
    return services.basis_of(definition, facts, at=at) == instruction.basis


def next_code(instruction: Instruction, *, user: User, at: dt.datetime) -> tuple[Slot, str]:
    """Which code comes next and to which number. Raises `Refused` without a number."""
    definition = operation(instruction.operation)
    facts = services.facts_of(instruction)
    if instruction.state == InstructionState.AWAITING_SECOND:
        return Slot.SECOND, services.own_number(user, costly=True, at=at)
    needed = services.needed_codes(definition, facts, at=at)
    used = set(
        OperationAuthorisation.objects.filter(
            instruction=instruction, state=CodeState.USED, digest=instruction.digest
        ).values_list("slot", flat=True)
    )
    for slot, number in needed:
        if slot not in used:
            return Slot(slot), number
    return Slot(needed[-1][0]), needed[-1][1]


def code_for_message(ref: str, at: dt.datetime) -> dict[str, str] | None:
    """The secret of an `operation_code` message; None once the code is worth nothing."""
    row = OperationAuthorisation.objects.filter(public_id=ref).first()
    if row is None or row.state != CodeState.LIVE or at >= row.valid_until:
        return None
    return {"code": row.code()}


def _issue(
    instruction: Instruction,
    slot: Slot,
    phone: str,
    last: OperationAuthorisation | None,
    *,
    user: User,
    session: str,
    at: dt.datetime,
) -> Sent:
    OperationAuthorisation.objects.filter(
        instruction=instruction, slot=slot, state=CodeState.LIVE
    ).update(state=CodeState.VOID, ended_at=at)
    try:
        with transaction.atomic():
            row = OperationAuthorisation.objects.create(
                instruction=instruction,
                user=user,
                slot=slot,
                ordinal=last.ordinal + 1 if last else 1,
                phone=phone,
                session=session,
                digest=instruction.digest,
                created_at=at,
                valid_until=at + dt.timedelta(seconds=settings.SMS_CODE_SECONDS),
                tries_left=settings.SMS_CODE_TRIES,
            )
    except IntegrityError:  # a parallel press of the same button: its code is on the way
        return _wait(at + dt.timedelta(seconds=settings.SMS_RESEND_SECONDS))
    row.message = send_to(
        kind="operation_code",
        channel=Channel.SMS,
        address=phone,
        at=at,
        key=f"operation_code:{row.public_id}",
        user=user,
        company=instruction.company,
        language=instruction.language,
        facts={
            "what": instruction.sms_text,
            "fee": format_money(instruction.fee_gross),
            "ordinal": row.ordinal,
        },
        secret_source="operation_code",  # noqa: S106 -- a name
        secret_ref=str(row.public_id),
    )
    row.save(update_fields=["message"])
    if slot != Slot.NEW_NUMBER:
        _device(user).cooldown_set()
    add_step(
        instruction,
        Step.CODE_SENT,
        at=at,
        user=user,
        ordinal=row.ordinal,
        slot=str(slot),
        number=masked(phone),
    )
    security_event(
        "operation_code_sent",
        result="ok",
        actor_id=user.pk,
        reference=instruction.reference,
        ordinal=row.ordinal,
    )
    return Sent(True)


def _device(user: User) -> SmsDevice:
    found: SmsDevice = SmsDevice.objects.select_for_update(of=("self",)).get(user=user)
    return found


def _wait(next_at: dt.datetime) -> Sent:
    return Sent(False, _("Kod jest w drodze. Nowy możesz wysłać za chwilę."), next_at=next_at)
