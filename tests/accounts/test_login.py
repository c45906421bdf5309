"""Logging in: by e-mail or client ID, in any case of letters, and nobody else (SEC-01, 12, 19)."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.hashers import make_password
from django.urls import NoReverseMatch, reverse

from eboks.accounts.models import User
from tests.accounts.entering import attempt
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/konto/logowanie/"
ARGON2 = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]


def try_login(client, login, password=PASSWORD):
    return attempt(client, login, password, f"{LOGIN}?next=/konto/haslo/")


@pytest.mark.parametrize(
    "login", ["K900001", "k900001", " K900001 ", "anna.zuk@example.com", "ANNA.Zuk@Example.com"]
)
def test_login_takes_email_or_client_id_in_any_case(client, login):
    user = UserFactory(username="K900001", email="Anna.Zuk@example.com")

    response = try_login(client, login)

    assert (response.status_code, response.url) == (302, "/konto/haslo/")
    assert get_user(client).pk == user.pk


@pytest.mark.parametrize("login", ["K900001", "anna@example.com", "nobody", "nobody@example.com"])
def test_login_refuses_wrong_password_with_one_text(client, login):
    UserFactory(username="K900001", email="anna@example.com")

    response = try_login(client, login, "inne haslo zupelnie dlugie")

    assert response.status_code == 200
    assert "Nie rozpoznajemy tych danych" in response.content.decode()
    assert not get_user(client).is_authenticated


def test_login_refuses_switched_off_person(client):
    user = UserFactory(is_active=False)

    response = try_login(client, user.username)

    assert "Nie rozpoznajemy tych danych" in response.content.decode()
    assert not get_user(client).is_authenticated


def test_signup_does_not_exist(client):
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    for path in ("/konto/signup/", "/konto/rejestracja/", "/accounts/signup/"):
        assert client.get(path).status_code in {302, 404}


@pytest.mark.parametrize(
    "password",
    [
        "zażółć gęślą jaźń 🙂 " * 8,
        "Żółw " * 26 + "k",
        "x" * 60 + " " + "ą" * 67,
    ],
)
def test_password_is_kept_whole(client, settings, password):
    settings.PASSWORD_HASHERS = ARGON2
    user = UserFactory(password=password)
    assert len(password) >= 128

    for wrong in (password[:72], password[:127], password.swapcase(), password.rstrip()[:-1]):
        assert not get_user(client).is_authenticated
        try_login(client, user.username, wrong)
        assert not get_user(client).is_authenticated
    try_login(client, user.username, password)

    assert get_user(client).pk == user.pk


def test_password_typed_on_another_keyboard_is_the_same(client):
    user = UserFactory(password="z\u0307o\u0301łty krokodyl na rowerze")

    try_login(client, user.username, "żółty krokodyl na rowerze")

    assert get_user(client).pk == user.pk


def test_old_hash_is_upgraded_at_login(client, settings):
    settings.PASSWORD_HASHERS = ARGON2
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))

    try_login(client, user.username)

    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")


def test_new_passwords_are_argon2id():
    from eboks.settings import base

    assert base.PASSWORD_HASHERS == ARGON2


def test_login_changes_the_session_id(client):
    user = UserFactory()
    session = client.session
    session["before"] = "x"
    session.save()
    planted = session.session_key
    client.cookies["session"] = planted

    try_login(client, user.username)

    assert client.cookies["session"].value != planted
    stranger = type(client)()
    stranger.cookies["session"] = planted
    assert not get_user(stranger).is_authenticated


def test_login_notes_this_and_the_previous_visit(client, time_machine):
    user = UserFactory()
    time_machine.move_to("2026-11-20T08:00:00Z", tick=False)
    try_login(client, user.username)
    client.logout()
    time_machine.move_to("2026-11-22T09:30:00Z", tick=False)

    try_login(client, user.username)

    user.refresh_from_db()
    assert user.previous_visit_at.isoformat() == "2026-11-20T08:00:00+00:00"
    assert user.last_visit_at.isoformat() == "2026-11-22T09:30:00+00:00"


def test_first_visit_has_no_previous_one(client):
    user = UserFactory()

    try_login(client, user.username)

    user.refresh_from_db()
    assert user.previous_visit_at is None
    assert user.last_visit_at is not None


def test_login_form_helps_password_managers(client):
    page = client.get(LOGIN).content.decode()

    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert 'type="password"' in page
    assert "onpaste" not in page
    assert 'autocomplete="off"' not in page
