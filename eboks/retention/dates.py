"""When a document may go: the periods of the law as formulas (domain spec 7). Pure functions.

Each gives the purge date, the first day on which the period is over. Years are calendar ones.
"""

from __future__ import annotations

import datetime as dt

from eboks.clock import add_months, effective_due_on

_VAT_DAY = 25  # art. 103 of the VAT act: the tax of a month is due on the 25th of the next
_MONTHS = 12
_LONG_TERM = 2  # art. 118 KC: a term of two years or more ends with the year


def accounting(basis: dt.date, years: int) -> dt.date:
    """Art. 74 UoR: `years` from the beginning of the year after the financial year of `basis`."""
    return _first_of(basis.year + 1 + years)


def vat(basis: dt.date, years: int) -> dt.date:
    """Art. 112 VAT with art. 70 OP: `years` from the end of the year in which the tax of the month
    of `basis` was to be paid (the 25th of the next month, or the next working day)."""
    term = effective_due_on(add_months(basis, 1, _VAT_DAY))
    return _first_of(term.year + 1 + years)


def income_tax(basis: dt.date, years: int) -> dt.date:
    """Art. 70 OP: the tax of a year is to be paid in the next, and the period runs from its end."""
    return _first_of(basis.year + 2 + years)


def civil(basis: dt.date, years: int) -> dt.date:
    """Art. 118 KC: `years` from the day a claim fell due; terms of two years or more end on 31
    December."""
    if years < _LONG_TERM:
        return add_months(basis, years * _MONTHS) + dt.timedelta(days=1)
    return _first_of(basis.year + years + 1)


def anniversary(basis: dt.date, years: int) -> dt.date:
    """Art. 49 AML: `years` to the day, counted from the day after `basis`."""
    return add_months(basis, years * _MONTHS) + dt.timedelta(days=1)


def _first_of(year: int) -> dt.date:
    return dt.date(year, 1, 1)
