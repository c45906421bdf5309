"""What the page of settlements shows beside the ledger: ticked items, what was said, what waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from eboks.http import PortalRequest
from eboks.tenancy.access import has_right_in
from eboks.tenancy.rights import Right
from invoicing import selection
from invoicing.accounts import accounts_of
from invoicing.baskets import with_left
from invoicing.models import Charge, Invoice, PaymentBasket, ReceivableItem
from invoicing.paying import said_of
from invoicing.paying_to import transfer
from invoicing.scope import scoped
from invoicing.words import transfer_title

_BASKETS = 3
_CHARGES = 20


def payable_companies(request: PortalRequest) -> set[int]:
    """Ids of the companies for which the person may handle payments."""
    return {
        membership.company_id
        for membership in request.memberships
        if Right.HANDLE_PAYMENTS in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    }


def panel(request: PortalRequest) -> dict[str, Any]:
    """For the tab of open items: three queries, one more when something is ticked."""
    waiting = scoped(request, PaymentBasket.objects.all(), right=Right.VIEW_FINANCE).filter(
        payment__isnull=True
    )
    charged = scoped(request, Charge.objects.all(), right=Right.VIEW_FINANCE).filter(
        invoice_row__isnull=True, cancelled_at__isnull=True
    )
    related = charged.select_related("contract", "company", "fee_line__table")
    charges = list(related.order_by("-charged_on", "-pk")[: _CHARGES + 1])
    baskets = with_left(waiting).filter(left__gt=0)  # type: ignore[misc]  # annotated
    return {
        "chosen": selection.read(request),
        "payable": payable_companies(request),
        "baskets": list(baskets.order_by("-pk")[:_BASKETS]),
        "charges": charges[:_CHARGES],
        "more_charges": len(charges) > _CHARGES,
    }


def with_said(lines: Sequence[dict[str, Any]]) -> None:
    """Adds to each line of open items what the client said of it, and its key for the form."""
    items: list[ReceivableItem] = [line["item"] for line in lines]
    said = said_of([item.pk for item in items])
    for line, item in zip(lines, items, strict=True):
        line["said"] = said.get(item.pk)
        line["key"] = selection.key_of(item) if item.open_amount > 0 else ""


def of_invoice(
    request: PortalRequest, invoice: Invoice, item: ReceivableItem | None, *, on: dt.date
) -> dict[str, Any]:
    """Where and how to pay what is open of an invoice, what was said of it, who may say more."""
    if item is None or item.open_amount <= 0:
        return {"transfer": None, "said": None, "may_pay": False}
    account = item.account or invoice.account or accounts_of([item], on=on)[item.pk]
    to_pay = transfer(
        name=invoice.seller_name,
        nip=invoice.seller_nip,
        account=account,
        amount=item.open_amount,
        currency=item.currency,
        title=transfer_title(invoice),
    )
    return {
        "transfer": to_pay if account else None,
        "said": said_of([item.pk]).get(item.pk),
        "may_pay": has_right_in(request, invoice.company_id, Right.HANDLE_PAYMENTS),
    }
