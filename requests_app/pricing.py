"""What a request costs, known before anything is typed: by the fee table of the day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from contracts.models import Contract
from contracts.vat import vat_of
from eboks.money import ZERO, format_money
from invoicing import fees
from invoicing.enums import FeeBase, FeeChannel
from invoicing.issuing.drafting import vat_pct_of
from invoicing.models import FeeLine
from requests_app.catalogue import RequestError, RequestType, type_of
from requests_app.drafts import about_of
from requests_app.enums import ENDED, FeeState, Status
from requests_app.models import Request, RequestQuerySet


@dataclass(frozen=True, slots=True)
class RequestPrice:
    """PLN. `paper_gross`: of the same thing asked on paper, where the table has such a line.
    `refused`: what is charged instead when the request is refused, if anything is."""

    net: Decimal = ZERO
    gross: Decimal = ZERO
    line: FeeLine | None = None
    paper_gross: Decimal | None = None
    refused: RequestPrice | None = None

    @property
    def up_to(self) -> bool:
        """Whether the price is the highest of a range, within which staff agree on one."""
        return self.line is not None and self.line.base == FeeBase.RANGE

    @property
    def vat(self) -> Decimal:
        return self.gross - self.net

    @property
    def version(self) -> str:
        return self.line.table.version if self.line else ""

    @property
    def saved(self) -> Decimal:
        """By how much the portal is cheaper, PLN gross."""
        paper = self.paper_gross if self.paper_gross is not None else self.gross
        return max(paper - self.gross, ZERO)

    def act(self) -> str:
        """The button that files: it names the act and the price."""
        if not self.gross:
            return _("Złóż wniosek bez opłaty")
        return _("Złóż wniosek za %s") % format_money(self.gross)


def price_of(kind: RequestType, *, contract: Contract | None, on: dt.date) -> RequestPrice:
    """Raises RequestError when the table in force has no such fee, so that nobody files blindly."""
    refused = refused_price_of(kind, contract=contract, on=on)
    if not kind.fee_code:
        return RequestPrice(refused=refused)
    signed_on = contract.signed_on if contract else None
    line, net = _online(kind.fee_code, signed_on, on)
    paper = _on_paper(kind, signed_on, on)
    return RequestPrice(net, _gross(net, line), line, paper, refused)


def refused_price_of(
    kind: RequestType, *, contract: Contract | None, on: dt.date
) -> RequestPrice | None:
    """What refusing a request filed on the day `on` costs; None where it costs nothing.

    Raises RequestError when the table in force has no such fee.
    """
    if not kind.refused_fee_code:
        return None
    line, net = _online(kind.refused_fee_code, contract.signed_on if contract else None, on)
    return RequestPrice(net, _gross(net, line), line) if net else None


def _online(code: str, signed_on: dt.date | None, on: dt.date) -> tuple[FeeLine, Decimal]:
    try:
        line = fees.line(code=code, channel=FeeChannel.ONLINE, on=on, signed_on=signed_on)
        # Of a range the highest is announced; the one agreed on is never above it.
        base = line.net_to if line.base == FeeBase.RANGE else None
        return line, fees.price(line, base=base)
    except fees.FeeError as error:
        raise RequestError(
            _("Tej sprawy nie załatwisz teraz w portalu, bo nie znamy jej ceny. Napisz do nas.")
        ) from error


def price_for(request: Request, *, on: dt.date) -> RequestPrice:
    """What filing `request` on `on` costs; nothing where its kind waives the fee. Raises as
    `price_of`."""
    kind = type_of(request)
    if kind.waived(about_of(request, on=on)):
        return RequestPrice()
    return price_of(kind, contract=request.contract, on=on)


def saved_so_far(requests: RequestQuerySet) -> Decimal:
    """What the client has not paid by coming here instead of by paper, PLN net: of settled
    requests, the paper line of the table by which each was filed less what was charged."""
    settled = requests.filter(fee_line__isnull=False).exclude(
        status__in=[status for status in ENDED if status != Status.CLOSED]
    )
    paper = settled.filter(
        fee_line__table__lines__code=F("fee_line__code"),
        fee_line__table__lines__channel=FeeChannel.PAPER,
        fee_line__table__lines__net__gt=F("fee_net"),
        submitted_at__isnull=False,
    ).exclude(fee_state=FeeState.WAIVED)
    total: Decimal | None = paper.aggregate(
        total=Sum(F("fee_line__table__lines__net") - F("fee_net"))
    )["total"]
    return total or ZERO


def _gross(net: Decimal, line: FeeLine) -> Decimal:
    return net + vat_of(net, vat_pct_of(line.vat_code))


def _on_paper(kind: RequestType, signed_on: dt.date | None, on: dt.date) -> Decimal | None:
    try:
        line = fees.line(code=kind.fee_code, channel=FeeChannel.PAPER, on=on, signed_on=signed_on)
        base = line.net_to if line.base == FeeBase.RANGE else None
        return _gross(fees.price(line, base=base), line)
    except fees.FeeError:
        return None
