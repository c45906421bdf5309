"""What one cell of a supplier's file means: by the kind of its column and the template's settings.

Each reader raises ValueError with a text for people when the cell cannot mean it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from contracts.fleet.models.imports import SupplierTemplate
from contracts.fleet.supplier_files import FORMULA
from contracts.fleet.targets import Column, Kind
from eboks.clock import WARSAW

MOST_KM = 9_999_999
_LONGEST_NUMBER = 40
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?")
_POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_SIGN = re.compile(r"(?:zł|pln|eur|usd|czk|€|\$)\.?$", re.IGNORECASE)
_KM = re.compile(r"km\.?$", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u2007\u202f']+")
_NOT_OF_PLATE = re.compile(r"[\s\u00a0-]+")
_PLATE = re.compile(r"[0-9A-ZĄĆĘŁŃÓŚŹŻ]{2,10}")
_NOT_OF_CARD = re.compile(r"[^0-9A-Za-z]")
_LONG_NUMBER = re.compile(r"\d(?:[ \u00a0-]?\d){10,}")
_EXACT_FLOAT = 10**15  # beyond, a number of Excel has lost its last digits
_UNSEEN = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def is_empty(cell: Any) -> bool:
    """Nothing, or nothing but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def as_text(cell: Any) -> str:
    """The cell as one line of text without signs that nobody sees."""
    if cell is FORMULA:
        return _("(formuła)")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT_FLOAT:
        cell = int(cell)
    return " ".join(_UNSEEN.sub(" ", str(cell)).split())


def masked_card(text: str) -> str:
    """`text` with its last four letters and digits only: „…4417”."""
    return f"…{_NOT_OF_CARD.sub('', text)[-4:]}"


def masked_numbers(text: str) -> str:
    """`text` with the beginning of every number as long as that of a card left out."""
    return _LONG_NUMBER.sub(lambda found: masked_card(found.group()), text)


def read_cell(cell: Any, column: Column, template: SupplierTemplate) -> Any:
    """The value of a cell that is not empty. Raises ValueError with a text for people."""
    if cell is FORMULA:
        raise ValueError(_("W komórce jest formuła. Zapisz arkusz jako same wartości."))
    if isinstance(cell, bool):
        raise ValueError(_("Nie da się odczytać tej wartości."))
    return _READERS[column.kind](cell, column, template)


def _plate(cell: Any, column: Column, template: SupplierTemplate) -> str:
    plate = bare_plate(as_text(cell))
    if not _PLATE.fullmatch(plate):
        raise ValueError(_("To nie wygląda na numer rejestracyjny."))
    return plate


def bare_plate(text: str) -> str:
    """A plate as it is compared: capitals without spaces and hyphens."""
    return _NOT_OF_PLATE.sub("", text).upper()


def _card(cell: Any, column: Column, template: SupplierTemplate) -> str:
    if isinstance(cell, float) and abs(cell) >= _EXACT_FLOAT:
        raise ValueError(
            _("Excel zapisał numer karty jako liczbę i zgubił końcowe cyfry. Zapisz go jako tekst.")
        )
    text = _NOT_OF_CARD.sub("", as_text(cell))
    if not text:
        raise ValueError(_("Nie da się odczytać tej wartości."))
    return masked_card(text)


def _day(cell: Any, column: Column, template: SupplierTemplate) -> dt.date | dt.datetime:
    """A date, or a moment when the cell has a time as well; without a zone it is Warsaw's."""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date()  # that is how a workbook keeps a day
    if isinstance(cell, dt.date):
        return _in_warsaw(cell)
    if not isinstance(cell, str):
        raise ValueError(_("To nie jest data."))
    text = cell.strip()
    try:
        found = dt.datetime.strptime(text, template.date_format)  # noqa: DTZ007 -- of Warsaw
    except (ValueError, OverflowError, re.error) as error:  # a format that names a part twice
        raise ValueError(
            _("Data nie pasuje do zapisu %s z szablonu.") % template.date_format
        ) from error
    with_time = any(sign in template.date_format for sign in ("%H", "%I", "%X", "%c", "%T"))
    return _in_warsaw(found) if with_time else found.date()


def _in_warsaw(found: dt.date | dt.datetime) -> dt.date | dt.datetime:
    if not isinstance(found, dt.datetime):
        return found
    try:
        return found.replace(tzinfo=WARSAW) if found.tzinfo is None else found.astimezone(WARSAW)
    except OverflowError as error:
        raise ValueError(_("To nie jest data.")) from error


def _date(cell: Any, column: Column, template: SupplierTemplate) -> dt.date:
    found = _day(cell, column, template)
    return found.date() if isinstance(found, dt.datetime) else found


def _time(cell: Any, column: Column, template: SupplierTemplate) -> dt.time:
    if isinstance(cell, dt.datetime):
        return cell.time()
    if isinstance(cell, dt.time):
        return cell.replace(tzinfo=None)
    wanted = template.time_format or "%H:%M"
    try:
        return dt.datetime.strptime(as_text(cell), wanted).time()  # noqa: DTZ007 -- only a time
    except (ValueError, re.error) as error:
        raise ValueError(_("Godzina nie pasuje do zapisu %s z szablonu.") % wanted) from error


def _text(cell: Any, column: Column, template: SupplierTemplate) -> str:
    text = as_text(cell)
    if len(text) > column.longest:
        raise ValueError(_("Za długie: najwyżej %d znaków.") % column.longest)
    return text


def decimal_of(cell: Any, *, comma: bool) -> Decimal:
    """„1 234,56 zł”, „1.234,56” (`comma`) or „1,234.56” as a number; ValueError for anything else.

    A number of Excel passes as it is.
    """
    if isinstance(cell, int | float):
        return _finite(Decimal(str(cell)))
    if not isinstance(cell, str) or len(cell) > _LONGEST_NUMBER:
        raise ValueError(_("To nie jest liczba."))
    text = _SPACES.sub("", _SIGN.sub("", cell.strip()).replace("−", "-"))
    if not (_COMMA if comma else _POINT).fullmatch(text) or not text.isascii():
        raise ValueError(
            _("To nie jest liczba z przecinkiem dziesiętnym.")
            if comma
            else _("To nie jest liczba z kropką dziesiętną.")
        )
    plain = text.replace(".", "").replace(",", ".") if comma else text.replace(",", "")
    return _finite(Decimal(plain))


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ValueError(_("To nie jest liczba."))
    return number


def _number(cell: Any, column: Column, template: SupplierTemplate) -> Decimal:
    found = decimal_of(cell, comma=template.decimal_comma)
    if abs(found) >= Decimal(10) ** column.digits:
        raise ValueError(_("Za duża liczba."))
    try:
        rounded = found.quantize(Decimal(1).scaleb(-column.places), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise ValueError(_("Za duża liczba.")) from error
    if rounded < 0 and not column.negative:
        raise ValueError(_("Kwota nie może być ujemna."))
    return rounded + 0  # no negative zero


def _km(cell: Any, column: Column, template: SupplierTemplate) -> int:
    text = _KM.sub("", cell.strip()) if isinstance(cell, str) else cell
    found = decimal_of(text, comma=template.decimal_comma)
    if not 0 <= found <= MOST_KM:
        raise ValueError(_("Przebieg musi być od 0 do 9 999 999 km."))
    return int(found)


def _choice(cell: Any, column: Column, template: SupplierTemplate) -> str:
    return _worded(cell, column, template, lambda value: value in column.choices)


def _currency(cell: Any, column: Column, template: SupplierTemplate) -> str:
    return _worded(cell, column, template, re.compile("[A-Z]{3}").fullmatch)


def _country(cell: Any, column: Column, template: SupplierTemplate) -> str:
    return _worded(cell, column, template, re.compile("[A-Z]{2}").fullmatch)


def _worded(
    cell: Any, column: Column, template: SupplierTemplate, fits: Callable[[str], object]
) -> str:
    """Our value for the supplier's word; one that is our value already passes."""
    text = as_text(cell)
    words: dict[str, str] = template.words.get(column.name, {})
    found = words.get(text)
    if found is None:
        bare = text.casefold()
        found = next((value for word, value in words.items() if word.casefold() == bare), text)
    if column.kind is not Kind.CHOICE:
        found = found.upper()
    if not fits(found):
        raise ValueError(_("Nieznane słowo. Dopisz je do słów w szablonie."))
    return found


_READERS: dict[Kind, Callable[[Any, Column, SupplierTemplate], Any]] = {
    Kind.PLATE: _plate,
    Kind.CARD: _card,
    Kind.DAY: _day,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.KM: _km,
    Kind.CHOICE: _choice,
    Kind.CURRENCY: _currency,
    Kind.COUNTRY: _country,
}
