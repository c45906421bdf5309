"""What a password must be, on every way to one (SEC-01, 02, 03, 05)."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from eboks.accounts.common_passwords import listed
from eboks.accounts.models import User
from tests.accounts.entering import attempt
from tests.factories import PASSWORD, CompanyFactory, LessorFactory, MembershipFactory, UserFactory

CHANGE = "/konto/haslo/"
NEW = "czerwony czajnik gra na flecie"


def refused(password, user=None):
    with pytest.raises(ValidationError) as caught:
        validate_password(password, user)
    return {error.code for error in caught.value.error_list}


@pytest.fixture
def owner(db):
    LessorFactory()
    user = UserFactory(
        username="K482913",
        email="anna.kowalska@transzuk.example",
        first_name="Anna",
        last_name="Kowalska",
        phone="+48 600 700 801",
    )
    company = CompanyFactory(name="TRANS-ŻUK SPEDYCJA sp. z o.o.", client_id="KL004411")
    MembershipFactory(user=user, company=company)
    return user


def change(client, old, new, again=None):
    data = {"oldpassword": old, "password1": new, "password2": again or new}
    return client.post(CHANGE, data)


def test_the_list_has_thousands_that_fit():
    fitting = listed()

    assert len(fitting) >= 3_000
    assert all(len(password) >= 12 for password in fitting)


def test_with_a_second_factor_twelve_characters_are_needed(settings, db):
    assert settings.SECOND_FACTOR_ENABLED is True
    assert settings.PASSWORD_MIN_LENGTH == 12
    assert refused("żółw na łód") == {"password_too_short"}
    validate_password("żółw na łódc")


def test_without_a_second_factor_fifteen_characters_are_needed(settings, db):
    """How the length follows from the switch: `test_password_is_longer_where_it_stands_alone`."""
    settings.PASSWORD_MIN_LENGTH = 15
    assert "password_too_short" in refused("żółw na łódce!"[:14])
    validate_password("żółw na łódce!?")


@pytest.mark.django_db
@pytest.mark.parametrize("password", sorted(listed())[:: len(listed()) // 60])
def test_common_passwords_are_refused(password):
    assert "password_too_common" in refused(password)
    assert "password_too_common" in refused(password.upper())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        "password12345678",
        "Password-Password",
        "qwertyuiopasdfgh",
        "1234567890123456",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "dragon dragon dragon",
        "abcdefghijklmnopq",
        "letmeinletmein12",
        "haslohaslohaslo",
        "leasing portal 2026",
        "ebokebokebok2026",
    ],
)
def test_easy_passwords_are_refused(password):
    assert refused(password) & {
        *("password_too_common", "password_guessable", "password_about_owner"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery staple",
        "kot pies dom woda las",
        "   spacje  liczą  się   ",
        "Ґедзь любить вишневі пироги",
        "🙂🚚 zażółć gęślą jaźń",
        "d8#kQ!zP0vL2@mN5",
        "x" * 3 + "Wj7 qpL;2m" * 13,
    ],
)
def test_long_passphrases_of_any_letters_are_taken(password):
    validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "moje haslo to K482913 tak",
        "k482913k482913k482913",
        "anna.kowalska wchodzi tu",
        "AnnaKowalska2026!!",
        "kowalska anna kowalska",
        "5260250274 jest nipem",
        "KL004411 na zawsze razem",
        "telefon 600700801 mój",
        "600 700 801 zadzwon",
        "TransZukSpedycja1!",
        "trans-żuk spedycja 2026",
        "Przykładowy Leasing 1",
        "przykladowyleasing2026",
    ],
)
def test_password_about_its_owner_is_refused(owner, password):
    assert "password_about_owner" in refused(password, owner)


def test_password_that_only_mentions_a_common_name_is_taken(owner):
    validate_password("anna lubi zielone jabłka z sadu", owner)


def test_change_needs_the_current_password(client, owner):
    client.force_login(owner)
    before = owner.password

    for old in ("", "nie to hasło wcale nie"):
        response = change(client, old, NEW)

        assert response.status_code == 200
    owner.refresh_from_db()
    assert owner.password == before


def test_change_ends_other_sessions_and_tells_the_owner(
    client, owner, client_of, django_capture_on_commit_callbacks
):
    client.force_login(owner)
    other = client_of(owner)
    assert other.get(CHANGE).status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        response = change(client, PASSWORD, NEW)

    assert response.status_code == 302
    assert client.get(CHANGE).status_code == 200
    assert other.get(CHANGE).status_code == 302
    [notice] = mail.outbox
    assert notice.to == [owner.email]
    assert "zostało zmienione" in notice.body
    assert NEW not in notice.body
    assert PASSWORD not in notice.body
    assert "&" not in notice.body


@pytest.mark.parametrize("new", ["za krótkie", "password12345678", "anna.kowalska wchodzi tu"])
def test_change_refuses_poor_passwords_with_a_reason(client, owner, new):
    client.force_login(owner)

    response = change(client, PASSWORD, new)

    assert response.status_code == 200
    assert response.context["form"].errors["password1"]
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_change_refuses_two_different_passwords(client, owner):
    client.force_login(owner)

    response = change(client, PASSWORD, NEW, again=NEW + "!")

    assert response.context["form"].errors["password2"]


def test_command_line_refuses_poor_passwords(db, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda **_asked: "haslo123")
    with pytest.raises(CommandError):
        call_command("changepassword", UserFactory().username, verbosity=0)


def test_password_never_has_to_be_changed(client, owner, time_machine):
    time_machine.move_to("2028-11-22T10:00:00Z")

    response = attempt(client, owner.username, path="/konto/logowanie/?next=/konto/haslo/")

    assert response.url == "/konto/haslo/"


def test_fresh_installation_has_no_people(db):
    assert not User.objects.exists()


def test_change_shows_no_password_again(client, owner):
    client.force_login(owner)

    page = change(client, "nie to hasło wcale nie", "inne hasło za krótko nie jest")

    assert "inne hasło za krótko nie jest" not in page.content.decode()


def test_stranger_cannot_change(db):
    assert change(Client(), PASSWORD, NEW).status_code == 302
