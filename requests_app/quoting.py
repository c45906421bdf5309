"""The price of ending a contract early on a day, read from its schedule, ledger and fee table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from contracts import repricing_reading as reading
from contracts.enums import ContractStatus, RowKind
from contracts.models import Contract, ScheduleRow
from contracts.rate_terms import terms_of
from contracts.schedule_page import Ledger, ledger_of
from contracts.schedule_terms import Schedule
from contracts.stored_schedules import StoredScheduleError, as_schedule
from eboks.money import ZERO, format_money
from eboks.ui.words import long_date, rate
from invoicing import accruals
from invoicing.models import Payment, ReceivableItem, ReceivableItemQuerySet
from requests_app.catalogue import RequestError, types
from requests_app.models.settlements import Discount, PriceVat, SettlementRule
from requests_app.pricing import RequestPrice, price_of
from requests_app.settlements import Claims, Part, Settlement, settle_on

KIND = "early-termination"
FURTHEST = dt.timedelta(days=60)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every quote of one contract rests on, as it is on the day `on`."""

    contract: Contract
    on: dt.date
    rule: SettlementRule
    discount_pct: Decimal
    schedule: Schedule
    rows: Mapping[int, ScheduleRow]  # instalments of the schedule in force by number
    ledger: Ledger
    items: ReceivableItemQuerySet  # of the contract's present lessee
    fee: RequestPrice
    overpaid: Decimal

    @property
    def last_due_on(self) -> dt.date:
        return self.schedule.rows[-1].nominal_due_on

    @property
    def next_due_on(self) -> dt.date | None:
        """The first due date after `on`."""
        ahead = (row.nominal_due_on for row in self.schedule.rows if row.nominal_due_on > self.on)
        return next(ahead, None)


class Row(NamedTuple):
    """A line of the arithmetic for people."""

    label: str
    value: str
    is_sum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """PLN. `meanwhile`: what falls due from today up to the day and is paid as ever, gross."""

    ground: Ground
    settlement: Settlement
    valid_until: dt.date
    needs_expert: bool
    meanwhile: Decimal

    @property
    def settle_on(self) -> dt.date:
        return self.settlement.on

    @property
    def gross(self) -> Decimal:
        return self.settlement.gross

    @property
    def altogether(self) -> Decimal:
        return self.gross + self.meanwhile

    def rows(self) -> list[Row]:
        """The arithmetic line by line, in the language that is on."""
        found = self.settlement
        money = format_money
        vat_label = _("VAT od ceny: nie ma")
        if found.vat_pct is not None:
            vat_label = _("VAT od ceny, %s%%") % number_format(found.vat_pct.normalize())
        return [
            Row(_("Dzień rozliczenia"), long_date(found.on)),
            Row(_("Raty przeliczone na dzień"), long_date(found.discounted_to)),
            Row(_("Raty, które zostają"), _numbers(found)),
            Row(_("Dyskonto, rocznie"), rate(found.discount_pct)),
            Row(_("Raty po zdyskontowaniu, netto"), money(found.amount(Part.INSTALMENTS))),
            Row(_("Wykup po zdyskontowaniu, netto"), money(found.amount(Part.BUYOUT))),
            Row(_("Odsetki od tego dnia, netto"), money(found.amount(Part.ACCRUED))),
            Row(_("Cena netto"), money(found.price), is_sum=True),
            Row(vat_label, money(found.price_vat)),
            Row(_("Zaległe dokumenty, brutto"), money(found.amount(Part.OVERDUE))),
            Row(_("Odsetki za opóźnienie"), money(found.amount(Part.LATE_INTEREST))),
            Row(_("Opłata za obsługę, netto"), money(found.amount(Part.FEE))),
            Row(_("VAT od opłaty"), money(found.fee_vat)),
            Row(_("Wpłacone z góry"), money(found.amount(Part.PREPAID))),
            Row(_("Razem do zapłaty, brutto"), money(found.gross), is_sum=True),
            Row(_("Ta cena, jeśli złożysz wniosek do"), long_date(self.valid_until)),
        ]

    def data(self) -> dict[str, Any]:
        """Everything that the price rests on, JSON: another value makes a signed quote stale."""
        found = self.settlement
        return {
            "contract": self.ground.contract.number,
            "settle_on": found.on.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "rule": self.ground.rule.pk,
            "after": found.after,
            "discounted_to": found.discounted_to.isoformat(),
            "discount_pct": str(found.discount_pct.normalize()),
            "vat_pct": None if found.vat_pct is None else str(found.vat_pct.normalize()),
            "lines": {line.part.value: str(line.net) for line in found.lines},
            "price": str(found.price),
            "price_vat": str(found.price_vat),
            "fee_vat": str(found.fee_vat),
            "fee_table": self.ground.fee.version,
            "net": str(found.net),
            "vat": str(found.vat),
            "gross": str(found.gross),
            "meanwhile": str(self.meanwhile),
            "needs_expert": self.needs_expert,
        }


def ground_of(contract: Contract, *, on: dt.date) -> Ground:
    """Reads what quotes of `contract` rest on. Raises RequestError with the reason why there can
    be none."""
    if contract.status != ContractStatus.ACTIVE or contract.handover_on is None:
        raise RequestError(
            _("Wcześniej zakończyć można tylko umowę, która trwa. Stan tej umowy: %s.")
            % contract.get_status_display()
        )
    if contract.currency != "PLN":
        raise RequestError(
            _("Umowę w walucie %s rozliczy Twój opiekun. Napisz do nas.") % contract.currency
        )
    rule = SettlementRule.objects.in_force(product=contract.product, on=on)
    if rule is None:
        raise RequestError(
            _("Takiej umowy nie rozliczysz teraz w portalu: nie ma obowiązujących zasad.")
            + " "
            + _("Napisz do nas, policzymy.")
        )
    schedule, rows = _schedule(contract)
    if schedule.rows[-1].nominal_due_on <= on:
        raise _nothing_left(schedule.rows[-1].nominal_due_on)
    return Ground(
        contract=contract,
        on=on,
        rule=rule,
        discount_pct=_discount(rule, contract),
        schedule=schedule,
        rows=rows,
        ledger=ledger_of(contract, on=on),
        items=ReceivableItem.objects.filter(
            contract=contract, company=contract.company_id, currency=contract.currency
        ),
        fee=price_of(types()[KIND], contract=contract, on=on),
        overpaid=_overpaid(contract),
    )


def quote(ground: Ground, *, settle: dt.date) -> Quote:
    """The quote for the day `settle`, from tomorrow to the 60th day. Raises RequestError."""
    check_day(settle, on=ground.on)
    if settle >= ground.last_due_on:
        raise _nothing_left(ground.last_due_on)
    rule = ground.rule
    after = sum(row.nominal_due_on <= settle for row in ground.schedule.rows)
    by_contract = rule.price_vat == PriceVat.CONTRACT_RATE
    try:
        found = settle_on(
            ground.schedule,
            on=settle,
            discount_pct=ground.discount_pct,
            vat_pct=ground.contract.vat_pct if by_contract else None,
            claims=_claims(ground, settle=settle, after=after),
        )
    except ValueError as error:
        raise RequestError(_("Na ten dzień nie da się policzyć rozliczenia.")) from error
    return Quote(
        ground=ground,
        settlement=found,
        # An offer of a price of one day says nothing about the days after it.
        valid_until=min(ground.on + dt.timedelta(days=rule.valid_days), settle),
        needs_expert=_needs_expert(ground, settle),
        meanwhile=_meanwhile(ground, after=after),
    )


def check_day(settle: dt.date, *, on: dt.date) -> None:
    """Raises RequestError for a day that no quote is made for."""
    if not on < settle <= on + FURTHEST:
        raise RequestError(
            _("Wybierz dzień od %(first)s do %(last)s.")
            % {
                "first": long_date(on + dt.timedelta(days=1)),
                "last": long_date(on + FURTHEST),
            }
        )


def _nothing_left(last_due_on: dt.date) -> RequestError:
    return RequestError(
        _("Na ten dzień nie zostaje żadna rata: ostatnia ma termin %s i umowa kończy się sama.")
        % long_date(last_due_on)
    )


def _schedule(contract: Contract) -> tuple[Schedule, dict[int, ScheduleRow]]:
    rows = ScheduleRow.objects.filter(
        version__contract=contract, version__is_current=True, kind=RowKind.INSTALMENT
    )
    by_number = {row.n: row for row in rows.order_by("n", "pk")}
    if not by_number:
        raise RequestError(
            _("Ta umowa nie ma jeszcze harmonogramu w portalu, więc nie ma z czego liczyć.")
        )
    version = next(iter(by_number.values())).version_id
    stored = reading.instalments([version])[version]
    try:
        return as_schedule(terms_of(contract), stored), by_number
    except StoredScheduleError as error:
        raise RequestError(
            _("Harmonogram tej umowy wymaga sprawdzenia. Napisz do nas, policzymy.")
        ) from error


def _discount(rule: SettlementRule, contract: Contract) -> Decimal:
    """Percent per year; a discount below zero would make the end dearer than going on."""
    if rule.discount == Discount.NONE:
        return ZERO
    if rule.discount == Discount.CONTRACT:
        return Decimal(contract.annual_rate_pct)
    if contract.index_value is None:
        raise RequestError(
            _("Ta umowa nie ma stopy bazowej, a zasady rozliczenia jej wymagają. Napisz do nas.")
        )
    less = rule.less_pp if rule.discount == Discount.INDEX_LESS else ZERO
    return Decimal(max(contract.index_value - less, ZERO))


def _claims(ground: Ground, *, settle: dt.date, after: int) -> Claims:
    """What is overdue today with its interest up to the day, the fee, and what was paid ahead."""
    late = ground.items.filter(effective_due_on__lt=ground.on)
    interest = accruals.totals(late, on=settle)
    credited = _sum(ground.items.filter(open_amount__lt=0))
    return Claims(
        overdue=_sum(late.filter(open_amount__gt=0)),
        late_interest=interest.get(ground.contract.currency, ZERO),
        fee=ground.fee.net,
        fee_vat=ground.fee.vat,
        prepaid=ground.overpaid + _paid_ahead(ground, after=after) - credited,
    )


def _paid_ahead(ground: Ground, *, after: int) -> Decimal:
    """Already paid of instalments (and of the buyout) that the price holds, gross."""
    paid = ZERO
    for (kind, n), charge in ground.ledger.charges.items():
        is_later = kind == RowKind.INSTALMENT and n is not None and n > after
        if is_later or kind == RowKind.BUYOUT:
            paid += charge.gross - charge.open_amount
    return paid


def _meanwhile(ground: Ground, *, after: int) -> Decimal:
    """Documents that are not overdue, and instalments up to number `after` not invoiced yet."""
    waiting = ground.items.filter(open_amount__gt=0, effective_due_on__gte=ground.on)
    invoiced = _sum(waiting.exclude(invoice__instalment_n__gt=after))
    coming = (
        row.gross
        for n, row in ground.rows.items()
        if n <= after
        and row.effective_due_on >= ground.on
        and (RowKind.INSTALMENT.value, n) not in ground.ledger.charges
    )
    return sum(coming, invoiced)


def _overpaid(contract: Contract) -> Decimal:
    """Money of the contract that pays no document yet."""
    rows = Payment.objects.filter(
        contract=contract,
        company=contract.company_id,
        currency=contract.currency,
        unallocated_amount__gt=0,
    )
    found: Decimal | None = rows.aggregate(total=Sum("unallocated_amount"))["total"]
    return found or ZERO


def _sum(rows: ReceivableItemQuerySet) -> Decimal:
    found: Decimal | None = rows.aggregate(total=Sum("open_amount"))["total"]
    return found or ZERO


def _needs_expert(ground: Ground, settle: dt.date) -> bool:
    """Whether less of the term of the contract has passed than the rule asks for."""
    wanted = ground.rule.expert_valuation_below_pct
    start, end = ground.schedule.terms.start_on, ground.last_due_on
    if wanted is None or end <= start:
        return False
    return Decimal((settle - start).days) * _HUNDRED < wanted * (end - start).days


def _numbers(found: Settlement) -> str:
    first, last = found.after + 1, found.after + found.left
    span = f"{first}–{last}" if last > first else f"{first}"
    return _("%(count)s (nr %(span)s)") % {"count": found.left, "span": span}
