"""What a template makes of a supplier's file, cell by cell."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal

import pytest
from openpyxl import Workbook

from contracts.fleet import supplier_files
from contracts.fleet.models import SupplierTemplate
from contracts.fleet.supplier_files import FileRefusedError
from contracts.fleet.supplier_reading import MOST_PROBLEMS, Reading, letter_place
from contracts.fleet.supplier_values import decimal_of, masked_card, masked_numbers
from tests.fleet import supplier_layouts as layouts

pytestmark = pytest.mark.django_db
TODAY = layouts.AT.date()


def read(template, file):
    reading = Reading(template, today=TODAY)
    return list(reading.rows(file)), reading


def reasons(reading):
    return [(one.line, one.column, one.value, one.reason) for one in reading.problems]


def test_cards_are_read_with_comma_spaces_and_time():
    rows, reading = read(layouts.cards_template(), layouts.cards_file(layouts.cards_row()))

    assert reading.problems == []
    assert [row.line for row in rows] == [6]
    assert rows[0].values == {
        "plate": "WGM00001",
        "card": "…4417",
        "on": dt.date(2026, 11, 3),
        "at": dt.datetime(2026, 11, 3, 13, 22, tzinfo=dt.UTC),
        "station": "Orzeł nr 7, Łódź",
        "country": "PL",
        "product": "diesel",
        "product_name": "ON EKODIESEL",
        "quantity": Decimal("50.000"),
        "unit_price": Decimal("5.2000"),
        "currency": "PLN",
        "net": Decimal("1260.00"),
        "vat": Decimal("289.80"),
        "gross": Decimal("1549.80"),
        "odometer_km": 120_500,
        "cost_centre": "TIR",
    }


def test_totals_and_empty_rows_are_skipped_and_counted():
    rows, reading = read(
        layouts.cards_template(), layouts.cards_file(layouts.cards_row(), "", ";;;")
    )

    assert (len(rows), reading.skipped, reading.problem_count) == (1, 3, 0)


def test_book_is_read_by_letters_with_real_dates():
    rows, reading = read(layouts.book_template(), layouts.book_file(layouts.book_row()))

    assert reading.problems == []
    values = rows[0].values
    assert values["at"] == dt.datetime(2026, 11, 5, 7, 30, tzinfo=dt.UTC)
    assert (values["plate"], values["card"], values["country"]) == ("WGM00001", "…4417", "DE")
    assert (values["quantity"], values["net"]) == (Decimal("61.200"), Decimal("300.50"))
    assert (values["product"], values["odometer_km"]) == ("diesel", 121_000)


def test_day_of_a_book_has_no_time():
    row = layouts.book_row(at=dt.date(2026, 11, 5))

    rows, _reading = read(layouts.book_template(), layouts.book_file(row))

    assert (rows[0].values["on"], rows[0].values["at"]) == (dt.date(2026, 11, 5), None)


def test_tolls_are_read_with_point_zone_and_euros():
    rows, reading = read(layouts.tolls_template(), layouts.tolls_file(layouts.tolls_row()))

    assert reading.problems == []
    values = rows[0].values
    assert values["at"] == dt.datetime(2026, 11, 6, 10, tzinfo=dt.UTC)
    assert (values["kind"], values["currency"]) == ("toll", "EUR")
    assert values["amount"] == Decimal("1234.50")


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("02:30", dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)),  # twice: the first
        ("03:30", dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.UTC)),
    ],
)
def test_hour_that_comes_twice_is_the_first(time, utc):
    row = layouts.cards_row(day="25.10.2026", time=time)

    rows, _reading = read(layouts.cards_template(), layouts.cards_file(row))

    assert rows[0].values["at"] == utc


def test_hour_that_spring_leaves_out_is_later():
    row = layouts.cards_row(day="29.03.2026", time="02:30")

    rows, _reading = read(layouts.cards_template(), layouts.cards_file(row))

    assert rows[0].values["at"] == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("cell", "comma", "number"),
    [
        ("1 234,56 zł", True, "1234.56"),
        ("1\u00a0234,56\u00a0zł", True, "1234.56"),
        ("1.234.567,8", True, "1234567.8"),
        ("-12,5", True, "-12.5"),
        ("−12,50 PLN", True, "-12.50"),
        ("1,234.56", False, "1234.56"),
        ("12.5 €", False, "12.5"),
        (12, True, "12"),
        (0.1, True, "0.1"),
    ],
)
def test_numbers_are_read(cell, comma, number):
    assert decimal_of(cell, comma=comma) == Decimal(number)


@pytest.mark.parametrize(
    ("cell", "comma"),
    [
        ("12.50", True),
        ("12,50", False),
        ("1e9", True),
        ("NaN", True),
        ("=1+1", True),
        ("1,2,3", True),
        ("٣", True),
        ("9" * 50, True),
        (float("inf"), True),
        ("", True),
    ],
)
def test_other_texts_are_no_numbers(cell, comma):
    with pytest.raises(ValueError, match="liczba"):
        decimal_of(cell, comma=comma)


def test_each_broken_cell_is_told_with_its_line():
    file = layouts.cards_file(
        layouts.cards_row().replace("50,000", "dużo"),
        layouts.cards_row().replace("ON EKODIESEL", "Woda"),
        layouts.cards_row(day="31.02.2026"),
        layouts.cards_row(plate=""),
        layouts.cards_row(time="25:00"),
        layouts.cards_row().replace("1 549,80", "99999999999999,00"),
        layouts.cards_row(day="03.11.2031"),
        layouts.cards_row(km="-5"),
    )

    _rows, reading = read(layouts.cards_template(), file)

    assert reasons(reading) == [
        (6, "ilość", "dużo", "To nie jest liczba z przecinkiem dziesiętnym."),
        (7, "produkt", "Woda", "Nieznane słowo. Dopisz je do słów w szablonie."),
        (
            *(8, "dzień (albo dzień z godziną)", "31.02.2026"),
            "Data nie pasuje do zapisu %d.%m.%Y z szablonu.",
        ),
        (9, "numer rejestracyjny", "", "Brakuje wartości."),
        (
            *(10, "godzina, gdy w osobnej kolumnie", "25:00"),
            "Godzina nie pasuje do zapisu %H:%M z szablonu.",
        ),
        (11, "brutto", "…9999,00", "Za duża liczba."),
        (
            *(12, "dzień (albo dzień z godziną)", "2031-11-03"),
            "Dzień jest w przyszłości albo za dawny.",
        ),
        (13, "przebieg, km", "-5", "Przebieg musi być od 0 do 9 999 999 km."),
    ]


def test_problems_beyond_the_thousandth_are_only_counted():
    row = layouts.cards_row(day="x")

    _rows, reading = read(layouts.cards_template(), layouts.cards_file(*[row] * 1_200))

    assert (len(reading.problems), reading.problem_count) == (MOST_PROBLEMS, 1_200)


def test_card_is_never_told_whole():
    template = layouts.cards_template()
    template.columns["net"] = {"column": "Nr karty"}  # mapped by mistake

    _rows, reading = read(template, layouts.cards_file(layouts.cards_row()))

    assert [one.value for one in reading.problems] == ["…4417"]
    assert masked_card("7895 1200 0044-17") == "…4417"
    assert masked_numbers("karta 7895120000444417, 12,50") == "karta …4417, 12,50"


def test_card_that_excel_rounded_is_refused():
    file = layouts.book_file(layouts.book_row(card=7.00012345678904e17))

    _rows, reading = read(layouts.book_template(), file)

    assert "zgubił końcowe cyfry" in reading.problems[0].reason
    assert "70001" not in reading.problems[0].value


def test_formula_is_refused_where_it_is_read():
    row = layouts.book_row()
    row[5] = "=1+1"
    row[8] = "=2+2"  # a column that nobody reads

    _rows, reading = read(layouts.book_template(), layouts.book_file(row))

    assert [(one.column, one.value) for one in reading.problems] == [("netto", "(formuła)")]


def test_text_like_a_formula_stays_text():
    row = layouts.cards_row().replace("Orzeł nr 7, Łódź", "=HYPERLINK(1)")

    rows, reading = read(layouts.cards_template(), layouts.cards_file(row))

    assert reading.problems == []
    assert rows[0].values["station"] == "=HYPERLINK(1)"


def test_signs_that_nobody_sees_are_left_out():
    row = layouts.tolls_row().replace("A2 Frankfurt", "A2\x00\u202e X")

    rows, _reading = read(layouts.tolls_template(), layouts.tolls_file(row))

    assert rows[0].values["place"] == "A2 X"


def test_header_that_is_missing_or_twice_is_a_problem():
    template = layouts.tolls_template()
    template.columns["place"] = {"column": "<script>alert(1)</script>"}
    file = layouts.tolls_file(layouts.tolls_row())
    twice = io.BytesIO(file.getvalue().replace(b"provider", b"currency", 1))

    _rows, missing = read(template, file)
    template.columns["place"] = {"column": "place"}
    _rows, doubled = read(template, twice)

    assert missing.problems[0].reason == "W pliku nie ma takiej kolumny."
    assert [one.reason for one in doubled.problems][:1] == ["W pliku nie ma takiej kolumny."]
    assert "dwa razy" in doubled.problems[1].reason


def test_header_wins_over_a_letter():
    template = layouts.tolls_template()
    template.columns["place"] = {"column": "C"}
    file = io.BytesIO(layouts.tolls_file(layouts.tolls_row()).getvalue().replace(b"place", b"C"))

    rows, _reading = read(template, file)

    assert rows[0].values["place"] == "A2 Frankfurt"
    assert [letter_place(one) for one in ("A", "AA", "CZ", "DA", "a", "A1")] == [
        *(0, 26, 103),
        *(None, None, None),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "pusty"),
        (b"x\n", "Brakuje kolumny"),
        (b"a" * (21 * 1024 * 1024), "20 MB"),
        (b'vehicle,timestamp\n"' + b"x" * 200_000, "podzieli"),
        ("vehicle,timestamp\nżółć".encode("cp1250"), "kodowanie"),
        (b"," * 200 + b"\n", "za du"),
        (b"PK\x03\x04rest", "Excela"),
    ],
)
def test_csv_that_cannot_be_read_is_refused(content, said):
    with pytest.raises(FileRefusedError, match=said):
        read(layouts.tolls_template(), io.BytesIO(content))


def test_file_with_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(supplier_files, "MOST_ROWS", 2)

    with pytest.raises(FileRefusedError, match="100 000"):
        read(layouts.tolls_template(), layouts.tolls_file(*[layouts.tolls_row()] * 3))


def packed(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"{name}.xml", content)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (lambda: io.BytesIO(b"PK\x03\x04 to nie jest zip"), "XLSX"),
        (lambda: io.BytesIO(b"Nr karty;Nr rej."), "XLSX"),
        (lambda: packed(a=b"0" * (251 * 1024 * 1024)), "rozpakowaniu"),
        (lambda: packed(a=b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'), "XLSX"),
        (lambda: packed(**{f"p{n}": b"" for n in range(1_001)}), "rozpakowaniu"),
        (lambda: packed(a=b"<x/>"), "XLSX"),
    ],
    ids=["no zip", "csv", "bomb", "entity", "parts", "no book"],
)
def test_book_that_cannot_be_read_is_refused(file, said):
    with pytest.raises(FileRefusedError, match=said):
        read(layouts.book_template(), file())


def test_book_without_the_sheet_is_refused():
    template = layouts.book_template(sheet="Inny")

    with pytest.raises(FileRefusedError, match="arkusza"):
        read(template, layouts.book_file(layouts.book_row()))


def test_far_row_of_a_book_does_not_cost_a_million():
    book = Workbook()
    sheet = book.create_sheet("Daleko", 0)
    sheet["A1"] = "x"
    sheet["A1048576"] = "y"
    file = io.BytesIO()
    book.save(file)

    with pytest.raises(FileRefusedError, match="100 000"):
        read(
            SupplierTemplate(
                target="toll",
                file_format="xlsx",
                columns={"plate": {"column": "A"}, "on": {"column": "A"}},
            ),
            file,
        )
