"""Nobody sees another company's rows, by any address or in any file (SEC-50, 22).

Each test goes through all routes of `tests/routes.py` and tells which of them failed.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from eboks import clock
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import RIGHTS, Role
from tests.factories import MembershipFactory, UserFactory
from tests.proof import prove
from tests.routes import BY_OTHER_MEANS, LISTS, OBJECTS, POST_ONLY, PUBLIC, ids_of, portal_routes
from tests.security.crawling import content, crawl, readable

pytestmark = pytest.mark.django_db

READABLE = {name: case for name, case in OBJECTS.items() if name not in POST_ONLY}
PAGES = {name: right for name, right in LISTS.items() if name not in POST_ONLY}


def address(name, world):
    return reverse(name, kwargs=ids_of(name, world.rows))


def statuses(client, world, method="get"):
    """What each route of an object of `world` answers, and no text of B with it."""
    found = {}
    for name in READABLE:
        response = getattr(client, method)(address(name, world))
        body = content(response)
        if response.status_code == 404:
            text = readable(body, response).replace(
                world.company.name, ""
            )  # in the head, for its own
            assert world.mark not in text, name
        found[name] = response.status_code
    return found


def of_all(status):
    return dict.fromkeys(READABLE, status)


def opened():
    return {name: case.opens for name, case in READABLE.items()}


def test_owner_opens_everything(client_of, ours):
    assert statuses(prove(client_of(ours.owner)), ours) == opened()


def test_owner_opens_nothing_that_asks_for_the_password_without_it(client_of, ours):
    found = statuses(client_of(ours.owner), ours)

    asked = {name for name, case in READABLE.items() if case.proof}
    assert {name for name in asked if found[name] != 302} == set()


def test_stranger_finds_nothing(client_of, ours, theirs):
    assert statuses(client_of(ours.owner), theirs) == of_all(404)


@pytest.mark.parametrize("method", ["head", "post", "put", "patch", "delete", "options"])
def test_stranger_finds_nothing_by_other_methods(client_of, ours, theirs, method):
    assert set(statuses(client_of(ours.owner), theirs, method).values()) <= {404, 405}


def test_person_of_no_company_finds_nothing(client_of, theirs):
    assert statuses(client_of(UserFactory()), theirs) == of_all(404)


@pytest.mark.parametrize("why", ["inactive", "expired", "not yet"])
def test_mandate_that_is_not_in_force_opens_nothing(client_of, theirs, why):
    day = dt.timedelta(days=1)
    mandates: dict[str, dict[str, Any]] = {
        "inactive": {"is_active": False},
        "expired": {"valid_to": clock.today() - day},
        "not yet": {"valid_from": clock.today() + day},
    }

    assert statuses(client_of(theirs.person(**mandates[why])), theirs) == of_all(404)


def test_mandate_is_in_force_on_its_first_and_last_day(client_of, theirs):
    today = clock.today()
    person = theirs.person(valid_from=today, valid_to=today)
    expected = {name: case.opens if case.right else 404 for name, case in READABLE.items()}

    assert statuses(prove(client_of(person)), theirs) == expected


@pytest.mark.parametrize("role", list(Role))
def test_member_without_the_right_is_refused(client_of, ours, role):
    refused = 404 if role == Role.DRIVER else 403  # for a driver only the vehicle exists
    expected = {
        name: case.opens if case.right in RIGHTS[role] else refused if case.right else 404
        for name, case in READABLE.items()
    }

    assert statuses(prove(client_of(ours.person(role))), ours) == expected


@pytest.mark.parametrize("role", list(Role))
def test_member_without_the_right_gets_no_list(client_of, ours, role):
    browser = prove(client_of(ours.person(role)))
    found = {}
    for name in PAGES:
        response = browser.get(reverse(name))
        content(response)
        found[name] = response.status_code

    assert found == {name: 200 if right in RIGHTS[role] else 403 for name, right in PAGES.items()}


def test_anonymous_is_sent_to_log_in(client, theirs):
    for name in READABLE:
        path = address(name, theirs)

        response = client.get(path)

        assert (response.status_code, response.url) == (302, f"/konto/logowanie/?next={path}")


def test_anonymous_opens_no_private_route(client, db):
    private = [r.name for r in portal_routes() if r.name not in PUBLIC and not r.parameters]
    for name in private:
        response = client.get(reverse(name))

        assert response.status_code == 302, name
        assert response.url.startswith("/konto/logowanie/"), name


@pytest.mark.slow
def test_crawl_of_one_company_never_meets_another(client_of, ours, theirs):
    hidden = {str(getattr(row, "public_id", "CANARY-B")) for row in theirs.rows.values()}
    visited, strange, own = set(), [], set()

    for page in crawl(prove(client_of(ours.owner))):
        visited.add(page.route)
        if "CANARY-A" in page.text:
            own.add(page.route)
        if "CANARY-B" in page.text or any(value in page.text for value in hidden):
            strange.append(page.url)

    assert strange == []
    private = {route.name for route in portal_routes()} - PUBLIC - POST_ONLY
    assert sorted(private - visited - BY_OTHER_MEANS) == [], "no page links there"
    unseen = READABLE.keys() - BY_OTHER_MEANS - own
    assert sorted(unseen) == [], "the crawl did not see our own texts"


def test_lists_of_a_person_of_two_companies_keep_to_the_chosen_one(client_of, ours, theirs):
    MembershipFactory(user=ours.owner, company=theirs.company)
    browser = prove(client_of(ours.owner))
    browser.post("/firma/wybierz/", {"company": ours.company.public_id})
    lists = [*PAGES, "contracts:list", "contracts:list_xlsx", "portal:dashboard"]
    texts = {}
    for name in lists:
        response = browser.get(reverse(name))
        text = readable(content(response), response)
        texts[name] = text.replace(theirs.company.name, "")  # stands in the switcher

    assert [name for name, text in texts.items() if "CANARY-A" not in text] == []
    assert [name for name, text in texts.items() if "CANARY-B" in text] == []


def test_company_of_a_stranger_cannot_be_chosen(client, ours, theirs):
    client.force_login(ours.owner)

    response = client.post("/firma/wybierz/", {"company": theirs.company.public_id})

    assert response.status_code == 404
    assert "company" not in client.session


def test_rights_are_read_on_every_request(client, ours):
    client.force_login(ours.owner)
    invoices = reverse("invoicing:invoice_list")
    assert client.get(invoices).status_code == 200

    Membership.objects.filter(user=ours.owner).update(role=Role.FLEET)
    assert client.get(invoices).status_code == 403

    Membership.objects.filter(user=ours.owner).update(is_active=False)
    assert client.get(address("contracts:detail", ours)).status_code == 404


def test_staff_have_no_back_door_in_the_portal(theirs):
    staff = Client()
    staff.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert statuses(staff, theirs) == of_all(404)
