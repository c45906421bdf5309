"""What became of a bank's file, in words: for the terminal and for the file beside it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from eboks.money import format_money
from invoicing.bank.importing import Outcome
from invoicing.enums import EntryState, StatementState
from invoicing.models import BankStatement


def verdict(outcome: Outcome) -> str:
    """In a word or two."""
    if outcome.is_refused:
        return _("odrzucony")
    if outcome.is_known:
        return _("bez zmian, wczytany wcześniej")
    return _("czeka na wcześniejszy wyciąg") if outcome.is_waiting else _("zaksięgowany")


def lines(outcome: Outcome) -> Iterator[str]:
    """The report, line by line: two queries at most."""
    yield f"{outcome.name}: {verdict(outcome)}"
    for problem in outcome.problems:
        yield f"  {problem}"
    for statement in outcome.statements:
        yield f"  {_about(statement)}"
    for statement in outcome.followers:
        yield f"  {_('czekał i został zaksięgowany')}: {_about(statement)}"
    if not outcome.is_known:
        counts = outcome.counts()
        for state in EntryState:
            if counts[state]:
                yield f"    {state.label}: {counts[state]}"


def _about(statement: BankStatement) -> str:
    text = _("wyciąg %(name)s rachunku •••• %(account)s z %(day)s, operacji: %(count)d") % {
        "name": statement,
        "account": statement.account.number[-4:],
        "day": date_format(statement.closed_on, "j.m.Y"),
        "count": statement.entry_count,
    }
    ends = f"{format_money(statement.opening, statement.currency)} → " + format_money(
        statement.closing, statement.currency
    )
    if statement.state == StatementState.WAITING:
        return f"{text}, {ends}. {statement.get_wait_reason_display()}"
    return f"{text}, {ends}"
