"""A source of secrets, and messages that wait without having been sent."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from eboks.notifications import registry, sending
from eboks.notifications.models import Channel, OutgoingMessage
from eboks.notifications.services import send_to
from tests.factories import UserFactory

CODE = "048213"
PHONE = "+48601234741"


class Source:
    """Gives one code, until it is told that the code is worth nothing."""

    code: str | None = CODE

    def __call__(self, ref: str, at: dt.datetime) -> dict[str, str] | None:
        return None if self.code is None else {"code": self.code}


@pytest.fixture
def source(monkeypatch):
    made = Source()
    monkeypatch.setitem(registry._sources, "test_code", made)
    return made


@pytest.fixture
def code_sms(db, source):
    """`code_sms()` queues a code by SMS; nothing sends it by itself."""
    user = UserFactory()

    def queue(at: dt.datetime | None = None, **changed: object) -> OutgoingMessage:
        values: dict = {
            "kind": "operation_code",
            "channel": Channel.SMS,
            "address": PHONE,
            "at": at or timezone.now(),
            "key": f"code:{uuid.uuid4()}",
            "user": user,
            "facts": {"what": "Zmiana adresu", "fee": "0,00 zł", "ordinal": 1},
            "secret_source": "test_code",
            "secret_ref": "1",
        }
        return send_to(**{**values, **changed})

    return queue


@pytest.fixture
def letter(db):
    """`letter()` queues an e-mail; nothing sends it by itself."""
    user = UserFactory()

    def queue(at: dt.datetime | None = None, **changed: object) -> OutgoingMessage:
        values: dict = {
            "kind": "instruction_executed",
            "channel": Channel.EMAIL,
            "address": user.email,
            "at": at or timezone.now(),
            "key": f"letter:{uuid.uuid4()}",
            "user": user,
            "facts": {"title": "Zmiana adresu", "reference": "D-1"},
        }
        return send_to(**{**values, **changed})

    return queue


@pytest.fixture
def deliver():
    """`deliver(message)` makes one attempt, when it is due, and gives the row back."""

    def attempt(message: OutgoingMessage, *, at: dt.datetime | None = None) -> OutgoingMessage:
        sending.deliver(message_id=message.pk, at=at or max(timezone.now(), message.send_after))
        message.refresh_from_db()
        return message

    return attempt
