"""A transfer as the client copies it: to whom, where, how much, with what title, and its QR."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from invoicing import accounts, transfer_qr


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the payment box of a page shows. Either `qr` is there or `why_no_qr` says why not."""

    name: str
    account: str
    amount: Decimal
    currency: str
    title: str
    is_checked: bool  # the account's check digits agree
    qr: SafeString | None
    why_no_qr: str


def transfer(
    *, name: str, nip: str, account: str, amount: Decimal, currency: str, title: str
) -> Transfer:
    """The transfer of `amount` to `account`, with its code when the recommendation allows one."""
    why_not = transfer_qr.why_not(account=account, amount=amount, currency=currency)
    qr = None
    if not why_not:
        text = transfer_qr.content(account=account, amount=amount, name=name, title=title, nip=nip)
        qr = transfer_qr.svg(text)
    return Transfer(name, account, amount, currency, title, accounts.check(account), qr, why_not)
