"""What people come for, from the log-in to the file in their hands."""

from __future__ import annotations

import io
import re

import openpyxl
import pypdf
import pytest
from playwright.sync_api import expect

from tests.browser.pages import BY_NAME, enter, open_place, sms_code


def downloaded(page, link):
    with page.expect_download() as caught:
        link.click()
    return caught.value.suggested_filename, caught.value.path().read_bytes()


def test_login_by_email_and_by_client_id_in_any_case(new_context, demo_people):
    owner = demo_people["owner"]
    for login in (owner.email.upper(), owner.username.lower()):
        page = new_context().new_page()
        enter(page, login, owner.password)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Dzień dobry")


def test_login_wrong_password_says_so_and_keeps_the_login(page, demo_people):
    enter(page, demo_people["owner"].email, "zupełnie inne hasło niż trzeba")

    assert page.title().startswith("Błąd: ")
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    assert page.get_by_label(re.compile("E-mail lub")).input_value() == demo_people["owner"].email
    assert page.get_by_label("Hasło", exact=True).input_value() == ""


def test_login_works_by_keyboard_alone(page, demo_people):
    page.goto("/konto/logowanie/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("href", "#main")
    page.get_by_label(re.compile("E-mail lub")).focus()
    page.keyboard.type(demo_people["owner"].email)
    page.keyboard.press("Tab")
    page.keyboard.type(demo_people["owner"].password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/konto/logowanie/kod/")
    expect(page.get_by_label("Kod logowania")).to_be_focused()
    page.keyboard.type(sms_code(page))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Dzień dobry")


def test_wrong_code_is_announced_and_reload_asks_for_nothing(page, demo_people):
    owner = demo_people["owner"]
    page.goto("/konto/logowanie/")
    page.get_by_label(re.compile("E-mail lub")).fill(owner.email)
    page.get_by_label("Hasło", exact=True).fill(owner.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/konto/logowanie/kod/")
    asked = []

    def accept(dialog):
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", accept)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_label("Kod logowania").fill("nie ten kod")
    page.get_by_role("button", name="Zaloguj", exact=True).click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Błąd: ")
    field = page.get_by_label("Kod logowania")
    expect(field).to_have_accessible_description(re.compile("Ten kod się nie zgadza"))
    assert sent.count("POST") == 1

    page.reload()

    expect(summary).to_have_count(0)
    expect(field).to_have_accessible_description("")
    assert sent.count("POST") == 1
    assert asked == []

    page.wait_for_timeout(1500)  # a wrong code is followed by a second of waiting
    field.fill(sms_code(page))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Dzień dobry")


def test_focus_is_visible_on_every_stop_of_the_dashboard(new_context, sessions):
    page = open_place(BY_NAME["dashboard"], new_context().new_page(), sessions)
    hidden = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const e = document.activeElement; if (!e || e === document.body) return null;
                const r = e.getBoundingClientRect(), s = getComputedStyle(e);
                return { html: e.outerHTML.slice(0, 80), outline: parseFloat(s.outlineWidth),
                    inside: r.bottom > 0 && r.top < innerHeight && r.width > 0 }; }"""
        )
        if stop is None:
            break
        if stop["outline"] < 2 or not stop["inside"]:
            hidden.append(stop)
    assert hidden == []


def test_logout_ends_the_session_and_back_shows_nothing(new_context, demo_people):
    page = new_context().new_page()
    enter(page, demo_people["owner"].email, demo_people["owner"].password)
    page.goto("/firma/")
    page.goto("/konto/wylogowanie/")
    page.locator("main").get_by_role("button", name="Wyloguj").click()
    for _step in range(2):  # by the page's own history: the driver's loses it with cleared storage
        page.evaluate("history.back()")
        page.wait_for_timeout(1000)

    assert page.get_by_text("NIP").count() == 0
    page.goto("/umowy/")
    assert "/konto/logowanie/" in page.url


PUBLISHED = [  # number, net instalment, interest of the first three instalments
    ("OL/PL-01", "3 935,45", ["906,86", "884,33", "861,64"]),
    ("OL/CON-01", "2 803,79", ["487,50", "474,95", "462,34"]),
]


def test_published_contracts_show_their_figures(new_context, log_in):
    """The published figures of the forum contract and of the constructed one, on the screen."""
    context = new_context()
    log_in(context, "owner")
    page = context.new_page()
    for number, instalment, interests in PUBLISHED:
        page.goto(f"/umowy/?q={number}")
        link = page.locator("main tbody a[href^='/umowy/']").first
        page.goto((link.get_attribute("href") or "") + "harmonogram/")
        body = page.locator("main").inner_text().replace("\u00a0", " ")
        assert [figure for figure in [instalment, *interests] if figure not in body] == []


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_owner_reads_contract_schedule_invoice_and_report(new_context, log_in, javascript):
    context = new_context(java_script_enabled=javascript, accept_downloads=True)
    log_in(context, "owner")
    page = context.new_page()

    page.goto("/")
    page.get_by_role("link", name="Umowy").first.click()
    page.get_by_label(re.compile("Szukaj|Czego szukasz")).last.fill("CON")
    page.locator("main form").get_by_role("button").first.click()
    page.wait_for_url(re.compile("q=CON"))
    page.locator("main tbody a[href^='/umowy/']").first.click()
    page.get_by_role("link", name="Harmonogram").last.click()
    expect(page.locator("main table").first).to_be_visible()
    shown = page.locator("main").get_by_role("link", name="PDF").first.get_attribute("href")
    content = page.request.get(shown).body()  # it opens in the browser's viewer
    assert "Harmonogram" in pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    name, content = downloaded(page, page.locator("main").get_by_role("link", name="Excel").first)
    assert name.endswith(".xlsx")
    assert openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].max_row > 12

    page.goto("/faktury/")
    page.locator("main tbody a[href^='/faktury/']").first.click()
    number = page.get_by_role("heading", level=1).inner_text().split()[-1]
    name, content = downloaded(page, page.get_by_role("link", name=re.compile("Pobierz")).first)
    text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert number in text

    page.goto("/raporty/koszty/")
    name, content = downloaded(page, page.get_by_role("link", name="Pobierz raport"))
    assert name.endswith(".xlsx")
    assert openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].max_row > 1


def test_accountant_switches_company_and_sees_only_it(new_context, log_in, demo_people):
    context = new_context(java_script_enabled=False)
    log_in(context, "accountant")
    page = context.new_page()
    page.goto("/faktury/")
    everything = page.locator("main").inner_text()
    switcher = page.locator("header .company, header details").first
    switcher.click()
    page.locator("header form button[name], header form button[value]").nth(1).click()

    page.goto("/faktury/")
    assert page.locator("main").inner_text() != everything
