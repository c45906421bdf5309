"""Insurance as a client and the back office go through it: an own policy, an offer, a damage."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from eboks import clock
from tests.browser.conftest import browser_profile
from tests.browser.pages import enter, sms_code
from tests.browser.portal import Portal
from tests.browser.test_access import enter_as_staff

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
SIGNATORY, CLERK = "demo-podpis", "demo-zaplecze"
CLERK_NAME = ("Zbigniew", "Górski")


@pytest.fixture(scope="module")
def told(portal: Portal) -> dict[str, str]:
    """Passwords that the demo tells a visitor."""
    lines = portal.manage("demo_logins").splitlines()
    return dict(line.split()[:2] for line in lines if line)


@pytest.fixture
def client(new_context, log_in) -> Callable[..., Page]:
    """`client(who, scripts=…, width=…)`: a page of a person whose session goes on."""

    def opened(who: str, *, scripts: bool = True, **options: int) -> Page:
        context = new_context(java_script_enabled=scripts, **options)
        log_in(context, who)
        return context.new_page()

    return opened


@pytest.fixture
def office(browser: Browser, portal: Portal, told: dict[str, str]) -> Iterator[Page]:
    """The back office as its clerk sees it."""
    context = browser_profile(browser, portal)
    page = context.new_page()
    enter_as_staff(page, CLERK, told[CLERK])
    yield page
    context.close()


def day(after: int) -> date:
    return clock.today() + timedelta(days=after)


def photograph() -> dict[str, object]:
    """A file as a phone's camera gives it."""
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), "#667788").save(picture, "JPEG")
    return {"name": "zderzak.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}


def test_own_policy_is_sent_in_and_checked_by_a_clerk(client, office):
    page = client("fleet")
    page.goto("/ubezpieczenia/nowa/")
    page.locator("main tbody a[href*='przedmiot=']").first.click()
    send = page.get_by_role("button", name="Wyślij polisę do sprawdzenia")
    page.get_by_label("Numer polisy").fill("WŁASNA/1")
    send.click()
    expect(page).to_have_title(re.compile("^Błąd: (?!Błąd)"))
    expect(page.locator(".error-summary")).to_contain_text("Wybierz ubezpieczyciela.")
    expect(page.get_by_label("Numer polisy")).to_have_value("WŁASNA/1")

    page.locator("#id_files").set_input_files(photograph())
    page.get_by_label("Ubezpieczyciel", exact=True).select_option(index=1)
    page.get_by_label("Ochrona od").fill(day(400).isoformat())  # after what covers it now
    page.get_by_label("Ochrona do").fill(day(764).isoformat())
    page.get_by_label("OC", exact=True).check()
    expect(page.locator("#id_sum_ac")).to_be_hidden()
    page.get_by_label("AC", exact=True).check()
    page.locator("#id_sum_ac").fill("200 000,00")
    page.get_by_label("W polisie jest cesja praw").check()
    page.get_by_label("Składka za cały okres").fill("3 100,00")
    send.click()
    page.wait_for_url(re.compile(r"/ubezpieczenia/polisy/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Polisa WŁASNA/1")
    expect(page.locator("main")).to_contain_text("Sprawdzamy tę polisę.")
    expect(page.locator("main")).to_contain_text("zderzak.jpg")

    office.goto("/zaplecze/insurance/policy/")
    office.locator("#result_list").get_by_role("link", name="WŁASNA/1").click()
    boxes = office.locator("form[action$='/sprawdz/'] input[type=checkbox]")
    expect(boxes.first).to_be_visible()
    for box in boxes.all():
        box.check()
    office.get_by_role("button", name="Sprawdzona", exact=True).click()
    expect(office.locator(".messagelist .success")).to_be_visible()

    page.reload()
    expect(page.locator("main")).to_contain_text("Polisa jest sprawdzona")
    assert [name for name in CLERK_NAME if name in page.content()] == []


def test_renewal_offer_is_accepted_with_an_sms_code(new_context, told):
    page = new_context(width=360).new_page()  # a session that no other test goes on with
    enter(page, SIGNATORY, told[SIGNATORY])
    page.wait_for_url(re.compile(r"^(?!.*/konto/)"))
    page.goto("/ubezpieczenia/oferty/")
    page.locator("main tbody a[href^='/ubezpieczenia/oferty/']").first.click()
    price = page.locator("main .figure").inner_text()
    accept = page.get_by_role("button", name=re.compile("^Przyjmij ofertę za "))
    accept.click()
    page.wait_for_load_state()
    if "/konto/potwierdzenie/" in page.url:
        page.get_by_label("Hasło", exact=True).fill(told[SIGNATORY])
        page.get_by_role("button", name="Potwierdź", exact=True).click()
        page.wait_for_url("**/ubezpieczenia/oferty/**")
        accept.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sprawdź, zanim podpiszesz")
    shown = re.sub(r"\D", "", page.inner_text("main"))
    assert re.sub(r"\D", "", price) in shown
    page.get_by_role("button", name="Wyślij kod SMS").click()
    page.wait_for_url(re.compile(r"/kod/(#\w+)?$"))
    page.get_by_label("Kod z SMS-a").fill(sms_code(page))
    page.get_by_role("button", name=re.compile("^Przyjmij ofertę")).click()
    page.get_by_role("link", name="Zobacz, co się zmieniło").click()

    expect(page.locator("main")).to_contain_text("Oferta jest przyjęta.")
    expect(accept).to_have_count(0)


@SCRIPTS
def test_damage_is_reported_from_a_phone_and_taken_back(client, scripts):
    page = client("owner", scripts=scripts, width=360)
    page.goto("/ubezpieczenia/szkody/nowa/")
    send = page.get_by_role("button", name="Wyślij zgłoszenie")
    page.get_by_label("Pojazd lub przedmiot").fill("OL/TZ-05")
    page.get_by_label("Opis", exact=True).fill("Pęknięty zderzak")
    send.click()
    expect(page).to_have_title(re.compile("^Błąd: (?!Błąd)"))
    expect(page.locator(".error-summary")).to_contain_text("Wybierz, co się stało.")
    expect(page.get_by_label("Opis", exact=True)).to_have_value("Pęknięty zderzak")

    page.get_by_label("Co się stało", exact=True).select_option(label="szkoda na parkingu")
    page.locator("#id_pictures").set_input_files(photograph())
    page.get_by_label("Dzień", exact=True).fill(day(-1).isoformat())
    page.get_by_label("Godzina", exact=True).fill("14:30")
    page.get_by_label("Gdzie", exact=True).fill("Kalisz, parking")
    send.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Szkoda zgłoszona")
    number = page.locator("main .figure").inner_text()
    expect(page.locator("main a[href^='tel:']").first).to_be_visible()
    page.get_by_role("link", name="Zobacz szkodę").click()
    expect(page.locator("main")).to_contain_text(number)
    expect(page.locator("main")).to_contain_text("zderzak.jpg")
    expect(page.locator("main")).to_contain_text("Pęknięty zderzak")

    page.get_by_text("Chcę wycofać to zgłoszenie").click()
    page.get_by_role("button", name="Wycofaj zgłoszenie").click()
    expect(page.locator("main .page-head .tag")).to_have_text("wycofana")
    expect(page.get_by_role("button", name="Dodaj pliki")).to_have_count(0)


def test_contacts_after_a_damage_need_no_person(page):
    page.goto("/ubezpieczenia/pomoc-po-szkodzie/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Po szkodzie: do kogo zadzwonić")
    expect(page.get_by_role("link", name="Zadzwoń: 112")).to_have_attribute("href", "tel:112")
    cards = page.locator("main .card")
    widths = {round(box["width"]) for card in cards.all() if (box := card.bounding_box())}
    assert len(widths) == 1
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
