"""Messages about passwords: rows without secrets; the link is made when sent (SEC-14, 43)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.utils import timezone

from eboks.accounts import services, tasks
from eboks.accounts.password_mails import link_for_message, link_ref
from eboks.notifications.models import Channel, MessageState, OutgoingMessage
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(django_capture_on_commit_callbacks):
    """`sent(work)` lets what `work` has queued go out."""

    def run(work):
        with django_capture_on_commit_callbacks(execute=True):
            work()

    return run


def test_token_is_in_the_mail_alone(sent, caplog):
    caplog.set_level("DEBUG")
    user = UserFactory()
    sent(lambda: tasks.send_password_reset(email=user.email))

    [letter] = mail.outbox
    token = re.search(r"/konto/haslo/nowe/(\S+)/", str(letter.body)).group(1)
    assert token in str(letter.alternatives[0][0])
    row = OutgoingMessage.objects.values().get()
    assert row["state"] == MessageState.SENT
    assert token not in repr(row)
    assert "•••" in row["body"]
    assert token not in caplog.text


def test_task_that_runs_twice_sends_one_link(sent):
    user, at = UserFactory(), timezone.now()
    for _ in range(2):
        sent(lambda: services.mail_reset_link(email=user.email, key="task-1", at=at))

    assert len(mail.outbox) == 1


def test_two_requests_send_two_links(sent):
    user = UserFactory()
    for _ in range(2):
        sent(lambda: tasks.send_password_reset(email=user.email))

    assert len(mail.outbox) == 2


def test_link_that_was_held_up_too_long_is_not_sent(settings):
    user, at = UserFactory(), timezone.now()
    ref = link_ref(user=user, at=at)
    last = at + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)

    assert link_for_message(ref, last - dt.timedelta(seconds=1)) is not None
    assert link_for_message(ref, last + dt.timedelta(seconds=1)) is None


def test_person_switched_off_meanwhile_gets_no_link():
    user, at = UserFactory(is_active=False), timezone.now()

    assert link_for_message(link_ref(user=user, at=at), at) is None


def test_stranger_and_person_switched_off_leave_no_row(sent):
    UserFactory(email="ewa@example.com", is_active=False)
    for email in ("nikt@example.com", "ewa@example.com", "bez-malpy"):
        sent(lambda email=email: tasks.send_password_reset(email=email))

    assert not OutgoingMessage.objects.exists()


def test_changed_password_is_told_by_mail_and_in_the_portal(sent):
    user = UserFactory()
    at = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)
    sent(lambda: services.mail_notice(user=user, kind="password_changed", at=at))

    [letter] = mail.outbox
    assert "21.11.2026 o 00:30" in letter.body
    bell = OutgoingMessage.objects.get(channel=Channel.BELL)
    assert bell.user == user
    assert "21.11.2026 o 00:30" in bell.body
    assert bell.is_security
