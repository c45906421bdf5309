"""Failed log-ins are limited, and no stranger can lock a client out for good (SEC-06)."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import Client

from eboks.accounts import throttle
from tests.accounts.entering import attempt
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/konto/logowanie/"
WRONG = "inne haslo zupelnie dlugie"


def try_login(client, login, password=WRONG, ip="10.0.0.1", **extra):
    path = f"{LOGIN}?next=/konto/haslo/"
    return attempt(client, login, password, path, REMOTE_ADDR=ip, **extra)


def fail(login, times, ip="10.0.0.1"):
    return [try_login(Client(), login, ip=ip).status_code for _ in range(times)]


def test_sixth_wrong_try_is_not_looked_at(client):
    user = UserFactory()

    statuses = fail(user.username, 6)
    right = try_login(client, user.username, PASSWORD)

    assert statuses == [200] * 5 + [429]
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) in range(890, 901)
    assert "Za dużo nieudanych prób" in right.content.decode()
    assert not get_user(client).is_authenticated


def test_email_and_client_id_share_the_account_count():
    user = UserFactory(email="anna@example.com")

    assert fail(user.username, 3) == [200] * 3
    assert fail("ANNA@example.com", 3) == [200, 200, 429]


def test_unknown_login_is_counted_the_same():
    assert fail("K000000", 6) == [200] * 5 + [429]
    assert fail(" k000000 ", 1) == [429]


def test_switched_off_account_is_counted_the_same():
    user = UserFactory(is_active=False)

    assert fail(user.username, 6) == [200] * 5 + [429]


def test_the_delay_passes_and_then_grows(client, time_machine):
    user = UserFactory()
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    fail(user.username, 5)
    time_machine.move_to("2026-11-22T10:14:50Z", tick=False)
    assert fail(user.username, 1) == [429]

    time_machine.move_to("2026-11-22T10:15:10Z", tick=False)
    assert fail(user.username, 6, ip="10.0.0.2") == [200] * 5 + [429]
    time_machine.move_to("2026-11-22T10:31:00Z", tick=False)
    assert fail(user.username, 1) == [429]  # half an hour now

    time_machine.move_to("2026-11-22T10:45:30Z", tick=False)
    assert try_login(client, user.username, PASSWORD).status_code == 302


def test_success_ends_the_row_of_failures(client, time_machine):
    user = UserFactory()
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    fail(user.username, 4)
    assert try_login(client, user.username, PASSWORD).status_code == 302
    time_machine.move_to("2026-11-22T10:16:00Z", tick=False)
    fail(user.username, 5)

    time_machine.move_to("2026-11-22T10:31:10Z", tick=False)

    assert fail(user.username, 1) == [200]


def test_good_logins_are_not_counted(settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    settings.SMS_CODES_PER_PERSON_PER_DAY = 100
    user = UserFactory()

    statuses = {try_login(Client(), user.username, PASSWORD).status_code for _ in range(15)}

    assert statuses == {302}


def test_address_is_limited_per_minute_and_hour(time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    statuses = [try_login(Client(), f"K{n}").status_code for n in range(11)]
    assert statuses == [200] * 10 + [429]
    assert try_login(Client(), "K11", ip="10.9.9.9").status_code == 200

    for minute in range(1, 6):
        time_machine.move_to(f"2026-11-22T10:{2 * minute:02}:00Z", tick=False)
        for n in range(10):
            assert try_login(Client(), f"K{minute}-{n}").status_code == 200
    time_machine.move_to("2026-11-22T10:14:00Z", tick=False)

    assert try_login(Client(), "K-last").status_code == 429


def test_address_of_ipv6_customer_is_a_network():
    assert throttle.address_key("2001:db8:1:2:3::4") == throttle.address_key("2001:db8:1:2::9")
    assert throttle.address_key("2001:db8:1:3::1") != throttle.address_key("2001:db8:1:2::1")


def test_forged_forwarding_header_does_not_change_the_address():
    statuses = [
        try_login(Client(), f"K{n}", HTTP_X_FORWARDED_FOR=f"10.7.7.{n}").status_code
        for n in range(11)
    ]

    assert statuses[-1] == 429


def test_known_browser_gets_in_while_strangers_keep_trying(client):
    user = UserFactory()
    try_login(client, user.username, PASSWORD, ip="10.0.0.5")
    client.post("/konto/wylogowanie/")
    fail(user.username, 6)
    fail("other", 10, ip="10.0.0.5")

    response = try_login(client, user.username, PASSWORD, ip="10.0.0.5")

    assert response.status_code == 302
    assert get_user(client).pk == user.pk


def test_known_browser_is_limited_itself(client):
    user = UserFactory()
    try_login(client, user.username, PASSWORD)
    client.post("/konto/wylogowanie/")

    statuses = [try_login(client, user.username).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]


def test_known_browser_of_another_person_is_a_stranger(client):
    other, user = UserFactory(), UserFactory()
    try_login(client, other.username, PASSWORD)
    client.post("/konto/wylogowanie/")
    fail(user.username, 6, ip="10.0.0.8")

    assert try_login(client, user.username, PASSWORD).status_code == 429


def test_known_browser_is_forgotten_with_the_password(client):
    user = UserFactory()
    try_login(client, user.username, PASSWORD)
    client.post("/konto/wylogowanie/")
    user.set_password("nowe haslo calkiem inne")
    user.save()
    fail(user.username, 6, ip="10.0.0.8")

    assert try_login(client, user.username, "nowe haslo calkiem inne").status_code == 429


@pytest.mark.parametrize("value", ["", "x", "a:b:c", "eyJpZCI6MX0:1:zzz"])
def test_forged_browser_cookie_is_ignored(client, value):
    user = UserFactory()
    client.cookies["browser"] = value
    fail(user.username, 6)

    assert try_login(client, user.username, PASSWORD).status_code == 429


def test_hundred_failures_in_a_row_leave_only_reset_and_known_browsers(client, settings):
    settings.LOGIN_FAILURES_IN_A_ROW = 5
    known = Client()
    user = UserFactory()
    try_login(known, user.username, PASSWORD)
    known.post("/konto/wylogowanie/")
    fail(user.username, 5)

    response = try_login(client, user.username, PASSWORD, ip="10.3.3.3")

    assert response.status_code == 429
    assert "ustaw nowe hasło" in response.content.decode()
    assert "Retry-After" not in response.headers
    assert try_login(known, user.username, PASSWORD).status_code == 302
    assert try_login(client, user.username, PASSWORD, ip="10.3.3.3").status_code in {302, 429}


def test_counters_are_in_the_shared_cache():
    """A restarted worker counts on: nothing is kept in the process."""
    user = UserFactory()
    fail(user.username, 5)
    key = throttle.account_key(str(user.pk))

    assert len(cache.get_many([f"{key}:{n}" for n in range(5)])) == 5
    assert cache.get(f"{key}:streak") == 5


def test_admin_door_takes_no_password_itself(client):
    statuses = [
        client.post("/zaplecze/login/", {"username": "admin", "password": WRONG}).status_code
        for _ in range(3)
    ]

    assert set(statuses) == {302}


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_share_the_slots():
    looked_at = []
    ready = threading.Barrier(12)

    def attempt():
        from django.db import connection

        ready.wait()
        try:
            throttle.begin(
                limits=[throttle.Limit("login:test", 5, 900)], streak_key="s", at=0.0, capped=False
            )
            looked_at.append(1)
        except throttle.Throttled:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked_at) == 5
