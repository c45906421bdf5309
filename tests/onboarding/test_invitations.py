"""Inviting: one live link for a person, none for those who have a password (SEC-13, 17, 38)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from eboks.accounts.models import User
from eboks.audit.models import AuditEntry
from eboks.notifications.models import OutgoingMessage
from eboks.onboarding import services
from eboks.onboarding.models import Invitation
from tests.factories import CompanyFactory, MembershipFactory, UserFactory
from tests.onboarding.conftest import ACTIVATION, PHONE, Browser, link_of, opened

pytestmark = pytest.mark.django_db


def waiting_user(**facts):
    user = UserFactory(phone=PHONE, **facts)
    user.set_unusable_password()
    user.save()
    return user


def test_invitation_makes_a_person_without_a_password(invited):
    user, path = invited("Jan@Example.com")

    assert user.username.startswith("OS-")
    assert not set(user.username.removeprefix("OS-")) & set("0O1IL5S2ZB8G")
    assert not user.has_usable_password()
    assert (user.activated_at, user.phone) == (None, PHONE)
    [message] = mail.outbox
    assert message.to == ["Jan@Example.com"]
    assert user.username in message.body
    assert opened(path).get(ACTIVATION).status_code == 200
    assert AuditEntry.objects.get(event="invitation_sent").subject == user


def test_mail_names_the_inviter_and_the_company(invited):
    owner = UserFactory(first_name="Ewa", last_name="Śliwa")
    invited(invited_by=owner, company=CompanyFactory(name="ŻUBR sp. z o.o."))

    assert "Ewa Śliwa zaprasza Cię" in mail.outbox[0].body
    assert "ŻUBR sp. z o.o." in mail.outbox[0].body


def test_name_of_the_inviter_cannot_start_a_header_or_a_link(invited):
    invited(invited_by=UserFactory(first_name="Ewa\r\nBcc: x@evil.example", last_name="B"))

    [message] = mail.outbox
    assert message.recipients() == ["jan@example.com"]
    assert "Bcc" not in message.message().as_string().partition("\n\n")[0]


def test_person_with_a_password_gets_no_link(invited, commits):
    active = UserFactory(email="anna@example.com", activated_at=timezone.now())
    old = UserFactory(email="ewa@example.com")  # from before activation existed
    with commits():
        for user in (active, old):
            found = services.invite(
                email=user.email.upper(),
                phone="+48601999888",
                first_name="X",
                last_name="Y",
                invited_by=None,
                at=timezone.now(),
            )
            assert found == user

    assert mail.outbox == []
    assert not Invitation.objects.exists()
    active.refresh_from_db()
    assert (active.first_name, active.phone) == ("Anna", "")


def test_phone_of_a_person_who_waits_is_not_the_inviters_to_change(invited):
    user = waiting_user(email="jan@example.com")
    invited(phone="+48601999888")
    user.refresh_from_db()
    assert user.phone == PHONE

    invited(phone="+48601999888", replace_phone=True)
    user.refresh_from_db()
    assert user.phone == "+48601999888"


def test_phone_that_cannot_get_codes_is_replaced(invited):
    user = waiting_user(email="jan@example.com")
    User.objects.filter(pk=user.pk).update(phone="+48221234567")
    invited()

    user.refresh_from_db()
    assert user.phone == PHONE


@pytest.mark.parametrize("phone", ["+48221234567", "+48700123456", "+44 7700 900123", "601", ""])
def test_nobody_is_invited_without_a_polish_mobile(phone, invited):
    with pytest.raises(ValidationError):
        invited(phone=phone)

    assert not User.objects.exists()


def test_second_invitation_kills_the_first_link(invited):
    _user, first = invited()
    user, second = invited()

    assert "już nie działa" in opened(first).get(ACTIVATION).content.decode()
    assert "Aktywuj konto" in opened(second).get(ACTIVATION).content.decode()
    assert Invitation.objects.filter(user=user, voided_at=None).count() == 1


def test_database_keeps_one_live_invitation(invited):
    user, _path = invited()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(
            user=user,
            email=user.email,
            phone=PHONE,
            created_at=timezone.now(),
            valid_until=timezone.now(),
        )


def test_no_secret_is_stored(invited):
    """Only a seed: whoever reads the rows cannot make the link (SEC-17)."""
    _user, path = invited()
    token = path.rstrip("/").rpartition("/")[2][32:]
    assert len(token) == 43

    kept = (Invitation, OutgoingMessage, AuditEntry)
    rows = [row for model in kept for row in model._default_manager.values()]
    assert rows
    assert token not in str(rows)


def test_link_is_made_of_the_configured_site(invited, settings):
    settings.SITE_URL = "https://portal.example.com"
    invited()

    assert "https://portal.example.com/dostep/aktywacja/" in mail.outbox[0].body
    link = link_of(mail.outbox[0])
    settings.ALLOWED_HOSTS = ["testserver"]
    assert Browser().get(link, headers={"Host": "evil.example"}).status_code == 400


def test_changed_address_or_phone_kills_the_link(invited):
    user, path = invited()
    User.objects.filter(pk=user.pk).update(email="nowy@example.com")

    assert "już nie działa" in opened(path).get(ACTIVATION).content.decode()


def test_link_of_somebody_switched_off_is_dead(invited):
    user, path = invited()
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert "już nie działa" in opened(path).get(ACTIVATION).content.decode()


def test_staff_send_an_invitation_to_those_who_wait(admin_client, commits):
    waits, has = waiting_user(), UserFactory()
    without_phone = waiting_user()
    User.objects.filter(pk=without_phone.pk).update(phone="")
    data = {
        "action": "send_password_links",
        "_selected_action": [waits.pk, has.pk, without_phone.pk],
    }
    with commits():
        response = admin_client.post("/zaplecze/accounts/user/", data, follow=True)

    sent = {message.to[0]: message.body for message in mail.outbox}
    assert set(sent) == {waits.email, has.email}
    assert "/dostep/aktywacja/" in sent[waits.email]
    assert "/konto/haslo/nowe/" in sent[has.email]
    assert "brak numeru polskiego telefonu" in response.content.decode()
    assert "/dostep/aktywacja/" not in response.content.decode()


def test_resend_keeps_inviter_and_company(commits):
    membership = MembershipFactory(user=waiting_user(), company=CompanyFactory(name="ŻUBR"))
    with commits():
        services.resend(user=membership.user, at=timezone.now())

    assert "ŻUBR" in mail.outbox[0].body


def test_outdated_invitations_are_closed(invited, time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    invited()
    at = dt.datetime(2026, 11, 25, 9, 59, tzinfo=dt.UTC)
    assert services.void_outdated(at=at) == 0
    assert services.void_outdated(at=at + dt.timedelta(minutes=1)) == 1
    assert services.void_outdated(at=at + dt.timedelta(minutes=2)) == 0
