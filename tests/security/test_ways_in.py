"""Every way in is known, throttled, written down and asks for a second factor (SEC-10).

A new address that is open to strangers and takes a form fails here until it is entered, and so
does a new place in the code that logs somebody in.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.accounts.entering import enter, give_number, password_step
from tests.factories import LessorFactory, MembershipFactory
from tests.routes import PUBLIC, all_routes

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]

# Ends with a session: what limits the tries, and what is asked besides the password. The tests
# that show throttle, second factor and record.
WAYS_IN = {
    "account_login": {
        "test_sixth_wrong_try_is_not_looked_at",
        "test_password_alone_opens_nothing",
        "test_login_and_logout",
    },
    "account_sms_code": {
        "test_three_wrong_codes_end_the_code",
        "test_right_code_lets_in_and_changes_the_session_id",
        "test_parallel_right_codes_let_one_in",
    },
    "mfa_authenticate": {"test_wrong_app_codes_are_throttled", "test_same_code_opens_once"},
    "mfa_login_webauthn": {"test_passkey_logs_in_by_itself"},
    "onboarding:activation": {
        "test_trying_is_limited_by_address",
        "test_neither_half_works_alone",
        "test_link_sms_and_own_password_let_a_person_in",
    },
}
# Open to strangers and take a form, but leave everybody as they were.
NO_WAY_IN = {
    "account_logout": "ends a session",
    "account_reset_password": "sends a link to the person's own address",
    "account_reset_password_from_key": "sets a password; the log-in comes after, with both factors",
    "account_freeze": "shuts an account",
    "account_confirm_email": "changes an address that a code has signed",
    "set_language": "keeps a language",
    "portal:calendar_feed": "reads a calendar by its secret link, and takes no form",
    "requests_app:paper_check": "shows whether a paper is true, and takes no form",
}
# Where the code lets somebody in.
LETS_IN = {
    "eboks/accounts/adapter.py",  # the last look before Django's own log-in
    "eboks/accounts/code_views.py",  # the end of the SMS step
    "eboks/onboarding/activation_views.py",
}
_CALLS = {"login", "perform_login", "resume_login", "perform_password_login", "exit"}


def takes_forms():
    """Routes that a stranger may send a form to."""
    browser = Client(raise_request_exception=False)
    found = set()
    for route in all_routes():
        if route.name in PUBLIC and not route.parameters:
            if browser.post(reverse(route.name)).status_code != 405:
                found.add(route.name)
        elif route.name in PUBLIC and "key" in route.parameters:
            found.add(route.name)
    return found


def test_every_form_open_to_strangers_is_listed():
    LessorFactory()
    onboarding = {name for name in takes_forms() if name.startswith("onboarding:")}
    assert "onboarding:activation" in onboarding

    others = takes_forms() - onboarding

    assert others - {"mfa_login_webauthn"} <= WAYS_IN.keys() | NO_WAY_IN.keys()
    assert not WAYS_IN.keys() & NO_WAY_IN.keys()


def test_no_form_but_the_listed_ones_leaves_a_session():
    """Sent by somebody who knows the password and stands half-way: still nobody is logged in."""
    LessorFactory()
    user = MembershipFactory().user
    give_number(user)
    for name in takes_forms() - {"account_login"}:
        browser = Client(raise_request_exception=False)
        password_step(browser, user)
        route = next(route for route in all_routes() if route.name == name)
        if not route.parameters:
            browser.post(reverse(name), {"code": "000000", "login": user.username})

        assert "_auth_user_id" not in browser.session, name


def test_code_that_logs_in_stands_where_it_is_listed():
    found = set()
    for folder in ("eboks", "contracts", "invoicing", "insurance", "requests_app"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _called(node) in _CALLS:
                    found.add(str(path.relative_to(ROOT)))

    assert found == LETS_IN


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        owner = ast.unparse(function.value)
        return "" if owner in {"sys", "os"} else function.attr
    return getattr(function, "id", "")


def test_session_comes_only_at_the_end_of_both_steps(client):
    LessorFactory()
    user = MembershipFactory().user
    give_number(user)

    password_step(client, user)
    assert "_auth_user_id" not in client.session
    enter(client, user)

    assert client.session["_auth_user_id"] == str(user.pk)


def test_tests_that_are_named_exist():
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    missing = {
        name for names in WAYS_IN.values() for name in names if f"def {name}(" not in written
    }

    assert missing == set()


def test_admin_has_no_door_of_its_own(client):
    for path in ("/zaplecze/login/", "/zaplecze/"):
        assert client.post(path, {"username": "x", "password": "y"}).url.startswith(
            "/konto/logowanie/"
        )
