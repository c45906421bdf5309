"""The fleet of the demo: how one supplier of fuel cards lays out its file. The records themselves
come in the feed."""

from __future__ import annotations

from contracts.fleet.enums import Product, Unit
from contracts.fleet.models import SupplierTemplate
from contracts.fleet.models.imports import FileFormat, Target

_NAME = "Karta Orzeł: zestawienie tankowań"
# Column of the record: header in the supplier's file.
_COLUMNS = {
    "plate": "Nr rejestracyjny",
    "card": "Nr karty",
    "on": "Data",
    "time": "Godzina",
    "station": "Stacja",
    "product": "Towar",
    "quantity": "Ilość",
    "net": "Netto",
    "vat": "VAT",
    "gross": "Brutto",
    "odometer_km": "Licznik",
    "invoice_number": "Faktura",
}
_WORDS = {
    "product": {
        "ON": Product.DIESEL.value,
        "Pb 95": Product.PETROL.value,
        "AdBlue": Product.ADBLUE.value,
        "Myjnia": Product.WASH.value,
    }
}


def load_fleet() -> None:
    """Safe to repeat."""
    columns: dict[str, dict[str, str]] = {
        name: {"column": header} for name, header in _COLUMNS.items()
    }
    columns["unit"] = {"fixed": Unit.LITRE.value}
    columns["currency"] = {"fixed": "PLN"}
    columns["country"] = {"fixed": "PL"}
    SupplierTemplate.objects.get_or_create(
        name=_NAME,
        defaults={
            "supplier": "karta-orzel",
            "target": Target.FUEL,
            "file_format": FileFormat.CSV,
            "encoding": "cp1250",
            "delimiter": ";",
            "skip_rows": 3,
            "decimal_comma": True,
            "date_format": "%d.%m.%Y",
            "time_format": "%H:%M",
            "columns": columns,
            "words": _WORDS,
        },
    )
