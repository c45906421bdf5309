"""However many workers get the same message, one of them calls the provider."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from eboks.integrations.sms import fake
from eboks.notifications import sending
from eboks.notifications.models import MessageState, OutgoingMessage

pytestmark = pytest.mark.django_db(transaction=True)

PARALLEL = 8


def in_parallel(work):
    start = threading.Barrier(PARALLEL)

    def run(_n):
        try:
            start.wait(60)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(run, range(PARALLEL)))


@pytest.fixture(autouse=True)
def _nobody_sends_by_itself(monkeypatch):
    monkeypatch.setattr("eboks.notifications.tasks.deliver.delay", lambda **_: None)


def test_message_is_sent_by_one_worker(code_sms):
    message = code_sms()
    at = timezone.now()

    done = in_parallel(lambda: sending.deliver(message_id=message.pk, at=at))

    assert len([row for row in done if row is not None]) == 1
    assert len(fake.calls) == 1
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.SENT, 1)


def test_key_makes_one_row_in_parallel(code_sms):
    made = in_parallel(lambda: code_sms(key="once").pk)

    assert len(set(made)) == 1
    assert OutgoingMessage.objects.count() == 1
