"""Writing invoices: numbers, rows, receivable items, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Case, Value, When
from django.utils.translation import gettext as _

from eboks import clock
from eboks.tenancy.models import Company, LessorProfile
from invoicing import ledger
from invoicing.accounts import account_for, masks
from invoicing.enums import AccountScope, InvoiceKind
from invoicing.issuing.drafting import Draft, IssueError
from invoicing.issuing.mode import SOURCE
from invoicing.issuing.numbers import take_numbers
from invoicing.models import Charge, Invoice, InvoiceRow, UpfrontVat


def write(drafts: Sequence[Draft], *, on: dt.date, at: dt.datetime) -> list[Invoice]:
    """Invoices dated `on`, numbered in the order of `drafts`, with rows and receivable items.

    Call it in a transaction. Raises IssueError without a lessor and when a charge was taken by
    somebody else; IntegrityError when something of it is invoiced already.
    """
    if not drafts:
        return []
    seller = _seller()
    numbers = take_numbers(InvoiceKind.INVOICE, on, len(drafts))
    invoices = [
        _invoice(one, number, seller, on=on, at=at)
        for one, number in zip(drafts, numbers, strict=True)
    ]
    _take_known_accounts(invoices, at=at)
    Invoice.objects.bulk_create(invoices)
    _give_accounts([invoice for invoice in invoices if not invoice.account], at=at)
    rows = InvoiceRow.objects.bulk_create(
        InvoiceRow(
            invoice=invoice,
            position=position,
            cost_kind=line.cost_kind,
            description=line.description[:250],
            net=line.net,
            vat_code=line.vat_code,
            vat=line.vat,
            gross=line.net + line.vat,
            principal=line.principal,
            interest=line.interest,
        )
        for invoice, one in zip(invoices, drafts, strict=True)
        for position, line in enumerate(one.lines, start=1)
    )
    _take_charges([line.charge for one in drafts for line in one.lines], rows)
    UpfrontVat.objects.bulk_create(
        UpfrontVat(invoice=invoice, base=one.upfront_base, vat_pct=one.contract.vat_pct)
        for invoice, one in zip(invoices, drafts, strict=True)
        if one.upfront_base is not None and one.contract is not None
    )
    ledger.add_items([item_of(invoice) for invoice in invoices if invoice.gross], at=at)
    return invoices


def item_of(invoice: Invoice) -> ledger.NewItem:
    """What the invoice asks for, as the ledger takes it."""
    return ledger.NewItem(
        source_system=SOURCE,
        source_id=invoice.source_id,
        company=invoice.company_id,
        contract=invoice.contract_id,
        invoice=invoice.pk,
        label=invoice.number,
        gross=invoice.gross,
        currency=invoice.currency,
        issued_on=invoice.issued_on,
        nominal_due_on=invoice.due_on,
        account=invoice.account,
    )


def _seller() -> LessorProfile:
    lessor = LessorProfile.objects.order_by("pk").first()
    if lessor is None:
        raise IssueError(_("Brak danych leasingodawcy: nie ma kto wystawić faktury."))
    return lessor


def _invoice(
    one: Draft, number: str, seller: LessorProfile, *, on: dt.date, at: dt.datetime
) -> Invoice:
    net, vat = one.net, one.vat
    return Invoice(
        source_system=SOURCE,
        source_id=one.key,
        as_of=on,
        company=one.company,
        contract=one.contract,
        kind=InvoiceKind.INVOICE,
        number=number,
        issued_on=on,
        sold_on=one.taxed_on,
        due_on=one.due_on,
        currency=one.currency,
        net=net,
        vat=vat,
        gross=net + vat,
        vat_pln=one.vat_pln,
        fx_rate=one.rate.rate if one.rate else None,
        fx_table=one.rate.table if one.rate else "",
        fx_on=one.rate.on if one.rate else None,
        instalment_n=one.instalment_n,
        seller_name=seller.name,
        seller_nip=seller.nip,
        seller_address=_address(seller),
        buyer_name=one.company.name,
        buyer_nip=one.company.nip,
        buyer_address=_address(one.company),
        received_at=at,
    )


def _address(party: LessorProfile | Company) -> str:
    return f"{party.street}, {party.postcode} {party.city}"


def _take_known_accounts(invoices: Sequence[Invoice], *, at: dt.datetime) -> None:
    """Most invoices are paid to the account of their contract, which costs no query."""
    own_accounts = {
        currency: AccountScope.INVOICE in masks(currency=currency, on=clock.today(at))
        for currency in {invoice.currency for invoice in invoices}
    }
    for invoice in invoices:
        if invoice.contract is not None and not own_accounts[invoice.currency]:
            invoice.account = invoice.contract.virtual_account


def _give_accounts(invoices: Sequence[Invoice], *, at: dt.datetime) -> None:
    """The others get one that may have to be made, before anybody sees the invoice."""
    for invoice in invoices:
        invoice.account = account_for(
            company=invoice.company, contract=invoice.contract, invoice=invoice, at=at
        )
    Invoice.objects.bulk_update(invoices, ["account"])


def _take_charges(charges: Sequence[Charge | None], rows: Sequence[InvoiceRow]) -> None:
    """Each charge to its row, unless somebody was quicker. `charges` and `rows` go together."""
    taken = {c.pk: row.pk for c, row in zip(charges, rows, strict=True) if c is not None}
    if not taken:
        return
    free = Charge.objects.filter(pk__in=taken, invoice_row__isnull=True, cancelled_at__isnull=True)
    row_of = Case(*(When(pk=charge, then=Value(row)) for charge, row in taken.items()))
    if free.update(invoice_row_id=row_of) != len(taken):
        raise IssueError(_("Opłatę ktoś właśnie anulował albo zafakturował."))
