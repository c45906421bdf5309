"""Who may do what: role × route × method over every address of the portal (SEC-51, 27, 50).

`tests/routes.py` is the table. A route that is missing from it fails here and in the conventions.
"""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from eboks.tenancy.rights import RIGHTS, Right, Role
from tests.factories import UserFactory
from tests.routes import (
    FACTORS,
    FORMS,
    INSIDE,
    LISTS,
    OBJECTS,
    POST_ONLY,
    PROOF,
    PUBLIC,
    Route,
    all_routes,
    ids_of,
    portal_routes,
)
from tests.security.crawling import content

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete")
ROLES = [role.value for role in Role]
OTHERS = ["stranger", "nobody", "suspended", "removed"]
TABLE = {*INSIDE, *LISTS, *OBJECTS, *POST_ONLY, *FACTORS} - PUBLIC
ROUTES = [route for route in portal_routes() if route.name in TABLE]
# allauth's views answer PUT as POST: their forms refuse it for want of data.
LENIENT = {route.name for route in ROUTES if ":" not in route.name}
FINE = {200, 204, 302}


@pytest.fixture
def person(ours, theirs, request):
    """Somebody of the wanted kind, and their role in our company (None: no access to it)."""
    kind = request.param
    if kind == "stranger":
        return theirs.owner, None
    if kind == "nobody":
        return UserFactory(), None
    if kind in {"suspended", "removed"}:
        return ours.person(Role.OWNER, is_active=False), None
    return ours.person(Role(kind)), Role(kind)


def address(route: Route, world) -> str:
    if route.name not in OBJECTS:
        return reverse(route.name, kwargs=dict.fromkeys(route.parameters, 1))
    return reverse(route.name, kwargs=ids_of(route.name, world.rows))


class Browser:
    """Asks as one person, who has not given the password again; leaves no trace between answers."""

    def __init__(self, user):
        self.client = Client()
        if user is not None:
            self.client.force_login(user)
        self.cookies = self.client.cookies.output()

    def answer(self, url: str, method: str):
        """Status and Location, after which database and cookies are as before."""
        with transaction.atomic():
            response = getattr(self.client, method)(url)
            content(response)
            transaction.set_rollback(True)
        self.client.cookies = SimpleCookie(self.cookies.replace("Set-Cookie: ", ""))
        return response.status_code, response.headers.get("Location", "")


def accepts(name: str, method: str) -> bool:
    if name in POST_ONLY:
        return method == "post"
    return method == "get" or (method == "post" and name in FORMS)


def expected(name: str, method: str, role: Role | None, kind: str) -> set[int]:
    """The statuses that are right for this cell of the matrix."""
    if not accepts(name, method):
        return {405}
    if name in FACTORS:
        return {404, 302}
    if name in LISTS:
        rights = frozenset(Right) if kind == "stranger" else RIGHTS[role] if role else frozenset()
        if LISTS[name] not in rights:
            return {403}
        if name in PROOF:
            return {302}
        return {200} if method == "get" else {200, 302}
    if name in OBJECTS:
        case = OBJECTS[name]
        if role is None or case.right is None:
            return {404}
        if case.right not in RIGHTS[role]:
            return {404} if role == Role.DRIVER else {403}
        if case.proof:
            return {302}
        # A form or an act sent empty: shown again, refused in words or led on.
        return {case.opens} if method == "get" else {case.opens, 200, 302}
    return FINE


@pytest.mark.slow
@pytest.mark.parametrize("person", [*ROLES, *OTHERS], indirect=True)
def test_every_role_on_every_route_by_every_method(ours, person, request):
    user, role = person
    browser = Browser(user)
    kind = request.node.callspec.params["person"]
    wrong = {}
    for route in ROUTES:
        for method in METHODS:
            status, _location = browser.answer(address(route, ours), method)
            right = expected(route.name, method, role, kind)
            if route.name in LENIENT and right == {405}:
                right = {405, 404, *FINE} if route.name in FACTORS else {405, *FINE}
            if status not in right:
                wrong[f"{method} {route.name}"] = (status, right)

    assert wrong == {}


@pytest.mark.slow
def test_anonymous_is_sent_to_log_in_by_every_method(ours):
    wrong, browser = {}, Browser(None)
    for route in ROUTES:
        for method in METHODS:
            status, location = browser.answer(address(route, ours), method)
            if (status, location.partition("?")[0]) != (302, "/konto/logowanie/"):
                wrong[f"{method} {route.name}"] = (status, location)

    assert wrong == {}


@pytest.mark.parametrize("name", sorted({name for name in OBJECTS if OBJECTS[name].proof} | PROOF))
@pytest.mark.parametrize("method", ["get", "post"])
def test_delicate_change_asks_for_the_password_whatever_the_method(ours, name, method):
    """Skipping the page by a direct POST only leads to the same question (SEC-27)."""
    route = next(route for route in ROUTES if route.name == name)

    status, location = Browser(ours.owner).answer(address(route, ours), method)

    assert status == 302
    assert location.startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("name", sorted(FORMS | POST_ONLY))
def test_change_without_a_token_is_refused(ours, name):
    route = next(route for route in portal_routes() if route.name == name)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ours.owner)

    assert browser.post(address(route, ours)).status_code == 403


# --- the table itself ----------------------------------------------------------------------------


def test_every_route_is_in_the_table():
    names = {route.name for route in portal_routes()}

    listed = {*PUBLIC, *INSIDE, *LISTS, *OBJECTS, *POST_ONLY, *FACTORS}
    assert names - listed == set(), "enter it there"


def test_table_names_only_routes_that_exist_and_says_one_thing_of_each():
    names = {route.name for route in portal_routes()}

    assert {*INSIDE, *FORMS, *LISTS, *OBJECTS, *POST_ONLY, *PUBLIC} <= names
    assert LISTS.keys() >= PROOF
    assert {*INSIDE} & {*LISTS, *OBJECTS, *PUBLIC} == set()
    assert {*LISTS} & {*OBJECTS, *PUBLIC} == set()
    assert not FORMS & POST_ONLY


def test_every_role_has_rights_and_nobody_else_has_all_of_them():
    assert set(RIGHTS) == set(Role)
    assert all(RIGHTS.values())
    assert {role for role, rights in RIGHTS.items() if rights == frozenset(Right)} == {Role.OWNER}
    assert RIGHTS[Role.DRIVER] == {Right.VIEW_VEHICLES, Right.ENTER_MILEAGE}


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.OWNER, Role.DRIVER])
def test_back_office_does_not_exist_for_clients(ours, role):
    """Also with addresses of rows, and by every method."""
    wrong, browser = {}, Browser(ours.person(role))
    for route in all_routes():
        if not route.name.startswith("admin:") or route.name.endswith(":None"):
            continue  # without a name: redirects of old addresses
        values = {name: VALUES.get(name, "1") for name in route.parameters}
        for method in ("get", "post"):
            status, location = browser.answer(reverse(route.name, kwargs=values), method)
            if status != 404 and (status, location) != (302, "/konto/haslo/"):
                wrong[f"{method} {route.name}"] = (status, location)

    assert wrong == {}


VALUES = {"app_label": "tenancy", "url": "cokolwiek", "content_type_id": "1", "object_id": "1"}
