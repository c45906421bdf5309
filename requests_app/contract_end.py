"""What the end of a contract costs on a day: what is left to pay, the buyout, an extension."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import QuerySet

from contracts.enums import Product, RowKind
from contracts.models import Contract, ScheduleRow
from contracts.schedule_page import RowState, ledger_of, schedule_page
from contracts.vat import vat_of
from eboks.money import ZERO
from invoicing import fees
from invoicing.enums import CostKind, FeeBase, FeeChannel
from invoicing.issuing.drafting import vat_pct_of
from invoicing.models import ReceivableItem

EXTENSION_FEE = "deposit_extension"


@dataclass(frozen=True, slots=True)
class Buyout:
    """Amounts in the currency of the contract. `left`: what of the gross is to be paid still,
    besides the open items.

    `due_on` is unknown when the schedule has no such row.
    """

    net: Decimal
    vat: Decimal
    gross: Decimal
    left: Decimal
    due_on: dt.date | None


@dataclass(frozen=True, slots=True)
class EndCosts:
    """What is to be paid until a contract ends, gross, in its currency unless named.

    `items`: what is invoiced and open, a correction in minus too, without the buyout. `ahead`:
    instalments of the schedule that are not invoiced yet. `foreign`: open in other currencies.
    `buyout` None: the contract names no amount.
    """

    items: Sequence[ReceivableItem]
    ahead: Sequence[ScheduleRow]
    foreign: Mapping[str, Decimal]
    open_sum: Decimal
    ahead_sum: Decimal
    buyout: Buyout | None

    @property
    def rest(self) -> Decimal:
        """What the lessee pays whatever comes after the contract."""
        return self.open_sum + self.ahead_sum

    @property
    def with_buyout(self) -> Decimal:
        return self.rest + (self.buyout.left if self.buyout else ZERO)


@dataclass(frozen=True, slots=True)
class ExtensionFee:
    """PLN."""

    net: Decimal
    gross: Decimal
    table: str


def costs_of(contract: Contract, *, items: QuerySet[ReceivableItem], on: dt.date) -> EndCosts:
    """The costs of the present lessee of `contract` on the day `on`. `items`: those that the reader
    may see."""
    mine = items.filter(contract=contract, company=contract.company_id).select_related("invoice")
    of_buyout = list(
        mine.filter(invoice__rows__cost_kind=CostKind.BUYOUT).distinct().order_by("pk")
    )
    # An invoice of the buyout alone is counted with the buyout; one that carries an instalment
    # besides cannot be split, and stays among the open items whole.
    alone = {
        item.pk
        for item in of_buyout
        if item.currency == contract.currency and _has_no_instalment(item)
    }
    open_items = mine.exclude(open_amount=0).exclude(pk__in=alone)
    found = list(open_items.order_by("effective_due_on", "pk"))
    own = [item for item in found if item.currency == contract.currency]
    foreign: dict[str, Decimal] = {}
    for item in found:
        if item.currency != contract.currency:
            foreign[item.currency] = foreign.get(item.currency, ZERO) + item.open_amount
    ahead, planned = _from_schedule(contract, on)
    buyout = planned or _by_contract(contract)
    if buyout is not None and of_buyout:
        left = sum((item.open_amount for item in of_buyout if item.pk in alone), ZERO)
        due_on = max(item.effective_due_on for item in of_buyout)
        buyout = replace(buyout, left=left, due_on=due_on)
    return EndCosts(
        items=own,
        ahead=ahead,
        foreign=foreign,
        open_sum=sum((item.open_amount for item in own), ZERO),
        ahead_sum=sum((row.gross for row in ahead), ZERO),
        buyout=buyout,
    )


def _has_no_instalment(item: ReceivableItem) -> bool:
    return item.invoice is not None and item.invoice.instalment_n is None


def _from_schedule(contract: Contract, on: dt.date) -> tuple[list[ScheduleRow], Buyout | None]:
    """Instalments that are not invoiced yet, and the buyout as the schedule in force has it."""
    version = contract.schedule_versions.filter(is_current=True).first()
    if version is None:
        return [], None
    ledger = ledger_of(contract, on=on)
    lines = schedule_page(version, contract=contract, ledger=ledger, on=on).lines
    ahead = [line.row for line in lines if line.is_instalment and line.state == RowState.FUTURE]
    row = next((line.row for line in lines if line.row.kind == RowKind.BUYOUT), None)
    if row is None:
        return ahead, None
    return ahead, Buyout(row.payment, row.vat, row.gross, row.gross, row.effective_due_on)


def _by_contract(contract: Contract) -> Buyout | None:
    """The buyout that the contract names, where its schedule has no such row. Of a financial lease
    VAT was settled at handover (domain 1.1)."""
    if not contract.buyout:
        return None
    taxed = contract.product == Product.OPERATING
    vat = vat_of(contract.buyout, contract.vat_pct) if taxed else ZERO
    gross = contract.buyout + vat
    return Buyout(contract.buyout, vat, gross, gross, None)


def extension_fee(contract: Contract, *, on: dt.date) -> ExtensionFee | None:
    """The fee for an extension by the table in force, the highest of a range; None where it has no
    such line."""
    try:
        line = fees.line(
            code=EXTENSION_FEE, channel=FeeChannel.ONLINE, on=on, signed_on=contract.signed_on
        )
        net = fees.price(line, base=line.net_to if line.base == FeeBase.RANGE else None)
    except fees.FeeError:
        return None
    return ExtensionFee(net, net + vat_of(net, vat_pct_of(line.vat_code)), line.table.version)
