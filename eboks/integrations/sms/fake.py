"""A gateway for tests: keeps what it got in `outbox` and fails as `mode` says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eboks.integrations.sms.client import Answer, Fate, SmsUnavailable, SmsUnknown


class Mode(StrEnum):
    OK = "ok"
    SLOW = "slow"  # answers in time, but only just
    ERROR_500 = "500"
    ERROR_503 = "503"
    ERROR_429 = "429"
    RESET = "reset"  # the connection breaks before the message has left
    ACCEPT_THEN_DROP = "accept_then_drop"  # the SMS goes out, the answer never comes
    DUPLICATE_REPORT = "duplicate_report"  # says that it has the message already
    GARBAGE = "garbage"  # an answer that is no answer: who knows
    NO_CREDIT = "credit exhausted"


@dataclass(frozen=True, slots=True)
class Sms:
    id: str
    to: str
    text: str


outbox: list[Sms] = []
calls: list[str] = []  # ids of all calls, also of those that failed


class FakeGateway:
    """`mode`, `tells_status` and `repeats_are_safe` are set by tests on the class."""

    mode = Mode.OK
    tells_status = False
    repeats_are_safe = False

    def send(self, *, id: str, to: str, text: str) -> Answer:  # noqa: A002 -- the contract's word
        calls.append(id)
        if error := _NOT_TAKEN.get(self.mode):
            raise error(f"fake {self.mode}")
        known = any(sms.id == id for sms in outbox)
        if not (known and (self.repeats_are_safe or self.mode == Mode.DUPLICATE_REPORT)):
            outbox.append(Sms(id, to, text))
        if self.mode in {Mode.ACCEPT_THEN_DROP, Mode.GARBAGE}:
            raise SmsUnknown(f"fake {self.mode}")
        return Answer(f"fake-{len(outbox)}", "DUPLICATE" if known else "QUEUED")

    def status(self, *, id: str) -> Fate:  # noqa: A002
        if not self.tells_status:
            return Fate.UNSURE
        return Fate.SENT if any(sms.id == id for sms in outbox) else Fate.MISSING


_NOT_TAKEN = {
    Mode.ERROR_500: SmsUnavailable,
    Mode.ERROR_503: SmsUnavailable,
    Mode.ERROR_429: SmsUnavailable,
    Mode.RESET: SmsUnavailable,
    Mode.NO_CREDIT: SmsUnavailable,
}


def forget() -> None:
    """Before each test."""
    outbox.clear()
    calls.clear()
    FakeGateway.mode = Mode.OK
    FakeGateway.tells_status = False
    FakeGateway.repeats_are_safe = False
