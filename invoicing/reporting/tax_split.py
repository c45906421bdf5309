"""How much of an invoice row a client may deduct: VAT, and the cost of income tax.

Pure arithmetic (domain 1.6): of a passenger car's lease instalment the limit of the law bounds the
capital part alone, in the proportion limit / value of the car; interest is outside it. VAT that is
not deducted is a cost of what it was charged on. Of what a client depreciates (financial lease,
loan; domain 1.1) the interest alone is a cost. Amounts in PLN.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eboks.money import ZERO, to_grosz

_HUNDRED = Decimal(100)
_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Use:
    """How a vehicle is used, as the client says. `income_pct`: of running costs, 75 or 100."""

    is_passenger_car: bool
    deducts_all_vat: bool
    income_pct: int


@dataclass(frozen=True, slots=True)
class Split:
    """What becomes of one row. `deductible + not_deductible` = net + `vat_cost`, to the grosz."""

    vat_deducted: Decimal
    vat_cost: Decimal
    proportion: Decimal | None  # of the capital part; None where no limit applies
    deductible: Decimal
    not_deductible: Decimal


def car_value(*, net_price: Decimal, vat_pct: Decimal, use: Use) -> Decimal:
    """The value that is compared with the limit: the price with the VAT that is not deducted."""
    vat = to_grosz(net_price * vat_pct / _HUNDRED)
    return net_price + vat - _deducted(vat, use)


def instalment(
    *,
    principal: Decimal,
    interest: Decimal,
    vat: Decimal,
    use: Use,
    limit: Decimal | None,
    value: Decimal,
) -> Split:
    """An instalment or an initial fee (all of it principal). `limit` None: no limit applies."""
    vat_deducted = _deducted(vat, use)
    vat_cost = vat - vat_deducted
    total = principal + interest + vat_cost
    if limit is None or not use.is_passenger_car or value <= limit:
        return Split(vat_deducted, vat_cost, None, total, ZERO)
    proportion = limit / value
    net = principal + interest
    of_principal = to_grosz(vat_cost * principal / net) if net else ZERO
    bounded = principal + of_principal
    deductible = to_grosz(bounded * proportion) + (total - bounded)
    return Split(vat_deducted, vat_cost, proportion, deductible, total - deductible)


def repayment(*, principal: Decimal, interest: Decimal, vat: Decimal, use: Use) -> Split:
    """A payment for what the client depreciates: the price, with the VAT that is not deducted,
    becomes a cost by depreciation, not by what is paid."""
    vat_deducted = _deducted(vat, use)
    vat_cost = vat - vat_deducted
    return Split(vat_deducted, vat_cost, None, interest, principal + vat_cost)


def running_cost(*, net: Decimal, vat: Decimal, use: Use) -> Split:
    """Services and fees of a car: of mixed use a part of them is no cost (75 or 100 %)."""
    vat_deducted = _deducted(vat, use)
    total = net + vat - vat_deducted
    share = use.income_pct if use.is_passenger_car else 100
    deductible = to_grosz(total * share / _HUNDRED)
    return Split(vat_deducted, vat - vat_deducted, None, deductible, total - deductible)


def whole_cost(*, net: Decimal, vat: Decimal, use: Use) -> Split:
    """What no limit of this sheet concerns: the net and the VAT that is not deducted."""
    vat_deducted = _deducted(vat, use)
    return Split(vat_deducted, vat - vat_deducted, None, net + vat - vat_deducted, ZERO)


def _deducted(vat: Decimal, use: Use) -> Decimal:
    """VAT that lowers the tax: all of it, or half of it for a car of mixed use."""
    return vat if use.deducts_all_vat or not use.is_passenger_car else to_grosz(vat * _HALF)
