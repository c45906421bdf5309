"""What people do with entries that no rule recognised: book, set aside, take back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.tenancy.models import Company
from invoicing import ledger
from invoicing.bank.lookups import SOURCE
from invoicing.bank.suggestions import Choice
from invoicing.enums import EntryState, MatchRule, PaymentKind
from invoicing.ledger import LedgerError, NewPayment
from invoicing.locking import lock_companies
from invoicing.models import BankEntry, Payment, ReceivableItem
from invoicing.paying import settle_reports_and_promises

# target → permitted sources
ALLOWED_FROM = {
    EntryState.BOOKED_BY_HAND: (EntryState.QUEUED,),
    EntryState.IGNORED: (EntryState.QUEUED,),
    EntryState.QUEUED: (EntryState.MATCHED, EntryState.BOOKED_BY_HAND, EntryState.IGNORED),
}


class ExplainingError(Exception):
    """The step cannot be taken; the text is for the member of the staff."""


@transaction.atomic
def book(*, entry_id: int, choice: Choice, actor: User, at: dt.datetime) -> Payment:
    """Book an entry for the client that a person chose: a payment, a refund or a reversal.

    Money that came pays the chosen item first; money that went out is a refund, or takes the
    chosen payment back. Raises ExplainingError.
    """
    company = Company.objects.filter(pk=choice.company).first()
    if company is None:
        raise ExplainingError(_("Nie ma takiego klienta."))
    lock_companies([company.pk])
    entry = _entry(entry_id, EntryState.BOOKED_BY_HAND)
    row = _payment(entry, choice, company)
    try:
        (pk,) = ledger.post_payments([row], at=at)
    except LedgerError as error:
        raise ExplainingError(str(error)) from error
    _move(
        entry,
        EntryState.BOOKED_BY_HAND,
        rule=MatchRule.BY_HAND,
        payment_id=pk,
        note="",
        handled_by=actor,
        handled_at=at,
    )
    settle_reports_and_promises(company_ids=[company.pk], on=clock.today(at), at=at)
    _note("payment_booked_by_hand", entry, actor, at, company=company)
    return Payment.objects.get(pk=pk)


@transaction.atomic
def set_aside(*, entry_id: int, note: str, actor: User, at: dt.datetime) -> None:
    """„Nie dotyczy klientów”: the entry is no client's, and the note says what it is.

    Raises ExplainingError.
    """
    if not note:
        raise ExplainingError(_("Napisz, czego dotyczy ta operacja."))
    entry = _entry(entry_id, EntryState.IGNORED)
    _move(
        entry,
        EntryState.IGNORED,
        rule=MatchRule.BY_HAND,
        note=note[:250],
        handled_by=actor,
        handled_at=at,
    )
    _note("bank_entry_set_aside", entry, actor, at, note=note[:250])


@transaction.atomic
def undo(*, entry_id: int, reason: str, actor: User, at: dt.datetime) -> None:
    """Take a wrong booking back: its payment is reversed, and the entry waits again.

    What the rules have booked, too; but not what another system brought. Raises ExplainingError.
    """
    if not reason:
        raise ExplainingError(_("Napisz, co było źle."))
    entry = _entry(entry_id, EntryState.QUEUED)
    payment = entry.payment
    if payment is not None:
        if payment.source_system != SOURCE:
            raise ExplainingError(_("Tę wpłatę zaksięgował system centralny: cofa się ją w nim."))
        if payment.reverses_id is not None:
            raise ExplainingError(_("Zwrotu nie cofa się; zaksięguj wpłatę jeszcze raz."))
        lock_companies([payment.company_id])
        if Payment.objects.filter(reverses=payment).exists():
            raise ExplainingError(_("Bank cofnął już tę wpłatę."))
        try:
            ledger.reverse_payment(payment=payment, at=at, on=clock.today(at), reason=reason)
        except LedgerError as error:
            raise ExplainingError(str(error)) from error
    _move(
        entry,
        EntryState.QUEUED,
        rule="",
        payment_id=None,
        note=_("Cofnięte: %s") % reason[:230],
        handled_by=actor,
        handled_at=at,
    )
    if payment is None:
        _note("bank_entry_reopened", entry, actor, at, reason=reason)
    else:
        _note("bank_booking_undone", entry, actor, at, company=payment.company, reason=reason)


def _entry(entry_id: int, target: EntryState) -> BankEntry:
    rows = BankEntry.objects.select_related("payment__company", "statement")
    entry = rows.filter(pk=entry_id).first()
    if entry is None or entry.state not in ALLOWED_FROM[target]:
        raise ExplainingError(_("Tę operację ktoś już rozstrzygnął. Odśwież stronę."))
    return entry


def _move(entry: BankEntry, target: EntryState, **values: Any) -> None:
    """One of two people who act at once changes the row; the other has changed nothing."""
    standing = BankEntry.objects.filter(pk=entry.pk, state=entry.state, payment=entry.payment_id)
    if standing.update(state=target, **values) != 1:
        raise ExplainingError(_("Tę operację ktoś już rozstrzygnął. Odśwież stronę."))


def _payment(entry: BankEntry, choice: Choice, company: Company) -> NewPayment:
    item = contract = None
    if choice.item is not None:
        item = ReceivableItem.objects.filter(
            pk=choice.item, company=company, currency=entry.currency
        ).first()
        if item is None:
            raise ExplainingError(
                _("Ta należność nie jest tego klienta albo jest w innej walucie.")
            )
    elif choice.contract is not None:
        contract = Contract.objects.filter(pk=choice.contract, company=company).first()
        if contract is None:
            raise ExplainingError(_("Ta umowa nie jest tego klienta."))
    reverses = _reversed(entry, choice, company)
    kind = PaymentKind.TRANSFER if entry.amount > 0 or reverses else PaymentKind.REFUND
    return NewPayment(
        source_system=SOURCE,
        source_id=_free_key(entry),
        company=company.pk,
        contract=contract.pk if contract else reverses.contract_id if reverses else None,
        indicated_items=(item.pk,) if item and entry.amount > 0 else (),
        reverses=reverses.pk if reverses else None,
        kind=kind,
        booked_on=entry.booked_on,
        amount=entry.amount,
        currency=entry.currency,
        payer_name=entry.counterparty_name,
        payer_account=entry.counterparty_account,
        account=entry.virtual_account,
        title=entry.title[:200],
        bank_reference=entry.bank_reference,
    )


def _reversed(entry: BankEntry, choice: Choice, company: Company) -> Payment | None:
    if choice.payment is None or entry.amount > 0:
        return None
    payment = Payment.objects.filter(pk=choice.payment, company=company).first()
    if payment is None:
        raise ExplainingError(_("Ta wpłata nie jest tego klienta."))
    return payment


def _free_key(entry: BankEntry) -> str:
    """The entry's key; numbered when an earlier booking under it was taken back."""
    taken = Payment.objects.filter(
        source_system=SOURCE, source_id__startswith=entry.reference_key
    ).values_list("source_id", flat=True)
    used = set(taken.order_by("pk"))
    key, n = entry.reference_key, 1
    while key in used:
        n += 1
        key = f"{entry.reference_key}~{n}"
    return key


def _note(
    event: str,
    entry: BankEntry,
    actor: User,
    at: dt.datetime,
    *,
    company: Company | None = None,
    **facts: str,
) -> None:
    record(
        event=event,
        at=at,
        actor=actor,
        company=company,
        object_kind="bank_entry",
        object_ref=str(entry.pk),
        facts={
            "statement": entry.statement_id,
            "reference": entry.bank_reference,
            "amount": f"{entry.amount:.2f}",
            "currency": entry.currency,
            **facts,
        },
    )
