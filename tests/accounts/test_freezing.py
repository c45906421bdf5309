"""„To nie ja”: the account is shut at once, and only the staff open it again (SEC-11)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from eboks.accounts import freezing, services
from eboks.accounts.models import FreezeLink, TrustedBrowser, User
from eboks.accounts.security_notices import key_of, tell
from eboks.audit.models import AuditEntry
from eboks.authorisation.models import Instruction, SmsDevice
from tests.accounts.changes import NEW, person, prepared
from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def link_of(user):
    tell(kind="new_device", user=user, at=timezone.now(), facts={"device": "x", "ip": "1.1.1.1"})
    link = FreezeLink.objects.filter(user=user).latest("pk")
    return f"/konto/zablokuj/{key_of(link)}/"


def is_frozen(user):
    return User.objects.get(pk=user.pk).frozen_at is not None


def test_opening_the_link_changes_nothing():
    user = person()
    path = link_of(user)

    for _ in range(20):
        assert Client().get(path).status_code == 200
    Client().head(path)

    assert not is_frozen(user)


def test_press_shuts_the_account_everywhere(client):
    user = person()
    path = link_of(user)
    client.force_login(user)
    assert client.get("/konto/bezpieczenstwo/").status_code == 200
    TrustedBrowser.objects.create(
        user=user,
        browser="b",
        created_at=timezone.now(),
        valid_until=timezone.now() + dt.timedelta(days=1),
    )
    waiting = prepared(user, "phone_change", phone=NEW)
    device = SmsDevice.objects.get(user=user)
    device.generate_challenge()
    code = device.challenge_code()

    assert Client().post(path).status_code == 200

    assert is_frozen(user)
    assert client.get("/konto/bezpieczenstwo/").status_code == 302
    assert TrustedBrowser.objects.filter(user=user, revoked_at=None).count() == 0
    assert Instruction.objects.get(pk=waiting.pk).state == "cancelled"
    assert not SmsDevice.objects.get(user=user).verify_token(code)
    assert AuditEntry.objects.filter(event="account_frozen").exists()


def test_link_freezes_once(client):
    user = person()
    path = link_of(user)
    Client().post(path)
    freezing.thaw(user=user, staff=UserFactory(is_staff=True), at=timezone.now())

    assert Client().get(path).status_code == 410
    assert Client().post(path).status_code == 410
    assert not is_frozen(user)


def test_link_dies_after_thirty_days(time_machine):
    time_machine.move_to("2026-11-01T10:00:00Z")
    user = person()
    path = link_of(user)
    time_machine.move_to("2026-12-01T10:00:01Z")

    assert Client().post(path).status_code == 410
    assert not is_frozen(user)


def test_link_of_one_account_does_not_freeze_another():
    mine, theirs = person(), UserFactory()
    FreezeLink.objects.create(
        user=theirs,
        event="new_device",
        created_at=timezone.now(),
        valid_until=timezone.now() + dt.timedelta(days=1),
    )
    other = FreezeLink.objects.get(user=theirs)
    path = link_of(mine)
    forged = path.replace(path.split("/")[3][:32], other.public_id.hex)

    assert forged != path
    assert Client().post(forged).status_code == 410
    assert not is_frozen(theirs)


def test_frozen_person_gets_the_answer_of_a_wrong_password(client):
    user = person()
    freezing.freeze(user=user, at=timezone.now())

    right = client.post("/konto/logowanie/", {"login": user.username, "password": PASSWORD})
    wrong = client.post("/konto/logowanie/", {"login": user.username, "password": "x" * 20})

    assert right.status_code == wrong.status_code == 200
    assert right.context["form"].errors == wrong.context["form"].errors


def test_frozen_person_gets_no_reset_link(django_capture_on_commit_callbacks):
    user = person()
    freezing.freeze(user=user, at=timezone.now())
    before = len(mail.outbox)

    with django_capture_on_commit_callbacks(execute=True):
        services.mail_reset_link(email=user.email, key="k", at=timezone.now())

    assert len(mail.outbox) == before


def test_half_way_login_ends_with_the_freeze(client, settings):
    """The password was taken before, the code comes after: nobody gets in."""
    user = person()
    client.post("/konto/logowanie/", {"login": user.username, "password": PASSWORD})
    device = SmsDevice.objects.get(user=user)
    code = device.challenge_code()
    User.objects.filter(pk=user.pk).update(frozen_at=timezone.now())

    response = client.post("/konto/logowanie/kod/", {"code": code})

    assert response.url == "/konto/nieaktywne/"
    assert client.get("/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_owner_can_freeze_from_the_page(client):
    user = person()
    client.force_login(user)
    assert client.get("/konto/bezpieczenstwo/blokada/").status_code == 200
    assert not is_frozen(user)

    client.post("/konto/bezpieczenstwo/blokada/")

    assert is_frozen(user)
    assert client.get("/").url.startswith("/konto/logowanie/")


def test_staff_thaw_the_account(client):
    user = MembershipFactory().user
    freezing.freeze(user=user, at=timezone.now())
    boss = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(boss)

    client.post("/zaplecze/accounts/user/", {"action": "unfreeze", "_selected_action": user.pk})

    assert not is_frozen(user)
    entry = AuditEntry.objects.get(event="account_unfrozen")
    assert (entry.actor_id, entry.subject_id) == (boss.pk, user.pk)


def test_sessions_from_before_stay_dead_after_thawing(client):
    user = person()
    client.force_login(user)
    freezing.freeze(user=user, at=timezone.now() + dt.timedelta(seconds=1))
    freezing.thaw(user=user, staff=UserFactory(is_staff=True), at=timezone.now())

    assert client.get("/konto/bezpieczenstwo/").status_code == 302
