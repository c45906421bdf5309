"""Another phone for codes: signed by the old and the new one, told to both, cooled off (SEC-40)."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from eboks.accounts.models import User
from eboks.accounts.new_number import change_number
from eboks.accounts.security_forms import PhoneForm
from eboks.audit.models import AuditEntry
from eboks.authorisation.enums import Outcome
from eboks.authorisation.models import Instruction, SmsDevice
from eboks.integrations.sms import fake
from eboks.notifications.models import OutgoingMessage
from tests.accounts.changes import (
    NEW,
    OLD,
    THIRD,
    deliver,
    give,
    link_in_mail,
    next_code,
    person,
    prepared,
    sign,
)
from tests.factories import PASSWORD
from tests.proof import prove

pytestmark = pytest.mark.django_db
PARALLEL = 24


@pytest.fixture(autouse=True)
def _no_pauses(settings):
    settings.SMS_RESEND_SECONDS = settings.SMS_THROTTLE_SECONDS = 0
    settings.SMS_CODES_PER_PERSON_PER_DAY = 1000


def device(user):
    return SmsDevice.objects.get(user=user)


def test_phone_change_from_the_form_to_the_notices(client):
    user = person()
    client.force_login(user)
    prove(client)
    assert client.get("/konto/telefon/").status_code == 200

    response = client.post("/konto/telefon/", {"phone": "601 999 888"})
    instruction = Instruction.objects.get(user=user)
    assert response.url == f"/dyspozycje/{instruction.public_id}/"
    for number in (OLD, NEW):
        client.post(f"/dyspozycje/{instruction.public_id}/")
        deliver()
        sms = fake.outbox[-1]
        assert sms.to == number
        assert "*888" in sms.text
        code = sms.text.rpartition("#")[2]
        response = client.post(f"/dyspozycje/{instruction.public_id}/kod/", {"code": code})

    assert device(user).number == NEW
    assert User.objects.get(pk=user.pk).phone == NEW
    deliver()
    told = OutgoingMessage.objects.filter(kind="phone_changed")
    assert set(told.values_list("channel", "address")) == {
        ("sms", OLD),
        ("sms", NEW),
        ("email", user.email),
        ("bell", ""),
    }
    assert AuditEntry.objects.filter(event="phone_changed", actor_id=user.pk).exists()
    for shown in (client.get(f"/dyspozycje/{instruction.public_id}/potwierdzenie/"),):
        assert "••• ••• 888" in shown.content.decode()


def test_freeze_link_of_the_notice_works_once_without_login():
    user = person()
    sign(prepared(user, "phone_change", phone=NEW))
    deliver()
    path = link_in_mail(r"/konto/zablokuj/\S+", to=user.email)
    stranger = Client()

    assert stranger.get(path).status_code == 200
    assert User.objects.get(pk=user.pk).frozen_at is None
    assert stranger.post(path).status_code == 200
    assert User.objects.get(pk=user.pk).frozen_at is not None
    assert stranger.post(path).status_code == 410


def test_old_number_is_asked_first_then_the_new_one():
    user = person()

    assert sign(prepared(user, "phone_change", phone=NEW)) == (Outcome.EXECUTED, [OLD, NEW])


def test_new_number_alone_never_suffices():
    user = person()
    instruction = prepared(user, "phone_change", phone=NEW)
    number, code = next_code(instruction)
    assert number == OLD
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    outcomes = [give(instruction, wrong) for _ in range(4)]

    assert Outcome.EXECUTED not in outcomes
    assert device(user).number == OLD


def test_costly_operations_ask_the_old_number_for_48_hours():
    user = person()
    sign(prepared(user, "phone_change", phone=NEW))
    changed = device(user)
    hours = dt.timedelta(hours=1)

    for at, number in ((47 * hours, OLD), (48 * hours, NEW)):
        assert changed.number_for(costly=True, at=changed.changed_at + at) == number
    assert changed.number_for(costly=False, at=changed.changed_at) == NEW


def test_second_change_is_no_way_around_the_cooling_off():
    user = person()
    sign(prepared(user, "phone_change", phone=NEW))

    outcome, asked = sign(prepared(user, "phone_change", phone=THIRD))

    assert (outcome, asked) == (Outcome.EXECUTED, [OLD, THIRD])
    assert device(user).number_for(costly=True, at=timezone.now()) == OLD


def test_change_prepared_before_another_one_is_stale():
    user = person()
    first = prepared(user, "phone_change", phone=NEW)
    second = prepared(user, "phone_change", phone=THIRD)
    sign(first)

    assert give(second, "123456") == Outcome.STALE
    assert device(user).number == NEW


def test_login_code_on_its_way_to_the_old_number_opens_nothing():
    user = person()
    waiting = device(user)
    waiting.generate_challenge()
    code = waiting.challenge_code()
    sign(prepared(user, "phone_change", phone=NEW))

    assert not device(user).verify_token(code)


def test_person_without_a_number_is_told_to_call(client):
    user = person()
    SmsDevice.objects.all().delete()
    client.force_login(user)
    prove(client)

    response = client.post("/konto/telefon/", {"phone": "601 999 888"})

    assert "Zadzwoń do nas" in response.content.decode()
    assert "601 999 888" in response.content.decode()


def test_phone_page_asks_for_the_password_first(client):
    user = person()
    client.force_login(user)
    prove(client, seconds_ago=301)

    for response in (
        client.get("/konto/telefon/"),
        client.post("/konto/telefon/", {"phone": "601 999 888"}),
    ):
        assert response.url.startswith("/konto/potwierdzenie/")
    assert not Instruction.objects.exists()

    client.post("/konto/potwierdzenie/?next=/konto/telefon/", {"password": PASSWORD})
    assert client.get("/konto/telefon/").status_code == 200


@pytest.mark.parametrize(
    "number",
    [
        *("+48 700 123 456", "+979 123 456 789", "00", "+48 22 123 45 67", "+44 7700 900123"),
        *(
            "６０１９９９８８８",
            "601999888;ext=1",
            "601 999 88",
            "6019998881234",
            "+48-19-12-34-567",
        ),
        *("tel:601999888", "601999888\n601999887", "", "0", "112", "*#06#", "+48601999888 x5"),
        *("801 234 567", "+1 900 555 1234", "'; drop table"),
    ],
)
def test_nasty_number_is_refused(number):
    form = PhoneForm({"phone": number}, user=person())

    assert "phone" in form.errors


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_changes_at_once_make_one():
    """Each says that it was shown before any was made; one UPDATE decides."""
    user = person()
    shown_at = timezone.now()
    start = threading.Barrier(PARALLEL)

    def work(n):
        try:
            start.wait(60)
            return change_number(
                user=user, number=f"+486019990{n:02d}", shown_at=shown_at, at=timezone.now()
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(PARALLEL) as pool:
        won = list(pool.map(work, range(PARALLEL)))

    assert won.count(True) == 1
    assert device(user).number == f"+486019990{won.index(True):02d}"
    assert OutgoingMessage.objects.filter(kind="phone_changed", address=OLD).count() == 1
