"""What every SMS gateway offers, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class SmsError(Exception):
    """A failed call; the text is for the row and the log, without anything of the message."""


class SmsUnavailable(SmsError):  # noqa: N818 -- the word says it
    """The gateway did not take the message: it may be tried again."""


class SmsRefused(SmsError):  # noqa: N818 -- the word says it
    """The gateway will never take this message."""


class SmsUnknown(SmsError):  # noqa: N818 -- the word says it
    """The call broke off after the message had left us: it may be on its way."""


class Fate(StrEnum):
    """What the gateway says about an earlier message."""

    SENT = "sent"
    MISSING = "missing"  # never came: it may be sent
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Answer:
    provider_id: str
    status: str


class SmsGateway(Protocol):
    """`id` is ours and stays the same when a message is sent again."""

    # Whether the gateway itself sees to it that two calls with one id make one SMS.
    repeats_are_safe: bool

    def send(self, *, id: str, to: str, text: str) -> Answer:  # noqa: A002 -- the contract's word
        """Hands over one message. Raises a kind of `SmsError`."""

    def status(self, *, id: str) -> Fate:  # noqa: A002
        """What became of the message; `UNSURE` when the gateway cannot tell. Never raises."""


@cache
def _gateway(path: str) -> SmsGateway:
    made: SmsGateway = import_string(path)()
    return made


def gateway() -> SmsGateway:
    """The gateway of `settings.SMS_GATEWAY`."""
    return _gateway(settings.SMS_GATEWAY)
