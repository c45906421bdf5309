"""How sessions begin and end (SEC-19 to 23)."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from eboks.accounts import services
from eboks.accounts.models import User
from tests.accounts.entering import attempt
from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/konto/haslo/"
SESSION = "/konto/sesja/"


@pytest.fixture
def user():
    return MembershipFactory().user


@pytest.fixture
def at(time_machine):
    """`at("10:09")`: the clock stands at that time of the day."""
    return lambda hour: time_machine.move_to(f"2026-11-22T{hour}:00Z", tick=False)


@pytest.fixture
def entered(client, user, at):
    """A browser that logged in at 10:00."""
    at("10:00")
    attempt(client, user.username, path="/konto/logowanie/?next=/konto/haslo/")
    return client


def is_in(client, path=PAGE):
    return client.get(path).status_code == 200


def test_logout_is_a_post_that_kills_the_session(entered):
    cookie = entered.cookies["session"].value
    assert entered.get("/konto/wylogowanie/").status_code == 200
    assert is_in(entered)

    response = entered.post("/konto/wylogowanie/")

    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in response.headers["Cache-Control"]
    replayed = Client()
    replayed.cookies["session"] = cookie
    assert not is_in(replayed)
    assert not Session.objects.filter(session_key=cookie).exists()


def test_logout_form_stands_on_private_pages(entered):
    page = entered.get(PAGE).content.decode()

    assert 'action="/konto/wylogowanie/"' in page


def test_idle_session_ends_after_ten_minutes(entered, at):
    at("10:09")
    assert is_in(entered)
    at("10:18")
    assert is_in(entered)
    at("10:29")

    response = entered.get(PAGE)

    assert response.status_code == 302
    assert response.url == "/konto/logowanie/?next=/konto/haslo/&koniec=1"
    assert "session" not in {k for k, v in entered.cookies.items() if v.value}


def test_login_page_says_that_the_session_ended(client):
    ended = client.get("/konto/logowanie/?koniec=1")
    plain = client.get("/konto/logowanie/")

    assert ended.context["session_ended"] is True
    assert plain.context["session_ended"] is False


def test_session_ends_after_eight_hours_of_work(entered, at):
    for hour in range(10, 18):
        for minute in range(0, 60, 5):
            at(f"{hour}:{minute:02}")
            assert is_in(entered)
    at("18:01")

    assert not is_in(entered)


def test_polling_does_not_prolong(entered, at):
    for minute in range(1, 10):
        at(f"10:0{minute}")
        entered.get(PAGE, headers={"X-Background": "1"})
        entered.get(SESSION)
        entered.get(PAGE, headers={"X-Background": "1", "HX-Request": "true"})
    at("10:11")

    assert not is_in(entered)


def test_extension_is_a_post(entered, at):
    at("10:09")
    response = entered.post(SESSION)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["X-Session-Seconds"] == "600"
    at("10:18")

    assert is_in(entered)


def test_remaining_time_can_be_asked_for(entered, at):
    at("10:04")

    response = entered.get(SESSION)

    assert response.json() == {"seconds": 360}


def test_pages_know_when_the_session_ends(entered, at):
    at("10:05")

    response = entered.get(PAGE)

    assert response.wsgi_request.session_ends_at.isoformat() == "2026-11-22T10:15:00+00:00"
    assert 'data-seconds="600"' in response.content.decode()


def test_extension_cannot_pass_the_absolute_limit(entered, at):
    for hour in range(10, 18):
        for minute in range(0, 60, 9):
            at(f"{hour}:{minute:02}")
            entered.post(SESSION)
    at("17:58")

    assert entered.post(SESSION).headers["X-Session-Seconds"] == "120"
    at("18:00")
    assert entered.post(SESSION).status_code == 302


def test_most_requests_do_not_write_the_session(entered, at, django_assert_num_queries):
    at("10:01")
    entered.get(PAGE)

    response = entered.get(PAGE)

    assert "session" not in response.cookies


def test_session_of_a_person_switched_off_is_dead(entered, user):
    services.switch_off(user_id=user.pk, at=timezone.now())
    assert not is_in(entered)

    User.objects.filter(pk=user.pk).update(is_active=True)
    assert not is_in(entered)


def test_session_switched_off_and_on_between_requests_is_dead(entered, user, at):
    at("10:01")
    services.switch_off(user_id=user.pk, at=timezone.now())
    User.objects.filter(pk=user.pk).update(is_active=True)

    assert not is_in(entered)


def test_all_sessions_of_a_person_can_be_ended(entered, user, at, client_of):
    second = client_of(user)
    at("10:01")
    services.end_sessions(user_id=user.pk, at=timezone.now())

    assert not is_in(entered)
    assert not is_in(second)
    at("10:02")
    assert is_in(client_of(user))


def test_staff_have_fifteen_minutes_and_four_hours(client, at):
    at("10:00")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    at("10:14")
    assert is_in(client, "/zaplecze/")
    at("10:30")
    assert not is_in(client, "/zaplecze/")

    at("11:00")
    client.force_login(User.objects.get(is_staff=True))
    for hour in range(11, 15):
        for minute in range(0, 60, 10):
            at(f"{hour}:{minute:02}")
            assert is_in(client, "/zaplecze/")
    at("15:01")
    assert not is_in(client, "/zaplecze/")


def test_expired_session_under_htmx_opens_the_login_page(entered, at):
    at("10:30")

    response = entered.get(
        "/umowy/?q=x",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/umowy/"},
    )

    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/konto/logowanie/?next=%2Fumowy%2F&koniec=1"


@pytest.mark.parametrize(
    "page", ["https://evil.example/x", "//evil.example/x", "javascript:x", "", "//["]
)
def test_forged_htmx_address_stays_in_the_portal(client, page):
    response = client.get("/umowy/", headers={"HX-Request": "true", "HX-Current-URL": page})

    target = response.headers["HX-Redirect"]
    assert target.startswith(("/konto/logowanie/?next=%2F", "/konto/logowanie/?next=x"))
    assert "evil" not in target


def test_reauthentication_changes_the_session_id(entered):
    before = entered.cookies["session"].value

    entered.post("/konto/potwierdzenie/?next=/konto/haslo/", {"password": PASSWORD})

    assert entered.cookies["session"].value != before
    assert is_in(entered)


def test_reauthentication_needs_the_password(entered):
    response = entered.post("/konto/potwierdzenie/", {"password": "nie to hasło wcale nie"})

    assert response.status_code == 200
    assert response.context["form"].errors


def test_cookies_are_short_and_out_of_reach_of_scripts(entered):
    for name, morsel in entered.cookies.items():
        assert morsel["httponly"], name
        assert morsel["samesite"] == "Lax", name
        assert morsel["path"] == "/", name
        assert not morsel["domain"], name
        assert len(morsel.OutputString()) <= 4096, name
    assert set(entered.cookies) <= {"session", "csrf", "browser", "language"}


def test_production_cookies_are_bound_to_the_host():
    from eboks.settings import base

    for name in ("SESSION", "CSRF", "LANGUAGE"):
        assert getattr(base, f"{name}_COOKIE_NAME").startswith("__Host-")
        assert getattr(base, f"{name}_COOKIE_SECURE") is True
        assert getattr(base, f"{name}_COOKIE_SAMESITE") == "Lax"
    assert base.CSRF_COOKIE_HTTPONLY is True
    assert base.TRUSTED_BROWSER_COOKIE_NAME.startswith("__Host-")
    assert not hasattr(base, "SESSION_COOKIE_DOMAIN")


def test_secure_cookies_say_so(client, settings, user):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME = "__Host-session"
    settings.CSRF_COOKIE_NAME = "__Host-csrf"
    settings.TRUSTED_BROWSER_COOKIE_NAME = "__Host-browser"
    client.get("/konto/logowanie/", secure=True)

    response = attempt(client, user.username, path="/konto/logowanie/?next=/x/", secure=True)

    cookies: SimpleCookie = response.cookies
    assert {"__Host-session", "__Host-browser"} <= set(cookies)
    assert all(morsel["secure"] for morsel in cookies.values())


def test_language_follows_the_person(client, user):
    client.post("/jezyk/", {"language": "uk", "next": "/konto/logowanie/"})
    assert client.get("/konto/logowanie/").headers["Content-Language"] == "uk"
    client.force_login(user)
    assert client.get(PAGE).headers["Content-Language"] == "pl"

    client.post("/jezyk/", {"language": "en", "next": PAGE})

    user.refresh_from_db()
    assert user.language == "en"
    assert client.get(PAGE).headers["Content-Language"] == "en"


@pytest.mark.parametrize("language", ["", "xx", "pl'--", "../pl"])
def test_unknown_language_changes_nothing(client, user, language):
    client.force_login(user)

    response = client.post("/jezyk/", {"language": language, "next": PAGE})

    assert response.url == PAGE
    user.refresh_from_db()
    assert user.language == "pl"


def test_browsers_own_language_is_not_asked(client):
    response = client.get("/konto/logowanie/", headers={"Accept-Language": "en-US,en;q=0.9"})

    assert response.headers["Content-Language"] == "pl"


def test_rows_of_old_sessions_are_removed(entered, at):
    from eboks.accounts.tasks import clear_sessions

    assert Session.objects.count() == 1
    at("19:00")

    clear_sessions()

    assert not Session.objects.exists()
