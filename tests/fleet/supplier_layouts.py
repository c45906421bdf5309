"""Three made-up layouts of suppliers' files, with the templates that read them."""

from __future__ import annotations

import datetime as dt
import io

from openpyxl import Workbook

from contracts.fleet.models import SupplierTemplate
from contracts.fleet.models.imports import FileFormat, Target
from eboks.clock import WARSAW

AT = dt.datetime(2026, 11, 27, 12, tzinfo=WARSAW)

CARDS_HEAD = "Nr karty;Nr rej.;Data;Godzina;Produkt;Ilość;Cena;Netto;VAT;Brutto;Przebieg;Stacja;MPK"
CARDS_ROW = (
    "7895 1200 0044 17;WGM 00001;03.11.2026;14:22;ON EKODIESEL;50,000;5,20;1 260,00 zł;"
    "289,80;1 549,80;120 500;Orzeł nr 7, Łódź;TIR"
)
CARDS_TOTAL = ";;;;RAZEM;50,000;;1 260,00;289,80;1 549,80;;;"


def cards_template(**given):
    """1: CSV in cp1250, semicolons, four rows above the header, date and time apart, totals."""
    columns = {
        "card": "Nr karty",
        "plate": " nr  REJ. ",
        "on": "Data",
        "time": "Godzina",
        "product": "Produkt",
        "quantity": "Ilość",
        "unit_price": "Cena",
        "net": "Netto",
        "vat": "VAT",
        "gross": "Brutto",
        "odometer_km": "Przebieg",
        "station": "Stacja",
        "cost_centre": "MPK",
    }
    return SupplierTemplate.objects.create(
        **{
            "name": "Karty Orzeł",
            "supplier": "orzel",
            "target": Target.FUEL,
            "file_format": FileFormat.CSV,
            "encoding": "cp1250",
            "skip_rows": 4,
            "time_format": "%H:%M",
            "columns": {name: {"column": head} for name, head in columns.items()},
            "words": {"product": {"ON Ekodiesel": "diesel", "AdBlue": "adblue"}},
            **given,
        }
    )


def cards_file(*rows, total=True):
    above = ["Orzeł Flota", "Zestawienie do faktury F/11/2026", "1–15.11.2026", ""]
    lines = [*above, CARDS_HEAD, *rows, *([CARDS_TOTAL] if total else [])]
    return io.BytesIO("\r\n".join(lines).encode("cp1250"))


def cards_row(plate="WGM 00001", *, day="03.11.2026", time="14:22", card="0044 17", km="120 500"):
    row = CARDS_ROW.replace("WGM 00001", plate).replace("03.11.2026", day).replace("14:22", time)
    return row.replace("0044 17", card).replace("120 500", km)


def book_template(**given):
    """2: a workbook with real dates, columns by letters, words for products, cards in clear."""
    letters = {"on": "A", "card": "B", "plate": "C", "product": "D", "quantity": "E"}
    letters |= {"net": "F", "gross": "G", "odometer_km": "AA"}
    return SupplierTemplate.objects.create(
        **{
            "name": "Paliwa Sokół",
            "supplier": "sokol",
            "target": Target.FUEL,
            "file_format": FileFormat.XLSX,
            "sheet": "Transakcje",
            "columns": {
                **{name: {"column": letter} for name, letter in letters.items()},
                "country": {"fixed": "DE"},
            },
            "words": {"product": {"Diesel B7": "diesel", "Strom": "electricity"}},
            **given,
        }
    )


def book_file(*rows, head="x"):
    book = Workbook()
    book.active.title = "Opis"
    sheet = book.create_sheet("Transakcje")
    sheet.append([f"{head}{n}" for n in range(27)])
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


# A workbook knows no zones.
MORNING = dt.datetime(2026, 11, 5, 8, 30)  # noqa: DTZ001


def book_row(plate="WGM-00001", *, at=MORNING, card="700012345678904417"):
    row = [at, card, plate, "DIESEL b7", 61.2, 300.5, 369.62]
    return [*row, *[None] * 19, 121_000]


def tolls_template(**given):
    """3: CSV in UTF-8, commas, decimal point, ISO moments with a zone, euros."""
    columns = {"plate": "vehicle", "on": "timestamp", "kind": "type", "provider": "provider"}
    columns |= {"place": "place", "currency": "currency", "net": "net", "amount": "gross"}
    return SupplierTemplate.objects.create(
        **{
            "name": "Tolls",
            "supplier": "tolls-eu",
            "target": Target.TOLL,
            "file_format": FileFormat.CSV,
            "delimiter": ",",
            "decimal_comma": False,
            "date_format": "%Y-%m-%dT%H:%M:%S%z",
            "columns": {name: {"column": head} for name, head in columns.items()},
            "words": {"kind": {"toll road": "toll", "parking": "parking"}},
            **given,
        }
    )


TOLLS_HEAD = "vehicle,timestamp,type,provider,place,currency,net,gross"


def tolls_row(plate="WGM00001", *, at="2026-11-06T10:00:00+00:00", gross='"1,234.50"'):
    return f"{plate},{at},Toll Road,Autobahn,A2 Frankfurt,eur,1000.00,{gross}"


def tolls_file(*rows):
    return io.BytesIO(("\n".join([TOLLS_HEAD, *rows]) + "\n").encode("utf-8-sig"))
