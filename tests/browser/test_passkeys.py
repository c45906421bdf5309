"""Passkeys in a real Chromium with a virtual authenticator, under the portal's own CSP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import enter

PERSON = "demo-podpis"
WITHOUT_KEYS = f"""
from allauth.mfa.models import Authenticator
Authenticator.objects.filter(user__username={PERSON!r}).delete()
"""
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(new_context, portal) -> Iterator[Page]:
    """A browser with a built-in authenticator; passkeys want a name, not an address."""
    context = new_context()
    page = context.new_page()
    page.goto = _at_localhost(page, urlsplit(portal.url).port)
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return page


def _at_localhost(page: Page, port: int | None):
    goto = page.goto
    return lambda path, **options: goto(f"http://localhost:{port}{path}", **options)


def give_password(page: Page, password: str) -> None:
    if "/potwierdzenie/" in page.url:
        page.get_by_label("Hasło", exact=True).fill(password)
        page.get_by_role("button", name="Potwierdź").click()


@pytest.fixture
def password(portal) -> Iterator[str]:
    """The person's. Afterwards they have no key again: other tests log them in by SMS."""
    told = dict(line.split()[:2] for line in portal.manage("demo_logins").splitlines() if line)
    yield told[PERSON]
    portal.manage("shell", "-v0", "-c", WITHOUT_KEYS)


def test_passkey_logs_in_by_itself(page, password):
    """Add one, log out, come back with the key alone: no password, no SMS."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    enter(page, PERSON, password)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dzień dobry")

    page.goto("/konto/klucze/nowy/")
    give_password(page, password)
    page.get_by_label(re.compile("bez hasła|Passwordless", re.IGNORECASE)).check()
    page.get_by_role("button", name="Dodaj klucz").click()
    expect(page).to_have_url(re.compile("/konto/(kody-zapasowe|bezpieczenstwo)/"))
    page.goto("/konto/wylogowanie/")
    page.get_by_role("button", name="Wyloguj").last.click()

    page.goto("/konto/logowanie/")
    page.get_by_role("button", name="Zaloguj się kluczem dostępu").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Dzień dobry")
    assert [text for text in complaints if "Content Security Policy" in text] == []
