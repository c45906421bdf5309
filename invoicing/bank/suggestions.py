"""For a person at an unexplained entry: who may have paid it, and why we think so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _
from stdnum.pl import nip

from contracts.models import Contract
from eboks.tenancy.models import Company
from eboks.ui.words import short_date
from invoicing.bank.lookups import contracts_named, invoices_named
from invoicing.bank.titles import contract_finder, invoice_finder, words_of
from invoicing.enums import PaymentKind
from invoicing.models import BankEntry, Invoice, Payment, ReceivableItem

MOST = 8
_FEW = 5
_NIP = re.compile(r"(?<!\d)\d{3}[- ]?\d{3}[- ]?\d{2}[- ]?\d{2}(?!\d)|(?<!\d)\d{10}(?!\d)")
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = {
    *("SPÓŁKA", "SPOLKA", "SPÓŁ", "PRZEDSIĘBIORSTWO", "PRZEDSIEBIORSTWO", "FIRMA", "USŁUGI"),
    *("USLUGI", "HANDEL", "ZAKŁAD", "ZAKLAD", "PRODUKCYJNO", "HANDLOWO", "USŁUGOWE", "USLUGOWE"),
    *("TRANSPORT", "TRANS", "POLSKA", "GRUPA", "CENTRUM"),
}


@dataclass(slots=True)
class Suggestion:
    """A client to book an entry for, and the item, contract or payment (to reverse) it means."""

    company: Company
    item: ReceivableItem | None = None
    contract: Contract | None = None
    payment: Payment | None = None
    reasons: list[str] = field(default_factory=list)
    weight: int = 0

    @property
    def key(self) -> str:
        """What the page sends back; see `parse_key`."""
        parts = (self.company, self.item, self.contract, self.payment)
        return ":".join(str(part.pk) if part else "" for part in parts)


@dataclass(frozen=True, slots=True)
class Choice:
    """A suggestion that somebody chose, by ids."""

    company: int
    item: int | None = None
    contract: int | None = None
    payment: int | None = None


def parse_key(text: str) -> Choice | None:
    """`company:item:contract:payment`, of which all but the first may be empty."""
    parts = text.split(":")
    if len(parts) != 4 or not parts[0]:
        return None
    if any(part and not (part.isascii() and part.isdigit() and len(part) < 19) for part in parts):
        return None
    company, item, contract, payment = (int(part) if part else None for part in parts)
    return Choice(company or 0, item, contract, payment)


def suggest(entry: BankEntry) -> list[Suggestion]:
    """The likeliest first, at most MOST. A fixed number of queries."""
    if entry.is_reversal and entry.amount < 0:
        return _payments_to_reverse(entry)
    found = _Found(entry)
    _by_title(entry, found)
    _by_payer(entry, found)
    _by_nip(entry, found)
    _by_name(entry, found)
    if entry.amount > 0:
        _by_amount(entry, found)
    return found.best()


def search(entry: BankEntry, text: str) -> list[Suggestion]:
    """Clients that a person looks for: name, NIP, identifier, number of a contract or invoice."""
    packed = text.replace(" ", "").replace("-", "")
    written = {text, text.upper(), text.capitalize(), text.title()}
    by_name = Q()
    for word in sorted(written):
        by_name |= Q(name__icontains=word)
    ways = (
        by_name,
        Q(client_id__istartswith=text.upper()),
        Q(nip=packed),
        Q(pk__in=Contract.objects.filter(number__startswith=text.upper()).values("company")[:_FEW]),
        Q(pk__in=Invoice.objects.filter(number__startswith=text.upper()).values("company")[:_FEW]),
    )
    found = _Found(entry)
    for way in ways:
        # One query each: together they would read whole tables.
        for company in Company.objects.filter(way).order_by("name", "pk")[:MOST]:
            found.add(company, _("znaleziony po: %s") % text, 1)
    return found.best()


class _Found:
    """Suggestions by client, and by item where several are likely."""

    def __init__(self, entry: BankEntry) -> None:
        self._entry = entry
        self._by_company: dict[int, Suggestion] = {}

    def add(
        self,
        company: Company,
        reason: str,
        weight: int,
        *,
        item: ReceivableItem | None = None,
        contract: Contract | None = None,
    ) -> None:
        one = self._by_company.setdefault(company.pk, Suggestion(company))
        if reason not in one.reasons:
            one.reasons.append(reason)
            one.weight += weight
        if item is not None and item.currency == self._entry.currency:
            one.item = one.item or item
        one.contract = one.contract or contract

    def best(self) -> list[Suggestion]:
        """With the item of exactly the amount, where the client has one and named none."""
        ordered = sorted(self._by_company.values(), key=lambda one: (-one.weight, one.company.pk))
        ordered = ordered[:MOST]
        if self._entry.amount > 0:
            open_items = ReceivableItem.objects.filter(
                company__in=[one.company.pk for one in ordered],
                currency=self._entry.currency,
                open_amount=self._entry.amount,
            ).exclude(open_amount=0)
            exact: dict[int, ReceivableItem] = {}
            for item in open_items.select_related("contract").order_by("effective_due_on", "pk"):
                exact.setdefault(item.company_id, item)
            for one in ordered:
                if one.item is None and one.company.pk in exact:
                    one.item = exact[one.company.pk]
                    one.weight += 3
                    one.reasons.append(_("dokładnie tyle zostało do zapłaty"))
        return sorted(ordered, key=lambda one: (-one.weight, one.company.pk))


def _by_title(entry: BankEntry, found: _Found) -> None:
    words = words_of(entry.title)
    invoices = invoices_named([*invoice_finder().find(entry.title), *words])
    contracts = contracts_named([*contract_finder().find(entry.title), *words])
    items = {
        item.pk: item
        for item in ReceivableItem.objects.filter(
            pk__in=[one.item for one in invoices.values() if one.item]
        ).select_related("contract")
    }
    rows = Contract.objects.in_bulk([one.contract for one in contracts.values() if one.contract])
    owners = [one.company for one in invoices.values()]
    companies = _companies([*owners, *(one.company for one in contracts.values())])
    for number, named in invoices.items():
        reason = _("faktura %s w tytule") % number
        found.add(companies[named.company], reason, 5, item=items.get(named.item or 0))
    for number, owner in contracts.items():
        reason = _("umowa %s w tytule") % number
        contract = rows.get(owner.contract or 0)
        found.add(companies[owner.company], reason, 4, contract=contract)


def _by_payer(entry: BankEntry, found: _Found) -> None:
    if not entry.counterparty_account:
        return
    forms = [entry.counterparty_account, f"PL{entry.counterparty_account}"]
    paid = (
        Payment.objects.filter(payer_account__in=forms, reverses__isnull=True)
        .exclude(payer_account="")
        .filter(reversed_by__isnull=True)
    )
    ids = paid.order_by("company").values_list("company", flat=True).distinct()[:MOST]
    for company in _companies(list(ids)).values():
        found.add(company, _("z tego rachunku płacono już za tego klienta"), 4)


def _by_nip(entry: BankEntry, found: _Found) -> None:
    written = _NIP.findall(f"{entry.title} {entry.counterparty_name}")
    numbers = {re.sub(r"\D", "", one) for one in written}
    valid = [number for number in numbers if nip.is_valid(number)]
    for company in Company.objects.filter(nip__in=valid).order_by("pk")[:_FEW] if valid else ():
        found.add(company, _("NIP w tytule lub nazwie"), 4)


def _by_name(entry: BankEntry, found: _Found) -> None:
    """By the first two words of the payer's name that say something."""
    words = [word for word in _WORD.findall(entry.counterparty_name.upper()) if word not in _COMMON]
    if not words:
        return
    alike = Q()
    for word in words[:2]:
        # SQLite folds the case of ASCII letters only.
        alike &= Q(name__icontains=word) | Q(name__icontains=word.capitalize())
    for company in Company.objects.filter(alike).order_by("pk")[:_FEW]:
        found.add(company, _("podobna nazwa"), 2)


def _by_amount(entry: BankEntry, found: _Found) -> None:
    items = (
        ReceivableItem.objects.filter(currency=entry.currency, open_amount=entry.amount)
        .exclude(open_amount=0)
        .select_related("company", "contract")
        .order_by("effective_due_on", "pk")
    )
    for item in items[:_FEW]:
        reason = _("dokładnie tyle zostało do zapłaty")
        found.add(item.company, reason, 3, item=item, contract=item.contract)


def _payments_to_reverse(entry: BankEntry) -> list[Suggestion]:
    """Payments of the opposite amount that stand: of the same account first, then the latest."""
    rows = Payment.objects.filter(
        amount=-entry.amount,
        currency=entry.currency,
        kind=PaymentKind.TRANSFER,
        booked_on__lte=entry.booked_on,
        reverses__isnull=True,
        reversed_by__isnull=True,
    ).select_related("company", "contract")
    forms = [entry.counterparty_account, f"PL{entry.counterparty_account}"]
    same = rows.filter(payer_account__in=forms).exclude(payer_account="")
    chosen = {row.pk: row for row in same.order_by("-booked_on", "-pk")[:MOST]}
    latest = {row.pk: row for row in rows.order_by("-booked_on", "-pk")[:MOST]}
    found = []
    for payment in {**chosen, **latest}.values():
        day = short_date(payment.booked_on)
        reasons = [_("wpłata z %s na tę samą kwotę") % day]
        if payment.pk in chosen:
            reasons.append(_("ten sam rachunek"))
        found.append(Suggestion(payment.company, payment=payment, reasons=reasons))
    return found[:MOST]


def _companies(ids: Iterable[int]) -> dict[int, Company]:
    return Company.objects.in_bulk(list(ids))
