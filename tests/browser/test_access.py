"""From the application for access to the start page, with two people of the staff in between."""

from __future__ import annotations

import io
import os
import re
import time
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.pages import enter, sms_code
from tests.browser.test_pages import TAGS

OWN = "czerwony czajnik gra na flecie"
STAFF = ("demo-zaplecze", "demo-zaplecze-2")
PICTURES = os.environ.get("EBOK_PICTURES", "")  # a folder, to look at the pages


def looked_at(page: Page, name: str, *, scripts: bool) -> None:
    """No axe findings; a picture at a desk and on a phone when they are wanted."""
    if scripts:
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    if PICTURES:
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            picture = Path(PICTURES) / f"{name}-{width}.png"
            page.screenshot(path=picture, full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def mailed(page: Page, address: str, path: str) -> str:
    """The newest link to `path` that went to `address`; mails leave after the answer."""
    for _second in range(60):
        page.goto("/demo/skrzynka/")
        for article in page.locator("article").all():
            if address in article.inner_text():
                found = re.search(rf"{path}[\w-]+/", article.inner_html())
                if found:
                    return found.group()
        page.wait_for_timeout(500)
    raise AssertionError(f"no link to {path} for {address}")


_typed: set[tuple[str, str]] = set()
_PERIOD, _TYPING = 30, 10  # seconds: how long a code lasts, and what a busy machine needs for it


def app_code(page: Page, name: str) -> str:
    """What the authenticator app of `name` shows; a code opens the door once, so a new one."""
    inbox = page.context.new_page()
    try:
        for _second in range(60):
            if _PERIOD - time.time() % _PERIOD < _TYPING:  # it would change while it is typed
                inbox.wait_for_timeout(1000 * _TYPING)
            inbox.goto("/demo/skrzynka/")
            row = inbox.locator("li", has_text=re.compile(rf"osoby {name}(?!-)"))
            code = row.locator(".nrb").first.inner_text()
            if (name, code) not in _typed:
                _typed.add((name, code))
                return code
            inbox.wait_for_timeout(1000)
    finally:
        inbox.close()
    raise AssertionError(f"the app of {name} shows the same code for a minute")


def enter_as_staff(page: Page, name: str, password: str) -> None:
    enter(page, name, password)
    page.locator("input[name=code]").fill(app_code(page, name))
    page.locator("main form button.primary").first.click()
    page.wait_for_url("**/zaplecze/")


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_person_walks_from_application_to_the_start_page(new_context, portal, scripts):
    told = dict(line.split()[:2] for line in portal.manage("demo_logins").splitlines() if line)
    nip = portal.manage(
        "shell",
        "-v0",
        "-c",
        "from eboks.tenancy.models import Company;"
        "print(Company.objects.filter(memberships__user__username='demo-wlasciciel').get().nip)",
    ).split()[-1]
    email = f"irena-{int(scripts)}@trans-zuk.example"
    page = new_context(java_script_enabled=scripts).new_page()

    page.goto("/konto/logowanie/")
    page.get_by_role("link", name="Nie masz jeszcze dostępu?").click()
    looked_at(page, "access", scripts=scripts)
    page.get_by_role("link", name="Złóż wniosek o dostęp").click()
    page.get_by_role("button", name="Dalej").click()
    expect(page).to_have_title(re.compile("^Błąd: "))
    looked_at(page, "form-errors", scripts=scripts)
    page.get_by_label("Nazwa firmy").fill("TRANS-ŻUK")
    page.get_by_label("NIP").fill(nip)
    page.get_by_label("Imię administratora").fill("Irena")
    page.get_by_label("Nazwisko administratora").fill("Żuk")
    page.get_by_label("E-mail administratora").fill(email)
    page.get_by_label("Telefon komórkowy").fill(f"600 700 80{int(scripts)}")
    page.get_by_role("button", name="Dalej").click()
    looked_at(page, "check", scripts=scripts)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Pobierz wypełniony wniosek").click()
    paper = caught.value.path().read_bytes()
    assert "Irena" in pypdf.PdfReader(io.BytesIO(paper)).pages[0].extract_text()
    page.get_by_label("Podpisany wniosek").set_input_files(
        {"name": "podpisany.pdf", "mimeType": "application/pdf", "buffer": paper}
    )
    page.get_by_role("button", name="Wyślij wniosek (0 zł)").click()
    looked_at(page, "confirmation", scripts=scripts)
    number = page.locator("strong.num").inner_text()

    for place, name in enumerate(STAFF):
        office = new_context().new_page()
        enter_as_staff(office, name, told[name])
        office.goto("/zaplecze/onboarding/accessapplication/")
        looked_at(office, f"queue-{place}", scripts=False)
        office.get_by_role("link", name=number).click()
        looked_at(office, f"review-{place}", scripts=False)
        office.locator("form[action$='przyjmij/'] input[type=submit]").click()
        expect(office.locator(".messagelist .success")).to_be_visible()
        looked_at(office, f"reviewed-{place}", scripts=False)

    page.goto(mailed(page, email, "/dostep/aktywacja/"))
    assert page.url.endswith("/dostep/aktywacja/")
    expect(page.locator("main")).to_contain_text("TRANS-ŻUK")
    looked_at(page, "activation", scripts=scripts)
    page.get_by_role("button", name="Wyślij hasło SMS").click()
    code = sms_code(page)
    page.get_by_label("Hasło z SMS-a").fill("00000000")
    page.get_by_role("textbox", name="Twoje własne hasło").fill(OWN)
    page.get_by_label("Powtórz własne hasło").fill(OWN)
    page.get_by_role("button", name="Aktywuj konto").click()
    expect(page.locator(".error-summary")).to_contain_text("nie pasują do siebie")
    looked_at(page, "activation-refused", scripts=scripts)
    page.get_by_label("Hasło z SMS-a").fill(f"{code[:4]} {code[4:]}")
    page.get_by_role("textbox", name="Twoje własne hasło").fill(OWN)
    page.get_by_label("Powtórz własne hasło").fill(OWN)
    page.get_by_role("button", name="Aktywuj konto").click()

    page.wait_for_url(portal.url + "/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dzień dobry")
    page.goto("/firma/osoby/")
    expect(page.locator("main")).to_contain_text("Irena Żuk")
