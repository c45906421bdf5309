"""The calls themselves: one message handed to the mail server or to the SMS gateway.

Nothing here touches the database. An outcome is one of four: sent, try again, never, don't know.
"""

from __future__ import annotations

import re
import smtplib
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from eboks.integrations.sms.client import SmsRefused, SmsUnavailable, SmsUnknown, gateway
from eboks.notifications.models import OutgoingMessage
from eboks.notifications.rendering import Letter, Sms

_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_TEMPORARY = range(400, 500)


class Result(StrEnum):
    SENT = "sent"
    LATER = "later"
    NEVER = "never"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    answer: str = ""
    provider_id: str = ""


def send_email(message: OutgoingMessage, letter: Letter) -> Outcome:
    """Hands the e-mail to the server. The same Message-ID every time: a double can be told."""
    try:
        validate_email(message.address)
    except ValidationError:
        return Outcome(Result.NEVER, "adres nie jest poprawny")
    message_id = f"<{message.public_id}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2]}>"
    mail = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        settings.DEFAULT_FROM_EMAIL,
        [message.address],
        headers={
            "Message-ID": message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": message.language,
        },
    )
    mail.attach_alternative(letter.html, "text/html")
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:  # nothing has left us yet
        return Outcome(Result.LATER, _short(error))
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _by_code(code, text)
    except smtplib.SMTPResponseException as error:
        return _by_code(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(Result.UNSURE, _short(error))
    finally:
        _close(connection)
    return Outcome(Result.SENT, "przyjęta", message_id)


def send_sms(message: OutgoingMessage, sms: Sms) -> Outcome:
    """Hands the SMS to the gateway under our own id, the same every time."""
    if not _NUMBER.fullmatch(message.address):
        return Outcome(Result.NEVER, "numer nie jest poprawny")
    chosen = gateway()
    try:
        answer = chosen.send(id=str(message.public_id), to=message.address, text=sms.text)
    except SmsUnavailable as error:
        return Outcome(Result.LATER, _short(error))
    except SmsRefused as error:
        return Outcome(Result.NEVER, _short(error))
    except SmsUnknown as error:
        return Outcome(Result.LATER if chosen.repeats_are_safe else Result.UNSURE, _short(error))
    return Outcome(Result.SENT, answer.status[:200], answer.provider_id[:80])


def _by_code(code: int, text: bytes | str) -> Outcome:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    result = Result.LATER if code in _TEMPORARY else Result.NEVER
    return Outcome(result, f"{code} {' '.join(said.split())}"[:200])


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _close(connection: BaseEmailBackend) -> None:
    with suppress(OSError, smtplib.SMTPException):  # the message's fate is known already
        connection.close()
