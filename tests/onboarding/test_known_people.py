"""People from the feed are invited once, when the lessor wants it."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import timezone

from eboks.accounts.models import User
from eboks.onboarding import known_people
from eboks.onboarding.models import Invitation
from tests.factories import MembershipFactory, UserFactory
from tests.onboarding.conftest import PHONE

pytestmark = pytest.mark.django_db


def known(*, source_id="M1", **facts):
    user = UserFactory(**{"phone": PHONE, **facts})
    user.set_unusable_password()
    user.save()
    MembershipFactory(user=user, source_system="core", source_id=source_id)
    return user


@pytest.fixture
def run(commits):
    def batches():
        last: int | None = 0
        with commits():
            while last is not None:
                last = known_people.invite_batch(after=last, at=timezone.now())
        return sorted(message.to[0] for message in mail.outbox)

    return batches


def test_nobody_is_invited_unless_it_is_switched_on(run):
    known()

    assert run() == []
    assert not Invitation.objects.exists()


def test_people_with_a_mandate_from_the_feed_are_invited_once(run, settings, monkeypatch):
    settings.INVITE_FROM_FEED = True
    monkeypatch.setattr(known_people, "BATCH", 2)
    waiting = [known(source_id=f"M{n}") for n in range(5)]
    known(source_id="A", activated_at=timezone.now())
    known(source_id="B", phone="+48221234567")
    known(source_id="C", is_active=False)
    known(source_id="")  # the mandate was given in the portal
    ended = known(source_id="D")
    ended.memberships.update(is_active=False)
    MembershipFactory(source_id="E")  # has a password

    expected = sorted(user.email for user in waiting)
    assert run() == expected
    assert run() == expected


def test_address_corrected_in_the_feed_is_invited_anew(run, settings):
    settings.INVITE_FROM_FEED = True
    user = known()
    run()
    User.objects.filter(pk=user.pk).update(email="poprawny@example.com")

    assert "poprawny@example.com" in run()
    assert Invitation.objects.filter(user=user, voided_at=None).count() == 1


def test_applied_feed_starts_the_invitations(settings, monkeypatch):
    from eboks.feeds.registry import registry
    from eboks.onboarding import tasks

    started = []
    monkeypatch.setattr(tasks.invite_known_people, "delay", lambda **facts: started.append(facts))
    for switched_on in (False, True):
        settings.INVITE_FROM_FEED = switched_on
        for follower in registry.followers:
            follower()

    assert started == [{}]
