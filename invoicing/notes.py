"""Notes outside VAT that the portal writes: one row, one receivable item beside the late one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from eboks.money import ZERO
from eboks.tenancy.models import Company, LessorProfile
from invoicing import ledger
from invoicing.enums import CostKind, InvoiceKind, ItemKind
from invoicing.issuing.numbers import next_number
from invoicing.models import ExchangeRate, Invoice, InvoiceRow, ReceivableItem

OUTSIDE_VAT = "np"


class NoteError(Exception):
    """A note that cannot be written; the text is for the back office."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a note charges for the lateness of `item`. `key` says that it is charged once."""

    item: ReceivableItem
    key: str
    amount: Decimal
    currency: str
    text: str
    rate: ExchangeRate | None = None


def write_notes(
    drafts: Sequence[Draft], *, kind: InvoiceKind, on: dt.date, at: dt.datetime
) -> list[Invoice]:
    """Notes of one kind dated `on`, numbered in the order of `drafts`, with their items.

    In the caller's transaction, which holds the ledgers concerned (`lock_companies`). Raises
    NoteError without a lessor.
    """
    seller = LessorProfile.objects.order_by("pk").first()
    if seller is None:
        raise NoteError(_("Brak danych leasingodawcy: nie ma kto wystawić noty."))
    notes = Invoice.objects.bulk_create(
        _note(draft, next_number(kind=kind, on=on), seller, kind=kind, on=on, at=at)
        for draft in drafts
    )
    InvoiceRow.objects.bulk_create(
        InvoiceRow(
            invoice=note,
            position=1,
            cost_kind=CostKind(kind.value),
            description=draft.text[:250],
            net=draft.amount,
            vat_code=OUTSIDE_VAT,
            vat=ZERO,
            gross=draft.amount,
        )
        for note, draft in zip(notes, drafts, strict=True)
    )
    ledger.add_items(
        [
            ledger.NewItem(
                source_system=note.source_system,
                source_id=note.source_id,
                company=note.company_id,
                contract=note.contract_id,
                invoice=note.pk,
                kind=ItemKind(kind.value),
                label=note.number,
                currency=note.currency,
                gross=note.gross,
                issued_on=note.issued_on,
                nominal_due_on=note.due_on,
                account=note.account,
                side_of=draft.item.pk,
            )
            for note, draft in zip(notes, drafts, strict=True)
        ],
        at=at,
    )
    return notes


def _note(
    draft: Draft,
    number: str,
    seller: LessorProfile,
    *,
    kind: InvoiceKind,
    on: dt.date,
    at: dt.datetime,
) -> Invoice:
    item = draft.item
    rate = draft.rate
    return Invoice(
        source_system=ledger.OWN_SOURCE,
        source_id=draft.key,
        as_of=on,
        company=item.company,
        contract_id=item.contract_id,
        kind=kind,
        number=number,
        issued_on=on,
        sold_on=on,
        due_on=on + dt.timedelta(days=settings.INTEREST_NOTE_DAYS),
        currency=draft.currency,
        net=draft.amount,
        vat=ZERO,
        gross=draft.amount,
        vat_pln=ZERO,
        fx_rate=rate.rate if rate else None,
        fx_table=rate.table if rate else "",
        fx_on=rate.on if rate else None,
        seller_name=seller.name,
        seller_nip=seller.nip,
        seller_address=_address(seller),
        buyer_name=item.company.name,
        buyer_nip=item.company.nip,
        buyer_address=_address(item.company),
        account=item.account,
        received_at=at,
    )


def _address(party: LessorProfile | Company) -> str:
    return f"{party.street}, {party.postcode} {party.city}"
