"""Whose turn it is: statements of an account are booked in the order of their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.conf import settings

from invoicing.enums import StatementState, WaitReason
from invoicing.models import BankStatement, LessorAccount

_FEW = 10  # reversals that nobody wonders at


class Numbered(Protocol):
    """A statement, stored or just read."""

    @property
    def year(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def part(self) -> int: ...
    @property
    def opening(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a statement: booked now, kept waiting, or too old."""

    wait: WaitReason | None = None
    is_old: bool = False


def key(statement: Numbered) -> tuple[int, int, int]:
    return statement.year, statement.number, statement.part


def last_booked(account: LessorAccount) -> BankStatement | None:
    rows = BankStatement.objects.filter(account=account, state=StatementState.BOOKED)
    return rows.order_by("year", "number", "part").last()


def earliest_waiting(account: LessorAccount) -> BankStatement | None:
    rows = BankStatement.objects.filter(account=account, state=StatementState.WAITING)
    return rows.order_by("year", "number", "part").first()


def turn(
    statement: Numbered,
    *,
    last: BankStatement | None,
    account: LessorAccount,
    reversals: int,
    of: int,
) -> Turn:
    """The turn of a statement after `last`, the last one booked.

    `reversals` of its `of` entries take earlier ones back; when these are many, a person looks
    first.
    """
    if last is not None:
        if key(statement) <= key(last):
            return Turn(is_old=True)
        if not follows(last, statement):
            return Turn(wait=WaitReason.GAP)
        if statement.opening != last.closing:
            return Turn(wait=WaitReason.OPENING)
    elif account.first_year and account.first_number:
        first = (account.first_year, account.first_number, 1)
        if key(statement) < first:
            return Turn(is_old=True)
        if key(statement) != first:
            return Turn(wait=WaitReason.GAP)
    if reversals > _FEW and 100 * reversals > settings.STATEMENT_REVERSALS_PERCENT * of:
        return Turn(wait=WaitReason.REVERSALS)
    return Turn()


def follows(last: Numbered, statement: Numbered) -> bool:
    """Whether nothing can be missing between the two by their numbers.

    A new year begins with 1, or goes on counting, as the bank likes.
    """
    if statement.year == last.year:
        return (statement.number, statement.part) in {
            (last.number, last.part + 1),
            (last.number + 1, 1),
        }
    in_turn = statement.number in {1, last.number + 1} and statement.part == 1
    return statement.year == last.year + 1 and in_turn
