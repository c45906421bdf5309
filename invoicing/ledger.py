"""Posting to the ledger: payments, reversals and new items, settled and shown at once.

Whatever is posted is allocated by the lessor's policy, and the balances that it touches are
refreshed, in one transaction. Rows are only ever added; a mistake is reversed (docs/ledger.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks import clock
from eboks.audit.services import record
from eboks.feeds.dialect import (
    Cursor,
    create_temporary,
    drop_temporary,
    insert_rows,
    is_postgresql,
    next_id,
    one_of,
)
from eboks.money import to_grosz
from eboks.tenancy.models import Company
from invoicing import allocation
from invoicing.balances import write_balances
from invoicing.enums import ItemKind, PaymentKind
from invoicing.locking import lock_companies
from invoicing.models import Payment, PaymentIndication, ReceivableItem

OWN_SOURCE = "portal"  # `source_system` of what the portal itself posts
_BATCH = 1_000


class LedgerError(Exception):
    """A posting that the ledger refuses; the text is fit for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """Money received (positive) or taken back (negative), one row of a bank statement.

    Its key is (source_system, source_id): what is posted already is not posted again. A payment
    without a contract gets that of the only contract its indicated items have. `indicated_items`
    are paid in this order. `reverses` is the id of an earlier payment of the opposite amount.
    """

    source_system: str
    source_id: str
    company: int
    booked_on: dt.date
    amount: Decimal
    currency: str = "PLN"
    kind: PaymentKind = PaymentKind.TRANSFER
    contract: int | None = None
    indicated_items: tuple[int, ...] = ()
    reverses: int | None = None
    payer_name: str = ""
    payer_account: str = ""
    account: str = ""
    title: str = ""
    bank_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One payable amount (negative: a correction in minus). Its key is (source_system, source_id).

    The effective due date follows from the nominal one (art. 115 KC). A correction in minus closes
    the item of the invoice that its own invoice corrects (`Invoice.corrects`). `side_of` is the
    item for whose lateness this one is interest or compensation.
    """

    source_system: str
    source_id: str
    company: int
    label: str
    gross: Decimal
    issued_on: dt.date
    nominal_due_on: dt.date
    currency: str = "PLN"
    kind: ItemKind = ItemKind.INVOICE
    contract: int | None = None
    invoice: int | None = None
    side_of: int | None = None
    account: str = ""


Row = TypeVar("Row", NewPayment, NewItem)
Key = tuple[str, str]


def post_payment(
    *,
    company: Company,
    contract: Contract | None = None,
    amount: Decimal,
    currency: str = "PLN",
    booked_on: dt.date,
    kind: PaymentKind = PaymentKind.TRANSFER,
    payer_name: str = "",
    payer_account: str = "",
    account: str = "",
    title: str = "",
    bank_reference: str = "",
    indicated_items: Sequence[ReceivableItem] = (),
    reverses: Payment | None = None,
    source_system: str,
    source_id: str,
    at: dt.datetime,
) -> Payment:
    """Book one payment, allocate it and refresh the balances it touches.

    The same (source_system, source_id) again returns the payment that stands, unchanged.
    Raises LedgerError.
    """
    row = NewPayment(
        source_system=source_system,
        source_id=source_id,
        company=company.pk,
        contract=None if contract is None else contract.pk,
        amount=amount,
        currency=currency,
        booked_on=booked_on,
        kind=kind,
        payer_name=payer_name,
        payer_account=payer_account,
        account=account,
        title=title,
        bank_reference=bank_reference,
        indicated_items=tuple(item.pk for item in indicated_items),
        reverses=None if reverses is None else reverses.pk,
    )
    return Payment.objects.get(pk=post_payments([row], at=at)[0])


@transaction.atomic
def post_payments(rows: Sequence[NewPayment], *, at: dt.datetime) -> list[int]:
    """Book many payments as one, all or nothing. Returns their ids in the order of `rows`.

    Rows whose key is known already are left as they stand, and their ids are in the answer. Call
    it once in a transaction (see `lock_companies`). Raises LedgerError.
    """
    lock_companies({row.company for row in rows})
    known = _known(Payment, rows)
    fresh = {_key(row): row for row in reversed(rows) if _key(row) not in known}
    if fresh:
        new = [fresh[key] for key in dict.fromkeys(map(_key, rows)) if key in fresh]
        items = _indicated(new)
        reversed_ids = _check_reversals(new)
        payments = [_payment(row, items, on=clock.today(at)) for row in new]
        _insert(payments)
        PaymentIndication.objects.bulk_create(
            (
                PaymentIndication(payment=payment, item_id=item, position=position)
                for payment, row in zip(payments, new, strict=True)
                if len(row.indicated_items) > 1
                for position, item in enumerate(dict.fromkeys(row.indicated_items), start=1)
            ),
            batch_size=_BATCH,
        )
        settle(
            (row.company for row in new),
            [payment.contract_id for payment in payments],
            undone=reversed_ids,
            at=at,
        )
        known |= {key: one.pk for key, one in zip(map(_key, new), payments, strict=True)}
    return [known[_key(row)] for row in rows]


@transaction.atomic
def add_items(rows: Sequence[NewItem], *, at: dt.datetime) -> list[int]:
    """Add items; money that waits as an overpayment pays them. Returns ids in the order of `rows`.

    Rows whose key is known already are left as they stand. Call it once in a transaction.
    Raises LedgerError.
    """
    lock_companies({row.company for row in rows})
    known = _known(ReceivableItem, rows)
    fresh = {_key(row): row for row in reversed(rows) if _key(row) not in known}
    if fresh:
        new = [fresh[key] for key in dict.fromkeys(map(_key, rows)) if key in fresh]
        _check_sides(new)
        items = ReceivableItem.objects.bulk_create(
            (_item(row, on=clock.today(at)) for row in new), batch_size=_BATCH
        )
        settle((row.company for row in new), [item.contract_id for item in items], at=at)
        known |= {key: item.pk for key, item in zip(map(_key, new), items, strict=True)}
    return [known[_key(row)] for row in rows]


@transaction.atomic
def reverse_payment(*, payment: Payment, at: dt.datetime, on: dt.date, reason: str) -> Payment:
    """Take a payment back: a row of the opposite amount, and a reversing row for each allocation.

    Dated `on`, but nothing before what it reverses. What it had paid is open again. Twice returns
    the reversal that stands. Raises LedgerError.
    """
    lock_companies([payment.company_id])
    standing = Payment.objects.filter(reverses=payment).first()
    if standing is not None:
        return standing
    row = NewPayment(
        source_system=OWN_SOURCE,
        source_id=f"reversal-{payment.pk}",
        company=payment.company_id,
        contract=payment.contract_id,
        amount=-payment.amount,
        currency=payment.currency,
        booked_on=max(on, payment.booked_on),
        kind=PaymentKind(payment.kind),
        payer_name=payment.payer_name,
        payer_account=payment.payer_account,
        account=payment.account,
        title=reason[:200],
        reverses=payment.pk,
    )
    (pk,) = post_payments([row], at=at)
    record(
        event="payment_reversed",
        at=at,
        company=payment.company,
        object_kind="payment",
        object_ref=str(payment.public_id),
        facts={"amount": str(payment.amount), "currency": payment.currency, "reason": row.title},
    )
    return Payment.objects.get(pk=pk)


def settle(
    companies: Iterable[int],
    contracts: Iterable[int | None],
    *,
    undone: Sequence[tuple[int, dt.date]] = (),
    at: dt.datetime,
) -> None:
    """Allocate what is open of `companies`, then write the balances of `contracts` and all touched.

    For what writes entries of its own (`invoicing.write_offs`), within its transaction and lock.
    `undone`: payments that are reversed, and when.
    """
    with connection.cursor() as cursor:
        allocation.create_work(cursor)
        if undone:
            create_temporary(cursor, "ledger_undone", "id bigint, undone_on date")
            cursor.executemany("INSERT INTO ledger_undone (id, undone_on) VALUES (%s, %s)", undone)
            allocation.undo(cursor)
            drop_temporary(cursor, "ledger_undone")
        allocation.name_companies(cursor, companies)
        allocation.allocate(cursor)
        _refresh_touched(cursor, {contract for contract in contracts if contract}, at=at)
        allocation.drop_work(cursor)


def _refresh_touched(cursor: Cursor, contracts: Iterable[int], *, at: dt.datetime) -> None:
    insert_rows("ledger_touched", ["contract_id"], [[one] for one in sorted(contracts)])
    create_temporary(cursor, "ledger_contract", "id bigint PRIMARY KEY")
    cursor.execute(
        "INSERT INTO ledger_contract (id) SELECT DISTINCT contract_id FROM ledger_touched"
    )
    write_balances(cursor, on=clock.today(at), at=at)
    drop_temporary(cursor, "ledger_contract")


def _insert(payments: Sequence[Payment]) -> None:
    """Many at once, by COPY where there is one; each gets its id."""
    if not is_postgresql() or len(payments) < _BATCH:
        Payment.objects.bulk_create(payments, batch_size=_BATCH)
        return
    table = Payment._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {next_id(cursor, table)} FROM generate_series(1, %s)",  # noqa: S608
            [len(payments)],
        )
        for payment, (pk,) in zip(payments, cursor.fetchall(), strict=True):
            payment.pk = pk
    names = [field.attname for field in Payment._meta.concrete_fields]
    insert_rows(table, names, map(attrgetter(*names), payments))


def _key(row: Row) -> Key:
    return row.source_system, row.source_id


def _known(model: type[Payment | ReceivableItem], rows: Sequence[Row]) -> dict[Key, int]:
    """Ids of what is stored under the keys of `rows`. Raises LedgerError for another client's."""
    owner = {_key(row): row.company for row in rows}
    found: dict[Key, int] = {}
    by_system: dict[str, list[str]] = {}
    for system, source_id in owner:
        by_system.setdefault(system, []).append(source_id)
    for system, source_ids in by_system.items():
        stored = model._default_manager.filter(
            source_system=system, source_id__in=one_of(source_ids)
        )
        for pk, source_id, company in stored.values_list("pk", "source_id", "company"):
            if owner[system, source_id] != company:
                raise LedgerError(_("Klucz %s ma już wpis innego klienta.") % source_id)
            found[system, source_id] = pk
    return found


@dataclass(frozen=True, slots=True)
class _Indicated:
    company: int
    currency: str
    contract: int | None


def _indicated(rows: Sequence[NewPayment]) -> dict[int, _Indicated]:
    """The items that `rows` name, each of the payer and in the payment's currency."""
    wanted = sorted({item for row in rows for item in row.indicated_items})
    items = ReceivableItem.objects.filter(pk__in=one_of(wanted))
    found = {
        pk: _Indicated(company, currency, contract)
        for pk, company, currency, contract in items.values_list(
            "pk", "company", "currency", "contract"
        )
    }
    for row in rows:
        for named_id in row.indicated_items:
            named = found.get(named_id)
            if named is None or (named.company, named.currency) != (row.company, row.currency):
                raise LedgerError(_("Wskazana należność jest innego klienta albo w innej walucie."))
    return found


def _check_reversals(rows: Sequence[NewPayment]) -> list[tuple[int, dt.date]]:
    """The payments that `rows` reverse, and when. Raises LedgerError for what cannot be."""
    reversing = {row.reverses: row for row in rows if row.reverses is not None}
    stored = Payment.objects.in_bulk(list(reversing))
    taken = set(Payment.objects.filter(reverses__in=stored).values_list("reverses", flat=True))
    for row in rows:
        if not row.amount or row.amount != to_grosz(row.amount):
            raise LedgerError(_("Kwota wpłaty musi być w groszach i różna od zera."))
        if row.reverses is None:
            if row.kind != PaymentKind.OPENING_BALANCE and (
                (row.amount > 0) != (row.kind == PaymentKind.TRANSFER)
            ):
                raise LedgerError(_("Przelew jest dodatni, a zwrot ujemny."))
            continue
        payment = stored.get(row.reverses)
        if row.reverses in taken or reversing[row.reverses] is not row:
            raise LedgerError(_("Tę wpłatę już odwrócono."))
        if payment is None or payment.reverses_id is not None or not _mirrors(row, payment):
            raise LedgerError(_("Odwrócić można tylko całą wpłatę tego samego klienta."))
    return [(row.reverses, row.booked_on) for row in rows if row.reverses is not None]


def _mirrors(row: NewPayment, payment: Payment) -> bool:
    return (row.company, row.currency, row.kind, row.amount) == (
        payment.company_id,
        payment.currency,
        payment.kind,
        -payment.amount,
    )


def _check_sides(rows: Sequence[NewItem]) -> None:
    mains = ReceivableItem.objects.in_bulk([row.side_of for row in rows if row.side_of])
    for row in rows:
        if row.gross != to_grosz(row.gross):
            raise LedgerError(_("Kwota należności musi być w groszach."))
        main = mains.get(row.side_of) if row.side_of else None
        if row.side_of and (main is None or main.company_id != row.company):
            raise LedgerError(_("Należność uboczna jest innego klienta niż główna."))


def _payment(row: NewPayment, items: dict[int, _Indicated], *, on: dt.date) -> Payment:
    contract = row.contract
    if contract is None and row.indicated_items:
        contracts = {items[item].contract for item in row.indicated_items}
        contract = contracts.pop() if len(contracts) == 1 else None
    return Payment(
        source_system=row.source_system,
        source_id=row.source_id,
        as_of=on,
        company_id=row.company,
        contract_id=contract,
        indicated_item_id=row.indicated_items[0] if row.indicated_items else None,
        reverses_id=row.reverses,
        kind=row.kind,
        booked_on=row.booked_on,
        currency=row.currency,
        amount=row.amount,
        unallocated_amount=row.amount,
        payer_name=row.payer_name,
        payer_account=row.payer_account,
        account=row.account,
        title=row.title,
        bank_reference=row.bank_reference,
    )


def _item(row: NewItem, *, on: dt.date) -> ReceivableItem:
    return ReceivableItem(
        source_system=row.source_system,
        source_id=row.source_id,
        as_of=on,
        company_id=row.company,
        contract_id=row.contract,
        invoice_id=row.invoice,
        kind=row.kind,
        label=row.label,
        currency=row.currency,
        gross=row.gross,
        open_amount=row.gross,
        issued_on=row.issued_on,
        nominal_due_on=row.nominal_due_on,
        effective_due_on=clock.effective_due_on(row.nominal_due_on),
        account=row.account,
        side_of_id=row.side_of,
    )
