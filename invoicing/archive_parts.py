"""What invoicing gives to a contract's archive: invoices with their manifest, settlements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.contract_archive import Part, Shelf, add_part
from contracts.models import Contract
from eboks.tenancy.rights import Right
from invoicing import exports
from invoicing.invoice_zip import Pack
from invoicing.models import Allocation, Invoice, Payment, ReceivableItem


def _fill_invoices(shelf: Shelf) -> Iterator[None]:
    rows = shelf.scoped(Invoice.objects.filter(contract=shelf.contract))
    ids = list(rows.order_by("issued_on", "pk").values_list("pk", flat=True))
    pack = Pack(shelf, shelf.at)
    for _done in pack.add_all(ids):
        yield
    for entry in pack.entries:
        if entry.remark:
            shelf.miss(entry.number, entry.remark)
    if ids:
        pack.add_manifest()
    yield


def _fill_settlements(shelf: Shelf) -> Iterator[None]:
    contract = shelf.contract
    conditions = [_("umowa %s") % contract.number]
    items = shelf.scoped(ReceivableItem.objects.filter(contract=contract))
    book = exports.item_list(
        items.order_by("effective_due_on", "pk"),
        title=_("Należności"),
        conditions=conditions,
        company=contract.company,
        at=shelf.at,
    )
    shelf.add(f"{_('należności')} {contract.number}.xlsx", _content(book))
    yield
    paid = Allocation.objects.filter(item__contract=contract)
    payments = shelf.scoped(
        Payment.objects.filter(Q(contract=contract) | Q(pk__in=paid.values("payment")))
    )
    book = exports.payment_list(
        payments.order_by("booked_on", "pk"),
        conditions=conditions,
        company=contract.company,
        at=shelf.at,
    )
    shelf.add(f"{_('wpłaty')} {contract.number}.xlsx", _content(book))
    yield


def _content(book: BinaryIO) -> bytes:
    with book:
        return book.read()


def _invoices_of(contract: Contract) -> int:
    return Invoice.objects.filter(contract=contract, company=contract.company_id).count() + 1


def register() -> None:
    """Called once, when the app is ready."""
    for place, name, folder, fill, count in (
        (50, "invoices", gettext_lazy("Faktury"), _fill_invoices, _invoices_of),
        (60, "settlements", gettext_lazy("Rozrachunki"), _fill_settlements, lambda contract: 2),
    ):
        add_part(
            Part(
                name=name,
                place=place,
                folder=folder,
                right=Right.VIEW_FINANCE,
                fill=fill,
                count=count,
            )
        )
