"""Average exchange rates of the NBP's table A: which one counts for a document (domain 1.9)."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from eboks import clock
from invoicing.models import ExchangeRate


class ExchangeError(Exception):
    """The rate that a document needs is not here. Its text is for the back office."""


def rate_before(currency: str, on: dt.date) -> ExchangeRate:
    """The rate of `currency` of the last working day before day `on`: PLN for one unit.

    Art. 31a ust. 1-2 of the VAT act: `on` is the day of the invoice when it is issued not later
    than the tax point. The NBP publishes table A on every working day, so no earlier table will
    do. Raises ExchangeError when that day's rate has not been imported.
    """
    day = clock.previous_working_day(on)
    rate = ExchangeRate.objects.filter(currency=currency, on=day).first()
    if rate is None:
        raise ExchangeError(
            _("Brak kursu NBP waluty %(currency)s z dnia %(day)s: wczytaj tabelę A z tego dnia.")
            % {"currency": currency, "day": f"{day:%d.%m.%Y}"}
        )
    return rate
