"""Workbooks: types as they are, no formulas from data, memory that does not grow."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
import zipfile
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from eboks.documents.xlsx import (
    About,
    Column,
    Kind,
    Sheet,
    TooManyRowsError,
    write_workbook,
)

AT = dt.datetime(2026, 11, 22, 8, 5, tzinfo=dt.UTC)
COLUMNS = [
    Column("Data", Kind.DATE),
    Column("Numer", width=30),
    Column("Netto", Kind.MONEY, total=True),
    Column("Waluta"),
    Column("Liczba", Kind.WHOLE),
    Column("Kiedy", Kind.MOMENT),
]
DAY = dt.date(2026, 11, 16)
EVIL = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-2",
    "@SUM(A1)",
    "#N/A",
    "\t=1",
    "1,5",
    "00123",
    "TRUE",
    "<b>&amp;",
    "  spacje  ",
]


def book(rows, *, total_by=3, **kwargs) -> io.BytesIO:
    sheet = Sheet("Pozycje", COLUMNS, rows, total_by=total_by)
    about = About("Raport kosztów", AT, [("Firma", "=ŻUK"), ("Od", DAY)])
    with write_workbook(sheets=[sheet], about=about, **kwargs) as file:
        return io.BytesIO(file.read())


def rows_of(file: io.BytesIO, sheet: str = "Pozycje") -> list[tuple]:
    return list(load_workbook(file)[sheet].iter_rows(values_only=True))


def test_values_keep_their_types():
    file = book([(DAY, "FV/1", Decimal("1234.50"), "PLN", 3, AT)])
    cells = load_workbook(file)["Pozycje"][2]
    assert [cell.value for cell in cells] == [
        dt.datetime.fromisoformat("2026-11-16"),
        "FV/1",
        1234.5,
        "PLN",
        3,
        dt.datetime.fromisoformat("2026-11-22T09:05"),  # in Warsaw
    ]
    assert [cell.data_type for cell in cells] == ["d", "s", "n", "s", "n", "d"]
    assert cells[0].number_format == r"dd\.mm\.yyyy"
    assert cells[2].number_format == "#,##0.00"


@pytest.mark.parametrize("text", EVIL)
def test_text_stays_text(text):
    file = book([(DAY, text, Decimal(1), text, 1, AT)], total_by=None)
    cells = load_workbook(file)["Pozycje"][2]
    assert (cells[1].value, cells[1].data_type) == (text, "s")
    assert (cells[3].value, cells[3].data_type) == (text, "s")
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            assert b"<f" not in archive.read(name).replace(b"<fill", b"").replace(
                b"<font", b""
            ).replace(b"<fgColor", b"").replace(b"<family", b""), name


def test_control_characters_are_dropped_and_long_text_is_cut():
    odd = "a\x00b\x0bc\ud800\ufffe\uffff"  # not one of them may stand in XML
    file = book([(DAY, odd, Decimal(1), "x" * 40_000, 1, AT)], total_by=None)
    row = rows_of(file)[1]
    assert row[1] == "abc"
    assert len(row[3]) == 32_767


def test_each_currency_has_its_total():
    file = book(
        [
            (DAY, "a", Decimal("0.10"), "PLN", 1, AT),
            (DAY, "b", Decimal("0.20"), "PLN", 1, AT),
            (DAY, "c", Decimal("5.00"), "EUR", None, None),
        ]
    )
    rows = rows_of(file)
    assert rows[4] == (None, "Razem", 5, "EUR", None, None)
    assert rows[5] == (None, "Razem", 0.3, "PLN", None, None)


def test_header_is_bold_frozen_filtered_and_wide():
    sheet = load_workbook(book([(DAY, "a", Decimal(1), "PLN", 1, AT)]))["Pozycje"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F2"  # the total row stays outside
    assert all(cell.font.bold for cell in sheet[1])
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    assert sheet.column_dimensions["B"].width == 30
    assert sheet.column_dimensions["A"].width == 12
    assert sheet["C3"].font.bold


def test_about_sheet_says_what_the_file_is():
    rows = rows_of(book([]), "Opis")
    assert rows == [
        ("Zestawienie", "Raport kosztów"),
        ("Firma", "=ŻUK"),
        ("Od", dt.datetime.fromisoformat("2026-11-16")),
        ("Utworzono", dt.datetime.fromisoformat("2026-11-22T09:05")),
    ]


def test_empty_sheet_has_its_header_only():
    assert len(rows_of(book([]))) == 1


def test_too_many_rows_are_refused_with_words_for_the_client(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    row = (DAY, "a", Decimal(1), "PLN", 1, AT)
    assert len(rows_of(book([row] * 5, row_limit=5))) == 7
    with pytest.raises(TooManyRowsError, match="mieści się 5 wierszy"):
        book([row] * 6, row_limit=5)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_source_leaves_no_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def rows():
        yield (DAY, "a", Decimal(1), "PLN", 1, AT)
        raise RuntimeError("database went away")

    with pytest.raises(RuntimeError, match="database went away"):
        book(rows())
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_rows():
    def peak(count: int) -> int:
        rows = ((DAY, f"FV/{n}", Decimal(n), "PLN", n, AT) for n in range(count))
        tracemalloc.start()
        try:
            sheet = Sheet("Pozycje", COLUMNS, rows, total_by=3)
            with write_workbook(sheets=[sheet], about=About("x", AT)):
                return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # modules and caches
    assert peak(4_000) < 1.5 * peak(400) + 200_000


def test_sheet_title_is_made_valid():
    sheet = Sheet("Koszty [a/b]: " + "x" * 40, COLUMNS, [])
    with write_workbook(sheets=[sheet], about=About("x", AT)) as file:
        names = load_workbook(file).sheetnames
    assert names == ["Koszty -a-b-- xxxxxxxxxxxxxxxxx", "Opis"]
