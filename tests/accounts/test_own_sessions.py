"""A person's own list of sessions: who is logged in where, ended one by one, five at once."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from eboks.notifications.models import OutgoingMessage
from tests.accounts.entering import enter
from tests.factories import LessorFactory, MembershipFactory
from tests.proof import prove

pytestmark = pytest.mark.django_db

WINDOWS = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36"
PRIVATE = "/konto/bezpieczenstwo/"


@pytest.fixture
def user(settings):
    settings.SECOND_FACTOR_ENABLED = False  # many log-ins at once; codes are not the question
    LessorFactory()
    return MembershipFactory().user


def entered(user, agent=WINDOWS):
    browser = Client(headers={"user-agent": agent})
    enter(browser, user)
    assert is_in(browser)
    return browser


def is_in(browser):
    return browser.get(PRIVATE).status_code == 200


def row_of(browser):
    return UserSession.objects.get(session_key=browser.session.session_key)


def test_sixth_session_ends_the_oldest(user, settings):
    browsers = [entered(user) for _ in range(settings.SESSIONS_PER_PERSON + 1)]

    assert [is_in(browser) for browser in browsers] == [False, *[True] * 5]


def test_person_ends_one_session_or_all_others(user):
    mine, one, another = entered(user), entered(user, PHONE), entered(user)
    prove(mine)
    page = mine.get(PRIVATE).text
    assert "Chrome, Android" in page
    assert "Chrome, Windows" in page

    mine.post(reverse("account_end_sessions"), {"pk": row_of(one).pk})
    assert [is_in(browser) for browser in (mine, one, another)] == [True, False, True]
    mine.post(reverse("account_end_sessions"))

    assert [is_in(browser) for browser in (mine, another)] == [True, False]


def test_session_of_somebody_else_cannot_be_ended(user):
    mine, theirs = prove(entered(user)), entered(MembershipFactory().user)

    mine.post(reverse("account_end_sessions"), {"pk": row_of(theirs).pk})

    assert is_in(theirs)


def test_ending_sessions_asks_for_the_password_first(user):
    mine, other = entered(user), entered(user)
    session = mine.session
    session["account_authentication_methods"] = []
    session.save()

    mine.post(reverse("account_end_sessions"))

    assert is_in(other)


def test_new_device_is_told_and_a_known_one_is_not(user):
    entered(user)
    entered(user)
    assert not OutgoingMessage.objects.filter(kind="new_device").exists()

    entered(user, PHONE)

    assert OutgoingMessage.objects.filter(kind="new_device", user=user).exists()
