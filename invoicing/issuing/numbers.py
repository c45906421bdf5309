"""Numbers of issued documents: one after another in each series, none left out, none twice.

The counter's row is changed in the caller's transaction. Whoever changed it holds it until the
commit, so the next one waits and reads the new value; a rollback gives the numbers back.
"""

from __future__ import annotations

import datetime as dt
import re

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from invoicing.enums import InvoiceKind
from invoicing.models import NumberSeries, SeriesCounter

# Of a lessor who has not set its own: written down as a series when the first number is taken.
DEFAULT_PATTERNS = {
    InvoiceKind.INVOICE: "FP/{year}/{month:02}/{n:06}",
    InvoiceKind.CORRECTION: "FPK/{year}/{month:02}/{n:06}",
    InvoiceKind.INTEREST_NOTE: "NOP/{year}/{month:02}/{n:06}",
    InvoiceKind.COMPENSATION: "NRP/{year}/{month:02}/{n:06}",
}
_SINCE = dt.date(2000, 1, 1)
# Nothing else of `str.format`: a width of millions would fill the memory.
_FIELD = re.compile(r"\{(?:year|month|n)(?::[0-9]{1,2})?\}")


class NumberError(Exception):
    """A number cannot be given. Its text is for the back office."""


def next_number(*, kind: InvoiceKind, on: dt.date) -> str:
    """The next number of the series of `kind` in force on day `on`. See `take_numbers`."""
    return take_numbers(kind, on, 1)[0]


def take_numbers(kind: InvoiceKind, on: dt.date, count: int) -> list[str]:
    """The next `count` numbers, in order, of the series of `kind` in force on day `on`.

    Call it inside the transaction that writes the documents: numbers of a transaction that is
    rolled back are given out again, so no gap remains. Until the commit everybody else waits.
    Raises NumberError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise NumberError("numbers are taken in the transaction that writes their documents")
    if count < 1:
        return []
    series = _series(kind, on)
    month = on.month if "{month" in series.pattern else 0
    mine = SeriesCounter.objects.filter(series=series, year=on.year, month=month)
    if not mine.update(last=F("last") + count):
        try:
            with transaction.atomic():
                SeriesCounter.objects.create(series=series, year=on.year, month=month, last=count)
        except IntegrityError:  # somebody else began the period at the same moment
            mine.update(last=F("last") + count)
    last = mine.values_list("last", flat=True).get()
    return [written(series.pattern, on, n) for n in range(last - count + 1, last + 1)]


def written(pattern: str, on: dt.date, n: int) -> str:
    """The number as it stands on a document. Raises NumberError for a pattern that says nonsense.

    >>> written("FP/{year}/{month:02}/{n:06}", dt.date(2026, 11, 3), 7)
    'FP/2026/11/000007'
    """
    try:
        if not set("{}").isdisjoint(_FIELD.sub("", pattern)):
            raise ValueError("not one of our fields")
        return pattern.format(year=on.year, month=on.month, n=n)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise NumberError(_("Wzór numeru „%s” jest błędny.") % pattern) from error


def _series(kind: InvoiceKind, on: dt.date) -> NumberSeries:
    found = NumberSeries.objects.filter(kind=kind, valid_from__lte=on)
    series = found.order_by("-valid_from", "pk").first()
    if series is not None:
        return series
    made, _new = NumberSeries.objects.get_or_create(
        kind=kind, valid_from=_SINCE, defaults={"pattern": DEFAULT_PATTERNS[kind]}
    )
    return made
