"""camt.053 files of versions .02 and .08 (ISO 20022): statements and their entries.

An entry that the bank has put together of several transfers becomes one entry for each, when their
amounts make up the whole; otherwise it stays one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from eboks.money import ZERO
from invoicing.bank.safe_xml import Reader, Scope
from invoicing.bank.statements import (
    LARGEST_NUMBER,
    Entry,
    Statement,
    as_money,
    bare_account,
    clean,
    refuse,
)
from invoicing.enums import BankFormat

NAMESPACES = {
    "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02": BankFormat.CAMT_02,
    "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08": BankFormat.CAMT_08,
}
_HEADER = "/Document/BkToCstmrStmt/GrpHdr"
_STATEMENT = "/Document/BkToCstmrStmt/Stmt"
_BALANCE = f"{_STATEMENT}/Bal"
_ENTRY = f"{_STATEMENT}/Ntry"
_TRANSFER = f"{_ENTRY}/NtryDtls/TxDtls"
_SCOPES = frozenset({_HEADER, _STATEMENT, _BALANCE, _ENTRY, _TRANSFER})
_OPENING, _CLOSING = ("OPBD", "PRCD", "OPAV"), ("CLBD",)
_INTERIM = "ITBD"
_FEES = {"CHRG", "COMM", "FEES", "INTR", "COMI", "COME"}
_LONGEST_COUNT = 18  # digits (Max18Numeric)
_NO_REFERENCE = {"", "NOTPROVIDED", "NONREF"}


def parse(content: bytes) -> tuple[BankFormat, list[Statement]]:
    """The version and the statements of a file. Raises BankFileError.

    Balances are not held against entries here.
    """
    document = _Document()
    Reader(_SCOPES, root=document.root, begin=document.begin, end=document.end).read(content)
    if document.format is None or not document.statements:
        raise refuse(_("W pliku nie ma wyciągu."), tag="Stmt")
    return document.format, document.statements


@dataclass(slots=True)
class _Balance:
    kind: str
    amount: Decimal
    currency: str
    on: dt.date


@dataclass(slots=True)
class _Document:
    """Takes the elements as they end."""

    format: BankFormat | None = None
    statements: list[Statement] = field(default_factory=list)
    page: str = ""
    balances: list[_Balance] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    transfers: list[Scope] = field(default_factory=list)

    def root(self, namespace: str) -> None:
        self.format = NAMESPACES.get(namespace)
        if self.format is None:
            reason = _("To nie jest wyciąg camt.053 w wersji .02 ani .08: „%s”.")
            raise refuse(reason % clean(namespace, 80), line=1, tag="Document")

    def begin(self, scope: Scope) -> None:
        if scope.path == _STATEMENT:
            self.balances, self.entries = [], []
        elif scope.path == _ENTRY:
            self.transfers = []

    def end(self, scope: Scope) -> None:
        if scope.path == _TRANSFER:
            self.transfers.append(scope)
        elif scope.path == _ENTRY:
            self.entries += _entries(scope, self.transfers)
        elif scope.path == _BALANCE:
            self.balances.append(_balance(scope))
        elif scope.path == _HEADER:
            self.page = scope.first("MsgPgntn/PgNb")
        else:
            self.statements.append(self._statement(scope))

    def _statement(self, scope: Scope) -> Statement:
        account = bare_account(scope.first("Acct/Id/IBAN", "Acct/Id/Othr/Id"))
        if not account:
            raise refuse(_("Brak numeru rachunku."), line=scope.line, tag="Acct")
        number = scope.first("LglSeqNb", "ElctrncSeqNb")
        if not (_is_count(number) and int(number) <= LARGEST_NUMBER):
            raise refuse(_("Brak numeru wyciągu."), line=scope.line, tag="ElctrncSeqNb")
        opening, closing = self._ends(scope)
        page = scope.first("StmtPgntn/PgNb") or self.page
        return Statement(
            account=account,
            currency=closing.currency,
            number=int(number),
            part=int(page) if _is_count(page) and int(page) <= LARGEST_NUMBER and int(page) else 1,
            closed_on=closing.on,
            opening=opening.amount,
            closing=closing.amount,
            entries=self.entries,
            line=scope.line,
        )

    def _ends(self, scope: Scope) -> tuple[_Balance, _Balance]:
        """The opening and the closing balance; of a page in the middle, the interim ones."""
        interim = [one for one in self.balances if one.kind == _INTERIM]
        opening = next((one for one in self.balances if one.kind in _OPENING), None)
        closing = next((one for one in self.balances if one.kind in _CLOSING), None)
        opening = opening or (interim[0] if interim else None)
        closing = closing or (interim[-1] if interim else None)
        if opening is None or closing is None or opening is closing:
            reason = _("Brak salda początkowego albo końcowego.")
            raise refuse(reason, line=scope.line, tag="Bal")
        if opening.currency != closing.currency:
            raise refuse(_("Salda są w różnych walutach."), line=scope.line, tag="Bal")
        return opening, closing


def _is_count(text: str) -> bool:
    return len(text) <= _LONGEST_COUNT and text.isascii() and text.isdigit()


def _balance(scope: Scope) -> _Balance:
    return _Balance(
        kind=scope.first("Tp/CdOrPrtry/Cd"),
        amount=_amount(scope, scope.first("Amt"), scope.first("CdtDbtInd")),
        currency=scope.first("Amt@Ccy"),
        on=_day(scope, "Dt/Dt", "Dt/DtTm"),
    )


def _entries(entry: Scope, transfers: Sequence[Scope]) -> list[Entry]:
    """What of an entry is to be booked: nothing of one that is only announced."""
    status = entry.first("Sts", "Sts/Cd", "Sts/Prtry")
    if status != "BOOK":
        return []
    whole = _amount(entry, entry.first("Amt"), entry.first("CdtDbtInd"))
    if len(transfers) <= 1:
        return [_entry(entry, transfers[0] if transfers else None, whole)]
    parts = [_part(entry, transfer) for transfer in transfers]
    if None in parts or sum((part or ZERO for part in parts), ZERO) != whole:
        return [_entry(entry, None, whole)]
    found = []
    for n, (transfer, part) in enumerate(zip(transfers, parts, strict=True), 1):
        one = _entry(entry, transfer, part or ZERO)
        own = transfer.first("Refs/AcctSvcrRef")
        common = entry.first("AcctSvcrRef", "NtryRef")
        if own in _NO_REFERENCE or own == common:
            one.reference = f"{clean(common, 50)}/{n}" if common else ""
        found.append(one)
    return found


def _part(entry: Scope, transfer: Scope) -> Decimal | None:
    """The signed amount of one transfer of several, in the currency of the account."""
    sign = transfer.first("CdtDbtInd") or entry.first("CdtDbtInd")
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        if transfer.first(f"{path}@Ccy") == entry.first("Amt@Ccy"):
            return _amount(transfer, transfer.first(path), sign)
    return None


def _entry(entry: Scope, transfer: Scope | None, amount: Decimal) -> Entry:
    details = transfer or Scope("", entry.line)
    is_reversal = entry.first("RvslInd") in {"true", "1"}
    # Of a reversal the parties are still those of the transfer that it takes back.
    payer_side = (amount > 0) != is_reversal
    party, account = ("Dbtr", "DbtrAcct") if payer_side else ("Cdtr", "CdtrAcct")
    credited = "CdtrAcct" if payer_side else "DbtrAcct"
    parties = "RltdPties/"
    reference = details.first("Refs/AcctSvcrRef") or entry.first("AcctSvcrRef", "NtryRef")
    return Entry(
        reference="" if reference in _NO_REFERENCE else clean(reference, 60),
        booked_on=_day(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"),
        value_on=_day(entry, "ValDt/Dt", "ValDt/DtTm", "BookgDt/Dt", "BookgDt/DtTm"),
        amount=amount,
        is_reversal=is_reversal,
        is_fee=bool(_FEES & set(_codes(entry)) | (_FEES & set(_codes(details)))),
        operation=clean("/".join(filter(None, _codes(entry))), 60),
        counterparty_name=clean(
            details.first(f"{parties}{party}/Nm", f"{parties}{party}/Pty/Nm"), 150
        ),
        counterparty_account=bare_account(
            details.first(f"{parties}{account}/Id/IBAN", f"{parties}{account}/Id/Othr/Id")
        ),
        virtual_account=_own(
            details.first(f"{parties}{credited}/Id/IBAN", f"{parties}{credited}/Id/Othr/Id")
        ),
        title=_title(entry, details),
        line=entry.line,
    )


def _own(account: str) -> str:
    """The individual account that was credited; nothing but a Polish number can be one."""
    number = bare_account(account)
    return number if len(number) == 26 and number.isdigit() else ""


def _title(entry: Scope, details: Scope) -> str:
    """Lines of the title; one that was cut at 35 characters goes on without a blank (as MT940)."""
    text = ""
    for line in details.every("RmtInf/Ustrd") or entry.every("AddtlNtryInf"):
        text += line if not text or len(text) % 35 == 0 else f" {line}"
    reference = details.first("RmtInf/Strd/CdtrRefInf/Ref")
    return clean(f"{text} {reference}" if reference else text, 500)


def _codes(scope: Scope) -> list[str]:
    domain = "BkTxCd/Domn/"
    return [
        scope.first(f"{domain}Cd"),
        scope.first(f"{domain}Fmly/Cd"),
        scope.first(f"{domain}Fmly/SubFmlyCd"),
    ]


def _amount(scope: Scope, text: str, sign: str) -> Decimal:
    """Money with two places, negative for DBIT. Raises BankFileError."""
    try:
        amount = as_money(Decimal(text))
    except InvalidOperation:
        amount = None
    if amount is None or amount < 0:
        raise refuse(_("Kwota ma zły zapis."), line=scope.line, tag="Amt")
    if sign not in {"CRDT", "DBIT"}:
        raise refuse(
            _("Nie wiadomo, czy to wpływ, czy obciążenie."), line=scope.line, tag="CdtDbtInd"
        )
    return ZERO - amount if sign == "DBIT" else amount


def _day(scope: Scope, *paths: str) -> dt.date:
    """The day of the first of `paths` that is there. Raises BankFileError."""
    text = scope.first(*paths)
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise refuse(_("Data ma zły zapis."), line=scope.line, tag=paths[0]) from None
