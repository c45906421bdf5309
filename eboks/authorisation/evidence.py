"""What proves an instruction: the digest of what was shown, and the steps on the way (SEC-44)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from eboks import origin
from eboks.accounts.models import User
from eboks.authorisation.enums import Step
from eboks.authorisation.models import Instruction, InstructionStep, OperationAuthorisation
from eboks.money import to_grosz
from eboks.phones import masked


def canonical(value: Any) -> str:
    """One way to write JSON values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def shown(instruction: Instruction) -> dict[str, Any]:
    """Everything that the person saw and signs, as it goes into the digest."""
    return {
        "reference": instruction.reference,
        "operation": instruction.operation,
        "user": instruction.user_id,
        "company": instruction.company_id,
        "payload": instruction.payload,
        "title": instruction.title,
        "lines": instruction.lines,
        "sms_text": instruction.sms_text,
        "fee": [
            str(to_grosz(amount))
            for amount in (instruction.fee_net, instruction.fee_vat, instruction.fee_gross)
        ],
        "price_version": instruction.price_version,
        "language": instruction.language,
    }


def digest_of(instruction: Instruction) -> str:
    return sha256(canonical(shown(instruction)))


def add_step(
    instruction: Instruction,
    step: Step,
    *,
    at: dt.datetime,
    user: User | None,
    **facts: Any,
) -> InstructionStep:
    """Notes what happened, with where it came from."""
    here = origin.current()
    return InstructionStep.objects.create(
        instruction=instruction,
        at=at,
        step=step,
        user=user,
        facts=facts,
        ip=here.ip,
        agent=here.agent,
        session=here.session,
    )


def export(instruction: Instruction) -> dict[str, Any]:
    """The whole record as JSON values; whoever has it can compute the digest again."""
    codes = OperationAuthorisation.objects.filter(instruction=instruction).order_by("pk")
    steps = InstructionStep.objects.filter(instruction=instruction).order_by("pk")
    return {
        "shown": shown(instruction),
        "canonical": canonical(shown(instruction)),
        "sha256": instruction.digest,
        "state": instruction.state,
        "outcome": instruction.outcome_text,
        "result": instruction.result,
        "created_at": instruction.created_at.isoformat(),
        "ended_at": instruction.ended_at and instruction.ended_at.isoformat(),
        "second_user": instruction.second_user_id,
        "codes": [_code(code) for code in codes.select_related("message")],
        "steps": [
            {
                "at": step.at.isoformat(),
                "step": step.step,
                "user": step.user_id,
                "facts": step.facts,
                "ip": step.ip,
                "agent": step.agent,
                "session": step.session,
            }
            for step in steps
        ],
    }


def _code(code: OperationAuthorisation) -> dict[str, Any]:
    message = code.message
    return {
        "ordinal": code.ordinal,
        "slot": code.slot,
        "user": code.user_id,
        "number": masked(code.phone),
        "session": code.session,
        "digest": code.digest,
        "created_at": code.created_at.isoformat(),
        "valid_until": code.valid_until.isoformat(),
        "tries_left": code.tries_left,
        "state": code.state,
        "sms": message.body if message else "",
        "sms_state": message.state if message else "",
        "gateway_id": message.provider_id if message else "",
        "sent_at": message.sent_at.isoformat() if message and message.sent_at else None,
    }
