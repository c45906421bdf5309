"""Money: the one place that rounds it and the one place that writes it for people.

Amounts are `Decimal` with two decimal places; a currency code travels beside them.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

GROSZ = Decimal("0.01")
ZERO = Decimal("0.00")

_NBSP = "\u00a0"
_MINUS = "\u2212"
_SYMBOLS = {"PLN": "zł", "EUR": "€"}


def to_grosz(amount: Decimal) -> Decimal:
    """Round an amount to two decimal places, half up (away from zero), as art. 106e ust. 11 of
    the VAT act asks for tax amounts.

    Never returns a negative zero. Raises TypeError for anything but `Decimal` (a float has already
    lost the grosz) and ValueError for NaN and infinities.
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"money must be Decimal, not {type(amount).__name__}")
    if not amount.is_finite():
        raise ValueError(f"money must be a finite number, not {amount}")
    return amount.quantize(GROSZ, rounding=ROUND_HALF_UP) or ZERO


def zloty_first(currency: str) -> tuple[bool, str]:
    """Key for sorting sums by currency: złoty, then the others by their code."""
    return currency != "PLN", currency


def format_money(amount: Decimal, currency: str = "PLN", *, with_currency: bool = True) -> str:
    """`1 234,56 zł` in Polish notation: no-break spaces between thousands and before the currency,
    decimal comma, a true minus sign. A currency without a symbol of its own shows its ISO code.
    """
    rounded = to_grosz(amount)
    digits = f"{abs(rounded):,.2f}".replace(",", _NBSP).replace(".", ",")
    text = f"{_MINUS if rounded < 0 else ''}{digits}"
    if not with_currency:
        return text
    return f"{text}{_NBSP}{_SYMBOLS.get(currency, currency)}"
