"""What a total loss or a theft means for the contract (art. 709⁵ KC): an estimate of what is left.

The lease of the object expires; its instalments fall due, less the gain from paying them early,
less the compensation received. The price of the early end lives above this room, so that both pages
show the same figure: it is registered from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from contracts.enums import RowKind
from contracts.models import Contract, ScheduleRow
from eboks import clock
from eboks.money import ZERO
from insurance.enums import CONTRACT_ENDS, ClaimStatus
from insurance.models import Claim


class NoEstimateError(Exception):
    """There is no figure; the text says why, to the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyPrice:
    """The early end of a contract on the day `on`, net, in the contract's currency.

    `instalments` and `buyout` at their face value; `price` is what they cost on that day.
    """

    on: dt.date
    instalments: Decimal
    buyout: Decimal
    price: Decimal


Settle = Callable[[Contract, dt.date], EarlyPrice]

_settle: dict[str, Settle] = {}


def set_settlement(settle: Settle) -> None:
    """Called once, in `AppConfig.ready()` of the room that prices early ends. `settle(contract,
    today)` gives the price of the first day that can be had; it raises NoEstimateError."""
    _settle["price"] = settle


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    amount: Decimal
    is_sum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The arithmetic line by line, net. `left` below zero: the payout is more than the price."""

    on: dt.date
    lines: list[Line]
    price: Decimal
    payout: Decimal | None

    @property
    def left(self) -> Decimal:
        return self.price - (self.payout or ZERO)


def ends_contract(claim: Claim) -> bool:
    """Whether the claim is, or was before it was paid and closed, a total loss or a theft."""
    if claim.status in CONTRACT_ENDS:
        return True
    if claim.status not in {ClaimStatus.PAID, ClaimStatus.CLOSED}:
        return False
    return claim.steps.filter(after__in=CONTRACT_ENDS).exists()


def estimate(claim: Claim, *, today: dt.date) -> Estimate:
    """What is left to pay of the contract of `claim`. Raises NoEstimateError."""
    contract = claim.contract
    if contract.assets.count() > 1:
        raise NoEstimateError(
            _("Umowa ma kilka przedmiotów i kończy się tylko dla tego jednego. Policzy to opiekun.")
        )
    if claim.currency != contract.currency:
        raise NoEstimateError(
            _("Odszkodowanie jest w innej walucie niż umowa. Policzy to opiekun.")
        )
    if "price" not in _settle:
        raise NoEstimateError(_("Tego rozliczenia nie policzymy teraz w portalu."))
    found = _settle["price"](contract, today)
    after_event = _instalments_after(contract, clock.today(claim.happened_at))
    lines = [Line(_("Raty po dniu szkody"), after_event)]
    if meanwhile := after_event - found.instalments:
        lines.append(Line(_("W tym raty z faktur, do dnia szacunku"), -meanwhile))
    lines.append(Line(_("Wykup"), found.buyout))
    gain = found.instalments + found.buyout - found.price
    lines.append(Line(_("Korzyść z wcześniejszej zapłaty"), -gain))
    lines.append(Line(_("Cena zakończenia umowy"), found.price, is_sum=True))
    if claim.payout is not None:
        lines.append(Line(_("Odszkodowanie"), -claim.payout))
        lines.append(Line(_("Zostaje"), found.price - claim.payout, is_sum=True))
    return Estimate(on=found.on, lines=lines, price=found.price, payout=claim.payout)


def _instalments_after(contract: Contract, day: dt.date) -> Decimal:
    rows = ScheduleRow.objects.filter(
        version__contract=contract,
        version__is_current=True,
        kind=RowKind.INSTALMENT,
        nominal_due_on__gt=day,
    )
    found: Decimal | None = rows.aggregate(total=Sum("payment"))["total"]
    return found or ZERO
