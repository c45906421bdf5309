"""Made-up invoices of a contract: initial fee, instalments with insurance and service, fees,
interest notes, corrections, buyout."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

from contracts.enums import ContractStatus
from contracts.schedule_terms import Product, ScheduleRow
from contracts.vat import vat_of
from eboks.clock import effective_due_on, previous_working_day
from eboks.money import ZERO, to_grosz
from eboks.portal.demo.contracts import MadeContract
from eboks.portal.demo.lessor import SELLER
from invoicing.enums import CostKind, InvoiceKind

ISSUED_BEFORE_DUE = dt.timedelta(days=14)
_FEES = (
    ("Wezwanie do zapłaty", 30),
    ("Zmiana harmonogramu", 300),
    ("Zgoda na wyjazd za granicę", 50),
    ("Opinia o kliencie", 150),
    ("Udzielenie informacji organom ścigania", 80),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    cost_kind: CostKind
    description: str
    net: Decimal
    vat_code: str
    vat: Decimal
    principal: Decimal = ZERO
    interest: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice, a correction or a note, with its lines."""

    source_id: str
    number: str
    made: MadeContract
    kind: InvoiceKind
    issued_on: dt.date
    due_on: dt.date
    lines: tuple[Line, ...]
    instalment_n: int | None = None
    corrects: str | None = None

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), ZERO)

    @property
    def vat(self) -> Decimal:
        return sum((line.vat for line in self.lines), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    @property
    def effective_due_on(self) -> dt.date:
        return effective_due_on(self.due_on)

    def row(self) -> tuple[Any, ...]:
        """In the order of the columns of invoices.csv."""
        made, net, vat = self.made, self.net, self.vat
        foreign = made.deal.currency != "PLN"
        rate = fx_rate(self.issued_on) if foreign else None
        fx_on = previous_working_day(self.issued_on) if foreign else None
        return (
            self.source_id,
            made.client.source_id,
            made.source_id,
            self.kind.value,
            self.number,
            self.corrects,
            self.issued_on,
            self.issued_on,
            self.due_on,
            made.deal.currency,
            net,
            vat,
            net + vat,
            vat if rate is None else to_grosz(vat * rate),
            rate,
            None if fx_on is None else f"{fx_on.timetuple().tm_yday:03d}/A/NBP/{fx_on.year}",
            fx_on,
            self.instalment_n,
            *SELLER,
            made.client.name,
            made.client.nip,
            made.client.address,
            made.account,
            None,
        )

    def line_rows(self) -> Iterator[tuple[Any, ...]]:
        """In the order of the columns of invoice_rows.csv."""
        for position, line in enumerate(self.lines, start=1):
            yield (
                self.source_id,
                position,
                line.cost_kind.value,
                line.description,
                line.net,
                line.vat_code,
                line.vat,
                line.net + line.vat,
                line.principal,
                line.interest,
            )


class Biller:
    """Makes the bills of one contract up to a day, numbered one after another.

    `plain` bills nothing but the schedule.
    """

    def __init__(
        self, random: Random, made: MadeContract, on: dt.date, *, plain: bool = False
    ) -> None:
        self._random = random
        self._made = made
        self._on = on
        self._count = 0
        self._plain = plain
        deal = made.deal
        self._vat_pct = Decimal(deal.vat_pct)
        self._vat_code = str(deal.vat_pct)
        vehicle = bool(made.asset.maker_code)
        monthly = deal.net_value * deal.frequency_months / 1_200
        insured = random.random() < 0.25 and not plain
        serviced = (
            not plain and vehicle and deal.product is Product.OPERATING and random.random() < 0.15
        )
        self._insurance = to_grosz(monthly * Decimal("0.04") * 12) if insured else ZERO
        self._service = to_grosz(monthly * Decimal("0.18")) if serviced else ZERO

    def bills(self) -> Iterator[Bill]:
        made = self._made
        first = self._initial()
        if first is not None:
            yield first
        if made.status == ContractStatus.AWAITING_HANDOVER:
            return
        for row in made.schedule.rows:
            issued_on = max(row.nominal_due_on - ISSUED_BEFORE_DUE, made.deal.start_on)
            stopped = made.stopped_on is not None and row.nominal_due_on > made.stopped_on
            if issued_on > self._on or stopped:
                break
            yield self._instalment(row, issued_on)
            if not self._plain:
                yield from self._extras(issued_on)
        if made.status == ContractStatus.CLOSED and made.schedule.buyout_row is not None:
            yield self._buyout(made.schedule.buyout_row)

    def _bill(
        self,
        issued_on: dt.date,
        due_on: dt.date,
        *lines: Line,
        kind: InvoiceKind = InvoiceKind.INVOICE,
        instalment_n: int | None = None,
    ) -> Bill:
        self._count += 1
        place = self._made.place
        prefix = {"interest_note": "NO", "correction": "FK"}.get(kind.value, "FV")
        return Bill(
            source_id=f"F{place:07d}-{self._count}",
            number=f"{prefix}/{issued_on:%Y/%m}/{place:07d}/{self._count}",
            made=self._made,
            kind=kind,
            issued_on=issued_on,
            due_on=due_on,
            lines=lines,
            instalment_n=instalment_n,
        )

    def _initial(self) -> Bill | None:
        """The initial fee; for a financial lease with the VAT of the whole contract (art. 7
        ust. 9 of the VAT act)."""
        deal, schedule = self._made.deal, self._made.schedule
        fee = deal.initial_fee
        day = deal.signed_on
        upfront = schedule.upfront_vat
        if day > self._on or (not fee and upfront is None):
            return None
        if upfront is not None:
            vat, text = (
                upfront.vat,
                f"Opłata wstępna i VAT od całej umowy (podstawa {upfront.base})",
            )
        elif deal.product is Product.LOAN:
            vat, text = ZERO, "Wkład własny"
        else:
            vat, text = vat_of(fee, self._vat_pct), "Opłata wstępna"
        code = "np" if deal.product is Product.LOAN else self._vat_code
        line = Line(
            cost_kind=CostKind.INITIAL_FEE,
            description=text,
            net=fee,
            vat_code=code,
            vat=vat,
            principal=fee,
        )
        return self._bill(day, day + dt.timedelta(days=7), line)

    def _instalment(self, row: ScheduleRow, issued_on: dt.date) -> Bill:
        count = len(self._made.schedule.rows)
        product = self._made.deal.product
        lines: list[Line]
        if product is Product.LOAN:
            parts = (
                (row.principal, ZERO, "część kapitałowa", "np"),
                (ZERO, row.interest, "odsetki", "zw"),
            )
            lines = [
                Line(
                    cost_kind=CostKind.INSTALMENT,
                    description=f"Rata pożyczki {row.n} z {count}, {words}",
                    net=principal + interest,
                    vat_code=code,
                    vat=ZERO,
                    principal=principal,
                    interest=interest,
                )
                for principal, interest, words, code in parts
            ]
        else:
            code = self._vat_code if product is Product.OPERATING else "np"
            lines = [
                Line(
                    cost_kind=CostKind.INSTALMENT,
                    description=f"Rata leasingowa {row.n} z {count}",
                    net=row.payment,
                    vat_code=code,
                    vat=row.vat,
                    principal=row.principal,
                    interest=row.interest,
                )
            ]
        if self._insurance:
            lines.append(
                Line(
                    cost_kind=CostKind.INSURANCE,
                    description="Ubezpieczenie OC/AC, refaktura",
                    net=self._insurance,
                    vat_code="zw",
                    vat=ZERO,
                )
            )
        if self._service:
            lines.append(
                Line(
                    cost_kind=CostKind.SERVICE,
                    description="Pakiet serwisowy",
                    net=self._service,
                    vat_code="23",
                    vat=vat_of(self._service, Decimal(23)),
                )
            )
        return self._bill(issued_on, row.nominal_due_on, *lines, instalment_n=row.n)

    def _extras(self, issued_on: dt.date) -> Iterator[Bill]:
        """Now and then a fee, its correction, or an interest note."""
        random = self._random
        draw = random.random()
        day = issued_on + dt.timedelta(days=random.randint(1, 12))
        due_on = day + dt.timedelta(days=14)
        in_zloty = self._made.deal.currency == "PLN"
        if day > self._on or draw > 0.02 or not in_zloty:
            return
        if draw < 0.014:
            words, net = random.choice(_FEES)
            line = Line(
                cost_kind=CostKind.FEE,
                description=words,
                net=Decimal(f"{net}.00"),
                vat_code="23",
                vat=vat_of(Decimal(net), Decimal(23)),
            )
            bill = self._bill(day, due_on, line)
            yield bill
            corrected_on = day + dt.timedelta(days=9)
            if draw < 0.003 and corrected_on <= self._on:
                minus = replace(line, net=-line.net, vat=-line.vat)
                correction = self._bill(corrected_on, due_on, minus, kind=InvoiceKind.CORRECTION)
                yield replace(correction, corrects=bill.source_id)
        elif self._made.client.payer in {"late", "poor"}:
            line = Line(
                cost_kind=CostKind.INTEREST_NOTE,
                description="Odsetki ustawowe za opóźnienie",
                net=Decimal(random.randint(300, 9_000)) / 100,
                vat_code="np",
                vat=ZERO,
            )
            yield self._bill(day, due_on, line, kind=InvoiceKind.INTEREST_NOTE)

    def _buyout(self, row: ScheduleRow) -> Bill:
        day = self._made.end_on
        line = Line(
            cost_kind=CostKind.BUYOUT,
            description="Wykup przedmiotu leasingu",
            net=row.payment,
            vat_code=self._vat_code,
            vat=row.vat,
            principal=row.principal,
            interest=row.interest,
        )
        return self._bill(min(day, self._on), day + dt.timedelta(days=14), line)


def fx_rate(day: dt.date) -> Decimal:
    """An invented rate of the euro, near 4.26."""
    return Decimal(42_600 + (day.toordinal() * 37) % 900 - 450) / 10_000
