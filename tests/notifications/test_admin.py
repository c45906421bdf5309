"""The back office sees what became of each message, never a code, and may send one again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from eboks.accounts.staff import StaffRole, create_staff
from eboks.audit.models import AuditEntry
from eboks.integrations.sms import fake
from eboks.notifications import registry, sending
from eboks.notifications.models import Channel, MessageState, OutgoingMessage
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import send_to
from tests import factories as f
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

LIST = reverse("admin:notifications_outgoingmessage_changelist")
CODE = "904817"
FACTS = {"what": "Zmiana adresu", "fee": "0,00 zl", "ordinal": 1}


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    sms = MessageKind(name="operation_code", title="Kod", channels=(Channel.SMS,), security=True)
    letter = MessageKind(name="signing_blocked", title="Próba", channels=(Channel.EMAIL,))
    monkeypatch.setattr(registry, "_kinds", registry._kinds | {k.name: k for k in (sms, letter)})
    sources = {**registry._sources, "proba": lambda ref, at: {"code": CODE}}
    monkeypatch.setattr(registry, "_sources", sources)


@pytest.fixture
def office(client):
    def enter(role=StaffRole.SERVICE):
        staff = create_staff(
            username=f"Z-{role}", email=f"{role}@lessor.example", role=role, password=PASSWORD
        )
        client.force_login(staff)
        return client

    f.LessorFactory()
    return enter


def queued(**values):
    """A letter that nobody has sent yet, changed by `values`."""
    person = f.UserFactory()
    message = send_to(
        kind="signing_blocked",
        channel=Channel.EMAIL,
        address=person.email,
        at=timezone.now(),
        key=f"k:{person.pk}",
        user=person,
    )
    OutgoingMessage.objects.filter(pk=message.pk).update(**values)
    message.refresh_from_db()
    return message


def again(client, *messages):
    chosen = [message.pk for message in messages]
    return client.post(LIST, {"action": "send_again", "_selected_action": chosen}, follow=True)


def test_outcome_is_seen(office):
    queued(state=MessageState.FAILED, provider_answer="550 nie ma takiej skrzynki")

    page = office().get(LIST).content.decode()

    assert "nie udało się wysłać" in page
    assert "550 nie ma takiej skrzynki" in page


def test_code_is_never_seen(office):
    message = send_to(
        kind="operation_code",
        channel=Channel.SMS,
        address="+48601234567",
        at=timezone.now(),
        key="code",
        facts=FACTS,
        secret_source="proba",
        secret_ref="1",
    )
    sending.deliver(message_id=message.pk, at=timezone.now())
    assert CODE in fake.outbox[0].text
    client = office(StaffRole.ADMIN)
    one = reverse("admin:notifications_outgoingmessage_change", args=[message.pk])

    pages = client.get(LIST).content.decode() + client.get(one).content.decode()

    assert "•••" in pages
    assert CODE not in pages


def test_messages_are_only_looked_at(office):
    message = queued()
    client = office(StaffRole.ADMIN)
    one = reverse("admin:notifications_outgoingmessage_change", args=[message.pk])

    assert client.post(one, {"state": "sent"}).status_code == 403
    assert client.get(LIST + "add/").status_code == 403
    assert client.post(one.replace("change", "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.UNKNOWN])
def test_failed_message_is_sent_again(office, django_capture_on_commit_callbacks, state):
    message = queued(state=state, attempts=3)
    client = office()

    with django_capture_on_commit_callbacks(execute=True):
        page = again(client, message)

    assert "Wysyłamy ponownie 1 wiadomość" in page.content.decode()
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    assert message.attempts == 4
    assert [letter.to for letter in mail.outbox] == [[message.address]]
    entry = AuditEntry.objects.get(event="message_sent_again")
    assert entry.subject == message.user
    assert entry.object_ref == str(message.public_id)


@pytest.mark.parametrize(
    "state",
    [
        MessageState.PENDING,
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.CANCELLED,
    ],
)
def test_other_messages_are_left_alone(office, django_capture_on_commit_callbacks, state):
    message = queued(state=state)
    client = office()

    with django_capture_on_commit_callbacks(execute=True):
        again(client, message)

    message.refresh_from_db()
    assert message.state == state
    assert mail.outbox == []
    assert not AuditEntry.objects.filter(event="message_sent_again").exists()


def test_sending_again_twice_sends_once(office, django_capture_on_commit_callbacks):
    message = queued(state=MessageState.FAILED)
    client = office()

    with django_capture_on_commit_callbacks(execute=True):
        again(client, message)
        again(client, message)

    assert len(mail.outbox) == 1


def test_code_that_has_run_out_is_not_sent_again(
    office, django_capture_on_commit_callbacks, monkeypatch
):
    message = queued(
        state=MessageState.FAILED, kind="operation_code", channel=Channel.SMS, facts=FACTS
    )
    OutgoingMessage.objects.filter(pk=message.pk).update(secret_source="stary", secret_ref="1")
    monkeypatch.setitem(registry._sources, "stary", lambda ref, at: None)
    client = office()

    with django_capture_on_commit_callbacks(execute=True):
        again(client, message)

    message.refresh_from_db()
    assert message.state == MessageState.CANCELLED
    assert fake.outbox == []


def test_looking_alone_does_not_allow_sending(office, django_capture_on_commit_callbacks):
    message = queued(state=MessageState.FAILED)
    client = office(StaffRole.VIEW)

    with django_capture_on_commit_callbacks(execute=True):
        again(client, message)

    message.refresh_from_db()
    assert message.state == MessageState.FAILED


def test_message_is_found_by_its_address(office):
    message = queued()
    queued()

    page = office().get(LIST, {"q": message.address})

    assert [row.pk for row in page.context["cl"].result_list] == [message.pk]


def test_old_message_keeps_the_day_of_its_end(office):
    message = queued()

    kept = message.purge_after - message.created_at.date()
    assert kept >= dt.timedelta(days=registry.kind("signing_blocked").keep_days - 1)
