"""Reports beside the cost report: pages, files, isolation, figures."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from eboks.exports import favourites
from eboks.exports.models import SavedReport
from invoicing.enums import CostKind, VatUse
from invoicing.models import AssetTaxUse
from invoicing.reporting.tax_uses import set_uses
from tests import factories as f

pytestmark = pytest.mark.django_db

D = Decimal
ON = dt.date(2026, 11, 26)
FILES = ["platnosci", "oplaty", "ubezpieczenia", "podatki", "ksiegowosc"]


@pytest.fixture(autouse=True)
def _day(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC))


@pytest.fixture
def company():
    """A client with a car of 200 000: an instalment, a fee and a premium on two invoices."""
    company = f.CompanyFactory(name="ŻUBR TRANS")
    contract = f.ContractFactory(company=company, number="OL/2025/777001")
    f.AssetFactory(contract=contract, plate="WZ77771", net_price=D(200000), propulsion="petrol")
    version = f.ScheduleVersionFactory(contract=contract)
    f.ScheduleRowFactory(version=version, n=1)
    invoice = f.InvoiceFactory(contract=contract, number="FV/7/1", net=D("2803.79"))
    f.InvoiceRowFactory(invoice=invoice, principal=D("2316.29"), interest=D("487.50"))
    extra = f.InvoiceFactory(
        contract=contract,
        number="FV/7/2",
        net=D(150),
        vat=D("11.50"),
        gross=D("161.50"),
        vat_pln=D("11.50"),
    )
    f.InvoiceRowFactory(
        invoice=extra,
        cost_kind=CostKind.FEE,
        description="=Opinia bankowa",
        net=D(50),
        vat=D("11.50"),
        gross=D("61.50"),
        principal=0,
        interest=0,
    )
    f.InvoiceRowFactory(
        invoice=extra,
        position=2,
        cost_kind=CostKind.INSURANCE,
        description="Składka AC",
        vat_code="zw",
        net=D(100),
        vat=0,
        gross=D(100),
        principal=0,
        interest=0,
    )
    return company


@pytest.fixture
def finance(company):
    return f.MembershipFactory(company=company, role="finance").user


@pytest.fixture
def stranger():
    contract = f.ContractFactory(number="OL/2025/999999")
    f.InvoiceRowFactory(invoice=f.InvoiceFactory(contract=contract, number="FV/OBCA/1"))
    return f.MembershipFactory(company=contract.company, role="finance").user


def read_csv(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_index_leads_to_every_report(finance, client_of):
    page = client_of(finance).get("/raporty/").content.decode()
    for path in ("platnosci", "oplaty", "ubezpieczenia", "podatki", "ksiegowosc", "koszty"):
        assert f'href="/raporty/{path}/"' in page


@pytest.mark.parametrize("name", FILES)
def test_files_hold_own_rows_alone(name, finance, stranger, client_of):
    for ending in ("xlsx", "csv"):
        mine = client_of(finance).get(f"/raporty/{name}/{name}.{ending}")
        body = b"".join(mine.streaming_content)
        assert mine.status_code == 200
        if ending == "csv":
            assert body.startswith(b"\xef\xbb\xbf")
            assert b"FV/OBCA" not in body
            assert b"999999" not in body
        else:
            sheet = load_workbook(io.BytesIO(body)).worksheets[0]
            cells = {str(cell.value) for row in sheet.iter_rows() for cell in row}
            assert not cells & {"FV/OBCA/1", "OL/2025/999999"}


@pytest.mark.parametrize("name", FILES)
def test_role_without_reports_gets_none(name, company, client_of):
    driver = f.MembershipFactory(company=company, role="fleet").user
    assert client_of(driver).get(f"/raporty/{name}/").status_code == 403
    assert client_of(driver).get(f"/raporty/{name}/{name}.csv").status_code == 403


def test_text_of_a_file_is_never_a_formula(finance, client_of):
    rows = read_csv(client_of(finance).get("/raporty/oplaty/oplaty.csv"))
    assert [row["Opis"] for row in rows] == ["'=Opinia bankowa"]
    assert rows[0]["Netto"] == "50,00"
    assert rows[0]["Data wystawienia"] == "2026-11-16"


def test_payments_ahead_are_those_of_schedules_in_force(company, finance, client_of):
    contract = company.contracts.get()
    old = f.ScheduleVersionFactory(contract=contract, number=2, is_current=False)
    f.ScheduleRowFactory(
        version=old, n=1, payment=D("9999.99"), principal=D("9512.49"), gross=D("10644.86")
    )
    page = client_of(finance).get("/raporty/platnosci/").content.decode()
    rows = read_csv(client_of(finance).get("/raporty/platnosci/platnosci.csv?miesiace=3"))

    (month,) = client_of(finance).get("/raporty/platnosci/").context["sums"]
    assert month.gross == contract.schedule_versions.get(is_current=True).rows.get().gross
    assert "9 999,99" not in page.replace("\xa0", " ")
    assert "2 803,79" in page.replace("\xa0", " ")
    assert [(row["Umowa"], row["Netto"]) for row in rows] == [("OL/2025/777001", "2803,79")]


def test_register_has_the_columns_of_jpk(finance, client_of):
    rows = read_csv(client_of(finance).get("/raporty/ksiegowosc/ksiegowosc.csv"))
    assert list(rows[0]) == [
        *("LpZakupu", "KodKrajuNadaniaTIN", "NrDostawcy", "NazwaDostawcy", "DowodZakupu"),
        *("DataZakupu", "DataWplywu", "NrKSeF", "K_40", "K_41", "K_42", "K_43"),
    ]
    assert [(row["DowodZakupu"], row["K_42"], row["K_43"]) for row in rows] == [
        ("FV/7/1", "2803,79", "644,87"),
        ("FV/7/2", "150,00", "11,50"),
    ]


def test_rates_add_up_to_the_invoice(finance, client_of):
    rows = read_csv(client_of(finance).get("/raporty/ksiegowosc/ksiegowosc.csv?uklad=stawki"))
    of_second = [row for row in rows if row["numer"] == "FV/7/2"]
    assert [(row["stawka"], row["netto_pln"], row["vat_pln"]) for row in of_second] == [
        ("23", "50,00", "11,50"),
        ("zw", "100,00", "0,00"),
    ]


def test_postings_name_contract_and_plate(finance, client_of):
    rows = read_csv(client_of(finance).get("/raporty/ksiegowosc/ksiegowosc.csv?uklad=dekrety"))
    assert {(row["umowa"], row["rejestracja"]) for row in rows} == {("OL/2025/777001", "WZ77771")}
    assert rows[0]["kapital_pln"] == "2316,29"
    assert rows[0]["odsetki_pln"] == "487,50"


@pytest.mark.parametrize("name", FILES)
def test_report_can_be_kept_as_a_favourite(name, finance, client_of):
    browser = client_of(finance)
    page = browser.get(f"/raporty/{name}/").content.decode()
    [kind] = re.findall(r'name="kind" value="(\w+)"', page)

    browser.post("/moje-pliki/raporty/zapisz/", {"kind": kind, "query": "", "name": "Mój"})

    assert favourites.address(SavedReport.objects.get()).startswith(f"/raporty/{name}/")


# --- tax -----------------------------------------------------------------------------------------


def test_sheet_without_a_use_counts_nothing_and_says_so(finance, client_of):
    page = client_of(finance).get("/raporty/podatki/?rok=2026").content.decode()
    assert "nie ustawiono" in page
    assert "3 pozycji nie policzyliśmy" in page


def test_sheet_applies_the_limit_of_the_year(company, finance, client_of):
    asset = company.contracts.get().assets.get()
    AssetTaxUse.objects.create(
        asset=asset,
        valid_from=dt.date(2026, 1, 1),
        vat_use=VatUse.FULL,
        income_pct=100,
        set_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        set_by=finance,
    )
    rows = read_csv(client_of(finance).get("/raporty/podatki/podatki.csv?rok=2026"))
    instalment = rows[0]

    # Petrol: 100 000 of 200 000 in 2026, so half of the capital of 2 316.29 and all interest.
    assert instalment["Limit"] == "100000,00"
    assert instalment["Koszt podatkowy"] == "1645,65"
    assert instalment["Nie jest kosztem"] == "1158,14"
    assert instalment["VAT do odliczenia"] == "644,87"


@pytest.mark.parametrize(
    ("by", "signed", "limit"), [("fee", 2025, "100000,00"), ("signing", 2025, "150000,00")]
)
def test_limit_is_picked_by_the_day_of_the_setting(
    company, finance, client_of, settings, by, signed, limit
):
    settings.CAR_LIMIT_BY = by
    contract = company.contracts.get()
    contract.signed_on = dt.date(signed, 5, 5)
    contract.save(update_fields=["signed_on"])
    set_uses(
        assets=[contract.assets.get()],
        is_passenger_car=True,
        vat_use=VatUse.FULL,
        income_pct=100,
        valid_from=dt.date(2025, 1, 1),
        actor=finance,
        at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    rows = read_csv(client_of(finance).get("/raporty/podatki/podatki.csv?rok=2026"))
    assert rows[0]["Limit"] == limit


@pytest.mark.parametrize(
    ("propulsion", "co2", "limit"),
    [
        ("electric", None, "225000,00"),
        ("plugin_hybrid", 49, "150000,00"),
        ("plugin_hybrid", 50, "100000,00"),
        ("diesel", None, "100000,00"),
    ],
)
def test_limit_follows_propulsion_and_emission(company, finance, client_of, propulsion, co2, limit):
    asset = company.contracts.get().assets.get()
    asset.propulsion, asset.co2_g_km = propulsion, co2
    asset.save(update_fields=["propulsion", "co2_g_km"])
    set_uses(
        assets=[asset],
        is_passenger_car=True,
        vat_use=VatUse.MIXED,
        income_pct=75,
        valid_from=dt.date(2026, 1, 1),
        actor=finance,
        at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    rows = read_csv(client_of(finance).get("/raporty/podatki/podatki.csv?rok=2026"))
    assert rows[0]["Limit"] == limit
    assert rows[0]["Wartość samochodu"] == "223000,00"


@pytest.mark.parametrize("product", ["financial", "loan"])
def test_client_who_depreciates_the_car_deducts_the_interest_alone(
    company, finance, client_of, product
):
    contract = company.contracts.get()
    contract.product = product
    contract.save(update_fields=["product"])
    f.InvoiceRowFactory(
        invoice=company.invoices.get(number="FV/7/1"),
        position=2,
        cost_kind=CostKind.OTHER,
        description="VAT od pozostałych opłat z umowy",
        net=0,
        vat=D("1000.00"),
        gross=D("1000.00"),
        principal=0,
        interest=0,
    )
    _set_use(contract, finance)

    rows = read_csv(client_of(finance).get("/raporty/podatki/podatki.csv?rok=2026"))

    assert [row["Limit"] for row in rows] == ["", "", "", ""]
    shown = [(row["Koszt podatkowy"], row["Nie jest kosztem"]) for row in rows]
    assert shown[:2] == [("487,50", "2638,72"), ("0,00", "500,00")]  # half of the VAT goes along
    assert [row["VAT do odliczenia"] for row in rows[:2]] == ["322,44", "500,00"]
    page = client_of(finance).get("/raporty/podatki/?rok=2026").content.decode()
    assert "W leasingu finansowym i pożyczce" in page


def test_instalment_without_its_parts_counts_as_capital(company, finance, client_of):
    contract = company.contracts.get()
    invoice = f.InvoiceFactory(contract=contract, number="FV/7/3", net=D("2803.79"))
    f.InvoiceRowFactory(invoice=invoice, principal=0, interest=0)
    _set_use(contract, finance)

    rows = read_csv(client_of(finance).get("/raporty/podatki/podatki.csv?rok=2026"))

    [row] = [row for row in rows if row["Numer dokumentu"] == "FV/7/3"]
    assert (row["Netto PLN"], row["Część kapitałowa"]) == ("2803,79", "2803,79")
    # 100 000 of 223 000 of 2 803.79 and the VAT that is not deducted.
    assert (row["Koszt podatkowy"], row["Nie jest kosztem"]) == ("1401,89", "1724,33")


def _set_use(contract, actor):
    set_uses(
        assets=list(contract.assets.all()),
        is_passenger_car=True,
        vat_use=VatUse.MIXED,
        income_pct=75,
        valid_from=dt.date(2026, 1, 1),
        actor=actor,
        at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


def test_two_assets_share_a_row_to_the_grosz(company, finance, client_of):
    contract = company.contracts.get()
    f.AssetFactory(contract=contract, plate="WZ77772", net_price=D(100000))
    set_uses(
        assets=list(contract.assets.all()),
        is_passenger_car=False,
        vat_use=VatUse.FULL,
        income_pct=100,
        valid_from=dt.date(2026, 1, 1),
        actor=finance,
        at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    rows = read_csv(client_of(finance).get("/raporty/podatki/podatki.csv?rok=2026"))
    shares = [D(row["Netto PLN"].replace(",", ".")) for row in rows[:2]]
    assert [row["Rejestracja"] for row in rows[:2]] == ["WZ77771", "WZ77772"]
    assert sum(shares) == D("2803.79")
    assert shares[0] == D("1869.19")


def test_uses_are_set_for_the_ticked_ones(company, finance, client_of):
    asset = company.contracts.get().assets.get()
    other = f.AssetFactory()
    answer = {
        "is_passenger_car": "1",
        "vat_use": "mixed",
        "income_pct": "75",
        "valid_from": "2026-01-01",
        "pojazd": [str(asset.public_id), str(other.public_id), "nonsense"],
    }
    browser = client_of(finance)
    assert browser.post("/raporty/podatki/pojazdy/", answer).status_code == 302
    assert browser.post("/raporty/podatki/pojazdy/", answer).status_code == 302  # twice: one word

    use = AssetTaxUse.objects.get()
    assert (use.asset, use.vat_use, use.income_pct) == (asset, VatUse.MIXED, 75)


def test_uses_keep_what_was_typed_when_wrong(company, finance, client_of):
    asset = company.contracts.get().assets.get()
    page = client_of(finance).post(
        "/raporty/podatki/pojazdy/",
        {"is_passenger_car": "1", "valid_from": "2026-01-01", "pojazd": str(asset.public_id)},
    )
    text = page.content.decode()
    assert "Wybierz jedną z odpowiedzi." in text
    assert f'value="{asset.public_id}" checked' in text
    assert not AssetTaxUse.objects.exists()


def test_uses_need_a_vehicle(company, finance, client_of):
    page = client_of(finance).post(
        "/raporty/podatki/pojazdy/", {"is_passenger_car": "0", "valid_from": "2026-01-01"}
    )
    assert "Zaznacz przynajmniej jeden pojazd." in page.content.decode()


def test_pages_stay_with_their_own_company(finance, stranger, client_of):
    for path in ("oplaty", "platnosci", "podatki", "podatki/pojazdy", "ksiegowosc"):
        page = client_of(stranger).get(f"/raporty/{path}/").content.decode()
        assert "777001" not in page
        assert "WZ77771" not in page


@pytest.mark.parametrize(
    ("path", "head", "value"),
    [
        ("/faktury/faktury.xlsx", "Numer", "FV/7/1"),
        ("/umowy/umowy.xlsx", "Numer umowy", "OL/2025/777001"),
        ("/raporty/koszty/koszty.xlsx?period=this_month", "Numer dokumentu", "FV/7/1"),
    ],
)
def test_lists_come_as_csv_too(finance, client_of, path, head, value):
    separator = "&" if "?" in path else "?"
    response = client_of(finance).get(f"{path}{separator}format=csv")

    assert ".csv" in response.headers["Content-Disposition"]
    assert value in {row[head] for row in read_csv(response)}


def test_settlements_come_as_csv_too(company, finance, client_of):
    f.ReceivableItemFactory(invoice=company.invoices.get(number="FV/7/1"))
    rows = read_csv(client_of(finance).get("/rozrachunki/rozrachunki.xlsx?format=csv"))

    assert [(row["Dokument"], row["Pozostało do zapłaty"]) for row in rows] == [
        ("FV/7/1", "3448,66")
    ]
