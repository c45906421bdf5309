"""Every page a person can open in the demo, and who opens it. New pages go into this table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import BrowserContext, Page


@dataclass(frozen=True)
class Place:
    """A page: opened at `path`; then, where `follow` is given, through the first such link.

    After ` >> ` comes what is below the page of the link, or the next link to follow.
    """

    name: str
    path: str
    who: str | None = "owner"
    follow: str = ""


CON_01, CONTRACT = "/umowy/?q=CON-01", "main tbody a[href^='/umowy/']"

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
    Place("insurance", "/ubezpieczenia/"),
    Place("insurance-fleet", "/ubezpieczenia/", who="fleet"),
    Place("insurance-none-found", "/ubezpieczenia/?q=nie-ma-takiej"),
    Place("insurance-asset", "/ubezpieczenia/", follow="main tbody a"),
    Place("policies", "/ubezpieczenia/polisy/"),
    Place("policy", "/ubezpieczenia/polisy/", follow="main tbody a"),
    Place("policy-returned", "/ubezpieczenia/polisy/?state=returned", follow="main tbody a"),
    Place("policy-to-verify", "/ubezpieczenia/polisy/?state=to_verify", follow="main tbody a"),
    Place("policies-none-found", "/ubezpieczenia/polisy/?q=nie-ma-takiej"),
    Place("insurance-asset-covered", "/ubezpieczenia/?q=CON-01", follow="main tbody a"),
    Place("contract-insurance", CON_01, follow=f"{CONTRACT} >> ubezpieczenie/"),
    Place("invoices", "/faktury/"),
    Place("invoices-fleet", "/faktury/", who="finance"),
    Place("invoices-accountant", "/faktury/", who="accountant"),
    Place("invoices-none-found", "/faktury/?q=nie-ma-takiej"),
    Place("invoice", "/faktury/", follow="main tbody a[href^='/faktury/']"),
    Place("settlements", "/rozrachunki/"),
    Place("settlements-fleet", "/rozrachunki/", who="finance"),
    Place("statement", "/rozrachunki/wyciag/"),
    Place("balances", "/rozrachunki/potwierdzenia/"),
    Place("balance", "/rozrachunki/potwierdzenia/", follow="main tbody a"),
    Place("rate-changes", "/umowy/zmiany-rat/"),
    Place(
        "rate-change", "/umowy/zmiany-rat/?wszystkie=1", follow="main tbody a[href*='zmiana-raty']"
    ),
    Place("paying", "/rozrachunki/przelewy/"),
    Place(
        "basket", "/rozrachunki/przelewy/", follow="main tbody a[href^='/rozrachunki/przelewy/']"
    ),
    Place("report-payment", "/rozrachunki/zaplacilem/"),
    Place("promise-payment-nothing-chosen", "/rozrachunki/zaplace/"),
    Place("fee-table", "/tabela-oplat/"),
    Place("fee-table-public", "/tabela-oplat/", who=None),
    Place("cost-report", "/raporty/koszty/"),
    Place("search", "/szukaj/?q=Scania"),
    Place("search-none-found", "/szukaj/?q=nie-ma-takiej"),
    Place("vehicles", "/pojazdy/", who="fleet"),
    Place("vehicles-driver", "/pojazdy/", who="driver"),
    Place("vehicle", "/pojazdy/", who="driver", follow="main tbody a[href^='/pojazdy/']"),
    Place("claims", "/ubezpieczenia/szkody/"),
    Place("claims-none-found", "/ubezpieczenia/szkody/?q=nie-ma-takiej"),
    Place("claim-new", "/ubezpieczenia/szkody/nowa/"),
    Place("claim", "/ubezpieczenia/szkody/", follow="main tbody a"),
    Place(
        "claim-payable", "/ubezpieczenia/szkody/?stan=otwarte", who="fleet", follow="main tbody a"
    ),
    Place("claim-ended", "/ubezpieczenia/szkody/?stan=zakonczone", follow="main tbody a"),
    Place("calendar", "/kalendarz/"),
    Place("calendar-fleet", "/kalendarz/", who="fleet"),
    Place("claim-contacts", "/ubezpieczenia/pomoc-po-szkodzie/", who=None),
    Place("policy-new-which", "/ubezpieczenia/nowa/", who="fleet"),
    Place(
        "policy-new",
        "/ubezpieczenia/nowa/",
        who="fleet",
        follow="main tbody a[href^='/ubezpieczenia/nowa/']",
    ),
    Place("renewal-offers", "/ubezpieczenia/oferty/", who="fleet"),
    Place(
        "renewal-offer",
        "/ubezpieczenia/oferty/",
        who="fleet",
        follow="main tbody a[href^='/ubezpieczenia/oferty/']",
    ),
    Place("renewal-offers-past", "/ubezpieczenia/oferty/?stan=zakonczone", who="fleet"),
    Place("mileage-entry", "/pojazdy/", who="driver", follow="main tbody a[href$='/przebieg/']"),
    Place("vehicle-fleet", "/pojazdy/", who="fleet", follow="main tbody a[href^='/pojazdy/']"),
    Place("vehicle-owner", "/pojazdy/?q=Transit", follow="main tbody a[href^='/pojazdy/']"),
    Place("vehicle-machine", "/pojazdy/?q=Linde", follow="main tbody a[href^='/pojazdy/']"),
    Place("fleet-service", "/flota/serwis/", who="fleet"),
    Place("fleet-damages", "/flota/szkody/", who="fleet"),
    Place("fleet-fuel", "/flota/paliwo/", who="fleet"),
    Place("fleet-tyres", "/flota/opony/", who="fleet"),
    Place("fleet-mileage", "/flota/przebieg/", who="fleet"),
    Place("fleet-replacements", "/flota/zastepcze/", who="fleet"),
    Place("fleet-tolls", "/flota/oplaty/", who="fleet"),
    Place("fleet-fuel-none-found", "/flota/paliwo/?q=nie-ma-takiej", who="fleet"),
    Place("company", "/firma/"),
    Place("people", "/firma/osoby/"),
    Place("person", "/firma/osoby/", follow="main tbody a[href^='/firma/osoby/']"),
    Place("activity", "/firma/dziennik/"),
    Place("activity-none-found", "/firma/dziennik/?until=2000-01-01"),
    Place("password-change", "/konto/haslo/"),
    Place("security", "/konto/bezpieczenstwo/"),
    Place("phone-proof", "/konto/telefon/"),
    Place("freeze", "/konto/bezpieczenstwo/blokada/"),
    Place("passkeys", "/konto/klucze/"),
    Place("notifications", "/powiadomienia/"),
    Place("notification-settings", "/konto/powiadomienia/"),
    Place("demo-inbox", "/demo/skrzynka/", who=None),
    Place("access", "/dostep/", who=None),
    Place("access-form", "/dostep/wniosek/", who=None),
    Place("new-link", "/dostep/nowy-link/", who=None),
    Place("activation-dead", f"/dostep/aktywacja/{'0' * 32}{'a' * 43}/", who=None),
    Place("freeze-dead", f"/konto/zablokuj/{'0' * 32}-{'a' * 43}/", who=None),
    Place("instructions", "/dyspozycje/"),
    Place("files", "/moje-pliki/"),
    Place("files-none", "/moje-pliki/", who="accountant"),
    Place("saved-reports", "/moje-pliki/raporty/"),
    Place("saved-report", "/moje-pliki/raporty/", follow="main a[href^='/moje-pliki/raporty/']"),
    Place("e-invoices", "/e-faktury/"),
    Place("documents-leaving", "/dokumenty/odchodzace/"),
    Place("reports", "/raporty/"),
    Place("payments-ahead", "/raporty/platnosci/"),
    Place("extra-fees", "/raporty/oplaty/"),
    Place("insurance-costs-none", "/raporty/ubezpieczenia/?since=2000-01-01&until=2000-02-01"),
    Place("accounting", "/raporty/ksiegowosc/"),
    Place("tax", "/raporty/podatki/"),
    Place("vehicle-uses", "/raporty/podatki/pojazdy/"),
    Place("requests", "/wnioski/"),
    Place("requests-none", "/wnioski/", who="finance"),
    Place("request-catalogue", "/wnioski/nowy/"),
    Place("request-start", "/wnioski/nowy/travel-consent/"),
    Place("request-start-signed", "/wnioski/nowy/early-termination/"),
    Place("request", "/wnioski/?stan=zakonczone", follow="main tbody a[href^='/wnioski/']"),
    Place("request-settlement", CON_01, follow=f"{CONTRACT} >> main a[href*='/rozliczenie/']"),
    Place(
        "request-simulation",
        CON_01,
        follow=f"{CONTRACT} >> harmonogram/ >> main a[href*='/symulacja/']",
    ),
    Place(
        "request-contract-end",
        "/umowy/?q=TZ-03",
        follow=f"{CONTRACT} >> main a[href*='/koniec-umowy/']",
    ),
    Place("vehicle-users", "/wnioski/uzytkownicy/"),
    Place("fleet", "/flota/", who="fleet"),
    Place("fleet-owner", "/flota/"),
    Place("fleet-none-found", "/flota/?q=nie-ma-takiego", who="fleet"),
    Place("fleet-outliers", "/flota/odstepstwa/", who="fleet"),
    Place("fleet-vehicle", "/flota/", follow="main tbody a[href^='/flota/pojazd/']"),
    Place(
        "fleet-vehicle-fleet", "/flota/", who="fleet", follow="main tbody a[href^='/flota/pojazd/']"
    ),
    Place("paper-check", "/sprawdz/", who=None),
    Place("paper-unknown", "/sprawdz/AAAA/", who=None),
    Place("logout", "/konto/wylogowanie/"),
    Place("forbidden", "/faktury/", who="fleet"),
    Place("not-found", "/umowy/00000000-0000-4000-8000-000000000000/"),
]

BY_NAME = {place.name: place for place in PLACES}


def enter(page: Page, login: str, password: str) -> None:
    """Logs in through both forms: the password, then the code from the demo's inbox."""
    page.goto("/konto/logowanie/")
    page.get_by_label(re.compile("E-mail lub")).fill(login)
    page.get_by_label("Hasło", exact=True).fill(password)
    page.get_by_role("button", name="Zaloguj", exact=True).click()
    page.wait_for_load_state()
    if page.url.endswith("/konto/logowanie/kod/"):
        page.get_by_label("Kod logowania").fill(sms_code(page))
        page.get_by_role("button", name="Zaloguj", exact=True).click()
        page.wait_for_load_state()


_used_codes: set[str] = set()


def sms_code(page: Page) -> str:
    """The newest code that went to the number which the page shows the end of.

    The message leaves after the answer, so it is waited for: a code that was typed before is not
    taken for it.
    """
    asked = page.inner_text("main")
    endings = re.findall(r"••• ••• (\d{3})", asked)
    if not endings:
        raise AssertionError(f"{page.url} has sent no code: {_one_line(asked)}")
    ending = endings[-1]
    inbox = page.context.new_page()
    received: list[str] = []
    try:
        for _second in range(60):
            inbox.goto("/demo/skrzynka/")
            received = inbox.locator("article").all_inner_texts()
            for text in received:
                head, _newline, rest = text.partition("\n")
                found = re.search(r"@\S+ #(\d{6,8})", rest)
                is_for_us = re.sub(r"\D", "", head).endswith(ending)
                if found and is_for_us and found.group(1) not in _used_codes:
                    _used_codes.add(found.group(1))
                    return found.group(1)
            inbox.wait_for_timeout(500)
    finally:
        inbox.close()
    newest = "; ".join(_one_line(text)[:100] for text in received[:5])
    raise AssertionError(
        f"no code for the number ending with {ending}; {len(received)} in the inbox: {newest}"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


class Sessions:
    """Cookies of persons, each logged in once, when first wanted.

    A log-in that failed is not tried again for every page: the first test that wants it shows the
    whole story, the others one line.
    """

    def __init__(self, log_in: Callable[[str], list[SetCookieParam]]) -> None:
        self._log_in = log_in
        self._found: dict[str, list[SetCookieParam]] = {}
        self._failed: dict[str, str] = {}

    def __getitem__(self, who: str) -> list[SetCookieParam]:
        if who in self._failed:
            pytest.fail(f"{who} could not log in: {self._failed[who]}", pytrace=False)
        if who not in self._found:
            try:
                self._found[who] = self._log_in(who)
            except Exception as error:
                self._failed[who] = _one_line(str(error))[:300]
                raise
        return self._found[who]

    def keep(self, who: str, context: BrowserContext) -> None:
        """What `context` holds by now, unless it has been logged out."""
        cookies = [SetCookieParam(**cookie) for cookie in context.cookies()]  # type: ignore[typeddict-item]
        if any(cookie["name"].endswith("session") for cookie in cookies):
            self._found[who] = cookies


def _next_address(step: str, place: Place, page: Page) -> str:
    if not step.startswith("main "):
        return page.url.partition("?")[0] + step
    href = page.locator(step).first.get_attribute("href")
    assert href, f"{place.name}: no link {step} on {page.url}"
    return href


def open_place(place: Place, page: Page, sessions: Sessions) -> Page:
    """Opens `place` as its person in `page`."""
    if place.who:
        page.context.add_cookies(sessions[place.who])
    page.goto(place.path)
    if place.follow:
        for step in place.follow.split(" >> "):
            page.goto(_next_address(step, place, page))
    return page
