"""Taking a bank's file over: once, wholly or not at all, each statement in its turn (REL-04, 05).

A file is one transaction: its statements are stored and those whose turn it is are booked, also
those that had waited for it. What is refused leaves a row that says why, and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from django.db import DataError, Error, IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from eboks import clock
from invoicing.bank import booking, order, storing
from invoicing.bank.booking import Booked
from invoicing.bank.reading import Raw, load, read
from invoicing.bank.statements import BankFileError, Problem, Statement, StatementFile, refuse
from invoicing.enums import BankFileState, StatementState, WaitReason
from invoicing.ledger import LedgerError
from invoicing.locking import lock_ledger
from invoicing.models import BankEntry, BankFile, BankStatement, LessorAccount

log = structlog.get_logger("ebok.bank")


@dataclass(slots=True)
class Outcome:
    """What became of a file: problems when it was refused, else its statements.

    `is_known`: nothing changed, everything in it had been taken over before. `followers` are
    statements that had waited and were booked now.
    """

    name: str
    file: BankFile | None = None
    path: Path | None = None
    problems: Sequence[Problem] = ()
    statements: list[BankStatement] = field(default_factory=list)
    followers: list[BankStatement] = field(default_factory=list)
    is_known: bool = False

    @property
    def is_refused(self) -> bool:
        return bool(self.problems)

    @property
    def is_waiting(self) -> bool:
        return any(one.state == StatementState.WAITING for one in self.statements)

    def counts(self) -> Counter[str]:
        """Entries of what was booked by what became of them; one query."""
        booked = [*self.statements, *self.followers]
        rows = BankEntry.objects.filter(statement__in=[one.pk for one in booked])
        return Counter(rows.values_list("state", flat=True).iterator())


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that was read and holds together, on its way to the books."""

    path: Path
    raw: Raw
    found: StatementFile


def prepare(paths: Iterable[Path], *, at: dt.datetime) -> tuple[list[Outcome], list[Ready]]:
    """Read files given in any order: those that are done with (refused, known), and the others in
    the order of their statements."""
    over: list[Outcome] = []
    ready: list[Ready] = []
    for path in paths:
        try:
            raw = load(path)
        except BankFileError as error:
            over.append(_refused_unread(path, error.problems))
            continue
        except OSError as error:
            reason = _("Nie mogę otworzyć pliku: %s.") % (error.strerror or "")
            over.append(_refused_unread(path, [Problem(0, "", reason)]))
            continue
        found = _read(raw, at)
        if isinstance(found, Outcome):
            found.path = path
            over.append(found)
        else:
            ready.append(Ready(path, raw, found))
    ready.sort(key=lambda one: min(statement.key for statement in one.found.statements))
    return over, ready


def import_ready(ready: Ready, *, at: dt.datetime) -> Outcome:
    """Take over a file that `prepare` has read."""
    outcome = _import(ready.raw, ready.found, at=at)
    outcome.path = ready.path
    return outcome


def import_file(*, raw: Raw, at: dt.datetime) -> Outcome:
    """Take one file over. The same file again changes nothing, whatever its name."""
    found = _read(raw, at)
    return found if isinstance(found, Outcome) else _import(raw, found, at=at)


def _read(raw: Raw, at: dt.datetime) -> StatementFile | Outcome:
    known = BankFile.objects.filter(sha256=raw.sha256, state=BankFileState.LOADED).first()
    if known is not None:
        statements = list(known.statements.select_related("account").order_by("pk"))
        return Outcome(raw.name, known, statements=statements, is_known=True)
    try:
        return read(raw, on=clock.today(at))
    except BankFileError as error:
        return _refused(raw, error.problems, at=at)
    except Error:
        raise
    except Exception as error:  # a file that breaks the reader must not stop the others (FI-17)
        log.exception("bank_file_unreadable", sha256=raw.sha256)
        reason = _("Programu nie udało się doprowadzić do końca (%s). Zgłoś to administratorowi.")
        return _refused(raw, [Problem(0, "", reason % type(error).__name__)], at=at)


def _import(raw: Raw, found: StatementFile, *, at: dt.datetime) -> Outcome:
    try:
        with transaction.atomic():
            outcome = _take(raw, found, at=at)
    except BankFileError as error:
        return _refused(raw, error.problems, at=at)
    except LedgerError as error:
        return _refused(raw, [Problem(0, "", str(error))], at=at)
    except (DataError, IntegrityError) as error:
        log.warning("bank_file_broke_a_rule", error=type(error).__name__)
        reason = _("Baza danych odrzuciła plik; nic z niego nie zapisano.")
        return _refused(raw, [Problem(0, "", reason)], at=at)
    log.info(
        "bank_file_taken",
        sha256=raw.sha256,
        booked=[one.pk for one in outcome.statements if one.booked_at],
        waiting=[one.pk for one in outcome.statements if not one.booked_at],
        followers=[one.pk for one in outcome.followers],
    )
    return outcome


def _take(raw: Raw, found: StatementFile, *, at: dt.datetime) -> Outcome:
    numbers = {statement.account for statement in found.statements}
    # Of two imports of one account the second waits here, and then sees what the first has done.
    rows = LessorAccount.objects.select_for_update().filter(number__in=numbers)
    accounts = {account.number: account for account in rows.order_by("pk")}
    lock_ledger()
    file = _file_row(raw, found, at=at)
    outcome = Outcome(raw.name, file)
    booked: list[Booked] = []
    for statement in sorted(found.statements, key=lambda one: (one.account, one.key)):
        account = accounts[statement.account]
        if not _is_known(statement, account):
            outcome.statements.append(_store(statement, account, file, booked, at=at))
    outcome.is_known = not outcome.statements
    for number in sorted(numbers):
        followers = follow(accounts[number], at=at)
        outcome.followers += [one.statement for one in followers]
        booked += followers
    booking.note(booked, at=at)
    return outcome


def _file_row(raw: Raw, found: StatementFile, *, at: dt.datetime) -> BankFile:
    file, made = BankFile.objects.update_or_create(
        sha256=raw.sha256,
        defaults={
            "name": raw.name,
            "size": len(raw.content),
            "format": found.format,
            "state": BankFileState.LOADED,
            "problems": "",
            "read_at": at,
            "kept_as": "",
        },
    )
    if not made:
        BankFile.objects.filter(pk=file.pk).update(tries=F("tries") + 1)
    return file


def _is_known(statement: Statement, account: LessorAccount) -> bool:
    """Whether the statement came before, in this format or another.

    Raises BankFileError when it came with other figures: one of the two is wrong.
    """
    stored = BankStatement.objects.filter(
        account=account, year=statement.year, number=statement.number, part=statement.part
    ).first()
    if stored is None:
        return False
    same = (stored.opening, stored.closing, stored.entry_count, stored.closed_on) == (
        statement.opening,
        statement.closing,
        len(statement.entries),
        statement.closed_on,
    )
    if not same:
        reason = _("Wyciąg %s wczytano już z innymi kwotami.")
        raise refuse(reason % statement.name, line=statement.line)
    return True


def _store(
    statement: Statement,
    account: LessorAccount,
    file: BankFile,
    booked: list[Booked],
    *,
    at: dt.datetime,
) -> BankStatement:
    """The row of a statement; booked, and then put into `booked`, when it is its turn."""
    last = order.last_booked(account)
    turn = order.turn(
        statement,
        last=last,
        account=account,
        reversals=sum(entry.is_reversal for entry in statement.entries),
        of=len(statement.entries),
    )
    if turn.is_old:
        raise refuse(
            _("Wyciąg %(name)s jest starszy niż ostatnio zaksięgowany (%(last)s).")
            % {"name": statement.name, "last": last or account.first_number},
            line=statement.line,
        )
    row = BankStatement.objects.create(
        account=account,
        file=file,
        number=statement.number,
        part=statement.part,
        year=statement.year,
        closed_on=statement.closed_on,
        currency=statement.currency,
        opening=statement.opening,
        closing=statement.closing,
        entry_count=len(statement.entries),
        state=StatementState.WAITING,
        wait_reason=turn.wait or "",
        imported_at=at,
    )
    lines = storing.lines_of(statement, account)
    if turn.wait is None:
        booked.append(booking.book(lines, row, at=at))
    else:
        storing.insert_waiting(lines, row)
    return row


def follow(account: LessorAccount, *, at: dt.datetime) -> list[Booked]:
    """Book the statements of an account that waited and whose turn has come, in order.

    In the caller's transaction, which holds the account and the ledger.
    """
    booked: list[Booked] = []
    while (row := order.earliest_waiting(account)) is not None:
        reversals = BankEntry.objects.filter(statement=row, is_reversal=True).count()
        turn = order.turn(
            row,
            last=order.last_booked(account),
            account=account,
            reversals=reversals,
            of=row.entry_count,
        )
        if turn.wait is not None or turn.is_old:
            reason = turn.wait or WaitReason.GAP
            BankStatement.objects.filter(pk=row.pk).update(wait_reason=reason)
            break
        booked.append(booking.book(storing.waiting_lines(row), row, at=at))
    return booked


def _refused(raw: Raw, problems: Sequence[Problem], *, at: dt.datetime) -> Outcome:
    """Write down why; nothing else of the file is kept."""
    values = {
        "name": raw.name,
        "size": len(raw.content),
        "state": BankFileState.REFUSED,
        "problems": "\n".join(map(str, problems)),
        "read_at": at,
    }
    with transaction.atomic():
        file, made = BankFile.objects.get_or_create(sha256=raw.sha256, defaults=values)
        if not made:
            mine = BankFile.objects.filter(pk=file.pk, state=BankFileState.REFUSED)
            mine.update(**values, tries=F("tries") + 1)
            file.refresh_from_db()
    log.warning("bank_file_refused", file=file.pk, sha256=raw.sha256, problems=len(problems))
    return Outcome(raw.name, file, problems=problems)


def _refused_unread(path: Path, problems: Sequence[Problem]) -> Outcome:
    """A file too large to be read, or that cannot be opened: there is no content to remember."""
    log.warning("bank_file_refused", file=None, problems=len(problems))
    return Outcome(path.name[-150:], path=path, problems=problems)
