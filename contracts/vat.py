"""VAT of an instalment, and its value in złoty when the contract is in another currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eboks.money import to_grosz

_HUNDRED = Decimal(100)


def vat_of(net: Decimal, vat_pct: Decimal) -> Decimal:
    """VAT on a net amount, rounded half up to 0.01 (art. 106e ust. 11 of the VAT act)."""
    return to_grosz(net * vat_pct / _HUNDRED)


@dataclass(frozen=True, slots=True)
class ForeignVat:
    """Amounts of an invoice in a foreign currency and their values in PLN."""

    vat: Decimal  # in the invoice's currency
    gross: Decimal  # in the invoice's currency
    net_pln: Decimal
    vat_pln: Decimal  # VAT rounded in the currency, then converted: the order we use
    vat_pln_from_net: Decimal  # net converted with VAT in one step; for comparison only


def vat_in_pln(*, net: Decimal, vat_pct: Decimal, rate: Decimal) -> ForeignVat:
    """Convert the VAT of an invoice at the NBP table A `rate` (PLN per unit of the currency).

    Art. 31a of the VAT act sets the rate (last working day before the invoice), not the order of
    rounding; the two orders can differ by a grosz (domain spec 1.9).
    """
    vat = vat_of(net, vat_pct)
    return ForeignVat(
        vat=vat,
        gross=net + vat,
        net_pln=to_grosz(net * rate),
        vat_pln=to_grosz(vat * rate),
        vat_pln_from_net=to_grosz(net * rate * vat_pct / _HUNDRED),
    )
