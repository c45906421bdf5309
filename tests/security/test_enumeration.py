"""Nobody learns who has an account: not by words, headers, or time (SEC-07)."""

from __future__ import annotations

import difflib
import re
import statistics
import time

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.test import Client

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ARGON2 = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
WRONG = "inne haslo zupelnie dlugie"
ROUNDS = 8


@pytest.fixture
def people(settings):
    settings.PASSWORD_HASHERS = ARGON2
    return made_people()


@pytest.fixture
def people_with_quick_hashes():
    """For comparing times: Argon2's quarter of a second would hide, or feign, a difference.

    That everybody costs exactly one hash is counted apart.
    """
    return made_people()


def made_people():
    """What a stranger may type: name of the case -> log-in."""
    known = UserFactory(username="K100001", email="anna@example.com")
    off = UserFactory(username="K100002", email="ewa@example.com", is_active=False)
    empty = UserFactory(username="K100003", email="jan@example.com")
    empty.set_unusable_password()
    empty.save()
    return {
        "client id": known.username,
        "e-mail": known.email,
        "switched off": off.username,
        "switched off, e-mail": off.email,
        "without a password": empty.username,
        "unknown client id": "K199999",
        "unknown e-mail": "nikt@example.com",
    }


def try_login(login, password=WRONG):
    return Client().post("/konto/logowanie/", {"login": login, "password": password})


def normal(response, login):
    """The page without what changes on each request and without what was typed."""
    text = response.content.decode().replace(login, "LOGIN")
    text = re.sub(r"\d\d\.\d\d\.\d{4}, \d\d:\d\d", "NOW", text)
    return re.sub(r'(value|csrf_token)="[\w]{64}"', "TOKEN", text)


def shape(response):
    changing = {"X-Request-ID", "Expires"}
    headers = {k: v for k, v in response.headers.items() if k not in changing}
    headers.pop("Content-Length", None)
    return response.status_code, tuple(sorted(headers.items())), tuple(sorted(response.cookies))


def test_wrong_password_gives_one_answer(people):
    answers = {name: try_login(login) for name, login in people.items()}

    assert len({normal(answer, people[name]) for name, answer in answers.items()}) == 1
    assert len({shape(answer) for answer in answers.values()}) == 1


def test_right_password_of_somebody_switched_off_gives_the_same(people):
    from tests.factories import PASSWORD

    off = people["switched off"]

    assert normal(try_login(off, PASSWORD), off) == normal(try_login("K199999"), "K199999")


@pytest.mark.slow
def test_blocked_accounts_give_one_answer(people):
    answers = {}
    for name, login in people.items():
        cache.clear()
        for _ in range(6):
            answers[name] = try_login(login)

    assert {answer.status_code for answer in answers.values()} == {429}
    pages = {n: re.sub(r"za \d+ min\w*", "", normal(a, people[n])) for n, a in answers.items()}
    first = pages.pop("client id")
    for name, page in pages.items():
        changed = "\n".join(difflib.unified_diff(first.splitlines(), page.splitlines(), n=0))
        assert changed == "", name


def test_every_try_hashes_once(people, monkeypatch):
    hashed = []

    def counting(method):
        original = getattr(Argon2PasswordHasher, method)

        def counted(*args, **kwargs):
            hashed.append(method)
            return original(*args, **kwargs)

        monkeypatch.setattr(Argon2PasswordHasher, method, counted)

    counting("encode")
    counting("verify")
    counts = {}
    for name, login in people.items():
        hashed.clear()
        try_login(login)
        counts[name] = len(hashed)

    assert counts == dict.fromkeys(people, 1)


def spent(action):
    """Seconds of processor time, which other programs on the machine do not change."""
    start = time.process_time()
    action()
    return time.process_time() - start


@pytest.mark.slow
def test_time_tells_nothing(people_with_quick_hashes):
    """Interleaved, so that a busy moment falls on all alike; medians within 20 ms."""
    people = people_with_quick_hashes
    times = {name: [] for name in people}
    for login in people.values():
        spent(lambda login=login: try_login(login))  # the first one loads templates
    for _ in range(ROUNDS):
        cache.clear()
        for name, login in people.items():
            times[name].append(spent(lambda login=login: try_login(login)))

    medians = {name: statistics.median(values) for name, values in times.items()}
    assert max(medians.values()) - min(medians.values()) < 0.020, medians


def test_reset_does_the_same_work_for_anyone(people_with_quick_hashes, monkeypatch):
    """The request only queues; who it is for is looked up by the task."""
    queued = []
    monkeypatch.setattr(
        "eboks.accounts.tasks.send_password_reset.delay_on_commit",
        lambda **kwargs: queued.append(kwargs),
    )
    times = {"anna@example.com": [], "ewa@example.com": [], "nikt@example.com": []}
    for _ in range(ROUNDS):
        cache.clear()
        for email, values in times.items():
            values.append(spent(lambda e=email: Client().post("/konto/haslo/nowe/", {"email": e})))

    medians = [statistics.median(values) for values in times.values()]
    assert max(medians) - min(medians) < 0.020
    assert {kwargs["email"] for kwargs in queued} == set(times)


def test_nothing_is_looked_up_when_a_reset_is_asked_for(
    people, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(
        "eboks.accounts.tasks.send_password_reset.delay_on_commit", lambda **kwargs: None
    )
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    seen = []
    for email in ("anna@example.com", "nikt@example.com"):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            Client().post("/konto/haslo/nowe/", {"email": email})
        seen.append(len(queries))
        assert not [q for q in queries if "accounts_user" in q["sql"]]
    assert seen[0] == seen[1]


NEW_LINK = "/dostep/nowy-link/"


def ask_for_a_link(email):
    return Client().post(NEW_LINK, {"email": email})


def test_asking_for_an_activation_link_gives_one_answer(people, django_capture_on_commit_callbacks):
    """Waiting, active, switched off, unknown: the same answer; only one of them gets a mail."""
    from django.core import mail

    waiting = UserFactory(username="K100004", email="olga@example.com", phone="+48601234741")
    waiting.set_unusable_password()
    waiting.save()
    addresses = ["anna@example.com", "ewa@example.com", "nikt@example.com", waiting.email]
    answers = []
    for email in addresses:
        with django_capture_on_commit_callbacks(execute=True):
            answers.append(ask_for_a_link(email))

    assert len({answer.content for answer in answers}) == 1
    assert len({(*shape(answer), answer.headers["Location"]) for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[waiting.email]]


def test_activation_link_does_the_same_work_for_anyone(people_with_quick_hashes, monkeypatch):
    queued = []
    monkeypatch.setattr(
        "eboks.onboarding.tasks.resend_link.delay_on_commit",
        lambda **kwargs: queued.append(kwargs["email"]),
    )
    times = {"anna@example.com": [], "jan@example.com": [], "nikt@example.com": []}
    for _ in range(ROUNDS):
        cache.clear()
        for email, values in times.items():
            values.append(spent(lambda e=email: ask_for_a_link(e)))

    medians = [statistics.median(values) for values in times.values()]
    assert max(medians) - min(medians) < 0.020
    assert set(queued) == set(times)


def test_nothing_is_looked_up_when_a_link_or_access_is_asked_for(people, monkeypatch):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    monkeypatch.setattr("eboks.onboarding.tasks.resend_link.delay_on_commit", lambda **kwargs: None)
    form = {
        "company_name": "x",
        "nip": "5260250274",
        "first_name": "a",
        "last_name": "b",
        "phone": "+48601234741",
    }
    for email in ("anna@example.com", "nikt@example.com"):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            ask_for_a_link(email)
            Client().post("/dostep/wniosek/", {**form, "email": email})
        asked = [query["sql"] for query in queries]
        assert not [sql for sql in asked if "accounts_user" in sql or "tenancy_company" in sql]
