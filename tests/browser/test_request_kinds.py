"""Each kind of online request from its start page to its end, with staff deciding in between."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from requests_app.catalogue import types
from tests.browser.conftest import Person, browser_profile
from tests.browser.portal import Portal
from tests.browser.test_access import STAFF, enter_as_staff
from tests.browser.test_requests import (
    PESEL,
    begin,
    day,
    file_it,
    find_in_office,
    in_office,
    on_to_the_signature,
    onwards,
    reference,
    sign_it,
)

WAIT_SECONDS = 30
REQUEST_PAGE = re.compile(r"/wnioski/[0-9a-f-]{36}/(#\w*)?$")
ACCOUNT = "27114020040000300201355387"
VAN, LATE_VAN = "OL/TZ-05", "OL/CON-01"
PROPOSE, AGREE, CLOSE = "Proponuję zgodę", "Zgadzam się", "Załatwione, zamknij"
SAID = {PROPOSE: "Czeka na drugą osobę", AGREE: "Zgoda zapisana", CLOSE: "Wniosek zamknięty"}
ONE, ONE_CLOSES = (AGREE,), (AGREE, CLOSE)
TWO_CLOSE = (PROPOSE, AGREE, CLOSE)
# The client of the demo has paid too much; and codes of tests before these were sent yesterday:
# a person may get ten a day.
GROUND = """
import datetime as dt
from django.db.models import F
from eboks import clock
from eboks.notifications.models import OutgoingMessage
from eboks.tenancy.models import Company
from invoicing.models import Payment
own = Company.objects.get(memberships__user__username="demo-podpis")
Payment.objects.get_or_create(
    source_system="test", source_id="overpaid", defaults=dict(
        company=own, kind="transfer", as_of=clock.today(), booked_on=clock.today(), amount=12000,
        unallocated_amount=12000, payer_account="27114020040000300201355387",
    ),
)
OutgoingMessage.objects.filter(
    user__username__in=["demo-wlasciciel", "demo-podpis"]
).exclude(secret_source="").update(created_at=F("created_at") - dt.timedelta(days=1))
"""

Typed = str | int | bool | list[str]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One kind of request. `typed` by the names of fields: an `int` is a place in a list, a `list`
    the boxes to tick. `steps`: buttons of the back office; after a proposal it is the second
    person's turn."""

    kind: str
    subject: str = ""  # contract or plate
    typed: Mapping[str, Typed]
    with_file: bool = False
    who: str = "owner"
    scripts: bool | None = None  # of a signed kind, filed once: a person gets ten codes a day
    steps: tuple[str, ...] = ONE
    papers: int = 0
    shown: str = ""  # to the client, of what was typed


def iso(after: int) -> str:
    return day(after).isoformat()


WAYS = [
    Way(
        kind="assignment",
        subject="OL/PL-01",
        typed={
            "nip": "526-025-02-74",
            "name": "Przejmujący sp. z o.o.",
            "person": "Anna Nowak",
            "email": "anna@przejmujacy.example",
            "phone": "600 100 200",
            "reason": "Zmniejszamy flotę.",
            "knows": True,
        },
        with_file=True,
        scripts=True,
        steps=TWO_CLOSE,
        shown="Przejmujący sp. z o.o.",
    ),
    Way(
        kind="claim-payout",
        subject=VAN,
        typed={
            "claim_number": "SZ/2026/1",
            "insurer": "Przykładowe TU",
            "damaged_on": iso(-9),
            "amount": "4 321,50",
        },
        who="signatory",
        scripts=False,
        papers=1,
        shown="SZ/2026/1",
    ),
    Way(
        kind="company-data",
        typed={"street": "ul. Długa 9", "reason": "Przeprowadzka, wpis do KRS."},
        with_file=True,
        scripts=True,
        shown="ul. Długa 9",
    ),
    Way(
        kind="complaint",
        typed={
            "topic": "service",
            "contract_number": VAN,
            "text": "Czekałem na odpowiedź dwa tygodnie.",
            "wanted": "Przeprosin.",
        },
        with_file=True,
        papers=1,
        shown="Przeprosin.",
    ),
    Way(
        kind="contract-end",
        subject="OL/TZ-03",
        typed={"option": "buyout"},
        who="signatory",
        scripts=False,
        steps=ONE_CLOSES,
        shown="wykupujemy przedmiot",
    ),
    Way(
        kind="due-date-change",
        subject=LATE_VAN,
        typed={"due_day": "17", "first": 4},
        scripts=True,
        steps=ONE_CLOSES,
        shown="17. dzień miesiąca",
    ),
    Way(
        kind="early-termination",
        subject=LATE_VAN,
        typed={"settle_on": iso(20), "buyer": "lessee", "reason": "Sprzedajemy auto."},
        who="signatory",
        scripts=False,
        steps=TWO_CLOSE,
        papers=1,
        shown="Sprzedajemy auto.",
    ),
    Way(
        kind="general-question",
        typed={"topic": "Klucze", "text": "Gdzie odbiorę klucze?"},
        shown="Gdzie odbiorę klucze?",
    ),
    Way(
        kind="interest-note",
        typed={"note": 1, "wish": "object", "text": "Przelew wyszedł w terminie."},
        with_file=True,
        shown="Przelew wyszedł w terminie.",
    ),
    Way(
        kind="opinion",
        typed={"period": "24", "language": "en", "purpose": "dla banku"},
        papers=1,
        shown="dla banku",
    ),
    Way(
        kind="refund",
        typed={"amount": "10 500,00", "account": f"PL {ACCOUNT}"},
        scripts=True,
        steps=TWO_CLOSE,
        shown="27 1140 2004 0000 3002 0135 5387",
    ),
    Way(
        kind="registration-copy",
        subject=VAN,
        typed={
            "wanted": "both",
            "person": "Tomasz Ryś",
            "office": "Starostwo w Kaliszu",
            "purpose": "Nowy dowód.",
        },
        steps=ONE_CLOSES,
        shown="Starostwo w Kaliszu",
    ),
    Way(
        kind="registration-duplicate",
        subject=VAN,
        typed={"document": "registration", "loss": "lost", "text": "Zginął na parkingu."},
        with_file=True,
        steps=ONE_CLOSES,
        shown="Zginął na parkingu.",
    ),
    Way(
        kind="schedule-change",
        subject="OL/PL-01",
        typed={"wish": "term", "count": "30", "reason": "Mniej zleceń."},
        scripts=False,
        steps=TWO_CLOSE,
        shown="Mniej zleceń.",
    ),
    Way(
        kind="sublease",
        subject=LATE_VAN,
        typed={
            "user_kind": "person",
            "user_name": "Anna Nowak",
            "identifier": PESEL,
            "purpose": 0,
            "from_on": iso(10),
            "to_on": iso(20),
            "insured": True,
        },
        scripts=True,
        papers=1,
        shown="•••••••1359",
    ),
    Way(
        kind="travel-consent",
        subject=VAN,
        typed={
            "countries": ["DE", "FR"],
            "first_day": iso(3),
            "last_day": iso(9),
            "driver": "company",
            "languages": ["pl", "en"],
        },
        papers=2,
        shown="Niemcy",
    ),
]
CASES = [
    pytest.param(way, scripts, id=f"{way.kind}-{'scripts' if scripts else 'no-scripts'}")
    for way in WAYS
    for scripts in ([True, False] if way.scripts is None else [way.scripts])
]


@dataclass
class Offices:
    """Pages of the back office, each clerk logged in once: a code opens the door once."""

    browser: Browser
    portal: Portal
    pages: dict[str, Page] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Page:
        if name not in self.pages:
            lines = self.portal.manage("demo_logins").splitlines()
            told = dict(line.split()[:2] for line in lines if line)
            page = browser_profile(self.browser, self.portal).new_page()
            enter_as_staff(page, name, told[name])
            self.pages[name] = page
        return self.pages[name]


@pytest.fixture(scope="module")
def offices(browser: Browser, portal: Portal) -> Iterator[Offices]:
    found = Offices(browser, portal)
    yield found
    for page in found.pages.values():
        page.context.close()


@pytest.fixture(scope="module", autouse=True)
def ground(portal: Portal) -> None:
    portal.manage("shell", "-v0", "-c", GROUND)


@pytest.fixture
def client(new_context, log_in, ground) -> Callable[..., Page]:
    def opened(who: str, *, scripts: bool) -> Page:
        context = new_context(java_script_enabled=scripts)
        log_in(context, who)
        return context.new_page()

    return opened


def a_file() -> FilePayload:
    content = io.BytesIO()
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(content)
    return {"name": "pismo.pdf", "mimeType": "application/pdf", "buffer": content.getvalue()}


def fill(page: Page, typed: Mapping[str, Typed]) -> None:
    for name, value in typed.items():
        fields = page.locator(f"main form.form [name='{name}']")
        _fill_one(fields, value)


def _fill_one(fields: Locator, value: Typed) -> None:
    look = fields.first.evaluate("field => field.type")
    if isinstance(value, list):
        for box in fields.all():
            box.set_checked(box.get_attribute("value") in value)
    elif look == "radio" and isinstance(value, str):
        fields.and_(fields.page.locator(f"[value='{value}']")).check()
    elif look in {"radio", "checkbox"}:
        fields.nth(int(value)).check() if look == "radio" else fields.check()
    elif look == "select-one":
        fields.select_option(**({"index": value} if isinstance(value, int) else {"value": value}))
    else:
        fields.fill(str(value))


def file_as_client(page: Page, way: Way, person: Person) -> str:
    """The number of the request, whose page is open then."""
    fill(page, way.typed)
    if way.with_file:
        page.locator("input[type=file]").set_input_files(a_file())
        page.get_by_role("button", name="Dołącz i zostań tutaj").click()
        expect(page.locator("#pliki")).to_contain_text("pismo.pdf")
    if types()[way.kind].signed:
        on_to_the_signature(page, person.password)
        expect(page.locator("main")).to_contain_text(way.shown)
        sign_it(page)
        page.get_by_role("link", name="Zobacz, co się zmieniło").click()
    else:
        onwards(page)
        expect(page.locator("main")).to_contain_text(way.shown)
        file_it(page).click()
    page.wait_for_url(REQUEST_PAGE)
    return reference(page)


def decide(offices: Offices, way: Way, number: str) -> str:
    """Through the buttons of the way; what the last clerk wrote to the client."""
    clerk, words = STAFF[0], ""
    for step in way.steps:
        office = offices[clerk]
        find_in_office(office, number)
        words = f"{step} do {number}."
        fields: dict[str, Any] = {"close" if step == CLOSE else "approve": words}
        in_office(office, step, said=SAID[step], **fields)
        if step == PROPOSE:
            expect(office.locator("#content")).to_contain_text("Zatwierdza inna osoba")
            clerk = STAFF[1]
    return words


def read_the_end(page: Page, way: Way, words: str) -> None:
    links = page.get_by_role("link", name=re.compile("^PDF"))
    for _second in range(WAIT_SECONDS):
        page.reload()
        if "Sprawa jest załatwiona" in page.inner_text("main") and links.count() == way.papers:
            break
        page.wait_for_timeout(1000)
    expect(page.locator("main")).to_contain_text("Sprawa jest załatwiona")
    expect(page.locator("main")).to_contain_text(words)
    expect(links).to_have_count(way.papers)
    for link in links.all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.headers["content-type"] == "application/pdf"
        assert len(pypdf.PdfReader(io.BytesIO(answer.body())).pages) >= 1


def test_every_kind_has_its_way():
    assert {way.kind for way in WAYS} | {"traffic-fine"} == types().keys()


@pytest.mark.parametrize(("way", "scripts"), CASES)
def test_kind_is_filed_decided_and_closed(client, demo_people, offices, way, scripts):
    page = client(way.who, scripts=scripts)
    begin(page, way.kind, way.subject)
    number = file_as_client(page, way, demo_people[way.who])
    words = decide(offices, way, number)
    read_the_end(page, way, words)


def test_letter_of_an_authority_is_registered_answered_and_sent(client, demo_people, offices):
    office = offices[STAFF[0]]
    office.goto("/zaplecze/requests_app/authorityinquiry/")
    office.get_by_role("link", name="Zarejestruj pismo organu").click()
    for name, value in {
        "authority": "Komenda Miejska Policji w Kaliszu",
        "letter_no": "RD-7/2026",
        "received_on": iso(-2),
        "deadline": iso(10),
        "offence_at": f"{iso(-20)}T10:15",
        "vehicle": "PK6800T",
    }.items():
        office.locator(f"#content [name={name}]").fill(value)
    office.locator("#content [name=scan]").set_input_files(a_file())
    office.get_by_role("button", name="Zarejestruj i zapytaj klienta").click()
    expect(office.locator(".messagelist .success")).to_contain_text("Pismo zarejestrowane")
    found = re.search(r"W-\w{4}-\w{4}", office.inner_text("#content, .breadcrumbs"))
    number = found.group() if found else ""

    page = client("owner", scripts=False)
    page.goto("/wnioski/")
    page.locator("main tbody tr", has_text=number).get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("Czekamy na Twoją odpowiedź")
    page.get_by_role("link", name="Odpowiedz", exact=True).click()
    way = Way(
        kind="traffic-fine",
        typed={
            "was_ours": True,
            "first_name": "Tomasz",
            "last_name": "Ryś",
            "street": "ul. Krótka 1",
            "postcode": "62-800",
            "city": "Kalisz",
            "is_true": True,
        },
        papers=1,
        shown="Tomasz Ryś",
        steps=(CLOSE,),
    )
    assert file_as_client(page, way, demo_people["owner"]) == number
    words = decide(offices, way, number)
    read_the_end(page, way, words)
