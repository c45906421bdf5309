"""Fixtures of the whole suite, and the guards that make the run hostile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache

from tests.hostile import UnknownVariable, turn_unordered_rows
from tests.scheduling import pytest_xdist_make_scheduler  # noqa: F401 -- a hook

# A busy machine is not a wrong result. Where a change is judged, the same examples each time;
# at a desk, new ones.
hypothesis.settings.register_profile(
    "ebok",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ebok")


@pytest.fixture(autouse=True, scope="session")
def _hostile_run() -> Iterator[None]:
    """See tests/hostile.py. Warnings are errors too (pyproject.toml)."""
    from django.template import Engine

    Engine.get_default().string_if_invalid = UnknownVariable()
    with pytest.MonkeyPatch.context() as patch:
        turn_unordered_rows(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def _tables_that_only_grow() -> Iterator[None]:
    """Tests with real transactions empty every table after themselves; the database refuses that
    for the audit trail, so its triggers step aside for that moment.
    """
    from django.core.management.commands import flush
    from django.db import connections

    from eboks.audit.triggers import unguarded

    empty = flush.Command.handle

    def handle(self: Any, **options: Any) -> None:
        with unguarded(connections[options["database"]]):
            empty(self, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield


@pytest.fixture(autouse=True)
def _clean_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Throttling counters live in the cache; no test inherits another's."""
    # Set up after the database, so that this is torn down while it may still be used.
    used = {"db", "transactional_db"} & set(request.fixturenames)
    marker = request.node.get_closest_marker("django_db")
    if marker or used:
        transactional = marker is not None and marker.kwargs.get("transaction", False)
        request.getfixturevalue("transactional_db" if transactional else min(used or {"db"}))
    yield
    if marker or used:
        cache.clear()


@pytest.fixture(autouse=True)
def _no_old_sms() -> None:
    """No test reads the SMS of another, or its failing gateway."""
    from eboks.integrations.sms import fake

    fake.forget()


@pytest.fixture(autouse=True, scope="session")
def _force_login_is_the_whole_login() -> Iterator[None]:
    """`force_login` stands for a finished log-in: that of staff has seen a second factor.

    What happens without one is tested by logging in through the pages.
    """
    from allauth.account.internal.flows import login
    from django.test import Client

    enter = Client.force_login

    def force_login(self: Any, user: Any, *args: Any, **kwargs: Any) -> None:
        enter(self, user, *args, **kwargs)
        if user.is_staff:
            session = self.session
            session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
            session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
                {"method": "mfa", "at": time.time(), "type": "totp"}
            ]
            session.save()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "force_login", force_login)
        yield


@pytest.fixture
def login(client: Any) -> Any:
    """`login(user)` gives a browser of that person."""

    def as_user(user: Any) -> Any:
        client.force_login(user)
        return client

    return as_user


@pytest.fixture
def client_of() -> Any:
    """`client_of(user)` gives a further browser, logged in as that person."""
    from django.test import Client

    def as_user(user: Any) -> Any:
        browser = Client()
        browser.force_login(user)
        return browser

    return as_user
