"""Another e-mail: signed by a code, confirmed from its mailbox, told to the old one (SEC-41)."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from eboks.accounts import freezing, new_email
from eboks.accounts.models import EmailChange, User
from eboks.authorisation.enums import Outcome
from eboks.authorisation.models import Instruction
from eboks.notifications.models import OutgoingMessage
from tests.accounts.changes import OLD, deliver, give, link_in_mail, person, prepared, sign
from tests.factories import UserFactory
from tests.proof import prove

pytestmark = pytest.mark.django_db
ADDRESS = "nowa@firma.example"
LINK = r"/konto/email/nowy/\S+"


@pytest.fixture(autouse=True)
def _no_pauses(settings):
    settings.SMS_RESEND_SECONDS = settings.SMS_THROTTLE_SECONDS = 0


def email_of(user):
    return User.objects.get(pk=user.pk).email


def signed(user, email=ADDRESS):
    """Signs the change; returns the path of the link that came to the new address."""
    assert sign(prepared(user, "email_change", email=email)) == (Outcome.EXECUTED, [OLD])
    deliver()
    return link_in_mail(LINK, to=email)


def test_email_change_from_the_form_to_the_notices(client):
    user = person()
    old = user.email
    client.force_login(user)
    prove(client)
    assert client.get("/konto/email/").status_code == 200

    response = client.post("/konto/email/", {"email": ADDRESS})
    instruction = Instruction.objects.get(user=user)
    assert response.url == f"/dyspozycje/{instruction.public_id}/"
    assert sign(instruction) == (Outcome.EXECUTED, [OLD])
    deliver()
    path = link_in_mail(LINK, to=ADDRESS)
    assert email_of(user) == old
    assert Client().post(path).status_code == 200

    assert email_of(user) == ADDRESS
    deliver()
    kinds = {"email_change_started", "email_changed"}
    told = OutgoingMessage.objects.filter(channel="email", kind__in=kinds)
    assert sorted(told.values_list("kind", "address")) == [
        ("email_change_started", old),
        ("email_changed", ADDRESS),
        ("email_changed", old),
    ]
    freeze = link_in_mail(r"/konto/zablokuj/\S+", to=old)
    assert Client().post(freeze).status_code == 200
    assert User.objects.get(pk=user.pk).frozen_at is not None


def test_mail_scanners_do_not_confirm():
    user = person()
    path = signed(user)
    stranger = Client()

    for _ in range(20):
        assert stranger.get(path).status_code == 200
    stranger.head(path)

    assert email_of(user) != ADDRESS


def test_link_confirms_once():
    user = person()
    path = signed(user)
    Client().post(path)
    User.objects.filter(pk=user.pk).update(email="inny@firma.example")

    assert Client().post(path).status_code == 410
    assert email_of(user) == "inny@firma.example"


def test_link_dies_after_72_hours(time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z")
    user = person()
    path = signed(user)

    time_machine.move_to("2026-11-25T10:00:01Z")

    assert Client().post(path).status_code == 410
    assert email_of(user) != ADDRESS


def test_later_change_voids_the_earlier_one():
    user = person()
    first = signed(user)
    second = signed(user, "druga@firma.example")

    assert Client().post(first).status_code == 410
    assert Client().post(second).status_code == 200
    assert email_of(user) == "druga@firma.example"


def test_forged_link_confirms_nothing():
    user = person()
    path = signed(user)
    forged = f"{path.rstrip('/')[:-1]}{'A' if path[-2] != 'A' else 'B'}/"

    assert Client().post(forged).status_code == 410
    assert email_of(user) != ADDRESS


def test_taken_address_is_told_to_its_mailbox_alone(client):
    """The form, the summary and the confirmation are the same as for a free address (SEC-07)."""
    user = person()
    UserFactory(email=ADDRESS.upper())
    client.force_login(user)
    prove(client)

    response = client.post("/konto/email/", {"email": ADDRESS})
    instruction = Instruction.objects.get(user=user)
    assert response.url == f"/dyspozycje/{instruction.public_id}/"
    assert sign(instruction)[0] == Outcome.EXECUTED
    instruction.refresh_from_db()
    assert instruction.outcome_text == "Wysłaliśmy link na nowy adres e-mail."
    deliver()

    [letter] = [letter for letter in mail.outbox if letter.to == [ADDRESS]]
    assert "/konto/email/" not in letter.body
    assert "ma już swoje konto" in letter.body


def test_address_taken_meanwhile_is_refused_at_confirmation():
    user = person()
    path = signed(user)
    UserFactory(email=ADDRESS.capitalize())

    assert Client().post(path).status_code == 410
    assert email_of(user) != ADDRESS
    assert EmailChange.objects.get(user=user).used_at is None


def test_frozen_account_gets_no_new_address():
    user = person()
    path = signed(user)
    freezing.freeze(user=user, at=timezone.now())

    assert Client().post(path).status_code == 410
    assert email_of(user) != ADDRESS


def test_address_that_changed_otherwise_stays():
    user = person()
    path = signed(user)
    User.objects.filter(pk=user.pk).update(email="przez.obsluge@firma.example")

    assert Client().post(path).status_code == 410
    assert email_of(user) == "przez.obsluge@firma.example"


def test_change_prepared_before_another_one_is_stale():
    user = person()
    first = prepared(user, "email_change", email=ADDRESS)
    second = prepared(user, "email_change", email="druga@firma.example")
    sign(first)
    deliver()
    Client().post(link_in_mail(LINK, to=ADDRESS))

    assert give(second, "123456") == Outcome.STALE


def test_sms_and_page_name_the_same_address():
    instruction = prepared(person(), "email_change", email="jan.nowak+kod123456@firma.example")

    assert instruction.lines[1]["value"] == "j•••@firma.example"
    assert instruction.sms_text == "Zmiana e-mail na j*(at)firma.example"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_presses_at_once_confirm_once():
    user = person()
    change = new_email.start_change(
        user=user, email=ADDRESS, reference="D-1", at=timezone.now() - dt.timedelta(hours=1)
    )
    start = threading.Barrier(24)

    def work(_n):
        try:
            start.wait(60)
            return new_email.confirm(change=change, at=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(24) as pool:
        won = list(pool.map(work, range(24)))

    assert won.count(True) == 1
    assert email_of(user) == ADDRESS
    assert OutgoingMessage.objects.filter(kind="email_changed", channel="bell").count() == 1
