"""A person with a phone, and signing what they change about themselves."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.core import mail
from django.utils import timezone

from eboks.accounts.models import User
from eboks.authorisation import sending, services, signing
from eboks.authorisation.enums import Outcome
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.notifications import sending as outbox
from eboks.notifications.models import MessageState, OutgoingMessage
from tests.factories import LessorFactory, UserFactory

SESSION = "a" * 64
OLD, NEW, THIRD = "+48601234741", "+48601999888", "+48601555222"


def person(**facts: Any) -> User:
    """An active person whose codes go to OLD."""
    LessorFactory()
    user: User = UserFactory(phone=OLD, activated_at=timezone.now(), **facts)
    SmsDevice.objects.create(user=user, number=OLD, name="sms", confirmed=True)
    return user


def prepared(user: User, operation: str, **payload: Any) -> Instruction:
    return services.prepare(
        operation=operation,
        user=user,
        company=None,
        payload=payload,
        form_key=uuid.uuid4(),
        session=SESSION,
        at=timezone.now(),
    )


def next_code(instruction: Instruction) -> tuple[str, str]:
    """Sends the next code: (number it went to, code)."""
    sent = sending.send_code(
        instruction_id=instruction.pk,
        user=instruction.user,
        session=SESSION,
        at=timezone.now(),
    )
    assert sent.ok, sent.text
    row = OperationAuthorisation.objects.get(instruction=instruction, state="live")
    return row.phone, row.code()


def give(instruction: Instruction, code: str) -> Outcome:
    return signing.check_code(
        instruction_id=instruction.pk,
        user=User.objects.get(pk=instruction.user_id),
        session=SESSION,
        typed=code,
        at=timezone.now(),
    ).outcome


def sign(instruction: Instruction) -> tuple[Outcome, list[str]]:
    """Gives every code that is asked for; how it ended, and which numbers were asked."""
    asked = []
    while True:
        number, code = next_code(instruction)
        asked.append(number)
        outcome = give(instruction, code)
        if outcome != Outcome.NEXT_CODE:
            return outcome, asked


def deliver() -> None:
    """Sends what waits in the queue, as the worker does after a commit."""
    waiting = OutgoingMessage.objects.filter(state=MessageState.PENDING).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)):
        outbox.deliver(message_id=pk, at=timezone.now())


def link_in_mail(pattern: str, *, to: str) -> str:
    """The path of the newest link like `pattern` in the mails to this address."""
    texts = [str(letter.body) for letter in mail.outbox if letter.to == [to]]
    found = [path for text in texts for path in re.findall(pattern, text)]
    return found[-1]
