"""What a person wants to be told: choices are kept, security cannot be switched off."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from eboks.notifications import registry
from eboks.notifications.models import Channel, DeliveryTimes, OutgoingMessage, Preference
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify
from tests import factories as f

pytestmark = pytest.mark.django_db

PAGE = "/konto/powiadomienia/"
# Kinds whose texts exist, under rules of our own.
PLAIN = MessageKind(
    name="instruction_executed",
    title="Wykonane dyspozycje",
    channels=(Channel.EMAIL, Channel.BELL),
    optional=(Channel.SMS,),
)
SECURE = MessageKind(
    name="signing_blocked",
    title="Wstrzymane podpisywanie",
    channels=(Channel.EMAIL, Channel.BELL),
    security=True,
)
FACTS = {"title": "t", "reference": "R/1"}


@pytest.fixture(autouse=True)
def two_kinds(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", {kind.name: kind for kind in (PLAIN, SECURE)})


@pytest.fixture
def person():
    f.LessorFactory()
    return f.MembershipFactory().user


def channels_of(user, kind):
    rows = notify(kind=kind, user=user, at=timezone.now(), key="x", facts=FACTS)
    return {row.channel for row in rows}


def test_page_shows_what_is_on(client_of, person):
    page = client_of(person).get(PAGE)
    form = page.context["form"]

    assert form["instruction_executed-email"].initial is True
    assert form["signing_blocked-email"].field.disabled
    assert form.always == ["Wstrzymane podpisywanie"]
    text = page.content.decode()
    assert "Zawsze włączone" in text
    assert 'name="signing_blocked' not in text


def test_choice_is_kept_and_followed(client_of, person):
    browser = client_of(person)

    answer = browser.post(PAGE, {"instruction_executed-bell": "on"})

    assert answer.url == PAGE
    assert channels_of(person, "instruction_executed") == {"bell"}
    assert browser.get(PAGE).context["form"]["instruction_executed-email"].initial is False


def test_saving_twice_keeps_one_row_a_choice(client_of, person):
    browser = client_of(person)
    for _ in range(2):
        browser.post(PAGE, {"instruction_executed-email": "on"})

    kept = Preference.objects.filter(user=person)
    assert sorted(kept.values_list("channel", "is_wanted")) == [
        ("bell", False),
        ("email", True),
        ("sms", False),
    ]


def test_security_cannot_be_switched_off(client_of, person):
    client_of(person).post(PAGE, {})
    # not even by a row that should not be there
    Preference.objects.create(
        user=person, kind="signing_blocked", channel=Channel.EMAIL, is_wanted=False
    )

    assert channels_of(person, "signing_blocked") == {"email", "bell"}
    assert Preference.objects.filter(user=person, kind="signing_blocked").count() == 1


def test_choice_of_one_person_changes_nobody_else(client_of, person):
    other = f.MembershipFactory().user

    client_of(person).post(PAGE, {})

    assert channels_of(other, "instruction_executed") == {"email", "bell"}


def test_hours_are_kept(client_of, person):
    hours = {"quiet_from": "22:00", "quiet_to": "06:30", "digest_at": "17:15"}

    client_of(person).post(PAGE, hours)

    times = DeliveryTimes.objects.get(user=person)
    assert times.quiet_from == dt.time(22)
    assert times.quiet_to == dt.time(6, 30)
    assert times.digest_at == dt.time(17, 15)
    page = client_of(person).get(PAGE).content.decode()
    assert 'value="22:00"' in page
    assert 'value="06:30"' in page


def test_hours_can_be_taken_back(client_of, person):
    browser = client_of(person)
    browser.post(PAGE, {"quiet_from": "22:00", "quiet_to": "06:30"})

    browser.post(PAGE, {})

    assert DeliveryTimes.objects.get(user=person).quiet_from is None


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        ({"quiet_from": "22:00"}, "quiet_to"),
        ({"quiet_to": "06:00"}, "quiet_from"),
        ({"quiet_from": "25:00", "quiet_to": "06:00"}, "quiet_from"),
        ({"digest_at": "rano"}, "digest_at"),
    ],
)
def test_odd_hours_are_refused(client_of, person, hours, field):
    page = client_of(person).post(PAGE, hours)

    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert "<title>Błąd:" in page.content.decode()
    assert not DeliveryTimes.objects.filter(user=person).exists()


def test_quiet_hours_hold_back_mail_but_not_security(client_of, person, time_machine):
    time_machine.move_to("2026-11-22T21:30:00Z", tick=False)  # 22:30 in Warsaw
    client_of(person).post(
        PAGE,
        {
            "quiet_from": "22:00",
            "quiet_to": "07:00",
            "instruction_executed-email": "on",
            "instruction_executed-bell": "on",
        },
    )
    at = timezone.now()

    notify(kind="instruction_executed", user=person, at=at, key="p", facts=FACTS)
    notify(kind="signing_blocked", user=person, at=at, key="s")

    waits = {
        (row.kind, row.channel): row.send_after - at
        for row in OutgoingMessage.objects.order_by("pk")
    }
    assert waits == {
        ("instruction_executed", "email"): dt.timedelta(hours=8, minutes=30),
        ("instruction_executed", "bell"): dt.timedelta(),
        ("signing_blocked", "email"): dt.timedelta(),
        ("signing_blocked", "bell"): dt.timedelta(),
    }


def test_strangers_have_no_settings(client):
    assert client.get(PAGE).url.startswith("/konto/logowanie/")
