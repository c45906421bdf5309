"""Reading exchange rates of the NBP's table A from a file, all or nothing.

Two forms are known: the yearly archive as the NBP publishes it (`data;1USD;100JPY;…;nr tabeli;
pełny numer tabeli`, one row a day), and our own, one rate a row:
`currency;on;rate;table` with a day as 2026-11-26, a rate in PLN for one unit.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from eboks import clock
from invoicing.models import ExchangeRate

_OWN = ("currency", "on", "rate", "table")
_UNIT = re.compile(r"(\d+)\s*([A-Z]{3})")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TABLE = re.compile(r"\d{1,3}/A/NBP/\d{4}")
_LARGEST = 5_000_000  # bytes; a year of the archive has 100 kB
_PLACES = Decimal("0.000001")


class RatesError(Exception):
    """The file is not what it should be; every reason on its own line. Nothing was imported."""


@dataclass(frozen=True, slots=True)
class Imported:
    new: int
    known: int


@transaction.atomic
def import_rates(*, content: bytes) -> Imported:
    """Add the rates of a file; those that are here already must be the same.

    Raises RatesError naming every line that is wrong.
    """
    problems: list[str] = []
    found = _unique(_read(content, problems), problems)
    days = [rate.on for rate in found]
    if not problems and not found:
        problems.append(_("W pliku nie ma żadnego kursu."))
    if problems:
        raise RatesError("\n".join(problems[:50]))
    known = {
        (rate.currency, rate.on): rate
        for rate in ExchangeRate.objects.filter(on__range=(min(days), max(days)))
    }
    new = []
    for rate in found:
        stored = known.get((rate.currency, rate.on))
        if stored is None:
            new.append(rate)
        elif (stored.rate, stored.table) != (rate.rate, rate.table):
            problems.append(
                _("%(currency)s z dnia %(day)s: w bazie jest %(stored)s (%(table)s)")
                % {
                    "currency": rate.currency,
                    "day": rate.on,
                    "stored": stored.rate,
                    "table": stored.table,
                }
            )
    if problems:
        raise RatesError("\n".join(problems[:50]))
    ExchangeRate.objects.bulk_create(new, batch_size=1_000)
    return Imported(new=len(new), known=len(found) - len(new))


def _read(content: bytes, problems: list[str]) -> Iterator[ExchangeRate]:
    if len(content) > _LARGEST:
        problems.append(_("Plik jest za duży."))
        return
    rows = csv.reader(io.StringIO(_text(content)), delimiter=";")
    head = [cell.strip() for cell in next(rows, [])]
    if tuple(head) == _OWN:
        yield from _own_rows(rows, problems)
    elif head and head[0].casefold() == "data":
        yield from _archive_rows(head, rows, problems)
    else:
        problems.append(_("To nie jest plik z kursami: nieznane nagłówki kolumn."))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1250", errors="replace")  # as the NBP's archive is


def _own_rows(rows: Iterable[list[str]], problems: list[str]) -> Iterator[ExchangeRate]:
    for line, row in enumerate(rows, start=2):
        if not any(row):
            continue
        if len(row) < len(_OWN):
            problems.append(_("wiersz %s: za mało kolumn") % line)
            continue
        currency, on, rate, table = (cell.strip() for cell in row[: len(_OWN)])
        yield from _rate(line, currency, _day(on, "%Y-%m-%d"), rate, 1, table, problems)


def _archive_rows(
    head: Sequence[str], rows: Iterable[list[str]], problems: list[str]
) -> Iterator[ExchangeRate]:
    columns = {place: match for place, name in enumerate(head) if (match := _UNIT.fullmatch(name))}
    table_at = next((n for n, name in enumerate(head) if name.endswith("numer tabeli")), None)
    if not columns or table_at is None:
        problems.append(_("To nie jest archiwum tabeli A: brak kolumn walut albo numeru tabeli."))
        return
    for line, row in enumerate(rows, start=2):
        day = _day(row[0].strip(), "%Y%m%d") if row else None
        if day is None or len(row) <= table_at:
            continue  # names of currencies, and the notes under the table
        for place, match in columns.items():
            if cell := row[place].strip():
                units, currency = int(match[1]), match[2]
                yield from _rate(line, currency, day, cell, units, row[table_at].strip(), problems)


def _rate(
    line: int,
    currency: str,
    on: dt.date | None,
    written: str,
    units: int,
    table: str,
    problems: list[str],
) -> Iterator[ExchangeRate]:
    try:
        rate = (Decimal(written.replace(",", ".")) / units).quantize(_PLACES)
    except (InvalidOperation, ZeroDivisionError):
        rate = Decimal(0)
    wrong = {
        _("waluta"): not _CURRENCY.fullmatch(currency),
        _("dzień"): on is None or not clock.is_working_day(on),
        _("kurs"): not (rate.is_finite() and 0 < rate < 1_000),
        _("numer tabeli"): not _TABLE.fullmatch(table),
    }
    if on is None or any(wrong.values()):
        names = ", ".join(name for name, is_wrong in wrong.items() if is_wrong)
        problems.append(_("wiersz %(line)s: %(names)s") % {"line": line, "names": names})
        return
    yield ExchangeRate(currency=currency, on=on, rate=rate, table=table)


def _day(text: str, form: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 -- a day has no time zone
    except ValueError:
        return None


def _unique(rates: Iterable[ExchangeRate], problems: list[str]) -> list[ExchangeRate]:
    found: dict[tuple[str, dt.date], ExchangeRate] = {}
    twice = [r for r in rates if found.setdefault((r.currency, r.on), r) is not r]
    problems += [
        _("%(currency)s z dnia %(day)s: dwa razy w pliku")
        % {"currency": rate.currency, "day": rate.on}
        for rate in twice
    ]
    return list(found.values())
