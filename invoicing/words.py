"""What a client reads about an invoice: its state, its VAT rate, the title of a transfer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from babel.dates import format_date
from django.utils.translation import get_language, gettext, ngettext, pgettext

from invoicing.models import Invoice, ReceivableItem


@dataclass(frozen=True, slots=True)
class State:
    """A state as the kit's `{% tag %}` shows it: the look and the words."""

    look: str
    text: str


def item_state(
    item: ReceivableItem | None, *, today: dt.date, paid_on: dt.date | None = None
) -> State:
    """How an amount stands on the day `today`.

    `paid_on` is the day of the payment that closed it, where the page knows it.
    """
    if item is None:
        return State("neutral", gettext("Poza rozrachunkami"))
    if item.open_amount == 0:
        if item.written_off_on is not None:
            return State("paid", gettext("Rozliczona, resztę umorzyliśmy"))
        return _closed(item.gross, paid_on, today)
    if item.gross < 0:
        return State("info", gettext("Do rozliczenia"))
    late = (today - item.effective_due_on).days
    if item.is_disputed:
        return State("warn", gettext("Sporna"))
    if item.collection_since is not None:
        day = near_day(item.collection_since, today)
        return State("overdue", gettext("W windykacji od %(day)s") % {"day": day})
    partly = item.open_amount != item.gross
    if late > 0:
        if partly:
            text = ngettext(
                "Częściowo zapłacona, po terminie %(days)d dzień",
                "Częściowo zapłacona, po terminie %(days)d dni",
                late,
            )
        else:
            text = ngettext("Po terminie %(days)d dzień", "Po terminie %(days)d dni", late)
        return State("overdue", text % {"days": late})
    if partly:
        text = gettext("Częściowo zapłacona, reszta do %(day)s")
    else:
        text = gettext("Do zapłaty do %(day)s")
    return State("due", text % {"day": near_day(item.effective_due_on, today)})


def _closed(gross: Decimal, paid_on: dt.date | None, today: dt.date) -> State:
    if gross <= 0:
        return State("paid", gettext("Rozliczona"))
    if paid_on is None:
        return State("paid", gettext("Zapłacona"))
    pattern = "d.MM" if paid_on.year == today.year else "d.MM.y"
    return State(
        "paid", gettext("Zapłacona %(day)s") % {"day": format_date(paid_on, pattern, locale="pl")}
    )


def near_day(day: dt.date, today: dt.date) -> str:
    """`30 listopada`, with the year when it is not this one."""
    pattern = "d MMMM" if day.year == today.year else "d MMMM y"
    return format_date(day, pattern, locale=(get_language() or "pl").split("-")[0])


def vat_rate(code: str) -> str:
    """A VAT code as it is printed: `23%`, `zw.` (exempt), `np.` (outside VAT)."""
    text = code.strip()
    if text.replace(".", "", 1).isdigit():
        return f"{text}%"
    return {
        "zw": pgettext("stawka VAT", "zw."),
        "np": pgettext("stawka VAT", "np."),
        "oo": pgettext("stawka VAT", "oo."),
    }.get(text.rstrip(".").lower(), text)


def transfer_title(invoice: Invoice) -> str:
    """What to write in the transfer's title so that it is booked without asking."""
    return invoice.number


def fx_rate(rate: Decimal | None) -> str:
    """`4,2558`: an exchange rate without the spare zeros of its column, four places at least."""
    if rate is None:
        return ""
    whole, _dot, places = f"{rate:.6f}".partition(".")
    return f"{whole},{places.rstrip('0').ljust(4, '0')}"
