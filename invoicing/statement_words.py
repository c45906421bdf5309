"""A line of the statement of account as a client reads it: what it is, of which contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.ui.words import short_date
from invoicing.enums import ItemKind, PaymentKind
from invoicing.models import Payment, ReceivableItem
from invoicing.statement import Bucket, Line, Place

BUCKETS: dict[Bucket, str | Promise] = {
    Bucket.NOT_DUE: gettext_lazy("przed terminem"),
    Bucket.TO_30: gettext_lazy("po terminie 1–30 dni"),
    Bucket.TO_60: gettext_lazy("po terminie 31–60 dni"),
    Bucket.TO_90: gettext_lazy("po terminie 61–90 dni"),
    Bucket.OVER_90: gettext_lazy("po terminie ponad 90 dni"),
    Bucket.CREDIT: gettext_lazy("nadpłaty i korekty do rozliczenia"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line in words. `href` leads to the document, where there is one."""

    on: dt.date
    title: str
    kind: str
    contract: str
    due_on: dt.date | None
    href: str
    debit: Decimal
    credit: Decimal
    balance: Decimal


def entries(lines: Iterable[Line]) -> Iterator[Entry]:
    """`lines` in words, one by one."""
    for line in lines:
        title, kind = _named(line)
        source = line.item or line.payment
        contract = source.contract if source is not None else None
        item = line.item if line.place == Place.ITEM else None
        yield Entry(
            on=line.on,
            title=title,
            kind=kind,
            contract=contract.number if contract else "",
            due_on=item.effective_due_on if item is not None and item.gross > 0 else None,
            href=_href(line.item),
            debit=line.debit,
            credit=line.credit,
            balance=line.balance,
        )


def _named(line: Line) -> tuple[str, str]:
    """What the line is about, and what kind of line it is."""
    if line.place == Place.ITEM and line.item is not None:
        return line.item.label, _item_kind(line.item)
    if line.place == Place.PAYMENT and line.payment is not None:
        return _payment_title(line.payment), _payment_kind(line.payment)
    about = line.item.label if line.item else _payment_title(line.payment) if line.payment else ""
    if line.place == Place.PAID_FROM_OUTSIDE:
        return about, _("zapłacono wpłatą spoza tego zestawienia")
    if line.place == Place.PAID_OUTSIDE:
        return about, _("zaliczono na dokument spoza tego zestawienia")
    return about, _("kompensata z pozycją spoza tego zestawienia")


def _item_kind(item: ReceivableItem) -> str:
    if item.gross < 0 and item.kind == ItemKind.INVOICE:
        return _("faktura korygująca")
    return str(item.get_kind_display())


def _payment_title(payment: Payment) -> str:
    return payment.title or payment.payer_name or str(payment.get_kind_display()).capitalize()


def _payment_kind(payment: Payment) -> str:
    if payment.reverses is not None:
        day = short_date(payment.reverses.booked_on)
        return _("cofnięcie wpłaty z %(day)s") % {"day": day}
    if payment.kind == PaymentKind.REFUND:
        return _("zwrot nadpłaty")
    if payment.kind == PaymentKind.OPENING_BALANCE:
        return _("nadpłata z salda otwarcia")
    return _("wpłata") if payment.amount > 0 else _("wypłata")


def _href(item: ReceivableItem | None) -> str:
    invoice = item.invoice if item is not None else None
    return reverse("invoicing:invoice_detail", args=[invoice.public_id]) if invoice else ""
