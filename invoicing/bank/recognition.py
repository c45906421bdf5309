"""Whose money each entry of a statement is: the order of domain 3.8, for all entries at once.

Individual account, code of a basket, invoice numbers, contract number, known payer with the exact
amount of something open. What none of them tells waits for a person. Nothing is written here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from invoicing.bank import lookups
from invoicing.bank.lookups import Basket, Owner
from invoicing.bank.statements import Entry
from invoicing.bank.titles import contract_finder, invoice_finder, words_of
from invoicing.codes import codes_in
from invoicing.enums import EntryState, MatchRule

# Kept with the entry in Polish; pages translate it for their reader.
SEVERAL_CLIENTS = gettext_noop("Tytuł wskazuje dokumenty kilku klientów.")


@dataclass(slots=True)
class Line:
    """An entry on its way to the books, and what is known of it so far."""

    entry: Entry
    position: int
    key: str
    currency: str
    pk: int | None = None  # of the stored entry, when the statement had to wait
    state: EntryState = EntryState.QUEUED
    rule: MatchRule | None = None
    note: str = ""
    company: int | None = None
    contract: int | None = None
    items: tuple[int, ...] = ()
    basket: int | None = None
    payment: int | None = None
    reverses: int | None = None  # a payment that stands
    takes_back: Line | None = None  # an entry of the same statement

    @property
    def is_open(self) -> bool:
        """Whether nothing is known yet."""
        return self.state == EntryState.QUEUED and self.company is None and not self.note

    def ignore(self, rule: MatchRule, note: str = "") -> None:
        self.state, self.rule, self.note = EntryState.IGNORED, rule, note

    def of(self, owner: Owner, rule: MatchRule) -> None:
        self.company, self.contract, self.rule = owner.company, owner.contract, rule
        if owner.item is not None and owner.currency in {"", self.currency}:
            self.items = (owner.item,)


def recognise(lines: Sequence[Line]) -> None:
    """Fill in what each line is. Reversals are left for `reversals.recognise`."""
    own = lookups.own_accounts()
    _link_feed(lines)
    _set_bank_matters_aside(lines, own)
    incoming = [line for line in lines if line.is_open and _is_income(line)]
    _by_account(incoming, own)
    _by_title(incoming)
    _by_payer([line for line in incoming if line.is_open])


def _is_income(line: Line) -> bool:
    return line.entry.amount > 0 and not line.entry.is_reversal


def _link_feed(lines: Sequence[Line]) -> None:
    """The core system may have brought a payment before the bank's file: it is the same one."""

    def key(line: Line) -> lookups.PaymentKey:
        entry = line.entry
        return entry.reference, entry.booked_on, entry.amount, line.currency

    brought = lookups.payments_of_the_feed([key(line) for line in lines if line.entry.reference])
    for line in lines if brought else ():
        same = brought.get(key(line))
        if same:
            line.payment = same.pop(0)
            line.state, line.rule = EntryState.MATCHED, MatchRule.FEED


def _set_bank_matters_aside(lines: Sequence[Line], own: set[str]) -> None:
    for line in lines:
        if line.is_open and not line.entry.is_reversal:
            if line.entry.is_fee:
                line.ignore(MatchRule.BANK_FEE)
            elif line.entry.counterparty_account in own:
                line.ignore(MatchRule.OWN_TRANSFER)


def _by_account(lines: Sequence[Line], own: set[str]) -> None:
    numbers = {line.entry.virtual_account for line in lines} - own - {""}
    owners = lookups.owners_of_accounts(numbers)
    for line in lines:
        owner = owners.get(line.entry.virtual_account)
        if owner is not None:
            line.of(owner, MatchRule.VIRTUAL_ACCOUNT)


@dataclass(slots=True)
class _Title:
    """What a title may name; words are tried only when shapes of numbers tell nothing."""

    codes: list[str]
    invoices: list[str]
    contracts: list[str]


def _by_title(lines: Sequence[Line]) -> None:
    """Names the client where the account did not, and the items that the client names."""
    read = _titles(lines)
    baskets = lookups.baskets_named([code for title in read for code in title.codes])
    invoices = lookups.invoices_named(number for title in read for number in title.invoices)
    contracts = lookups.contracts_named(number for title in read for number in title.contracts)
    for line, title in zip(lines, read, strict=True):
        _name_basket(line, [baskets[code] for code in title.codes if code in baskets])
        if line.basket is not None:
            continue
        named = [invoices[number] for number in title.invoices if number in invoices]
        if line.company is None and named:
            if len({one.company for one in named}) > 1:
                line.note = SEVERAL_CLIENTS
                continue
            line.of(Owner(named[0].company), MatchRule.INVOICE_NUMBER)
        if line.company is not None and not line.items:
            line.items = _unique(
                one.item
                for one in named
                if one.company == line.company and one.currency == line.currency
            )
        if line.company is None:
            _name_contract(
                line, [contracts[number] for number in title.contracts if number in contracts]
            )


def _titles(lines: Sequence[Line]) -> list[_Title]:
    """A loop over all entries: numbers are found in text by patterns, which SQL has not got."""
    of_invoices, of_contracts = invoice_finder().find, contract_finder().find

    def numbers(line: Line, find: Callable[[str], list[str]]) -> list[str]:
        return find(line.entry.title) or words_of(line.entry.title)

    read = []
    for line in lines:
        codes = codes_in(line.entry.title)
        # The account of one invoice has said everything, but a basket may still name more.
        certain = line.company is not None and (bool(line.items) or not line.entry.title)
        invoices = [] if certain else numbers(line, of_invoices)
        contracts = [] if line.company is not None else numbers(line, of_contracts)
        read.append(_Title(codes, invoices, contracts))
    return read


def _name_basket(line: Line, baskets: Sequence[Basket]) -> None:
    for basket in baskets:
        if basket.currency != line.currency or line.company not in {None, basket.company}:
            continue
        if line.company is None:
            line.of(Owner(basket.company), MatchRule.BASKET)
        line.basket, line.items = basket.pk, basket.items
        return


def _name_contract(line: Line, contracts: Sequence[Owner]) -> None:
    if len({owner.company for owner in contracts}) > 1:
        line.note = SEVERAL_CLIENTS
    elif contracts:
        alone = len({owner.contract for owner in contracts}) == 1
        line.of(contracts[0] if alone else Owner(contracts[0].company), MatchRule.CONTRACT_NUMBER)


def _by_payer(lines: Sequence[Line]) -> None:
    """Who has paid from this account before, and owes exactly this much: the longest due item."""
    known = lookups.payers(
        {line.entry.counterparty_account for line in lines if line.entry.counterparty_account}
    )
    asked: dict[lookups.ItemKey, list[Line]] = defaultdict(list)
    for line in lines:
        company = known.get(line.entry.counterparty_account)
        if company is not None:
            asked[company, line.currency, line.entry.amount].append(line)
    found = lookups.items_of_amount(asked)
    for key, wanting in asked.items():
        # Two transfers of one amount pay two items.
        for line, item in zip(wanting, found.get(key, []), strict=False):
            line.of(Owner(key[0], item=item), MatchRule.PAYER_AND_AMOUNT)


def _unique(values: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(value for value in values if value is not None))
