"""Notices in the portal: the bell, the list, reading; nobody sees another's."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from eboks.notifications import bell, registry
from eboks.notifications.models import Channel, OutgoingMessage
from eboks.notifications.registry import MessageKind
from eboks.notifications.services import notify
from eboks.tenancy.models import Membership
from tests import factories as f

pytestmark = pytest.mark.django_db

LIST = "/powiadomienia/"
READ = "/powiadomienia/przeczytane/"


@pytest.fixture(autouse=True)
def bell_only(monkeypatch):
    """A kind that rings the bell and does nothing else, with the texts of another."""
    kinds = {
        **registry._kinds,
        "signing_blocked": MessageKind(
            name="signing_blocked", title="Próba", channels=(Channel.BELL,)
        ),
    }
    monkeypatch.setattr(registry, "_kinds", kinds)


@pytest.fixture
def person():
    f.LessorFactory()
    return f.MembershipFactory().user


def ring(user, *, key="a", url="/firma/", company=None, at=None):
    [notice] = notify(
        kind="signing_blocked",
        user=user,
        at=at or timezone.now(),
        key=f"{key}:{user.pk}",
        company=company,
        url=url,
    )
    return notice


def test_bell_counts_what_is_unread(client_of, person):
    for key in "abc":
        ring(person, key=key)

    page = client_of(person).get("/").content.decode()

    assert "Powiadomienia, nieprzeczytane: 3" in page


def test_bell_counts_up_to_a_hundred(client_of, person):
    at = timezone.now()
    first = ring(person)
    OutgoingMessage.objects.bulk_create(
        OutgoingMessage(
            key=f"many{n}",
            kind=first.kind,
            channel=Channel.BELL,
            user=person,
            subject="x",
            state=first.state,
            created_at=at,
            send_after=at,
            purge_after=at.date(),
        )
        for n in range(150)
    )

    assert "nieprzeczytane: 99+" in client_of(person).get("/").content.decode()


def test_bell_costs_one_query_a_page(client_of, person, django_assert_num_queries):
    ring(person)
    browser = client_of(person)
    browser.get("/pomoc/")

    with django_assert_num_queries(1):
        bell.unread_count(person)
    page = browser.get("/pomoc/").content.decode()
    assert page.count("nieprzeczytane: 1") == 1


def test_list_shows_the_newest_first(client_of, person):
    at = timezone.now()
    ring(person, key="old", at=at - dt.timedelta(days=1))
    ring(person, key="new", at=at)

    page = client_of(person).get(LIST)

    assert [n.key.split(":")[0] for n in page.context["page"]] == ["new", "old"]
    assert page.content.decode().count("Nowe<") == 2


def test_empty_list_says_what_will_come(client_of, person):
    assert "Nie ma powiadomień" in client_of(person).get(LIST).content.decode()


def test_opening_a_notice_marks_it_and_goes_on(client_of, person):
    notice = ring(person)
    other = ring(person, key="b")

    answer = client_of(person).post(READ, {"notice": str(notice.public_id), "open": "1"})

    assert answer.url == "/firma/"
    notice.refresh_from_db()
    other.refresh_from_db()
    assert notice.read_at is not None
    assert other.read_at is None


def test_marking_twice_keeps_the_first_moment(client_of, person):
    notice = ring(person)
    browser = client_of(person)
    browser.post(READ, {"notice": str(notice.public_id)})
    notice.refresh_from_db()
    first = notice.read_at

    assert browser.post(READ, {"notice": str(notice.public_id)}).url == LIST

    notice.refresh_from_db()
    assert notice.read_at == first


def test_all_are_marked_at_once(client_of, person):
    for key in "abc":
        ring(person, key=key)
    mine_alone = ring(f.MembershipFactory().user)

    client_of(person).post(READ)

    assert bell.unread_count(person) == 0
    mine_alone.refresh_from_db()
    assert mine_alone.read_at is None


def test_reading_takes_post(client_of, person):
    notice = ring(person)

    assert client_of(person).get(READ, {"notice": str(notice.public_id)}).status_code == 405
    client_of(person).get(LIST)
    notice.refresh_from_db()
    assert notice.read_at is None


def test_reading_takes_the_token_of_the_form(person):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)

    assert browser.post(READ).status_code == 403


def test_notice_of_somebody_else_does_not_exist(client_of, person):
    stranger = f.MembershipFactory().user
    notice = ring(person)
    browser = client_of(stranger)

    assert notice.subject not in browser.get(LIST).content.decode()
    answers = [
        browser.post(READ, {"notice": value}).status_code
        for value in (str(notice.public_id), str(uuid.uuid4()), "1", "")
    ]
    assert answers == [404] * 4
    notice.refresh_from_db()
    assert notice.read_at is None


def test_notice_about_a_company_goes_with_the_membership(client_of, person):
    membership = Membership.objects.get(user=person)
    notice = ring(person, company=membership.company)
    browser = client_of(person)
    assert bell.unread_count(person) == 1

    membership.is_active = False
    membership.save()

    assert bell.unread_count(person) == 0
    assert browser.post(READ, {"notice": str(notice.public_id)}).status_code == 404


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_notice_leads_nowhere_outside(client_of, person, url):
    notice = ring(person)
    OutgoingMessage.objects.filter(pk=notice.pk).update(url=url)

    answer = client_of(person).post(READ, {"notice": str(notice.public_id), "open": "1"})

    assert answer.url == LIST
