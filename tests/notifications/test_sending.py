"""Claim, call, record: what becomes of a message when the provider answers, fails or is silent."""

from __future__ import annotations

import datetime as dt
import smtplib

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone

from eboks.integrations.sms import fake
from eboks.integrations.sms.fake import FakeGateway, Mode
from eboks.notifications import alarm, registry, sending
from eboks.notifications.models import MessageState, OutgoingMessage
from tests.factories import LessorFactory
from tests.notifications.conftest import CODE, PHONE

pytestmark = pytest.mark.django_db

NOT_TAKEN = [Mode.ERROR_500, Mode.ERROR_503, Mode.ERROR_429, Mode.RESET, Mode.NO_CREDIT]


class Smtp(BaseEmailBackend):
    """A mail server that fails as a test says."""

    on_open: Exception | None = None
    on_send: Exception | None = None

    def open(self) -> bool:
        if self.on_open:
            raise self.on_open
        return True

    def send_messages(self, messages):
        if self.on_send:
            raise self.on_send
        mail.outbox.extend(messages)
        return len(messages)


@pytest.fixture
def smtp(monkeypatch, settings):
    settings.EMAIL_BACKEND = "tests.notifications.test_sending.Smtp"
    monkeypatch.setattr(Smtp, "on_open", None)
    monkeypatch.setattr(Smtp, "on_send", None)
    return Smtp


# --- SMS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.OK, Mode.SLOW, Mode.DUPLICATE_REPORT])
def test_code_goes_out_once(mode, code_sms, deliver):
    FakeGateway.mode = mode
    message = deliver(code_sms())
    deliver(message)

    [sms] = fake.outbox
    assert (sms.id, sms.to) == (str(message.public_id), PHONE)
    assert sms.text.endswith(f"\n@127.0.0.1 #{CODE}")
    assert message.state == MessageState.SENT
    assert message.provider_id == "fake-1"
    assert message.sent_at is not None


@pytest.mark.parametrize("mode", NOT_TAKEN)
def test_gateway_that_did_not_take_the_sms_is_tried_again_later(mode, code_sms, deliver):
    FakeGateway.mode = mode
    message = deliver(code_sms())

    assert message.state == MessageState.PENDING
    assert fake.outbox == []
    assert deliver(message, at=timezone.now()).attempts == 1, "not before the pause is over"
    FakeGateway.mode = Mode.OK
    assert deliver(message).state == MessageState.SENT
    assert len(fake.outbox) == 1


@pytest.mark.parametrize("mode", [Mode.ACCEPT_THEN_DROP, Mode.GARBAGE])
def test_unknown_outcome_is_never_repeated_by_itself(mode, code_sms, deliver):
    FakeGateway.mode = mode
    message = deliver(code_sms())
    for _ in range(3):
        deliver(message)

    assert len(fake.outbox) == 1
    assert message.state == MessageState.UNKNOWN


def test_gateway_that_sees_to_it_itself_is_called_again(code_sms, deliver):
    FakeGateway.mode = Mode.ACCEPT_THEN_DROP
    FakeGateway.repeats_are_safe = True
    message = deliver(code_sms())
    assert message.state == MessageState.PENDING
    FakeGateway.mode = Mode.OK

    assert deliver(message).state == MessageState.SENT
    assert len(fake.calls) == 2
    assert len(fake.outbox) == 1


def test_resend_by_the_person_never_makes_two_valid_codes(code_sms, deliver, source):
    """The old code is void the moment a new one is made, so a late SMS brings nothing."""
    FakeGateway.mode = Mode.ERROR_503
    old = deliver(code_sms())
    source.code = None  # what the gate's source says of a void code
    FakeGateway.mode = Mode.OK

    assert deliver(old).state == MessageState.CANCELLED
    assert fake.outbox == []


def test_attempts_end(letter, deliver, smtp):
    smtp.on_open = ConnectionRefusedError("no")
    message = letter()
    pauses = []
    for _ in range(sending.MAX_ATTEMPTS):
        before = message.send_after
        deliver(message)
        pauses.append(message.send_after - before)

    assert message.state == MessageState.FAILED
    assert message.attempts == sending.MAX_ATTEMPTS
    assert pauses[:-1] == sorted(pauses[:-1]), "each pause is longer"


def test_pauses_differ_between_messages(code_sms, deliver):
    FakeGateway.mode = Mode.ERROR_503
    at = timezone.now()
    due = {deliver(code_sms(at=at), at=at).send_after for _ in range(2)}

    assert len(due) == 2
    assert all(dt.timedelta(seconds=5) <= moment - at <= dt.timedelta(seconds=6) for moment in due)


def test_number_with_a_line_end_is_never_called(code_sms, deliver):
    message = deliver(code_sms(address="+48601234741\n+48602"))

    assert message.state == MessageState.FAILED
    assert fake.calls == []


def test_three_failures_in_a_row_are_an_alarm(code_sms, deliver, caplog):
    FakeGateway.mode = Mode.ERROR_503
    for _ in range(2):
        deliver(code_sms())
    assert not alarm.is_down()
    deliver(code_sms())

    assert alarm.is_down()
    events = [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
    assert events.count("sms_gateway_down") == 1
    assert any(record.levelname == "ERROR" for record in caplog.records)
    calls = len(fake.calls)
    waiting = deliver(code_sms())
    assert len(fake.calls) == calls, "it is left alone for a moment"
    assert (waiting.state, waiting.attempts) == (MessageState.PENDING, 0)


def test_alarm_ends_with_the_first_success(code_sms, deliver, caplog):
    caplog.set_level("INFO")
    FakeGateway.mode = Mode.ERROR_503
    for _ in range(3):
        deliver(code_sms())
    cache.delete("sms:resting")
    FakeGateway.mode = Mode.OK
    deliver(code_sms())

    assert not alarm.is_down()
    assert not alarm.is_resting()
    assert any("sms_gateway_up" in str(record.msg) for record in caplog.records)


@pytest.mark.django_db(transaction=True)
def test_provider_is_called_outside_any_transaction(code_sms, letter, monkeypatch):
    inside = []

    def watched(method):
        def call(*args, **kwargs):
            inside.append(connection.in_atomic_block)
            return method(*args, **kwargs)

        return call

    from django.core.mail.backends.locmem import EmailBackend

    monkeypatch.setattr(FakeGateway, "send", watched(FakeGateway.send))
    monkeypatch.setattr(EmailBackend, "send_messages", watched(EmailBackend.send_messages))
    code_sms()  # really committed, so the task has run
    letter()

    assert inside == [False, False]
    assert {m.state for m in OutgoingMessage.objects.all()} == {MessageState.SENT}


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.OK, Mode.ERROR_503, Mode.ACCEPT_THEN_DROP])
def test_code_is_nowhere_but_in_the_sms(mode, code_sms, deliver, caplog, capfd):
    caplog.set_level("DEBUG")
    FakeGateway.mode = mode
    message = deliver(code_sms())

    row = OutgoingMessage.objects.filter(pk=message.pk).values().get()
    assert CODE not in repr(row)
    assert "•••" in message.body
    assert CODE not in caplog.text + "".join(capfd.readouterr())


def test_task_carries_only_the_number_of_the_row(code_sms, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "eboks.notifications.tasks.deliver.delay", lambda **kwargs: sent.append(kwargs)
    )
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        message = code_sms()

    assert sent == [{"message_id": message.pk}]


def test_secret_without_use_is_not_sent(code_sms, deliver, source):
    source.code = None
    message = deliver(code_sms())

    assert message.state == MessageState.CANCELLED
    assert fake.calls == []


# --- e-mail --------------------------------------------------------------------------------------


def html_of(sent) -> str:
    content, kind = sent.alternatives[0]
    assert kind == "text/html"
    return str(content)


def test_letter_has_both_texts_and_no_tracking(letter, deliver):
    LessorFactory(name="Kowalski & Żak Leasing", brand_colour="#123456")
    message = deliver(letter())

    [sent] = mail.outbox
    html = html_of(sent)
    assert "Wykonaliśmy dyspozycję" in sent.body
    assert "Wykonaliśmy dyspozycję" in html
    assert "Kowalski & Żak" in sent.body
    assert "Kowalski &amp; Żak" in html
    assert "#123456" in html
    assert "<img" not in html
    assert "http-equiv" not in html
    assert message.state == MessageState.SENT
    assert message.body.startswith("Wykonaliśmy")


def test_message_id_stays_the_same(letter, deliver, smtp):
    smtp.on_send = smtplib.SMTPDataError(451, b"try later")
    message = deliver(letter())
    smtp.on_send = None
    deliver(message)

    [sent] = mail.outbox
    domain = "przykladowyleasing.example"
    assert sent.message()["Message-ID"] == f"<{message.public_id}@{domain}>"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.pl": (450, b"greylisted")}), MessageState.PENDING),
        (smtplib.SMTPRecipientsRefused({"a@b.pl": (550, b"no such user")}), MessageState.FAILED),
        (smtplib.SMTPDataError(452, b"full"), MessageState.PENDING),
        (smtplib.SMTPSenderRefused(553, b"who?", "x"), MessageState.FAILED),
        (smtplib.SMTPServerDisconnected("gone"), MessageState.UNKNOWN),
        (TimeoutError("hangs at the end of DATA"), MessageState.UNKNOWN),
    ],
)
def test_mail_server_fails(error, state, letter, deliver, smtp):
    smtp.on_send = error
    message = deliver(letter())

    assert message.state == state
    assert message.provider_answer


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("no"),
        TimeoutError("no"),
        smtplib.SMTPAuthenticationError(535, b"bad password"),
        smtplib.SMTPConnectError(421, b"busy"),
    ],
)
def test_mail_server_that_is_away_is_tried_again(error, letter, deliver, smtp):
    smtp.on_open = error
    message = deliver(letter())
    assert message.state == MessageState.PENDING
    smtp.on_open = None

    assert deliver(message).state == MessageState.SENT
    assert len(mail.outbox) == 1


def test_letter_of_unknown_fate_is_not_repeated(letter, deliver, smtp):
    smtp.on_send = TimeoutError("hangs")
    message = deliver(letter())
    smtp.on_send = None
    deliver(message)

    assert mail.outbox == []
    assert message.state == MessageState.UNKNOWN


def test_line_ends_in_facts_start_no_header(letter, deliver):
    facts = {"title": "Adres\r\nBcc: ktos@example.com\r\n\r\nTresc", "reference": "D-1"}
    deliver(letter(facts=facts))

    [sent] = mail.outbox
    assert sent.message()["Bcc"] is None
    assert "\n" not in sent.subject
    assert sent.subject.endswith("Adres Bcc: ktos@example.com Tresc")


@pytest.mark.parametrize("address", ["a@b.pl\nBcc: c@d.pl", "a@b.pl,c@d.pl", "nikt"])
def test_odd_address_gets_nothing(address, letter, deliver):
    message = deliver(letter(address=address))

    assert message.state == MessageState.FAILED
    assert mail.outbox == []


def test_text_of_a_stranger_becomes_no_link_or_markup(letter, deliver):
    title = "<b>x</b> https://zly.example/haslo www.zly.example"
    deliver(letter(facts={"title": title, "reference": "D-1"}))

    html = html_of(mail.outbox[0])
    assert "<b>x</b>" not in html
    assert 'href="https://zly' not in html
    assert 'href="http://www' not in html


def test_text_that_cannot_be_made_fails_loudly(letter, deliver, monkeypatch):
    kind = registry.kind("instruction_executed")
    monkeypatch.setitem(registry._kinds, "without_texts", kind)
    message = letter()
    OutgoingMessage.objects.filter(pk=message.pk).update(kind="without_texts")

    with pytest.raises(Exception, match="without_texts"):
        deliver(message)
    message.refresh_from_db()
    assert message.state == MessageState.FAILED


def test_error_that_nobody_foresaw_leaves_the_fate_open(code_sms, deliver, monkeypatch):
    def broken(self, **_):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(FakeGateway, "send", broken)
    message = code_sms()

    with pytest.raises(RuntimeError):
        deliver(message)
    message.refresh_from_db()
    assert message.state == MessageState.UNKNOWN


def test_late_answer_counts_when_the_sweeper_gave_up(code_sms):
    at = timezone.now()
    message = sending.claim(message_id=code_sms(at=at).pk, at=at)
    assert message is not None
    OutgoingMessage.objects.filter(pk=message.pk).update(state=MessageState.UNKNOWN)

    late = sending.record(message, state=MessageState.SENT, answer="przyjęta", sent_at=at)
    assert late.state == MessageState.SENT


def test_answer_to_a_lost_claim_counts_for_nothing(code_sms):
    at = timezone.now()
    first = sending.claim(message_id=code_sms(at=at).pk, at=at)
    assert first is not None
    OutgoingMessage.objects.filter(pk=first.pk).update(state=MessageState.PENDING)
    second = sending.claim(message_id=first.pk, at=at)
    assert second is not None

    sending.record(first, state=MessageState.FAILED, answer="stara odpowiedź")
    second.refresh_from_db()
    assert second.state == MessageState.SENDING
