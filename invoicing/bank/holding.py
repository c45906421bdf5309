"""What people do with statements that wait: try again, book them after all, withdraw them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from invoicing.bank import booking, folder, order, storing
from invoicing.bank.importing import Outcome, follow, import_ready, prepare
from invoicing.enums import BankFileState, StatementState
from invoicing.ledger import LedgerError
from invoicing.locking import lock_ledger
from invoicing.models import BankEntry, BankFile, BankStatement, LessorAccount


class HoldingError(Exception):
    """The step cannot be taken; the text is for the member of the staff."""


@transaction.atomic
def try_again(*, statement_id: int, at: dt.datetime) -> int:
    """Book what has come to its turn in the statement's account; returns how many statements.

    Safe to repeat. Raises HoldingError when the ledger refuses.
    """
    statement = _held(statement_id)
    try:
        booked = follow(statement.account, at=at)
    except LedgerError as error:
        raise HoldingError(str(error)) from error
    booking.note(booked, at=at)
    return len(booked)


@transaction.atomic
def accept(*, statement_id: int, reason: str, actor: User, at: dt.datetime) -> int:
    """Book a waiting statement although something is missing before it, and those after it.

    Only the earliest one: what is passed over never has its turn again. Returns how many were
    booked. Raises HoldingError.
    """
    if not reason:
        raise HoldingError(_("Napisz, dlaczego księgujemy mimo to."))
    statement = _held(statement_id)
    if statement != order.earliest_waiting(statement.account):
        raise HoldingError(_("Najpierw rozstrzygnij wcześniejszy wyciąg, który też czeka."))
    why = statement.get_wait_reason_display()
    try:
        booked = [booking.book(storing.waiting_lines(statement), statement, at=at)]
        booked += follow(statement.account, at=at)
    except LedgerError as error:
        raise HoldingError(str(error)) from error
    booking.note(booked, at=at)
    _note("statement_accepted", statement, actor, at, reason=reason, wait=why)
    return len(booked)


@transaction.atomic
def withdraw(*, statement_id: int, reason: str, actor: User, at: dt.datetime) -> None:
    """Forget a statement that waits: the bank sent it by mistake, or will send a better one.

    Nothing of it was booked. Raises HoldingError.
    """
    if not reason:
        raise HoldingError(_("Napisz, dlaczego wycofujesz wyciąg."))
    statement = _held(statement_id)
    BankEntry.objects.filter(statement=statement).delete()
    statement.delete()
    if not BankStatement.objects.filter(file=statement.file_id).exists():
        BankFile.objects.filter(pk=statement.file_id).update(
            state=BankFileState.REFUSED, problems=_("Wyciąg wycofany: %s") % reason
        )
    _note("statement_withdrawn", statement, actor, at, reason=reason)


def retry(*, file_id: int, at: dt.datetime) -> Outcome:
    """Read a refused file of the watched folder once more. Raises HoldingError when it is gone."""
    file = BankFile.objects.filter(pk=file_id, state=BankFileState.REFUSED).first()
    home: Path | None = settings.STATEMENTS_DIR
    path = home / folder.REFUSED / file.kept_as if home and file and file.kept_as else None
    if home is None or path is None or not path.is_file():
        raise HoldingError(
            _("Tego pliku nie ma już w katalogu odrzuconych. Wczytaj go jeszcze raz.")
        )
    over, ready = prepare([path], at=at)
    outcome = over[0] if over else import_ready(ready[0], at=at)
    if not outcome.is_refused:
        done = home / folder.DONE
        done.mkdir(exist_ok=True)
        path.rename(done / path.name)
    return outcome


def _held(statement_id: int) -> BankStatement:
    """A statement that waits, its account and the ledger held. Raises HoldingError."""
    rows = BankStatement.objects.select_related("account")
    statement = rows.filter(pk=statement_id, state=StatementState.WAITING).first()
    if statement is not None:
        LessorAccount.objects.select_for_update().get(pk=statement.account_id)
        lock_ledger()
        statement = rows.filter(pk=statement_id, state=StatementState.WAITING).first()
    if statement is None:
        raise HoldingError(_("Ten wyciąg już nie czeka."))
    return statement


def _note(event: str, statement: BankStatement, actor: User, at: dt.datetime, **facts: str) -> None:
    record(
        event=event,
        at=at,
        actor=actor,
        object_kind="bank_statement",
        object_ref=str(statement),
        facts={"account": statement.account_id, **facts},
    )
