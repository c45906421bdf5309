"""Made-up contracts: parameters, asset, and a schedule by the engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from contracts.day_count import DayCount, Frequency
from contracts.enums import ContractStatus, RateType
from contracts.schedule import Schedule, ScheduleTerms, build_schedule
from contracts.schedule_terms import BuyoutTiming, PaymentPattern, Product
from eboks.clock import add_months
from eboks.money import ZERO, to_grosz
from eboks.portal.demo import identifiers
from eboks.portal.demo.catalogue import SHELVES, Kind
from eboks.portal.demo.companies import Client

_PREFIX = {Product.OPERATING: "OL", Product.FINANCIAL: "FL", Product.LOAN: "PL"}
_EUR = Decimal("4.26")  # an invented, constant rate of the made-up world
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What was agreed, before it becomes rows."""

    number: str
    product: Product
    currency: str
    signed_on: dt.date
    start_on: dt.date  # handover
    due_day: int
    months: int  # the whole term; the initial fee counts as month one
    frequency_months: int
    net_value: Decimal
    fee_pct: Decimal
    buyout_pct: Decimal
    in_advance: bool
    pattern: PaymentPattern
    weights: tuple[Decimal, ...]
    fixed_amounts: tuple[Decimal, ...]
    index: str  # empty: fixed rate
    index_value: Decimal | None
    margin_pp: Decimal
    vat_pct: int
    day_count: DayCount = DayCount.THIRTY_360
    buyout_timing: BuyoutTiming = BuyoutTiming.WITH_LAST
    threshold_pp: Decimal = ZERO
    floor_pct: Decimal = ZERO
    csa_pp: Decimal = ZERO

    @property
    def annual_rate_pct(self) -> Decimal:
        return self.margin_pp + (self.index_value or 0)

    @property
    def initial_fee(self) -> Decimal:
        return to_grosz(self.net_value * self.fee_pct / _HUNDRED)

    @property
    def buyout(self) -> Decimal:
        return to_grosz(self.net_value * self.buyout_pct / _HUNDRED)

    @property
    def instalments(self) -> int:
        return max(1, (self.months - 1) // self.frequency_months)

    def schedule(self) -> Schedule:
        return build_schedule(
            ScheduleTerms(
                financed=self.net_value - self.initial_fee,
                n=self.instalments,
                annual_rate_pct=self.annual_rate_pct,
                start_on=self.start_on,
                due_day=self.due_day,
                first_due_on=None
                if self.in_advance
                else add_months(self.start_on, self.frequency_months, self.due_day),
                buyout=self.buyout,
                buyout_timing=self.buyout_timing,
                day_count=self.day_count,
                frequency=Frequency(self.frequency_months),
                in_advance=self.in_advance,
                pattern=self.pattern,
                weights=self.weights,
                fixed_amounts=self.fixed_amounts,
                product=self.product,
                vat_pct=Decimal(self.vat_pct),
                net_value=self.net_value,
                initial_fee=self.initial_fee,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeContract:
    """A contract with everything that its feed rows need."""

    place: int  # running number in the portfolio
    client: Client
    deal: Deal
    asset: Kind
    schedule: Schedule
    status: ContractStatus
    stopped_on: dt.date | None  # ended before its time; nothing is invoiced after it
    account: str

    @property
    def source_id(self) -> str:
        return f"U{self.place:07d}"

    @property
    def end_on(self) -> dt.date:
        return self.schedule.rows[-1].nominal_due_on

    def row(self) -> tuple[Any, ...]:
        """In the order of the columns of contracts.csv."""
        deal = self.deal
        custom = bool(deal.weights or deal.fixed_amounts)
        floating = bool(deal.index)
        return (
            self.source_id,
            self.client.source_id,
            deal.number,
            deal.product,
            self.status.value,
            deal.currency,
            deal.signed_on,
            None if self.status == ContractStatus.AWAITING_HANDOVER else deal.start_on,
            self.end_on,
            deal.net_value,
            deal.fee_pct,
            deal.initial_fee,
            deal.net_value - deal.initial_fee,
            len(self.schedule.rows),
            deal.buyout_pct,
            deal.buyout,
            deal.buyout_timing,
            deal.in_advance,
            deal.frequency_months,
            deal.due_day,
            "custom" if custom else deal.pattern,
            "grosz",
            RateType.FLOATING.value if floating else RateType.FIXED.value,
            deal.day_count,
            deal.index,
            deal.index_value,
            deal.signed_on if floating else None,
            deal.margin_pp,
            deal.annual_rate_pct,
            3 if deal.index.endswith("3M") else int(floating),
            _fixing_rule(deal.index) if floating else None,
            "next_due" if floating else None,
            "reannuitise",
            deal.threshold_pp,
            deal.floor_pct if floating else None,
            f"POLSTR_{deal.index[-2:]}" if deal.index.startswith("WIBOR") else None,
            deal.csa_pp,
            str(deal.vat_pct),
            deal.vat_pct,
            self.account,
            "OWUL 2024/1",
        )

    def version_row(self) -> tuple[Any, ...]:
        """In the order of the columns of schedule_versions.csv."""
        deal = self.deal
        return (
            f"{self.source_id}/1",
            self.source_id,
            1,
            deal.signed_on,
            "zawarcie umowy",
            deal.index_value,
            deal.signed_on if deal.index else None,
            deal.annual_rate_pct,
        )

    def schedule_rows(self) -> list[tuple[Any, ...]]:
        """In the order of the columns of schedule_rows.csv."""
        schedule = self.schedule
        rows = [schedule.initial_fee_row, *schedule.rows, schedule.buyout_row]
        version = f"{self.source_id}/1"
        return [
            (
                version,
                row.kind,
                row.n,
                row.nominal_due_on,
                row.payment,
                row.interest,
                row.principal,
                row.balance,
                row.vat,
                row.gross,
            )
            for row in rows
            if row is not None
        ]


def _fixing_rule(index: str) -> str:
    return "before_period_2" if index.startswith("EURIBOR") else "last_day_previous_month"


def make_deal(random: Random, place: int, kind: Kind, on: dt.date) -> Deal:
    """A deal whose age on `on` is anywhere from some days before handover to past its end."""
    product = random.choices([Product.OPERATING, Product.FINANCIAL, Product.LOAN], [78, 10, 12])[0]
    months = random.choices([24, 36, 48, 60], [20, 50, 20, 10])[0]
    days_old = int((months * 30.4 + 75) * random.random() ** 1.25) - 15
    start_on = on - dt.timedelta(days=days_old)
    in_euro = random.random() < 0.05
    price = Decimal(random.randint(*kind.price))
    if in_euro:
        price /= _EUR
    frequency = random.choices([1, 3], [96, 4])[0]
    count = max(1, (months - 1) // frequency)
    pattern, weights, fixed = _pattern(random, product, price, count, frequency, start_on)
    index, value, margin = _rate(random, start_on, in_euro=in_euro)
    no_buyout = product != Product.OPERATING
    return Deal(
        number=f"{_PREFIX[product]}/{start_on.year}/{place:07d}",
        product=product,
        currency="EUR" if in_euro else "PLN",
        signed_on=start_on - dt.timedelta(days=random.randint(3, 21)),
        start_on=start_on,
        due_day=random.choice([1, 5, 10, 15, 20, 25, 28]),
        months=months,
        frequency_months=frequency,
        net_value=to_grosz(price + Decimal(random.randint(0, 99)) / _HUNDRED),
        fee_pct=Decimal(random.choice([0, 5, 9, 10, 10, 15, 20, 30, 45])),
        buyout_pct=Decimal(0 if no_buyout else random.choice([1, 1, 1, 5, 10, 19, 20, 30])),
        in_advance=pattern is PaymentPattern.ANNUITY and not weights and random.random() < 0.15,
        pattern=pattern,
        weights=weights,
        fixed_amounts=fixed,
        index=index,
        index_value=value,
        margin_pp=margin,
        vat_pct=kind.vat_pct,
        day_count=random.choices([DayCount.THIRTY_360, DayCount.ACT_365F], [85, 15])[0]
        if not in_euro
        else DayCount.ACT_360,
    )


def _pattern(
    random: Random,
    product: Product,
    price: Decimal,
    count: int,
    frequency: int,
    start_on: dt.date,
) -> tuple[PaymentPattern, tuple[Decimal, ...], tuple[Decimal, ...]]:
    draw = random.random()
    if draw < 0.06 and product is not Product.OPERATING:
        return PaymentPattern.EQUAL_PRINCIPAL, (), ()
    if draw < 0.09 and frequency == 1:  # a season: winter at a quarter
        months = [(start_on.month + n) % 12 + 1 for n in range(count)]
        low, full = Decimal("0.25"), Decimal(1)
        return PaymentPattern.ANNUITY, tuple(low if m in {1, 2, 12} else full for m in months), ()
    if draw < 0.11:  # a balloon: the last instalment adds a fifth of the price
        balloon = to_grosz(price / 5)
        return PaymentPattern.ANNUITY, (), (*([ZERO] * (count - 1)), balloon)
    return PaymentPattern.ANNUITY, (), ()


def _rate(
    random: Random, start_on: dt.date, *, in_euro: bool
) -> tuple[str, Decimal | None, Decimal]:
    """(index, its value, margin). The values of the made-up world fall from 5.8 to 4.1 %."""
    margin = Decimal(random.randint(150, 420)) / _HUNDRED
    if random.random() >= 0.7:
        return "", None, margin + Decimal("4.5")
    if in_euro:
        return "EURIBOR_3M", Decimal(random.randint(200, 260)) / _HUNDRED, margin
    level = Decimal("5.85") - Decimal("0.05") * max(0, (start_on.year - 2024) * 12 + start_on.month)
    level = max(level, Decimal("4.10"))
    if start_on.year >= 2026 and random.random() < 0.2:
        return "POLSTR_1M", level - Decimal("0.15"), margin
    return random.choice(["WIBOR_1M", "WIBOR_3M"]), level, margin


def pick_kind(random: Random, shelf: int | None = None) -> Kind:
    """A model from any shelf of the catalogue, or from one."""
    if shelf is None:
        shelf = random.choices(range(len(SHELVES)), [weight for _, weight in SHELVES])[0]
    return random.choice(SHELVES[shelf][0])


def make_status(
    random: Random, schedule: Schedule, deal: Deal, on: dt.date
) -> tuple[ContractStatus, dt.date | None]:
    """(state on the day `on`, when it ended before its time)."""
    end = schedule.rows[-1].nominal_due_on
    if deal.start_on > on:
        return ContractStatus.AWAITING_HANDOVER, None
    draw = random.random()
    running_days = (min(on, end) - deal.start_on).days
    if running_days > 300 and draw < 0.035:
        stopped = deal.start_on + dt.timedelta(days=random.randint(200, running_days))
        early = draw < 0.02
        return (ContractStatus.EARLY_ENDED if early else ContractStatus.TERMINATED), stopped
    if end < on:
        pending = deal.buyout > 0 and (on - end).days < 30
        return (ContractStatus.ENDED_BUYOUT_PENDING if pending else ContractStatus.CLOSED), None
    return ContractStatus.ACTIVE, None


def asset_row(random: Random, made: MadeContract, on: dt.date) -> tuple[Any, ...]:
    """In the order of the columns of assets.csv."""
    kind, deal, client = made.asset, made.deal, made.client
    year = deal.start_on.year
    is_vehicle = bool(kind.maker_code)
    trailer = is_vehicle and not kind.propulsion
    driven = max(0, (min(on, made.end_on) - deal.start_on).days) * random.randint(40, 160)
    return (
        f"P{made.place:07d}",
        made.source_id,
        kind.category.value,
        kind.make,
        kind.model,
        year,
        deal.net_value,
        identifiers.vin(random, kind.maker_code, year) if is_vehicle else None,
        identifiers.plate(random, client.plate_prefix) if is_vehicle else None,
        None if is_vehicle else f"SN-{random.randint(10**7, 10**8 - 1)}",
        deal.start_on if is_vehicle and deal.start_on <= on else None,
        random.randint(*kind.power_kw) if kind.power_kw[1] else None,
        random.randint(*kind.co2)
        if kind.co2[1]
        else (0 if kind.propulsion == "electric" else None),
        kind.propulsion,
        driven if is_vehicle and not trailer and deal.start_on <= on else None,
        on if is_vehicle and not trailer and deal.start_on <= on else None,
        client.address if random.random() < 0.8 else None,
    )
