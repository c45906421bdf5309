"""People on their way in: an invitation in the mail box, an SMS on the phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from eboks.accounts.models import User
from eboks.integrations.sms import fake
from eboks.onboarding import services
from tests.accounts.conftest import time_machine  # noqa: F401 -- ages the cache too
from tests.factories import LessorFactory

PHONE = "+48601234741"
Browser: Any = Client  # its answers have `url` and `context`, which the types do not know
OWN = "czerwony czajnik gra na flecie"
ACTIVATION = "/dostep/aktywacja/"
SEND = "/dostep/aktywacja/haslo/"


@pytest.fixture(autouse=True)
def _lessor(request):
    if {"db", "transactional_db"} & set(request.fixturenames) or request.node.get_closest_marker(
        "django_db"
    ):
        request.getfixturevalue("_clean_cache")
        LessorFactory()


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` sends what waits for the commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def invited(commits):
    """`invited(email)` invites somebody new; gives (the person, the path of the link)."""

    def invite(email: str = "jan@example.com", **more: Any) -> tuple[User, str]:
        facts = {
            "phone": PHONE,
            "first_name": "Jan",
            "last_name": "Nowak",
            "invited_by": None,
            "at": timezone.now(),
            **more,
        }
        with commits():
            user = services.invite(email=email, **facts)
        return user, link_of(mail.outbox[-1])

    return invite


@pytest.fixture
def sms(commits):
    """`sms(browser)` asks for the one-time password; gives it, or None when no SMS came."""

    def ask(browser: Any) -> str | None:
        before = len(fake.outbox)
        with commits():
            assert browser.post(SEND).url == ACTIVATION
        return password_in(fake.outbox[-1].text) if len(fake.outbox) > before else None

    return ask


@pytest.fixture
def activate(commits):
    def act(browser: Any, sms_password: str, password: str = OWN) -> Any:
        with commits():
            return browser.post(ACTIVATION, fields(sms_password, password))

    return act


def fields(sms_password: str, password: str = OWN) -> dict[str, str]:
    return {"sms_password": sms_password, "password1": password, "password2": password}


def link_of(message: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/dostep/\w+/\S+/)", message.body)
    assert found, message.body
    return found[1]


def password_in(text: str) -> str:
    found = re.search(r"\b(\d{8})\b", text)
    assert found, text
    return found[1]


def opened(path: str) -> Any:
    """A browser that has followed the link."""
    browser = Browser()
    response = browser.get(path)
    assert (response.status_code, response.url) == (302, ACTIVATION)
    return browser
