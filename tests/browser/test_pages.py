"""What every page keeps, at a desk and on a phone, in light and dark, zoomed and on paper."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import browser_profile
from tests.browser.pages import PLACES, Place, open_place
from tests.browser.portal import Portal

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = (1280, 900), (360, 780)
PAGE_BYTES = 60_000
EXPECTED_STATUS = {"forbidden": 403, "not-found": 404, "paper-unknown": 404, "freeze-dead": 410}


@dataclass
class Opened:
    """A page as it was opened once, and what the browser complained of meanwhile."""

    place: Place
    page: Page
    complaints: list[str] = field(default_factory=list)
    answers: list[tuple[str, int, int]] = field(default_factory=list)
    walked: list[str] = field(default_factory=list)  # pages on the way, and the page itself

    def show(self, size=DESK, *, scheme="light", media="screen", motion="no-preference") -> Page:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme=scheme, media=media, reduced_motion=motion)
        return self.page


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: place.name)
def opened(request, browser: Browser, portal: Portal, sessions) -> Iterator[Opened]:
    """Each place, opened once for all tests of this file (pytest groups them by it)."""
    place = request.param
    context = browser_profile(browser, portal)
    seen = Opened(place, context.new_page())
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on(
        "console",
        lambda said: (
            seen.complaints.append(said.text) if said.type in {"error", "warning"} else None
        ),
    )
    seen.page.on("framenavigated", lambda frame: seen.walked.append(frame.url))
    seen.page.on(
        "response",
        lambda answer: seen.answers.append(
            (answer.url, answer.status, int(answer.headers.get("content-length", 0)))
        ),
    )
    open_place(place, seen.page, sessions)
    yield seen
    context.close()


def test_page_answers_without_complaint(opened):
    """No script error, no CSP violation, nothing from another origin."""
    expected = EXPECTED_STATUS.get(opened.place.name, 200)
    own = opened.page.url.split("/")[:3]

    assert [status for url, status, _ in opened.answers if url == opened.page.url][-1] == expected
    # Chromium reports the 403 or 404 of such a page itself as an error.
    noise = f"the server responded with a status of {expected}"
    assert [said for said in opened.complaints if expected == 200 or noise not in said] == []
    # The viewer of an embedded PDF is Chromium's own extension.
    asked = [url for url, *_ in opened.answers if url.startswith("http")]
    assert [url for url in asked if url.split("/")[:3] != own] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_accessible_and_fits(opened, size, scheme):
    page = opened.show(size, scheme=scheme, motion="reduce")

    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, f"{overflow} px too wide"
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.violations_count == 0, found.generate_report()


def test_page_has_one_heading_language_and_title(opened):
    page = opened.show()

    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "pl"
    assert page.title().strip()
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])"
    )
    assert [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_page_is_light(opened):
    """Under 60 kB without the font and 15 requests on a first visit."""
    # The invoice page also shows its PDF, which is the document and not the page.
    way = set(opened.walked) - {opened.page.url}
    own = {
        url
        for url, *_ in opened.answers
        if url.startswith("http") and url not in way and not url.endswith((".woff2", "/pdf/"))
    }

    assert len(own) <= 15
    weights = {url: _weight(opened.page, url) for url in own}
    assert sum(weights.values()) < PAGE_BYTES, weights


def _weight(page: Page, url: str) -> int:
    """Bytes on the wire: the demo's server does not compress, the production proxy does."""
    return len(gzip.compress(page.request.get(url).body()))


def test_page_survives_400_percent_zoom_and_spaced_text(opened):
    page = opened.show((320, 256))
    page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
                word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
            document.adoptedStyleSheets = [sheet];
        }"""
    )
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    page.evaluate("document.adoptedStyleSheets = []")

    assert overflow <= 0, f"{overflow} px too wide"


def test_page_prints_without_frame_in_black(opened):
    page = opened.show(media="print", scheme="dark")

    shown = page.evaluate(
        """() => [...document.querySelectorAll('nav, header.top, .tabbar, button, .filters')]
            .filter(e => e.checkVisibility() && !e.closest('.crumbs'))
            .map(e => e.outerHTML.slice(0, 90))"""
    )
    assert shown == []
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_page_targets_are_large_enough(opened):
    """WCAG 2.5.8: 24 px, except links inside a sentence; a checkbox counts with its label."""
    page = opened.show(PHONE)

    small = page.evaluate(
        """() => [...document.querySelectorAll(
                'button, input:not([type=hidden]), select, summary, .button, nav a')]
            .filter(e => e.checkVisibility() && !e.closest('p, .skip, .crumbs'))
            .filter(e => !['checkbox', 'radio'].includes(e.type))
            .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
            .filter(([r]) => r.width > 0 && (r.width < 24 || r.height < 24) && r.bottom > 0)
            .map(([r, html]) => `${Math.round(r.width)}×${Math.round(r.height)} ${html}`)"""
    )
    assert small == []


def test_page_is_still_when_motion_is_reduced(opened):
    page = opened.show(motion="reduce")

    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(e => {
            const s = getComputedStyle(e);
            return parseFloat(s.transitionDuration) > .01 || parseFloat(s.animationDuration) > .01;
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert moving == []


def test_page_leaves_nothing_in_the_browser(opened):
    page = opened.show()

    kept = page.evaluate(
        """async () => ({
            local: Object.keys(localStorage), session: Object.keys(sessionStorage),
            databases: (await indexedDB.databases()).map(d => d.name), caches: await caches.keys(),
        })"""
    )
    # htmx notes the address of the page, which the address bar shows anyway; never its content.
    kept["session"] = [key for key in kept["session"] if key != "htmx-current-path-for-history"]
    assert kept == {"local": [], "session": [], "databases": [], "caches": []}
