"""Lines of tables, worded before the template: a page shows up to a hundred of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.urls import reverse
from django.utils.safestring import SafeString

from contracts import schedule_page
from contracts.enums import Product
from contracts.models import Contract, ScheduleRow
from contracts.selectors import asset_name
from contracts.words import contract_state, row_state
from eboks.money import format_money
from eboks.ui import tags, words

_ANY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Line:
    """One contract as its row says it; empty where there is nothing to say."""

    href: str
    number: str
    name: str
    details: str  # number, plate or serial number, company
    state: SafeString
    product: str
    next_amount: str
    next_on: str
    end_on: str
    value: str
    left: str


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """One payment of a schedule as its row says it."""

    line: schedule_page.Line
    number: str  # of an instalment
    due_on: str
    kind: str  # of what is no instalment
    nominal_due_on: str  # where a weekend or holiday moved the day
    amounts: tuple[str, ...]  # net, capital, interest, VAT, gross, capital left
    state: SafeString
    state_text: str
    mark: str  # `now` for the next payment, `paid`, or nothing


def schedule_lines(
    page: schedule_page.SchedulePage, *, today: dt.date, with_finance: bool
) -> list[ScheduleLine]:
    """The rows of `page` in words; without finance their state is what the calendar says."""
    tag = cache(tags.tag)
    lines = []
    for line in page.lines:
        row, state = line.row, row_state(line, today=today, with_finance=with_finance)
        amounts = (row.payment, row.principal, row.interest, row.vat, row.gross, row.balance)
        paid = "paid" if line.state == schedule_page.RowState.PAID else ""
        lines.append(
            ScheduleLine(
                line=line,
                number=str(row.n) if line.is_instalment else "",
                due_on=words.short_date(row.effective_due_on),
                kind="" if line.is_instalment else str(row.get_kind_display()),
                nominal_due_on=words.short_date(row.nominal_due_on) if line.moved else "",
                amounts=tuple(format_money(amount, with_currency=False) for amount in amounts),
                state=tag(state.look, state.text),
                state_text=state.text,
                mark="now" if line.is_next else paid,
            )
        )
    return lines


def list_lines(
    contracts: Iterable[Contract],
    next_rows: dict[int, ScheduleRow],
    *,
    several_currencies: bool,
    several_companies: bool,
) -> list[Line]:
    """`contracts` (with company and assets read) as lines, amounts with their currency if need be.

    Words that repeat from line to line are made once.
    """
    address = reverse("contracts:detail", args=[_ANY])
    states: dict[str, SafeString] = {}
    products = {product.value: str(product.label) for product in Product}

    def amount(value: Decimal | None, currency: str) -> str:
        if value is None:
            return tags.DASH
        return format_money(value, currency, with_currency=several_currencies)

    lines = []
    for row in contracts:
        if row.status not in states:
            worded = contract_state(row)
            states[row.status] = tags.tag(worded.look, worded.text)
        assets = list(row.assets.all())
        mark = assets[0].plate or assets[0].serial_number if assets else ""
        details = (row.number, mark, row.company.name if several_companies else "")
        upcoming = next_rows.get(row.pk)
        lines.append(
            Line(
                href=address.replace(str(_ANY), str(row.public_id)),
                number=row.number,
                name=asset_name(assets) or row.number,
                details=" · ".join(filter(None, details)),
                state=states[row.status],
                product=products[row.product],
                next_amount=amount(upcoming.gross, row.currency) if upcoming else tags.DASH,
                next_on=words.short_date(upcoming.effective_due_on) if upcoming else "",
                end_on=words.short_date(row.end_on),
                value=amount(row.net_value, row.currency),
                left=amount(row.left_now, row.currency),
            )
        )
    return lines
