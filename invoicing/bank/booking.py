"""Booking a statement: payments into the ledger, then its entries with what became of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eboks import clock
from eboks.audit.services import record
from eboks.feeds.dialect import one_of
from invoicing import ledger
from invoicing.bank import recognition, reversals, storing
from invoicing.bank.lookups import SOURCE
from invoicing.bank.recognition import Line
from invoicing.enums import EntryState, MatchRule, PaymentKind, StatementState
from invoicing.ledger import NewPayment
from invoicing.models import BankEntry, BankStatement, Payment, PaymentBasket
from invoicing.paying import settle_reports_and_promises

_MANY = 2_000  # clients, from which on reports and promises of all are looked at


@dataclass(frozen=True, slots=True)
class Booked:
    """A statement that was booked, and how many of its entries became what."""

    statement: BankStatement
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class _Original:
    company: int
    contract: int | None
    kind: str


def book(lines: Sequence[Line], statement: BankStatement, *, at: dt.datetime) -> Booked:
    """Book a statement whole. The caller's transaction holds the ledger (`lock_ledger`) and ends
    with `note`.

    New lines are inserted, those that were stored while the statement waited are updated. Raises
    LedgerError when the ledger refuses a payment; then nothing of the statement may be kept.
    """
    recognition.recognise(lines)
    over = reversals.recognise(lines, statement.account)
    _post(lines, at=at)
    _post_reversals(lines, at=at)
    if lines and lines[0].pk is not None:
        storing.update(lines)
    else:
        storing.insert(lines, statement)
    _close(over)
    done = BankStatement.objects.filter(pk=statement.pk).exclude(booked_at__isnull=False)
    if done.update(state=StatementState.BOOKED, wait_reason="", booked_at=at) != 1:
        raise RuntimeError(f"statement {statement.pk} was booked by somebody else")
    statement.state, statement.wait_reason, statement.booked_at = StatementState.BOOKED, "", at
    _tell(lines, at=at)
    return Booked(statement, Counter(str(line.state) for line in lines))


def _post(lines: Sequence[Line], *, at: dt.datetime) -> None:
    paying = [line for line in lines if line.company is not None and line.payment is None]
    ids = ledger.post_payments([_payment(line) for line in paying], at=at) if paying else []
    for line, payment in zip(paying, ids, strict=True):
        line.payment, line.state = payment, EntryState.MATCHED
    _close_baskets({line.basket: line.payment for line in paying if line.basket is not None})


def _close_baskets(paid: dict[int, int | None]) -> None:
    """A basket names the first payment that came for it."""
    rows = list(PaymentBasket.objects.filter(pk__in=one_of(paid), payment__isnull=True))
    for basket in rows:
        basket.payment_id = paid[basket.pk]
    PaymentBasket.objects.bulk_update(rows, ["payment"], batch_size=500)


def _payment(line: Line) -> NewPayment:
    entry = line.entry
    return NewPayment(
        source_system=SOURCE,
        source_id=line.key,
        company=line.company or 0,
        contract=line.contract,
        indicated_items=line.items,
        booked_on=entry.booked_on,
        amount=entry.amount,
        currency=line.currency,
        payer_name=entry.counterparty_name[:150],
        payer_account=entry.counterparty_account,
        account=entry.virtual_account,
        title=entry.title[:200],
        bank_reference=entry.reference,
    )


def _post_reversals(lines: Sequence[Line], *, at: dt.datetime) -> None:
    reversing = [line for line in lines if line.rule == MatchRule.REVERSAL and not line.payment]
    for line in reversing:
        if line.takes_back is not None:
            line.reverses = line.takes_back.payment
    reversing = [line for line in reversing if line.reverses is not None]
    if not reversing:
        return
    originals = _originals([line.reverses for line in reversing if line.reverses])
    rows = []
    for line in reversing:
        original = originals[line.reverses or 0]
        line.company, line.contract = original.company, original.contract
        kind = PaymentKind(original.kind)
        rows.append(replace(_payment(line), kind=kind, reverses=line.reverses))
    for line, payment in zip(reversing, ledger.post_payments(rows, at=at), strict=True):
        line.payment, line.state = payment, EntryState.MATCHED


def _originals(ids: Sequence[int]) -> dict[int, _Original]:
    rows = Payment.objects.filter(pk__in=one_of(ids))
    return {
        pk: _Original(company, contract, kind)
        for pk, company, contract, kind in rows.values_list("pk", "company", "contract", "kind")
    }


def _close(over: Sequence[int]) -> None:
    """Entries of earlier statements that nobody had explained, and that a reversal ends."""
    BankEntry.objects.filter(pk__in=over, state=EntryState.QUEUED).update(
        state=EntryState.IGNORED, rule=MatchRule.REVERSAL, note=reversals.TAKEN_BACK
    )


def _tell(lines: Sequence[Line], *, at: dt.datetime) -> None:
    companies = {line.company for line in lines if line.company is not None}
    if companies:
        settle_reports_and_promises(
            company_ids=companies if len(companies) <= _MANY else None, on=clock.today(at), at=at
        )


def note(booked: Sequence[Booked], *, at: dt.datetime) -> None:
    """Write statements into the audit trail: the last thing before the transaction ends."""
    for one in booked:
        record(
            event="statement_booked",
            at=at,
            object_kind="bank_statement",
            object_ref=str(one.statement),
            facts={
                "account": one.statement.account_id,
                "statement": one.statement.pk,
                **one.counts,
            },
        )
