"""From what is due to the words and figures of invoices (domain 1.1, 1.6, 1.9). No database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from contracts.enums import Product, RowKind
from contracts.models import Contract, ScheduleRow
from contracts.vat import vat_of
from eboks.money import ZERO, to_grosz
from eboks.tenancy.models import Company
from invoicing.enums import CostKind
from invoicing.issuing.due import Work, row_key
from invoicing.models import Charge, ExchangeRate

OUTSIDE_VAT, EXEMPT = "np", "zw"
RateOf = Callable[[str, dt.date], ExchangeRate]


class IssueError(Exception):
    """The data of a contract make no invoice. Its text is for the back office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    cost_kind: str
    description: str
    net: Decimal
    vat_code: str
    vat: Decimal
    principal: Decimal = ZERO
    interest: Decimal = ZERO
    charge: Charge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An invoice but for its number. `taxed_on` is the day whose exchange rate counts."""

    key: str
    company: Company
    contract: Contract | None
    currency: str
    taxed_on: dt.date
    due_on: dt.date
    lines: list[Line] = field(default_factory=list)
    instalment_n: int | None = None
    upfront_base: Decimal | None = None
    rate: ExchangeRate | None = None

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), ZERO)

    @property
    def vat(self) -> Decimal:
        return sum((line.vat for line in self.lines), ZERO)

    @property
    def vat_pln(self) -> Decimal:
        """VAT rounded in the currency of the invoice, then converted (domain 1.9)."""
        return self.vat if self.rate is None else to_grosz(self.vat * self.rate.rate)


def draft(
    *,
    company: Company,
    contract: Contract | None,
    work: Work,
    on: dt.date,
    payment_days: int,
    rate_of: RateOf,
) -> list[Draft]:
    """The invoices of one contract (or, without one, of one company's charges) dated `on`.

    A payment that should have been invoiced before its day is payable `payment_days` after the
    invoice. Charges go with an instalment of the day, or on an invoice of their own. Raises
    IssueError, and ExchangeError when a rate has not been imported yet.
    """
    later = on + dt.timedelta(days=payment_days)
    _check(company, contract)
    drafts: list[Draft] = []
    if contract is not None:
        if work.with_upfront_vat:
            drafts.append(_upfront(company, contract, work, on=on, due_on=later))
        drafts += [
            Draft(
                key=row_key(contract.pk, row.kind, row.n),
                company=company,
                contract=contract,
                currency=contract.currency,
                # Leasing services: the day of the invoice, not later than the day of payment
                # (art. 19a ust. 5 pkt 4 and ust. 7 of the VAT act).
                taxed_on=min(on, row.nominal_due_on),
                due_on=row.nominal_due_on if row.nominal_due_on >= on else later,
                lines=list(_row_lines(contract, row, work.instalments)),
                instalment_n=row.n if row.kind == RowKind.INSTALMENT else None,
            )
            for row in work.rows
        ]
    for currency, charges in groupby(_by_currency(work.charges), key=lambda one: one.currency):
        _place(drafts, company, contract, currency, list(charges), later)
    return [_with_rate(one, rate_of) for one in drafts]


def vat_pct_of(code: str) -> Decimal:
    """Percent of a VAT code: `23` is 23, exempt and outside VAT are 0."""
    text = code.strip()
    return Decimal(text) if text.isdigit() else ZERO


def _check(company: Company, contract: Contract | None) -> None:
    if not company.street or not company.city:
        raise IssueError(_("Klient nie ma adresu: nie da się wystawić faktury."))
    if contract is None or contract.product == Product.LOAN:
        return
    if contract.vat_code.strip().isdigit() and vat_pct_of(contract.vat_code) != contract.vat_pct:
        raise IssueError(
            _("Kod VAT umowy (%(code)s) nie zgadza się z jej stawką (%(pct)s %%).")
            % {"code": contract.vat_code, "pct": f"{contract.vat_pct:f}"}
        )


def _upfront(
    company: Company, contract: Contract, work: Work, *, on: dt.date, due_on: dt.date
) -> Draft:
    """The one VAT invoice of a financial lease: the initial fee, and VAT on everything the lessee
    will pay. Its VAT is computed once on the whole base; the second row takes what the first
    leaves, so that no grosz is lost between them."""
    handover = contract.handover_on or on
    if not work.later_net:
        raise IssueError(_("Leasing finansowy bez harmonogramu: nie ma podstawy VAT."))
    fee = contract.initial_fee
    base = fee + work.later_net
    vat = vat_of(base, contract.vat_pct)
    fee_vat = vat_of(fee, contract.vat_pct)
    lines = [
        Line(
            cost_kind=CostKind.INITIAL_FEE,
            description="Opłata wstępna",
            net=fee,
            vat_code=contract.vat_code,
            vat=fee_vat,
            principal=fee,
        ),
        Line(
            cost_kind=CostKind.OTHER,
            description=upfront_words(work.later_net),
            net=ZERO,
            vat_code=contract.vat_code,
            vat=vat - fee_vat,
        ),
    ]
    return Draft(
        key=row_key(contract.pk, RowKind.INITIAL_FEE, 0),
        company=company,
        contract=contract,
        currency=contract.currency,
        taxed_on=min(on, handover),
        due_on=due_on,
        lines=[line for line in lines if line.net or line.vat],
        upfront_base=base,
    )


def upfront_words(rest: Decimal) -> str:
    """What the row with the VAT of all later payments is called; `rest` is their net sum."""
    return f"VAT od pozostałych opłat z umowy (netto {rest:.2f})".replace(".", ",")


def _row_lines(contract: Contract, row: ScheduleRow, count: int) -> Iterator[Line]:
    if contract.product == Product.LOAN:
        yield from _loan_lines(row, count)
        return
    taxed = contract.product == Product.OPERATING
    vat = vat_of(row.payment, contract.vat_pct) if taxed else ZERO
    if taxed and row.vat != vat:
        raise IssueError(
            _("VAT w harmonogramie (%(kind)s %(n)s) wynosi %(stored)s, a powinien %(vat)s.")
            % {"kind": row.get_kind_display(), "n": row.n, "stored": row.vat, "vat": vat}
        )
    kind, words = {
        RowKind.INITIAL_FEE: (CostKind.INITIAL_FEE, "Opłata wstępna"),
        RowKind.INSTALMENT: (CostKind.INSTALMENT, f"Rata leasingowa {row.n} z {count}"),
        RowKind.BUYOUT: (CostKind.BUYOUT, "Wykup przedmiotu leasingu"),
    }[RowKind(row.kind)]
    yield Line(
        cost_kind=kind,
        description=words,
        net=row.payment,
        vat_code=contract.vat_code if taxed else OUTSIDE_VAT,
        vat=vat,
        principal=row.principal,
        interest=row.interest,
    )


def _loan_lines(row: ScheduleRow, count: int) -> Iterator[Line]:
    """A loan: capital is outside VAT, interest exempt from it (art. 43 ust. 1 pkt 38)."""
    if row.kind == RowKind.INITIAL_FEE:
        parts = [(row.principal, ZERO, OUTSIDE_VAT, CostKind.INITIAL_FEE, "Wkład własny")]
    else:
        name = f"Rata pożyczki {row.n} z {count}" if row.kind == RowKind.INSTALMENT else "Spłata"
        kind = CostKind.INSTALMENT if row.kind == RowKind.INSTALMENT else CostKind.BUYOUT
        parts = [
            (row.principal, ZERO, OUTSIDE_VAT, kind, f"{name}, część kapitałowa"),
            (ZERO, row.interest, EXEMPT, kind, f"{name}, odsetki"),
        ]
    for principal, interest, code, kind, words in parts:
        if principal or interest:
            yield Line(
                cost_kind=kind,
                description=words,
                net=principal + interest,
                vat_code=code,
                vat=ZERO,
                principal=principal,
                interest=interest,
            )


def _place(
    drafts: list[Draft],
    company: Company,
    contract: Contract | None,
    currency: str,
    charges: Sequence[Charge],
    due_on: dt.date,
) -> None:
    """Charges beside the first instalment in their currency, or on an invoice of their own."""
    lines = [_charge_line(charge) for charge in charges]
    for one in drafts:
        if one.instalment_n is not None and one.currency == currency:
            one.lines.extend(lines)
            return
    drafts.append(
        Draft(
            key=f"charge:{charges[0].pk}",
            company=company,
            contract=contract,
            currency=currency,
            taxed_on=max(charge.charged_on for charge in charges),
            due_on=due_on,
            lines=lines,
        )
    )


def _charge_line(charge: Charge) -> Line:
    """A fee names the version of the table that it comes from; the rest, the days it is for."""
    words = charge.description
    if charge.fee_line is not None:
        words = f"{words[:200]} (tabela opłat {charge.fee_line.table.version})"
    elif charge.period_from is not None and charge.period_to is not None:
        words = (
            f"{words[:200]} (za okres {charge.period_from:%d.%m.%Y}–{charge.period_to:%d.%m.%Y})"
        )
    return Line(
        cost_kind=charge.cost_kind,
        description=words,
        net=charge.net,
        vat_code=charge.vat_code,
        vat=vat_of(charge.net, vat_pct_of(charge.vat_code)),
        charge=charge,
    )


def _by_currency(charges: Sequence[Charge]) -> list[Charge]:
    return sorted(charges, key=lambda charge: (charge.currency, charge.charged_on, charge.pk))


def _with_rate(one: Draft, rate_of: RateOf) -> Draft:
    """In a foreign currency VAT is also stated in złoty, by the NBP's rate (art. 31a)."""
    if one.currency == "PLN" or not one.vat:
        return one
    return replace(one, rate=rate_of(one.currency, one.taxed_on))
