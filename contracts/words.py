"""What a client reads about a contract: its state, a row's state, the index in plain words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext, ngettext

from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.schedule_page import Line, RowState
from eboks.money import format_money

_STATUS_LOOK = {
    ContractStatus.ACTIVE: "active",
    ContractStatus.ENDED_BUYOUT_PENDING: "due",
    ContractStatus.TERMINATED: "bad",
    ContractStatus.CLOSED: "ended",
    ContractStatus.EARLY_ENDED: "ended",
    ContractStatus.CEDED: "ended",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state as the kit's `{% tag %}` shows it: the look and the words."""

    look: str
    text: str


def contract_state(contract: Contract, *, overdue: Decimal | None = None) -> State:
    """The state of a contract. `overdue` is its arrears, None when the reader may not know."""
    look = _STATUS_LOOK.get(ContractStatus(contract.status), "info")
    text = str(contract.get_status_display()).capitalize()
    if not overdue:
        return State(look, text)
    amount = format_money(overdue, contract.currency)
    return State(
        "overdue", gettext("%(state)s, zaległość %(amount)s") % {"state": text, "amount": amount}
    )


def row_state(line: Line, *, today: dt.date, with_finance: bool) -> State:
    """The state of a schedule row; without finance only what the calendar says."""
    days = (line.row.effective_due_on - today).days
    if not with_finance:
        if days < 0:
            return State("neutral", gettext("Minęła"))
        return State("due", _ahead(days)) if line.is_next else State("neutral", gettext("Przyszła"))
    match line.state:
        case RowState.PAID:
            return State("paid", gettext("Zapłacona"))
        case RowState.OVERDUE:
            late = (today - (line.due_on or line.row.effective_due_on)).days
            text = ngettext("Po terminie %(days)d dzień", "Po terminie %(days)d dni", late)
            return State("overdue", text % {"days": late})
        case RowState.PARTLY:
            return State("due", gettext("Częściowo zapłacona"))
        case RowState.DUE:
            return State("due", _ahead(days))
        case RowState.PAST:
            return State("neutral", gettext("Bez faktury w portalu"))
    return State("due", _ahead(days)) if line.is_next else State("neutral", gettext("Przyszła"))


def _ahead(days: int) -> str:
    if days == 0:
        return gettext("Dziś")
    return ngettext("Za %(days)d dzień", "Za %(days)d dni", days) % {"days": days}


def index_name(code: str) -> str:
    """`WIBOR_1M` as people write it: `WIBOR 1M`."""
    return code.replace("_", " ")
