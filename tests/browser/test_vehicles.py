"""The fleet in a browser: a driver's mileage, a list and its file, a supplier's file read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from eboks import clock
from tests.browser.conftest import browser_profile
from tests.browser.portal import Portal
from tests.browser.test_access import enter_as_staff, looked_at

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
CLERK = "demo-zaplecze"
HEAD = "Nr rejestracyjny;Nr karty;Data;Godzina;Stacja;Towar;Ilość;Netto;VAT;Brutto;Licznik;Faktura"


@pytest.fixture
def opened(new_context, log_in) -> Callable[..., Page]:
    """`opened("driver", width=360, scripts=False)`: a page of that person."""

    def page_of(who: str, *, scripts: bool = True, width: int = 1280) -> Page:
        context = new_context(java_script_enabled=scripts, width=width)
        log_in(context, who)
        return context.new_page()

    return page_of


@pytest.fixture
def office(browser: Browser, portal: Portal) -> Iterator[Page]:
    told = dict(line.split()[:2] for line in portal.manage("demo_logins").splitlines() if line)
    context = browser_profile(browser, portal)
    page = context.new_page()
    enter_as_staff(page, CLERK, told[CLERK])
    yield page
    context.close()


def digits(text: str) -> int:
    found = re.search(r"\d[\d\s]*", text)
    assert found, text
    return int(re.sub(r"\s", "", found.group()))


def save_mileage(page: Page, km: str) -> None:
    page.get_by_label("Przebieg, km").fill(km)
    page.get_by_role("button", name="Zapisz przebieg").click()
    page.wait_for_load_state()


@SCRIPTS
def test_driver_enters_the_mileage_on_a_phone_and_takes_it_back(opened, scripts):
    page = opened("driver", scripts=scripts, width=360)
    page.goto("/pojazdy/")
    page.get_by_role("link", name=re.compile("^Wpisz przebieg")).first.click()
    before = digits(page.locator("main b.num").inner_text())

    save_mileage(page, "dużo")
    expect(page).to_have_title(re.compile("^Błąd: (?!Błąd)"))
    expect(page.get_by_label("Przebieg, km")).to_have_value("dużo")
    save_mileage(page, str(before + 90_000))
    expect(page.locator(".error-summary")).to_contain_text("Sprawdź licznik")
    looked_at(page, "mileage-jump", scripts=scripts)
    page.get_by_label(re.compile("Sprawdziłem licznik")).check()
    save_mileage(page, str(before + 90_000))

    expect(page.locator(".banner.good")).to_contain_text("Przebieg zapisany")
    reading = page.locator("dl > div", has_text="Ostatni odczyt").locator("dd")
    assert digits(reading.inner_text()) == before + 90_000
    looked_at(page, "mileage-saved", scripts=scripts)
    page.get_by_role("button", name="Wycofaj ten odczyt").click()
    expect(page.locator(".banner.good")).to_contain_text("Odczyt wycofany")
    assert digits(reading.inner_text()) == before


@SCRIPTS
def test_fleet_manager_filters_fuel_and_takes_the_file(opened, scripts):
    page = opened("fleet", scripts=scripts)
    page.goto("/flota/paliwo/")
    everything = digits(page.locator("#rows h2").inner_text())
    page.get_by_label("Produkt").select_option("electricity")
    page.get_by_role("button", name="Pokaż", exact=True).click()
    page.wait_for_url("**kind=electricity*")

    expect(page.locator("#rows .chip").first).to_contain_text("prąd")
    cells = page.locator("#rows tbody td[data-cell=state]")
    expect(cells.first).to_contain_text("prąd")
    found = digits(page.locator("#rows h2").inner_text())
    assert 0 < found < everything
    with page.expect_download() as caught:
        page.locator("#rows a", has_text="CSV").click()
    lines = caught.value.path().read_text("utf-8-sig").splitlines()
    assert len([line for line in lines if "prąd" in line and "kWh" in line]) == found


def test_supplier_file_is_tried_on_a_sample_and_stored(opened, office):
    manager = opened("fleet")
    manager.goto("/flota/")
    plate = manager.locator("main tbody td[data-cell=title] a").first.inner_text()
    what = "Orzeł 7;Pb 95;10,00;50,00;11,50;61,50;;FV/7"
    row = f"{plate};7080 0001 2345;{clock.today():%d.%m.%Y};00:01;{what}"
    text = f"Orzeł\r\n\r\n\r\n{HEAD}\r\n{row}"

    office.goto("/zaplecze/fleet/suppliertemplate/")
    office.get_by_role("link", name=re.compile("Karta Orzeł")).click()
    looked_at(office, "supplier-template", scripts=False)
    office.get_by_role("link", name="Sprawdź na próbce").click()
    looked_at(office, "supplier-sample", scripts=False)
    office.locator("input[type=file]").set_input_files(
        {"name": "orzel.csv", "mimeType": "text/csv", "buffer": text.encode("cp1250")}
    )
    office.get_by_role("button", name="Pokaż podgląd").click()
    office.wait_for_url("**/supplierimport/*/change/")
    preview = office.locator("section", has=office.locator("#preview"))
    for words in (plate, "benzyna", "61,50"):
        expect(preview).to_contain_text(words)
    looked_at(office, "supplier-preview", scripts=False)
    office.get_by_role("button", name="Wczytaj", exact=True).click()
    expect(office.locator(".messagelist .success")).to_contain_text("Nowe: 1")

    manager.goto(f"/flota/paliwo/?q={plate}")
    expect(manager.locator("#rows tbody")).to_contain_text("Orzeł 7")
