"""`/.well-known/security.txt`: whom to tell about a hole (RFC 9116)."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from tests.factories import LessorFactory, MembershipFactory

pytestmark = pytest.mark.django_db
PATH = "/.well-known/security.txt"


def fields(response):
    lines = response.content.decode("ascii").splitlines()
    return [tuple(line.split(": ", 1)) for line in lines]


@time_machine.travel("2026-03-10 14:30:00+01:00", tick=False)
def test_security_txt_has_the_fields_of_the_rfc(client, settings):
    settings.SITE_URL = "https://ebok.example"
    LessorFactory(email="bezpieczenstwo@leasing.example")

    response = client.get(PATH)

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert fields(response) == [
        ("Contact", "mailto:bezpieczenstwo@leasing.example"),
        ("Expires", "2027-03-09T00:00:00Z"),
        ("Preferred-Languages", "pl, en, uk"),
        ("Canonical", f"https://ebok.example{PATH}"),
    ]


@pytest.mark.parametrize("day", ["2026-01-01", "2027-12-31", "2028-02-29"])
def test_security_txt_is_always_good_for_most_of_a_year(client, day):
    LessorFactory()
    with time_machine.travel(f"{day} 23:59:59+00:00", tick=False):
        expires = dt.datetime.fromisoformat(dict(fields(client.get(PATH)))["Expires"])
        left = expires - dt.datetime.now(tz=dt.UTC)

    assert dt.timedelta(days=362) < left < dt.timedelta(days=365)


def test_security_txt_is_the_same_for_everybody_and_sets_no_cookie(client):
    LessorFactory()
    stranger = client.get(PATH)
    client.force_login(MembershipFactory().user)
    inside = client.get(PATH)

    assert stranger.content == inside.content
    assert not stranger.cookies
    assert "public" in stranger.headers["Cache-Control"]


def test_security_txt_takes_no_form(client):
    LessorFactory()

    assert client.post(PATH).status_code == 405


def test_security_txt_does_not_stand_without_an_address(client):
    assert client.get(PATH).status_code == 404


def test_address_of_the_lessor_cannot_start_a_line(client):
    LessorFactory(email="a@b.example\nContact: mailto:zly@obcy.example")

    assert [name for name, _value in fields(client.get(PATH))].count("Contact") == 1
