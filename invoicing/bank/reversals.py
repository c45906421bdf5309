"""Which earlier entry a reversal takes back: the one its title names, or the same money before.

RC takes back an income, RD a charge. An income that became a payment is reversed in the ledger; one
that nobody has explained yet is closed together with its reversal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_noop

from eboks.feeds.dialect import one_of
from invoicing.bank.recognition import Line
from invoicing.enums import EntryState, MatchRule, PaymentKind
from invoicing.models import BankEntry, LessorAccount, Payment

TAKEN_BACK = gettext_noop("Wpłata i jej zwrot znoszą się.")
_REFERENCE = re.compile(r"[0-9A-Z][0-9A-Z/.-]{4,58}[0-9A-Z]", re.IGNORECASE)

_Same = tuple[str, str, Decimal]  # counterparty, individual account, amount


@dataclass(slots=True)
class _Stored:
    """An entry of an earlier statement, or a payment that another system brought."""

    entry: int | None
    payment: int | None
    reference: str
    same: _Same


def recognise(lines: Sequence[Line], account: LessorAccount) -> list[int]:
    """Fill in what the reversals among `lines` take back.

    Returns the ids of stored entries that nobody has explained and that are over now.
    """
    reversing = [line for line in lines if line.is_open and line.entry.is_reversal]
    if not reversing:
        return []
    search = _Search(lines, reversing, account)
    over = []
    for line in reversing:
        original = search.original_of(line)
        if isinstance(original, Line):
            _take_back(line, original)
        elif original is not None and original.payment is not None:
            line.reverses, line.rule = original.payment, MatchRule.REVERSAL
        elif original is not None and original.entry is not None:
            line.ignore(MatchRule.REVERSAL, TAKEN_BACK)
            over.append(original.entry)
    return over


def _take_back(line: Line, original: Line) -> None:
    """Of two entries of one statement."""
    if original.company is not None:
        line.takes_back, line.rule = original, MatchRule.REVERSAL
    elif original.payment is not None:
        line.reverses, line.rule = original.payment, MatchRule.REVERSAL
    else:
        line.ignore(MatchRule.REVERSAL, TAKEN_BACK)
        if original.state == EntryState.QUEUED:
            original.ignore(MatchRule.REVERSAL, TAKEN_BACK)


class _Search:
    """Candidates of all reversals, each given out once."""

    def __init__(
        self, lines: Sequence[Line], reversing: Sequence[Line], account: LessorAccount
    ) -> None:
        self._near: dict[str, list[Line]] = defaultdict(list)
        self._near_same: dict[_Same, list[Line]] = defaultdict(list)
        for line in lines:
            if not line.entry.is_reversal:
                self._near[line.entry.reference].append(line)
                self._near_same[_same(line, 1)].append(line)
        self._far: dict[str, list[_Stored]] = defaultdict(list)
        self._far_same: dict[_Same, list[_Stored]] = defaultdict(list)
        for stored in _stored(reversing, account):
            self._far[stored.reference].append(stored)
            self._far_same[stored.same].append(stored)
        self._taken: set[int] = set()

    def original_of(self, line: Line) -> Line | _Stored | None:
        amount = -line.entry.amount
        for reference in references_in(line.entry.title):
            for near in self._near.get(reference, ()):
                if near.entry.amount == amount and self._take(near):
                    return near
            for far in self._far.get(reference, ()):
                if far.same[2] == amount and self._take(far):
                    return far
        if not line.entry.counterparty_account:
            return None
        before = self._near_same.get(_same(line, -1), ())
        for near in reversed([one for one in before if one.position < line.position]):
            if self._take(near):
                return near
        for far in self._far_same.get(_same(line, -1), ()):
            if self._take(far):
                return far
        return None

    def _take(self, original: Line | _Stored) -> bool:
        if id(original) in self._taken:
            return False
        self._taken.add(id(original))
        return True


def references_in(title: str) -> list[str]:
    """Words of a title that may be a bank's reference, each once."""
    return list(dict.fromkeys(_REFERENCE.findall(title)))


def _same(line: Line, sign: int) -> _Same:
    entry = line.entry
    return entry.counterparty_account, entry.virtual_account, sign * entry.amount


def _stored(reversing: Sequence[Line], account: LessorAccount) -> Iterable[_Stored]:
    """Entries of earlier statements, then payments of the feed, the latest first."""
    amounts = {-line.entry.amount for line in reversing}
    references = [name for line in reversing for name in references_in(line.entry.title)]
    accounts = {line.entry.counterparty_account for line in reversing} - {""}
    found: dict[int, _Stored] = {}
    for column, values in (
        ("bank_reference", references),
        ("counterparty_account", accounts),
    ):
        rows = (
            BankEntry.objects.filter(
                **{f"{column}__in": one_of(values)},
                statement__account=account,
                is_reversal=False,
                payment__reversed_by__isnull=True,
            )
            .exclude(state=EntryState.WAITING)
            .exclude(rule=MatchRule.REVERSAL)
        )
        for pk, payment, reference, *same in rows.order_by("-pk").values_list(
            "pk",
            "payment",
            "bank_reference",
            *("counterparty_account", "virtual_account", "amount"),
        ):
            if same[2] in amounts:
                found.setdefault(pk, _Stored(pk, payment, reference, tuple(same)))
    yield from found.values()
    payments = Payment.objects.filter(
        payer_account__in=one_of(accounts),
        kind=PaymentKind.TRANSFER,
        reverses__isnull=True,
        reversed_by__isnull=True,
        bank_entry__isnull=True,
    ).exclude(payer_account="")
    for pk, reference, *same in payments.order_by("-booked_on", "-pk").values_list(
        "pk", "bank_reference", "payer_account", "account", "amount"
    ):
        if same[2] in amounts:
            yield _Stored(None, pk, reference, tuple(same))
