"""Browser tests: a real Chromium against a real portal with the demo portfolio.

All of them run on one worker (`xdist_group`), so that the portal starts once.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.portal import Portal, running_portal

CHROMIUM = os.environ.get("EBOK_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture(scope="session")
def demo_logins(portal: Portal) -> dict[str, tuple[str, str]]:
    """Role word → (log-in, password), read off what `manage.py demo_logins` tells a person."""
    found = {}
    for line in portal.manage("demo_logins").splitlines():
        parts = re.split(r"\s{2,}", line.strip())
        if len(parts) >= 3:
            found[parts[0]] = (parts[1], parts[2])
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser, portal: Portal) -> Iterator[Callable[..., BrowserContext]]:
    """`new_context(width=360, …)`: a fresh browser profile aimed at the portal."""
    contexts = []

    def make(*, width: int = 1280, height: int = 900, **options: object) -> BrowserContext:
        context = browser.new_context(
            base_url=portal.url,
            locale="pl-PL",
            timezone_id="Europe/Warsaw",
            viewport={"width": width, "height": height},
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()
