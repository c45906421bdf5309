"""Browser tests: a real Chromium against a real portal with the demo portfolio.

All of them run on one worker (tests/scheduling.py), so that the portal starts once; it stops, with
Playwright's event loop, when they are through: the tests after them use the database.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from eboks.portal.demo.people import LOGINS
from tests.browser.pages import Sessions, enter
from tests.browser.portal import Portal, running_portal

PEOPLE = {
    "owner": "demo-wlasciciel",
    "accountant": "demo-ksiegowa",
    "fleet": "demo-flota",
    "finance": "demo-finanse",
    "signatory": "demo-podpis",
    "driver": "demo-kierowca",
}
CHROMIUM = os.environ.get("EBOK_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
LOG_CHARACTERS = 3000
PATIENCE_MS = 60_000  # a busy machine is slow, not broken
expect.set_options(timeout=PATIENCE_MS)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Person:
    username: str
    email: str
    password: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the end of what the portal has logged: the cause may lie there."""
    report = yield
    # `pytest.fail` repeats in one line what an earlier test has shown.
    if report.failed and call.excinfo and not call.excinfo.errisinstance(pytest.fail.Exception):
        running = getattr(item, "funcargs", {}).get("portal")
        for log in running.logs() if running else ():
            report.sections.append((f"end of {log.name}", log.read_text()[-LOG_CHARACTERS:]))
    return report


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    _only_one_worker(tmp_path_factory.getbasetemp())
    with running_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


def _only_one_worker(folder: Path) -> None:
    """Two portals of one run take each other's tasks; said here, not by codes that never come."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    first = folder.parent / "browser-worker"
    try:
        with first.open("x") as file:
            file.write(worker)
    except FileExistsError:
        text = f"browser tests on {first.read_text()} and on {worker}: see tests/scheduling.py"
        raise RuntimeError(text) from None


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def browser_profile(
    browser: Browser, portal: Portal, *, width: int = 1280, height: int = 900, **options: Any
) -> BrowserContext:
    """A fresh profile of the browser, in Poland, aimed at the portal."""
    context = browser.new_context(
        base_url=portal.url,
        locale="pl-PL",
        timezone_id="Europe/Warsaw",
        viewport={"width": width, "height": height},
        **options,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture
def new_context(browser: Browser, portal: Portal) -> Iterator[Callable[..., BrowserContext]]:
    """`new_context(width=360, …)`: profiles that are closed after the test."""
    contexts = []

    def make(**options: Any) -> BrowserContext:
        contexts.append(browser_profile(browser, portal, **options))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def demo_people(portal: Portal) -> dict[str, Person]:
    """The demo's persons by a short name, with the passwords that the demo tells a visitor."""
    told = dict(line.split()[:2] for line in portal.manage("demo_logins").splitlines() if line)
    emails = {login.username: login.email for login in LOGINS}
    return {
        who: Person(username, emails[username], told[username]) for who, username in PEOPLE.items()
    }


@pytest.fixture(scope="package")
def sessions(browser: Browser, portal: Portal, demo_people: dict[str, Person]) -> Sessions:
    """Cookies of the demo persons, each logged in once through the form."""

    def log_in(who: str) -> list[SetCookieParam]:
        context = browser_profile(browser, portal)
        page = context.new_page()
        try:
            enter(page, demo_people[who].username, demo_people[who].password)
            # The start page; a driver is led on to the vehicles.
            page.wait_for_url(re.compile(r"^(?!.*/konto/)"))
            return [SetCookieParam(**cookie) for cookie in context.cookies()]  # type: ignore[typeddict-item]
        finally:
            context.close()

    return Sessions(log_in)


@pytest.fixture
def log_in(
    sessions: Sessions, new_context: Callable[..., BrowserContext]
) -> Iterator[Callable[[BrowserContext, str], None]]:
    """`log_in(context, "owner")`: the browser profile is then that person's.

    Whoever says the password again gets a new session key, which the next test goes on with.
    """
    opened: list[tuple[BrowserContext, str]] = []

    def as_person(context: BrowserContext, who: str) -> None:
        context.add_cookies(sessions[who])
        opened.append((context, who))

    yield as_person
    for context, who in opened:
        sessions.keep(who, context)


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()
