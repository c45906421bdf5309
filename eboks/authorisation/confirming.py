"""What the pages and the PDF say about an instruction and its codes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.authorisation import sending
from eboks.authorisation.enums import CodeState, Step
from eboks.authorisation.models import Instruction, InstructionStep, OperationAuthorisation
from eboks.authorisation.registry import Refused
from eboks.documents.brand import lessor_brand
from eboks.documents.pdf import render_pdf
from eboks.notifications.models import MessageState
from eboks.phones import masked

_FAILED = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.CANCELLED)


@dataclass(frozen=True, slots=True)
class CodeStatus:
    """The code that is asked for: which one, sent where and when, until when it is good."""

    ordinal: int
    number: str
    sent_at: dt.datetime
    valid_until: dt.datetime
    next_at: dt.datetime
    sms_start: str
    is_live: bool
    may_resend: bool
    more_codes: bool
    failed: bool
    new_number: bool


def code_minutes() -> int:
    return int(settings.SMS_CODE_SECONDS // 60)


def next_number(instruction: Instruction, *, user: User, at: dt.datetime) -> str:
    """The number, masked, that the next code goes to; empty when there is none."""
    try:
        return masked(sending.next_code(instruction, user=user, at=at)[1])
    except Refused:
        return ""


def code_status(instruction: Instruction, *, user: User, at: dt.datetime) -> CodeStatus | None:
    """About the newest code of the slot that comes next; None when none was sent."""
    try:
        slot, _number = sending.next_code(instruction, user=user, at=at)
    except Refused:
        return None
    row = (
        OperationAuthorisation.objects.filter(instruction=instruction, slot=slot, user=user)
        .select_related("message")
        .order_by("-ordinal")
        .first()
    )
    if row is None:
        return None
    next_at = row.created_at + dt.timedelta(seconds=settings.SMS_RESEND_SECONDS)
    return CodeStatus(
        ordinal=row.ordinal,
        number=masked(row.phone),
        sent_at=row.created_at,
        valid_until=row.valid_until,
        next_at=next_at,
        sms_start=instruction.sms_text,
        is_live=row.state == CodeState.LIVE and at < row.valid_until,
        may_resend=at >= next_at,
        more_codes=row.ordinal < settings.SMS_CODES_PER_INSTRUCTION,
        failed=row.message is not None and row.message.state in _FAILED,
        new_number=slot == "new_number",
    )


def timeline(instruction: Instruction) -> list[InstructionStep]:
    steps = InstructionStep.objects.filter(instruction=instruction).select_related("user")
    return list(steps.order_by("at", "pk"))


def pdf(instruction: Instruction) -> bytes:
    """„Potwierdzenie dyspozycji”: the same bytes each time, made of the stored record alone."""
    codes = (
        OperationAuthorisation.objects.filter(instruction=instruction)
        .select_related("message", "user")
        .order_by("pk")
    )
    ended = instruction.ended_at or instruction.created_at
    with translation.override(instruction.language):
        title = _("Potwierdzenie dyspozycji %s") % instruction.reference
        context: dict[str, Any] = {
            "title": title,
            "created": ended.isoformat(),
            "brand": lessor_brand(),
            "instruction": instruction,
            "steps": [{"row": step, "chain": _chain(step)} for step in timeline(instruction)],
            "codes": [{"row": row, "number": masked(row.phone)} for row in codes],
        }
        html = render_to_string("authorisation/confirmation_pdf.html", context)
    return render_pdf(html, title=title)


def _chain(step: InstructionStep) -> str:
    """Where the entry of the audit trail about this step stands, for those who verify it."""
    if step.step not in {Step.EXECUTED, Step.REFUSED, Step.AWAITS_SECOND}:
        return ""
    found = step.facts.get("audit") or ["", "", ""]
    return f"{found[0]} / {found[1]} / {found[2]}"
