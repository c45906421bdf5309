"""Setting a new password by e-mail (SEC-07, 14, 16, 17)."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, LessorFactory, UserFactory

pytestmark = pytest.mark.django_db

ASK = "/konto/haslo/nowe/"
NEW = "czerwony czajnik gra na flecie"


@pytest.fixture
def ask(django_capture_on_commit_callbacks):
    """`ask(email)` asks for a link and runs the task; gives the answer."""

    def send(email, client=None, **headers):
        with django_capture_on_commit_callbacks(execute=True):
            return (client or Client()).post(ASK, {"email": email}, **headers)

    return send


def link_of(message):
    return re.search(r"(https?://[^/\s]+)(/konto/haslo/nowe/\S+)", message.body).groups()


def open_link(client, path):
    """Follows the link to the form; gives the form's address."""
    response = client.get(path)
    assert response.status_code == 302, "the link is dead"
    return response.url


def set_new(client, path, password=NEW):
    return client.post(open_link(client, path), {"password1": password, "password2": password})


def test_reset_sets_a_new_password_once(client, ask, client_of, settings):
    LessorFactory(name="Kowalski & Żak Leasing", phone="+48 22 123 45 67")
    user = UserFactory()
    logged_in_elsewhere = client_of(user)
    ask(user.email)
    [message] = mail.outbox
    site, path = link_of(message)
    assert site == settings.SITE_URL
    assert message.to == [user.email]
    assert "Kowalski & Żak" in message.body

    response = set_new(client, path)

    assert response.url == "/konto/haslo/nowe/gotowe/"
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert logged_in_elsewhere.get("/konto/haslo/").status_code == 302
    assert client.get("/konto/haslo/").status_code == 302, "a reset does not log in"
    assert Client().get(path).status_code == 200
    assert "już nie działa" in Client().get(path).content.decode()


def test_reset_tells_the_owner(client, ask, django_capture_on_commit_callbacks):
    user = UserFactory()
    ask(user.email)
    with django_capture_on_commit_callbacks(execute=True):
        set_new(client, link_of(mail.outbox[0])[1])

    assert "zostało zmienione" in mail.outbox[1].body
    assert NEW not in mail.outbox[1].body


def test_link_dies_after_half_an_hour(client, ask, time_machine):
    user = UserFactory()
    time_machine.move_to("2026-11-22T10:00:00Z")
    ask(user.email)
    path = link_of(mail.outbox[0])[1]
    time_machine.move_to("2026-11-22T10:29:30Z")
    assert client.get(path).status_code == 302
    time_machine.move_to("2026-11-22T10:30:30Z")

    assert client.get(path).status_code == 200
    assert "już nie działa" in client.get(path).content.decode()


def test_mail_scanners_do_not_use_the_link_up(client, ask):
    user = UserFactory()
    ask(user.email)
    path = link_of(mail.outbox[0])[1]
    before = user.password
    for _ in range(20):
        Client().get(path, follow=True)
    Client().head(path)
    Client().options(path)
    user.refresh_from_db()
    assert user.password == before

    cache.clear()
    assert set_new(client, path).status_code == 302


def test_token_does_not_stay_in_the_address(client, ask):
    user = UserFactory()
    ask(user.email)
    path = link_of(mail.outbox[0])[1]
    token = path.rstrip("/").rsplit("-", 1)[1]

    address = open_link(client, path)

    assert token not in address
    page = client.get(address)
    assert token not in page.content.decode()
    assert page.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_HOST": "evil.example:443", "HTTP_X_FORWARDED_PROTO": "https"},
    ],
)
def test_link_is_made_of_the_configured_site(ask, settings, headers):
    user = UserFactory()

    ask(user.email, **headers)

    for message in mail.outbox:
        assert "evil" not in message.body
        assert link_of(message)[0] == settings.SITE_URL


@pytest.mark.parametrize("kind", ["unknown", "inactive", "without a password"])
def test_nothing_is_sent_where_it_must_not(ask, kind):
    user = UserFactory(is_active=kind != "inactive")
    if kind == "without a password":
        user.set_unusable_password()
        user.save()
    email = "nikt@example.com" if kind == "unknown" else user.email

    response = ask(email)

    assert response.url == "/konto/haslo/nowe/wyslane/"
    assert mail.outbox == []


def test_client_id_in_place_of_an_address_finds_nobody(ask):
    UserFactory(username="ktos@example.com", email="inny@example.com")

    ask("ktos@example.com")

    assert mail.outbox == []


def test_answer_is_the_same_for_anyone(ask):
    user, off = UserFactory(), UserFactory(is_active=False)

    answers = [ask(email) for email in (user.email, off.email, "nikt@example.com")]

    assert len({(a.status_code, a.url, a.content) for a in answers}) == 1
    assert len({tuple(sorted(a.headers.keys())) for a in answers}) == 1
    assert len({tuple(sorted(a.cookies.keys())) for a in answers}) == 1


def test_link_of_somebody_switched_off_since_is_dead(client, ask):
    user = UserFactory()
    ask(user.email)
    user.is_active = False
    user.save()

    assert client.get(link_of(mail.outbox[0])[1]).status_code == 200


@pytest.mark.parametrize("password", ["za krótkie", "password12345678"])
def test_reset_has_the_same_rules(client, ask, password):
    user = UserFactory()
    ask(user.email)

    response = set_new(client, link_of(mail.outbox[0])[1], password)

    assert response.status_code == 200
    assert response.context["form"].errors["password1"]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_reset_frees_a_blocked_account(client, ask):
    user = UserFactory()
    wrong = {"login": user.username, "password": "inne haslo zupelnie dlugie"}
    for _ in range(6):
        Client().post("/konto/logowanie/", wrong)
    ask(user.email)
    set_new(client, link_of(mail.outbox[0])[1])

    response = client.post("/konto/logowanie/?next=/x/", {"login": user.username, "password": NEW})

    assert response.status_code == 302


def test_asking_again_and_again_is_limited(ask):
    statuses = [ask("nikt@example.com").status_code for _ in range(4)]

    assert statuses == [302, 302, 302, 429]


def test_link_of_a_person_does_not_open_another(client, ask):
    first, second = UserFactory(), UserFactory()
    ask(first.email)
    path = link_of(mail.outbox[0])[1]
    from allauth.account.utils import user_pk_to_url_str

    swapped = path.replace(f"{user_pk_to_url_str(first)}-", f"{user_pk_to_url_str(second)}-", 1)

    assert client.get(swapped).status_code == 200


@pytest.mark.parametrize(
    "path", ["/konto/haslo/nowe/1-x/", "/konto/haslo/nowe/zzzzzzzzzzzzz-set-password/"]
)
def test_made_up_links_are_dead(client, path):
    assert "już nie działa" in client.get(path).content.decode()
