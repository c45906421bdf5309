"""Closed forms of an annuity, as spreadsheets have them: PMT, IPMT, PPMT, PV, FV.

Signs follow Excel: money received is positive, money paid negative, so the instalments of
a positive `pv` come out negative. `rate` is the rate of one period as a fraction (0.08/12); nothing
is rounded. `in_advance` is Excel's type 1. `fv` falls due one period after the last payment in
advance, together with it in arrears.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

_CONTEXT = Context(prec=40)
_ONE = Decimal(1)
_ZERO = Decimal(0)


def pmt(
    rate: Decimal, nper: int, pv: Decimal, fv: Decimal = _ZERO, *, in_advance: bool = False
) -> Decimal:
    """The level payment of `nper` periods. Raises ValueError unless nper >= 1."""
    if nper < 1:
        raise ValueError("the number of periods must be at least 1")
    with localcontext(_CONTEXT):
        growth = (_ONE + rate) ** nper
        return -(pv * growth + fv) / _annuity_value(rate, nper, growth, in_advance=in_advance)


def ipmt(
    rate: Decimal,
    per: int,
    nper: int,
    pv: Decimal,
    fv: Decimal = _ZERO,
    *,
    in_advance: bool = False,
) -> Decimal:
    """The interest part of payment number `per` (1 to nper). The first in advance has none."""
    if not 1 <= per <= nper:
        raise ValueError("the payment's number must lie between 1 and the number of periods")
    if in_advance and per == 1:
        return _ZERO
    payment = pmt(rate, nper, pv, fv, in_advance=in_advance)
    with localcontext(_CONTEXT):
        # Interest accrues on what stood after the payment before: in advance, one period earlier.
        outstanding = future_value(rate, per - 1, payment, pv, in_advance=in_advance)
        return outstanding * rate / (_ONE + rate if in_advance else _ONE)


def ppmt(
    rate: Decimal,
    per: int,
    nper: int,
    pv: Decimal,
    fv: Decimal = _ZERO,
    *,
    in_advance: bool = False,
) -> Decimal:
    """The principal part of payment number `per`."""
    payment = pmt(rate, nper, pv, fv, in_advance=in_advance)
    interest = ipmt(rate, per, nper, pv, fv, in_advance=in_advance)
    with localcontext(_CONTEXT):
        return payment - interest


def present_value(
    rate: Decimal, nper: int, payment: Decimal, fv: Decimal = _ZERO, *, in_advance: bool = False
) -> Decimal:
    """What `nper` payments and `fv` after them are worth today."""
    with localcontext(_CONTEXT):
        growth = (_ONE + rate) ** nper
        annuity = _annuity_value(rate, nper, growth, in_advance=in_advance)
        return -(fv + payment * annuity) / growth


def future_value(
    rate: Decimal, nper: int, payment: Decimal, pv: Decimal, *, in_advance: bool = False
) -> Decimal:
    """What is left after `nper` periods of payments."""
    with localcontext(_CONTEXT):
        growth = (_ONE + rate) ** nper
        annuity = _annuity_value(rate, nper, growth, in_advance=in_advance)
        return -(pv * growth + payment * annuity)


def _annuity_value(rate: Decimal, nper: int, growth: Decimal, *, in_advance: bool) -> Decimal:
    """Future value of payments of 1."""
    if not rate:
        return Decimal(nper)
    value = (growth - _ONE) / rate
    return value * (_ONE + rate) if in_advance else value
