"""What is settled online: filed by a client, decided by the portal or by staff, read by both."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from eboks import clock
from tests.browser.conftest import browser_profile
from tests.browser.pages import enter, sms_code
from tests.browser.portal import Portal
from tests.browser.test_access import enter_as_staff

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
SIGNATORY, CLERK = "demo-podpis", "demo-zaplecze"
CLERK_NAME = ("Zbigniew", "Górski")
PESEL = "44051401359"
PAID_VEHICLE = """
from contracts.models import Asset
from eboks import clock
from eboks.tenancy.models import Company
from invoicing.accruals import overdue
from invoicing.models import ReceivableItem
today = clock.today()
late = overdue(ReceivableItem.objects.all(), on=today).values("company")
own = Company.objects.filter(memberships__user__username="demo-ksiegowa").exclude(pk__in=late)
asset = Asset.objects.filter(
    contract__company__in=own, contract__status="active", contract__product="operating",
    contract__end_on__gt=clock.add_months(today, 1), category="vehicle",
).exclude(plate="").order_by("-contract__end_on", "pk")[0]
print(asset.plate, asset.contract.company.name, sep="|")
"""


@pytest.fixture(scope="module")
def told(portal: Portal) -> dict[str, str]:
    """Passwords that the demo tells a visitor."""
    lines = portal.manage("demo_logins").splitlines()
    return dict(line.split()[:2] for line in lines if line)


@pytest.fixture(scope="module")
def office(browser: Browser, portal: Portal, told: dict[str, str]) -> Iterator[Page]:
    """The back office as its clerk sees it, logged in once: a code opens the door once."""
    context = browser_profile(browser, portal)
    page = context.new_page()
    enter_as_staff(page, CLERK, told[CLERK])
    yield page
    context.close()


@dataclass(frozen=True)
class Vehicle:
    plate: str
    company: str


@pytest.fixture(scope="module")
def paid_vehicle(portal: Portal) -> Vehicle:
    """Leased by a company of the demo's accountant that owes nothing."""
    found = portal.manage("shell", "-v0", "-c", PAID_VEHICLE).splitlines()[-1]
    return Vehicle(*found.split("|"))


@pytest.fixture
def client(new_context, log_in) -> Callable[..., Page]:
    """`client(scripts=…, who=…)`: a page of a person whose session goes on."""

    def opened(*, scripts: bool = True, who: str = "owner") -> Page:
        context: BrowserContext = new_context(java_script_enabled=scripts)
        log_in(context, who)
        return context.new_page()

    return opened


@dataclass
class Signing:
    """A person who may sign, logged in once, in a session that no other file uses: saying the
    password again gives it another key, and ten codes a day are all that a person gets."""

    password: str
    cookies: list[Any]


@pytest.fixture(scope="module")
def signing(browser: Browser, portal: Portal, told: dict[str, str]) -> Signing:
    context = browser_profile(browser, portal)
    page = context.new_page()
    enter(page, SIGNATORY, told[SIGNATORY])
    page.wait_for_url(re.compile(r"^(?!.*/konto/)"))
    found = Signing(told[SIGNATORY], list(context.cookies()))
    context.close()
    return found


@pytest.fixture
def signatory(new_context, signing) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def opened(*, scripts: bool) -> Page:
        contexts.append(new_context(java_script_enabled=scripts))
        contexts[-1].add_cookies(signing.cookies)
        return contexts[-1].new_page()

    yield opened
    signing.cookies = list(contexts[-1].cookies())


def begin(page: Page, kind: str, subject: str = "") -> None:
    """From the catalogue to the empty form."""
    page.goto("/wnioski/nowy/")
    page.locator(f"main a[href$='/wnioski/nowy/{kind}/']").click()
    if subject:
        page.locator("input[name=subject]").fill(subject)
    page.get_by_role("button", name="Zacznij wniosek").click()
    page.wait_for_url("**/formularz/")


def onwards(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Dalej: ")).click()


def on_to_the_signature(page: Page, password: str) -> None:
    """Who signs has said the password again within five minutes; the form waits meanwhile."""
    onwards(page)
    page.wait_for_load_state()
    if "/konto/potwierdzenie/" in page.url:
        page.get_by_label("Hasło", exact=True).fill(password)
        page.get_by_role("button", name="Potwierdź", exact=True).click()
        page.wait_for_url("**/formularz/")
        onwards(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sprawdź, zanim podpiszesz")


def file_it(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Złóż wniosek"))


def sign_it(page: Page, *, first: str = "") -> None:
    """From the summary through the code of the demo's inbox; `first` is a wrong code."""
    page.get_by_role("button", name="Wyślij kod SMS").click()
    page.wait_for_url(re.compile(r"/kod/(#\w+)?$"))
    if first:
        page.get_by_label("Kod z SMS-a").fill(first)
        file_it(page).click()
        expect(page.locator(".error-summary")).to_be_visible()
        expect(page).to_have_title(re.compile("^Błąd: "))
        page.wait_for_timeout(1500)  # a wrong code is followed by a second of waiting
    page.get_by_label("Kod z SMS-a").fill(sms_code(page))
    file_it(page).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("jest złożony")


def reference(page: Page) -> str:
    """The number of the request whose page is open."""
    found = re.search(r"W-\w{4}-\w{4}", page.inner_text("main header"))
    assert found, page.inner_text("main header")
    return found.group()


def find_in_office(office: Page, number: str) -> None:
    office.goto(f"/zaplecze/requests_app/request/?kolejka=wszystkie&q={number}")
    office.get_by_role("link", name=number).click()
    expect(office.locator("#content")).to_contain_text(number)


def in_office(office: Page, button: str, *, said: str, **texts: str) -> None:
    """One step of the clerk; `texts` go to the fields of those ids."""
    for field, text in texts.items():
        office.locator(f"#{field}").fill(text)
    office.get_by_role("button", name=button, exact=True).click()
    expect(office.locator(".messagelist .success")).to_contain_text(said)


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def day(after: int) -> date:
    return clock.today() + timedelta(days=after)


@SCRIPTS
def test_trip_is_agreed_at_once_and_its_paper_found_true(
    client, new_context, paid_vehicle, scripts
):
    page = client(scripts=scripts, who="accountant")
    begin(page, "travel-consent", paid_vehicle.plate)
    page.get_by_label("Niemcy", exact=True).check()
    page.get_by_label("Od", exact=True).fill(day(0).isoformat())
    page.get_by_label("Do", exact=True).fill(day(9).isoformat())
    onwards(page)
    expect(page.locator("main")).to_contain_text("Niemcy")
    file_it(page).click()
    page.wait_for_url(re.compile(r"/wnioski/[0-9a-f-]{36}/$"))

    links = page.get_by_role("link", name=re.compile("^PDF"))
    for _second in range(60):
        if links.count() == 2:  # Polish and English
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator("main")).to_contain_text("Sprawa jest załatwiona")
    for link in links.all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.headers["content-type"] == "application/pdf"
        text = "".join(text_of(answer.body()).split())
        found = re.search(r"/sprawdz/[2-9A-HJ-NP-Z]+/", text)
        assert found, text
        stranger = new_context(java_script_enabled=scripts).new_page()
        stranger.goto(found.group())
        expect(stranger.get_by_role("heading", level=1)).to_have_text(
            "Dokument jest prawdziwy i ważny"
        )
        expect(stranger.locator("main")).to_contain_text(paid_vehicle.plate)
        assert paid_vehicle.company not in stranger.inner_text("main")


@SCRIPTS
def test_question_goes_to_staff_and_back_and_is_answered(client, office, scripts):
    topic = f"Drugi kluczyk {int(scripts)}"
    page = client(scripts=scripts)
    begin(page, "general-question")
    page.get_by_label("Czego dotyczy pytanie").fill(topic)
    page.get_by_label("Twoje pytanie").fill("Gdzie odbiorę drugi kluczyk?")
    onwards(page)
    file_it(page).click()
    page.wait_for_url(re.compile(r"/wnioski/[0-9a-f-]{36}/$"))
    number = reference(page)

    find_in_office(office, number)
    in_office(office, "Weź wniosek", said="Wniosek jest Twój")
    in_office(office, "Poproś o uzupełnienie", said="uzupełnienie", reason="Którego pojazdu?")

    page.reload()
    expect(page.locator("main")).to_contain_text("Czekamy na Ciebie")
    page.get_by_role("link", name="Uzupełnij i złóż ponownie").click()
    expect(page.locator(".banner.warn")).to_contain_text("Którego pojazdu?")
    page.get_by_label("Twoje pytanie").fill("Gdzie odbiorę drugi kluczyk do vana?")
    onwards(page)
    page.get_by_role("button", name="Złóż uzupełniony wniosek").click()
    page.wait_for_url(re.compile(r"/wnioski/[0-9a-f-]{36}/$"))
    page.get_by_label("Twoja wiadomość").fill("Najlepiej w piątek.")
    page.get_by_role("button", name="Wyślij wiadomość").click()
    expect(page.locator("#rozmowa .timeline")).to_contain_text("Najlepiej w piątek.")

    find_in_office(office, number)
    expect(office.locator("#content")).to_contain_text("drugi kluczyk do vana")
    in_office(office, "Wyślij wiadomość", said="wysłana", message="Kluczyk czeka w oddziale.")
    in_office(office, "Zgadzam się", said="Zgoda zapisana", approve="Zapraszamy w piątek.")

    for _second in range(60):
        page.reload()
        if "Sprawa jest załatwiona" in page.inner_text("main"):
            break
        page.wait_for_timeout(1000)
    read = page.inner_text("body")
    for words in ("Kluczyk czeka w oddziale.", "Zapraszamy w piątek.", "obsługa leasingodawcy"):
        assert words in read
    assert [name for name in CLERK_NAME if name in page.content()] == []


@SCRIPTS
def test_sublease_is_signed_by_sms_and_a_wrong_code_files_nothing(signatory, signing, scripts):
    page = signatory(scripts=scripts)
    begin(page, "sublease", "OL/TZ-05")
    page.get_by_label("osoba", exact=True).check()
    page.get_by_label("Imię i nazwisko albo nazwa firmy").fill("Anna Nowak")
    page.get_by_label("PESEL osoby albo NIP firmy").fill(PESEL)
    page.locator("input[name=purpose]").first.check()
    first = 10 + 20 * int(scripts)
    page.get_by_label("Od kiedy").fill(day(first).isoformat())
    page.get_by_label("Do kiedy, włącznie").fill(day(first + 10).isoformat())
    page.get_by_label(re.compile("Polisa pojazdu pozwala")).check()
    on_to_the_signature(page, signing.password)
    assert PESEL not in page.inner_text("main")
    sign_it(page, first="00000000")
    page.get_by_role("link", name="Zobacz, co się zmieniło").click()
    expect(page.locator("main")).to_contain_text("Odpowiemy najpóźniej")
    expect(page.get_by_role("link", name="Potwierdzenie złożenia")).to_be_visible()
    expect(page.locator("main")).to_contain_text("•••••••1359")


@pytest.mark.parametrize(
    ("scripts", "contract"),
    [(True, "OL/TZ-05"), (False, "FL/TZ-04")],
    ids=["scripts", "no-scripts"],
)
def test_early_end_is_compared_signed_and_proposed_by_one_clerk(
    signatory, signing, office, scripts, contract
):
    page = signatory(scripts=scripts)
    page.goto(f"/umowy/?q={contract}")
    page.locator("main tbody a[href^='/umowy/']").first.click()
    page.get_by_role("link", name="Cena wcześniejszego końca").click()
    heads = page.locator("main table thead th")
    expect(heads).to_contain_text(["Jutro", "Za 60 dni"])
    before = heads.count()
    page.locator("input[name=dzien]").fill(day(20).isoformat())
    page.get_by_role("button", name="Policz").click()
    page.wait_for_url("**dzien=*")
    expect(heads).to_have_count(before + 1)
    shown = page.locator("main .figure").first.inner_text()
    page.get_by_role("link", name="Złóż wniosek").click()

    page.get_by_role("button", name="Zacznij wniosek").click()
    page.get_by_label("Dzień rozliczenia").fill(day(20).isoformat())
    page.get_by_label("moja firma", exact=True).check()
    on_to_the_signature(page, signing.password)
    digits = re.sub(r"\D", "", shown)
    assert digits in re.sub(r"[^\d\n]", "", page.inner_text("main"))
    sign_it(page)
    page.get_by_role("link", name="Zobacz, co się zmieniło").click()
    number = reference(page)

    find_in_office(office, number)
    expect(office.locator("#content")).to_contain_text("Cena przyjęta przez klienta")
    in_office(office, "Proponuję zgodę", said="Czeka na drugą osobę")
    expect(office.locator("#content")).to_contain_text("Zatwierdza inna osoba")
    page.reload()
    expect(page.locator("main")).to_contain_text("Odpowiemy najpóźniej")
    assert [name for name in CLERK_NAME if name in page.content()] == []


@SCRIPTS
def test_wrong_form_keeps_what_was_typed(client, scripts):
    page = client(scripts=scripts)
    begin(page, "travel-consent", "OL/TZ-05")
    page.get_by_label("Słowacja", exact=True).check()
    page.get_by_label("Od", exact=True).fill(day(5).isoformat())
    page.get_by_label("Do", exact=True).fill(day(3).isoformat())
    page.get_by_label("jedna wskazana osoba").check()
    page.get_by_label("Imię kierowcy").fill("Tomasz")
    onwards(page)

    expect(page).to_have_title(re.compile("^Błąd: "))
    expect(page.locator(".error-summary")).to_contain_text("Podaj nazwisko kierowcy.")
    for _time in ("at once", "opened again"):
        expect(page.get_by_label("Słowacja", exact=True)).to_be_checked()
        expect(page.get_by_label("jedna wskazana osoba")).to_be_checked()
        expect(page.get_by_label("Imię kierowcy")).to_have_value("Tomasz")
        expect(page.get_by_label("Do", exact=True)).to_have_value(day(3).isoformat())
        page.goto(page.url)
    page.get_by_role("button", name="Usuń ten szkic").click()
    page.wait_for_url("**/wnioski/")


@SCRIPTS
def test_double_click_files_one_request(client, scripts):
    page = client(scripts=scripts)
    page.goto("/wnioski/")
    begin(page, "general-question")
    topic = f"Kliknięte dwa razy {int(scripts)}"
    page.get_by_label("Czego dotyczy pytanie").fill(topic)
    page.get_by_label("Twoje pytanie").fill("Czy to jeden wniosek?")
    onwards(page)
    sent = []
    page.on("request", lambda asked: sent.append(asked.method))
    file_it(page).dblclick()
    page.wait_for_url(re.compile(r"/wnioski/[0-9a-f-]{36}/$"))
    number = reference(page)

    assert "POST" in sent
    expect(page.locator("main .timeline").last.locator("li", has_text="Złożony")).to_have_count(1)
    page.goto("/wnioski/")
    expect(page.locator("main tbody tr", has_text=number)).to_have_count(1)
