"""Individual account numbers (rachunki wirtualne) by the lessor's masks (domain 3.2).

An account is a row of `VirtualAccount` and stays what it was once made, so the same owner always
gets the same number. A mask tells whose it is: a client, a contract or an invoice; the narrowest
one in force counts. The core's own account of a contract goes before a mask of contracts or
clients. Without any, money goes to the lessor's account in that currency.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from itertools import groupby

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.db.models.functions import Substr
from django.utils.translation import gettext as _
from stdnum.iso7064 import mod_97_10

from contracts.models import Contract
from eboks import clock
from eboks.tenancy import models as tenancy
from eboks.tenancy.models import Company
from invoicing.enums import AccountScope
from invoicing.models import (
    AccountMask,
    Invoice,
    LessorAccount,
    ReceivableItem,
    VirtualAccount,
)

BODY = 16  # characters of a mask: what follows the check digits and the sort code
_SORT_WEIGHTS = (3, 9, 7, 1, 3, 9, 7, 1)
_LAYOUT = re.compile(r"[0-9CUN]{16}")
_TRIES = 20


class AccountError(Exception):
    """The number cannot be made; the text says why."""


def check(number: str) -> bool:
    """Whether `number` is an NRB: 26 digits whose check digits agree."""
    return len(number) == 26 and number.isascii() and number.isdigit() and _remainder(number) == 1


def _remainder(number: str) -> int:
    return int(f"{number[2:]}2521{number[:2]}") % 97


def is_sort_code(code: str) -> bool:
    """Whether `code` is 8 digits whose weighted sum ends in 0."""
    if len(code) != 8 or not (code.isascii() and code.isdigit()):
        return False
    return sum(int(d) * w for d, w in zip(code, _SORT_WEIGHTS, strict=True)) % 10 == 0


def nrb(sort_code: str, body: str) -> str:
    """The 26 digits of an account: check digits, sort code, the 16 digits of the account."""
    tail = f"{sort_code}{body}"
    return f"{mod_97_10.calc_check_digits(f'{tail}PL')}{tail}"


def mask_problem(mask: AccountMask) -> str:
    """What is wrong with a mask, in words; empty when nothing is."""
    if not is_sort_code(mask.sort_code):
        return _("Numer rozliczeniowy ma 8 cyfr, ostatnia kontrolna.")
    if not _LAYOUT.fullmatch(mask.layout):
        return _("Układ ma 16 znaków: cyfry oraz litery C, U i N.")
    letters = [letter for letter, _run in groupby(mask.layout) if not letter.isdigit()]
    if len(letters) != len(set(letters)):
        return _("Każda z liter C, U i N tworzy w układzie jeden ciąg.")
    if "N" in letters and not mask.layout.endswith("N"):
        return _("Numer kolejny (N) stoi w układzie na końcu.")
    needed = {
        AccountScope.COMPANY: {"C", "N"},
        AccountScope.CONTRACT: {"U", "N"},
        AccountScope.INVOICE: {"N"},
    }[AccountScope(mask.scope)]
    if not needed & set(letters):
        return _("W układzie brakuje litery, która odróżni właścicieli: %s.") % ", ".join(
            sorted(needed)
        )
    return ""


def masks(*, currency: str, on: dt.date) -> dict[str, AccountMask]:
    """The masks in force on `on` for `currency`, by scope. One query."""
    rows = AccountMask.objects.filter(currency=currency, valid_from__lte=on)
    return {mask.scope: mask for mask in rows.order_by("valid_from", "pk")}


def account_for(
    *,
    company: Company,
    contract: Contract | None = None,
    invoice: Invoice | None = None,
    at: dt.datetime,
    currency: str = "",
) -> str:
    """The account that money of this invoice, contract or client is to be paid to: an NRB.

    Makes the individual account when there is none yet. `currency` matters when neither contract
    nor invoice tells it (PLN by default). Empty when the lessor has no account in the currency.
    Raises AccountError when the mask has run out of numbers.
    """
    if contract is None and invoice is not None:
        contract = invoice.contract
    named = invoice or contract
    currency = named.currency if named is not None else currency or "PLN"
    found = masks(currency=currency, on=clock.today(at))
    if invoice is not None and AccountScope.INVOICE in found:
        owner = VirtualAccount(company=company, contract=contract, invoice=invoice)
        return _kept(found[AccountScope.INVOICE], owner, at)
    if contract is not None and contract.virtual_account:
        return contract.virtual_account
    if contract is not None and AccountScope.CONTRACT in found:
        return _kept(
            found[AccountScope.CONTRACT], VirtualAccount(company=company, contract=contract), at
        )
    if AccountScope.COMPANY in found:
        return _kept(found[AccountScope.COMPANY], VirtualAccount(company=company), at)
    return main_account(currency)


def main_account(currency: str) -> str:
    """The lessor's own account in `currency`; empty when there is none."""
    own = LessorAccount.objects.filter(currency=currency, is_active=True).order_by("pk").first()
    listed = tenancy.LessorAccount.objects.filter(currency=currency).order_by("pk").first()
    account = own or listed
    return account.number if account is not None else ""


def accounts_of(items: Iterable[ReceivableItem], *, on: dt.date) -> dict[int, str]:
    """Where to pay each of `items` (with their contracts at hand), by id: to read, nothing is made.

    The item's own account, that of its invoice, of its contract, of the client, or the lessor's.
    A fixed number of queries; empty where the lessor has no account in the currency.
    """
    rows = list(items)
    kept = VirtualAccount.objects.filter(
        Q(invoice__in=[row.invoice_id for row in rows if row.invoice_id])
        | Q(contract__in={row.contract_id for row in rows if row.contract_id}, invoice=None)
        | Q(company__in={row.company_id for row in rows}, contract=None, invoice=None),
        Q(mask__isnull=True) | Q(mask__valid_from__lte=on),
    )
    by_invoice: dict[int, str] = {}
    others: dict[tuple[str, int, str], str] = {}
    for account in kept.select_related("mask").order_by("mask__valid_from", "pk"):
        currency = account.mask.currency if account.mask else "PLN"
        if account.invoice_id:
            by_invoice[account.invoice_id] = account.number
        elif account.contract_id:
            others["contract", account.contract_id, currency] = account.number
        else:
            others["company", account.company_id, currency] = account.number
    main = {currency: main_account(currency) for currency in {row.currency for row in rows}}

    def of(row: ReceivableItem) -> str:
        return (
            row.account
            or by_invoice.get(row.invoice_id or 0, "")
            or (row.contract.virtual_account if row.contract else "")
            or others.get(("contract", row.contract_id or 0, row.currency), "")
            or others.get(("company", row.company_id, row.currency), "")
            or main[row.currency]
        )

    return {row.pk: of(row) for row in rows}


def _kept(mask: AccountMask, wanted: VirtualAccount, at: dt.datetime) -> str:
    """The number of the owner that `wanted` names, made now if it has none under `mask`."""
    mine = VirtualAccount.objects.filter(_owner(mask, wanted))
    for attempt in range(_TRIES):
        kept = mine.values_list("number", flat=True).first()
        if kept is not None:
            return kept
        wanted.mask, wanted.created_at = mask, at
        wanted.number = nrb(mask.sort_code, _next_body(mask, wanted, near=attempt == 0))
        try:
            with transaction.atomic():
                wanted.save(force_insert=True)
        except IntegrityError:  # somebody else made this owner's account, or took this number
            wanted.pk = None
            continue
        return wanted.number
    raise AccountError(_("Nie udało się utworzyć rachunku indywidualnego. Spróbuj jeszcze raz."))


def _owner(mask: AccountMask, wanted: VirtualAccount) -> Q:
    if wanted.invoice is not None:
        return Q(invoice=wanted.invoice)
    if wanted.contract is not None:
        return Q(mask=mask, contract=wanted.contract, invoice__isnull=True)
    return Q(mask=mask, company=wanted.company, contract__isnull=True, invoice__isnull=True)


def _next_body(mask: AccountMask, wanted: VirtualAccount, *, near: bool) -> str:
    """The 16 digits with the first running number that is free.

    `near` looks only at the owner's own accounts, which is quick and nearly always enough: other
    clients' numbers share the digits before it only when their identifiers end alike.
    """
    contract = wanted.contract
    head = head_of(mask.layout, wanted.company.client_id, contract.number if contract else "")
    made = VirtualAccount.objects.filter(mask=mask)
    if near and "C" in mask.layout:
        made = made.filter(company=wanted.company)
    made = made.annotate(body=Substr("number", 11)).filter(body__startswith=head)
    last = made.aggregate(last=Max("body"))["last"]
    return with_running(mask.layout, head, int(last[len(head) :] or "0") if last else None)


def head_of(layout: str, client_id: str, contract_number: str) -> str:
    """What of a layout stands before the running number: the end of the digits of the client's
    identifier and of the contract's number, filled with zeros."""
    head = layout.rstrip("N")
    for letter, text in (("C", client_id), ("U", contract_number)):
        if size := head.count(letter):
            digits = "".join(c for c in text if c.isascii() and c.isdigit())
            head = head.replace(letter * size, digits[-size:].zfill(size))
    return head


def with_running(layout: str, head: str, last: int | None) -> str:
    """`head` with the running number after `last` (None: the first). Raises AccountError when the
    layout has no more of them."""
    size = len(layout) - len(head)
    if size == 0 and last is None:
        return head
    number = (last or 0) + 1
    if size == 0 or len(str(number)) > size:
        raise AccountError(
            _("W układzie %(layout)s nie ma już wolnych numerów po cyfrach %(head)s.")
            % {"layout": layout, "head": head}
        )
    return f"{head}{number:0{size}d}"
