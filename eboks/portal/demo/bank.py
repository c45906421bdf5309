"""This morning's bank statement: transfers that the rules recognise, and one that they do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from eboks import clock
from eboks.money import ZERO
from eboks.portal.demo.identifiers import nrb
from eboks.portal.demo.lessor import MAIN_ACCOUNT
from eboks.portal.demo.people import FLEET_COMPANY, OWNER_COMPANY
from eboks.portal.demo.trans_zuk import CLIENT
from invoicing.bank.importing import import_file
from invoicing.bank.reading import Raw
from invoicing.enums import ItemKind, PaymentKind
from invoicing.models import BankDialect, LessorAccount, Payment, ReceivableItem

_ARRIVES = dt.time(6, 30)  # in Warsaw
_DIALECT = "tilde-cp1250"
_OPENING = Decimal("1284550.17")
_FEE = Decimal("12.50")
_SOON = dt.timedelta(days=7)  # what falls due within it is left for the visitor to pay
_TITLE_LINE, _NAME = 27, 35  # letters of a subfield
_PRIVATE_ACCOUNT = nrb(59_000_000, 1)  # the owner's, from which nobody has paid before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An entry of the file, in PLN; below zero when the bank took it."""

    amount: Decimal
    title: str
    name: str = ""
    payer: str = ""
    to: str = ""  # the individual account that was credited
    kind: str = "NTRF"


def load_bank(*, at: dt.datetime, on: dt.date) -> None:
    """The lessor's account and its first statement, of the day `on`, through the import.

    Safe to repeat: an account that has a statement is left alone. Raises RuntimeError when the
    import does not book the file.
    """
    account, _made = LessorAccount.objects.get_or_create(
        number=MAIN_ACCOUNT,
        defaults={
            "title": "Bank Zmyślony, wpłaty",
            "currency": "PLN",
            "dialect": BankDialect.objects.get(code=_DIALECT),
        },
    )
    if account.statements.exists():
        return
    content = _statement([*_of_the_owner(on), *_of_others(on), _bank_fee()], on)
    outcome = import_file(
        raw=Raw.of(f"wyciag-{on}.sta", content),
        at=min(at, dt.datetime.combine(on, _ARRIVES, tzinfo=clock.WARSAW)),
    )
    if outcome.is_refused or outcome.is_waiting:
        raise RuntimeError("; ".join(map(str, outcome.problems)) or "the statement waits")


def _of_the_owner(on: dt.date) -> Iterator[_Row]:
    """TRANS-ŻUK: one to an individual account, one by the number of its invoice; and from an
    account that nobody knows the overdue one, which the owner has reported (`paying`)."""
    mine = [item for item in _open() if item.company.source_id == OWNER_COMPANY]
    later = [
        item
        for item in mine
        if item.effective_due_on > on + _SOON and not item.baskets.filter(payment=None).exists()
    ]
    payer = nrb(50_000_000 + CLIENT.number, 1)
    for item in later[:1]:
        yield _paying(item, title=item.label, payer=payer, to=item.account)
    for item in later[1:2]:
        yield _paying(item, title=f"faktura {item.label.replace('/', ' ')}", payer=payer)
    for item in mine[:1] if mine and mine[0].effective_due_on < on else ():
        yield _Row(
            amount=item.open_amount,
            title=f"zaległa rata leasingu, NIP {CLIENT.nip}",
            name="JADWIGA ŻUK",
            payer=_PRIVATE_ACCOUNT,
        )


def _of_others(on: dt.date) -> Iterator[_Row]:
    """Two other clients, of whom nothing is overdue: one names its contract, one pays exactly what
    it owes from the account that it always uses."""
    oldest: dict[int, ReceivableItem] = {}
    for item in _open():
        if item.company.source_id not in {OWNER_COMPANY, FLEET_COMPANY}:
            oldest.setdefault(item.company_id, item)
    paying = (
        item
        for item in oldest.values()
        if item.effective_due_on >= on and item.contract is not None and _payer(item)
    )
    for item in islice(paying, 1):
        number = item.contract.number if item.contract else ""
        yield _paying(item, title=f"czynsz, umowa {number}", payer=_payer(item))
    for item in islice(paying, 1):
        yield _paying(item, title="leasing, rata bieżąca", payer=_payer(item))


def _bank_fee() -> _Row:
    return _Row(amount=-_FEE, title="Opłata za prowadzenie rachunków", kind="NCHG")


def _open() -> Sequence[ReceivableItem]:
    rows = ReceivableItem.objects.filter(
        kind=ItemKind.INVOICE, currency="PLN", open_amount__gt=0, is_disputed=False
    )
    related = rows.select_related("company", "contract")
    return list(related.order_by("effective_due_on", "pk"))


def _payer(item: ReceivableItem) -> str:
    """The account that the client last paid from; empty when it never has."""
    paid = Payment.objects.filter(company=item.company_id, kind=PaymentKind.TRANSFER, amount__gt=0)
    last = paid.exclude(payer_account="").order_by("-booked_on", "-pk").first()
    return "" if last is None else last.payer_account


def _paying(item: ReceivableItem, *, title: str, payer: str, to: str = "") -> _Row:
    return _Row(amount=item.open_amount, title=title, name=item.company.name, payer=payer, to=to)


def _statement(rows: Sequence[_Row], on: dt.date) -> bytes:
    """In MT940, the way of banks whose subfields begin with a tilde."""
    closing = _OPENING + sum((row.amount for row in rows), ZERO)
    lines = [
        f":20:MT940{on:%y%m%d}",
        f":25:PL{MAIN_ACCOUNT}",
        f":28C:{on.timetuple().tm_yday:05d}/001",
        f":60F:C{on:%y%m%d}PLN{_comma(_OPENING)}",
    ]
    for n, row in enumerate(rows, start=1):
        reference = f"{on:%Y%m%d}{n:06d}"
        mark = "D" if row.amount < 0 else "C"
        lines.append(
            f":61:{on:%y%m%d%m%d}{mark}{_comma(abs(row.amount))}{row.kind}{reference}//{reference}"
        )
        lines.append(f":86:034~00{'PROWIZJA' if row.amount < 0 else 'PRZELEW PRZYCHODZĄCY'}")
        for place, start in enumerate(range(0, len(row.title), _TITLE_LINE), start=20):
            lines.append(f"~{place}{row.title[start : start + _TITLE_LINE]}")
        if row.to:
            lines.append(f"~29{row.to}")
        if row.payer:
            lines.append(f"~32{row.name[:_NAME]}~38PL{row.payer}")
    lines += [f":62F:C{on:%y%m%d}PLN{_comma(closing)}", "-", ""]
    return "\r\n".join(lines).encode("cp1250")


def _comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
