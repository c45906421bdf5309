"""Every page a person can open in the demo, and who opens it. New pages go into this table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Page


@dataclass(frozen=True)
class Place:
    """A page: opened at `path`; then, where `follow` is given, through the first such link."""

    name: str
    path: str
    who: str | None = "owner"
    follow: str = ""


PLACES = [
    Place("login", "/konto/logowanie/", who=None),
    Place("password-reset", "/konto/haslo/nowe/", who=None),
    Place("help", "/pomoc/", who=None),
    Place("dashboard", "/"),
    Place("dashboard-accountant", "/", who="accountant"),
    Place("dashboard-fleet", "/", who="fleet"),
    Place("contracts", "/umowy/"),
    Place("contracts-fleet", "/umowy/?strona=2", who="fleet"),
    Place("contracts-none-found", "/umowy/?q=nie-ma-takiej"),
    Place("contract", "/umowy/?q=CON-01", follow="main tbody a[href^='/umowy/']"),
    Place("schedule", "/umowy/?q=CON-01", follow="main tbody a[href^='/umowy/'] >> harmonogram/"),
    Place("asset", "/umowy/?q=CON-01", follow="main tbody a[href^='/umowy/'] >> przedmiot/"),
    Place(
        "contract-invoices", "/umowy/?q=CON-01", follow="main tbody a[href^='/umowy/'] >> faktury/"
    ),
    Place(
        "contract-documents",
        "/umowy/?q=CON-01",
        follow="main tbody a[href^='/umowy/'] >> dokumenty/",
    ),
    Place("invoices", "/faktury/"),
    Place("invoices-fleet", "/faktury/", who="finance"),
    Place("invoices-accountant", "/faktury/", who="accountant"),
    Place("invoices-none-found", "/faktury/?q=nie-ma-takiej"),
    Place("invoice", "/faktury/", follow="main tbody a[href^='/faktury/']"),
    Place("settlements", "/rozrachunki/"),
    Place("settlements-fleet", "/rozrachunki/", who="finance"),
    Place("cost-report", "/raporty/koszty/"),
    Place("search", "/szukaj/?q=Scania"),
    Place("search-none-found", "/szukaj/?q=nie-ma-takiej"),
    Place("company", "/firma/"),
    Place("password-change", "/konto/haslo/"),
    Place("logout", "/konto/wylogowanie/"),
    Place("forbidden", "/faktury/", who="fleet"),
    Place("not-found", "/umowy/00000000-0000-4000-8000-000000000000/"),
]

BY_NAME = {place.name: place for place in PLACES}


def enter(page: Page, login: str, password: str) -> None:
    """Logs in through the form."""
    page.goto("/konto/logowanie/")
    page.get_by_label(re.compile("E-mail lub")).fill(login)
    page.get_by_label("Hasło", exact=True).fill(password)
    page.get_by_role("button", name="Zaloguj").click()


Sessions = dict[str, list[SetCookieParam]]


def open_place(place: Place, page: Page, sessions: Sessions) -> Page:
    """Opens `place` as its person in `page`."""
    if place.who:
        page.context.add_cookies(sessions[place.who])
    page.goto(place.path)
    if place.follow:
        link, _, below = place.follow.partition(" >> ")
        href = page.locator(link).first.get_attribute("href")
        assert href, f"{place.name}: no link {link} on {place.path}"
        page.goto(href + below)
    return page
