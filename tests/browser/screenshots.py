"""`python -m tests.browser.screenshots [FOLDER]`: the README's pictures, taken from a live demo."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, PEOPLE, browser_profile
from tests.browser.pages import BY_NAME, Sessions, enter, open_place
from tests.browser.portal import ROOT, running_portal

# File, page, width and height in CSS pixels.
PICTURES = [
    ("pulpit.png", "dashboard", 1280, 1000),
    ("harmonogram-telefon.png", "schedule", 390, 844),
]


def main(folder: Path) -> None:
    """Starts a portal, logs in as its owner and photographs the pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = PEOPLE["owner"]
    with (
        tempfile.TemporaryDirectory() as data,
        running_portal(Path(data)) as portal,
        sync_playwright() as playwright,
    ):
        told = dict(line.split()[:2] for line in portal.manage("demo_logins").splitlines())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, place, width, height in PICTURES:
            context = browser_profile(browser, portal, width=width, height=height)
            page = context.new_page()
            enter(page, owner, told[owner])
            page.wait_for_url(portal.url + "/")
            open_place(BY_NAME[place], page, Sessions(lambda _who: []))
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / name)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img")
