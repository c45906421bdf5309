"""Activation happens once however many try at the same moment, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from eboks.integrations.sms import fake
from eboks.notifications.models import OutgoingMessage
from eboks.onboarding import activation, links, services
from eboks.onboarding.activation import Outcome
from eboks.onboarding.models import Invitation
from tests.onboarding.conftest import OWN, PHONE, password_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PARALLEL = 24


def in_parallel(work):
    start = threading.Barrier(PARALLEL)

    def run(n):
        try:
            start.wait(60)
            return work(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(run, range(PARALLEL)))


def invite(n=0, email="jan@example.com"):
    return services.invite(
        email=email,
        phone=PHONE,
        first_name="Jan",
        last_name="Nowak",
        invited_by=None,
        at=timezone.now(),
    )


def test_parallel_activations_activate_once():
    user = invite()
    key = links.invitation_key(Invitation.objects.get(user=user))
    assert activation.send_password(key=key, at=timezone.now()).ok
    code = password_in(fake.outbox[-1].text)

    def activate(n):
        result = activation.activate(
            key=key, sms_password=code, password=f"{OWN} {n}", at=timezone.now()
        )
        return result.outcome

    outcomes = in_parallel(activate)

    assert Counter(outcomes) == {Outcome.ACTIVATED: 1, Outcome.REFUSED: PARALLEL - 1}
    user.refresh_from_db()
    assert user.check_password(f"{OWN} {outcomes.index(Outcome.ACTIVATED)}")
    mails = OutgoingMessage.objects.filter(kind="account_activated", channel="email")
    assert mails.count() == 1


def test_parallel_wrong_passwords_share_five_tries():
    user = invite()
    key = links.invitation_key(Invitation.objects.get(user=user))
    activation.send_password(key=key, at=timezone.now())
    code = password_in(fake.outbox[-1].text)
    wrong = f"{(int(code) + 1) % 10**8:08d}"

    def activate(password):
        return activation.activate(
            key=key, sms_password=password, password=OWN, at=timezone.now()
        ).outcome

    in_parallel(lambda n: activate(wrong))

    assert Invitation.objects.get(user=user).tries_left == 0
    assert activate(code) == Outcome.REFUSED


def test_parallel_presses_send_one_sms():
    user = invite()
    key = links.invitation_key(Invitation.objects.get(user=user))
    sent = in_parallel(lambda n: activation.send_password(key=key, at=timezone.now()).ok)

    assert sum(sent) == 1
    assert len(fake.outbox) == 1


def test_parallel_invitations_make_one_person_and_one_live_link():
    people = in_parallel(invite)

    assert len({user.pk for user in people}) == 1
    assert Invitation.objects.filter(voided_at=None).count() == 1
