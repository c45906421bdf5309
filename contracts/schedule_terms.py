"""What a schedule is built from and what comes out: plain frozen data.

Symbols in brackets are those of the domain specification, section 1.2.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.day_count import MONTHLY, DayCount, Frequency
from eboks.money import ZERO


class Product(enum.StrEnum):
    OPERATING = "operating"  # VAT on every instalment
    FINANCIAL = "financial"  # VAT once, at handover, on the whole sum
    LOAN = "loan"  # interest exempt, principal outside VAT


class PaymentPattern(enum.StrEnum):
    ANNUITY = "annuity"
    EQUAL_PRINCIPAL = "equal_principal"


class BuyoutTiming(enum.StrEnum):
    WITH_LAST = "with_last"
    AFTER_LAST = "after_last"


class PaymentRounding(enum.StrEnum):
    GROSZ = "grosz"
    UNIT_UP = "unit_up"


class AmountRounding(enum.StrEnum):
    GROSZ = "grosz"
    DISPLAY = "display"  # computed unrounded, only shown with two decimals


class IndexMethod(enum.StrEnum):
    REANNUITISE = "reannuitise"  # A: same number of instalments, new level instalment
    KEEP_PRINCIPAL = "keep_principal"  # B: principal parts stay, only interest changes
    KEEP_PAYMENT = "keep_payment"  # C: instalment stays, their number changes


class RowKind(enum.StrEnum):
    INITIAL_FEE = "initial_fee"
    INSTALMENT = "instalment"
    BUYOUT = "buyout"


@dataclass(frozen=True, slots=True)
class Disbursement:
    """Capital paid out on a day; from then on it bears interest."""

    on: dt.date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RateChange:
    """A new annual rate (percent). Its first accrual day is `effective_on`: it counts from the
    balance of the day before."""

    effective_on: dt.date
    annual_rate_pct: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTerms:
    """Parameters of one schedule. Money in the contract's currency, net; rates in percent p.a.

    `weights`, `fixed_amounts`: one per row, empty for 1 and 0. Instalment k = x*w_k + a_k, in
    the equal-principal pattern the principal part k = x*w_k + a_k. A row of weight 0 and amount 0
    pays nothing and capitalises its interest; a row numbered in `interest_only` pays exactly its
    interest. `payment` fixes the instalment instead of solving for it; then `n` may be None and
    follows. `due_dates` and `rate_factors` (per row, f_k itself) replace what would be derived.
    """

    financed: Decimal  # C; with `disbursements`: their sum
    n: int | None
    annual_rate_pct: Decimal  # r = index + margin
    start_on: dt.date  # handover, or the day the capital is paid out
    buyout: Decimal = ZERO  # B
    buyout_timing: BuyoutTiming = BuyoutTiming.WITH_LAST
    day_count: DayCount = DayCount.THIRTY_360
    frequency: Frequency = MONTHLY
    in_advance: bool = False
    first_due_on: dt.date | None = None  # default: start_on in advance, else one period later
    due_day: int | None = None  # default: the day of the first due date
    due_dates: tuple[dt.date, ...] = ()
    pattern: PaymentPattern = PaymentPattern.ANNUITY
    weights: tuple[Decimal, ...] = ()
    fixed_amounts: tuple[Decimal, ...] = ()
    interest_only: frozenset[int] = frozenset()
    payment: Decimal | None = None
    disbursements: tuple[Disbursement, ...] = ()
    rate_factors: tuple[Decimal, ...] = ()
    rate_changes: tuple[RateChange, ...] = ()  # history, written by `reprice`
    payment_rounding: PaymentRounding = PaymentRounding.GROSZ
    amount_rounding: AmountRounding = AmountRounding.GROSZ
    adjust_payment: bool = False  # the Fineract step of 1.5 no. 5
    product: Product = Product.OPERATING
    vat_pct: Decimal | None = None  # t; None: no VAT at all
    net_value: Decimal | None = None  # W
    initial_fee: Decimal = ZERO  # F0


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One payment: net amounts, `balance` after it, VAT and gross of the row itself."""

    n: int
    nominal_due_on: dt.date
    effective_due_on: dt.date
    payment: Decimal
    interest: Decimal
    principal: Decimal
    balance: Decimal
    vat: Decimal
    gross: Decimal
    kind: RowKind = RowKind.INSTALMENT


@dataclass(frozen=True, slots=True)
class UpfrontVat:
    """VAT of a financial lease, invoiced once at handover."""

    base: Decimal  # initial fee + all instalments + buyout, net
    vat: Decimal
    first_payment_gross: Decimal  # initial fee + the whole VAT


@dataclass(frozen=True, slots=True)
class Schedule:
    """`rows` are the instalments only; initial fee and buyout stand beside them. In a financial
    lease the row of the initial fee carries the whole VAT.

    `payment` is the level instalment in force (of weight 1); in the equal-principal pattern
    the first one.
    """

    terms: ScheduleTerms
    rows: tuple[ScheduleRow, ...]
    payment: Decimal
    initial_fee_row: ScheduleRow | None = None
    buyout_row: ScheduleRow | None = None
    upfront_vat: UpfrontVat | None = None

    @property
    def total_payments(self) -> Decimal:
        """Sum of the instalments, net."""
        return sum((row.payment for row in self.rows), ZERO)

    @property
    def total_interest(self) -> Decimal:
        """Sum of the interest parts of the instalments."""
        return sum((row.interest for row in self.rows), ZERO)

    @property
    def total_principal(self) -> Decimal:
        """Sum of the principal parts of the instalments: what is financed less the buyout."""
        return sum((row.principal for row in self.rows), ZERO)

    @property
    def total_net(self) -> Decimal:
        """Initial fee + instalments + buyout, net: what the asset costs the lessee."""
        return self.terms.initial_fee + self.total_payments + self.terms.buyout


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the terms: the field and the reason, in Polish, for people."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass
class InvalidTermsError(ValueError):
    """The terms cannot make a schedule. `problems` lists everything that is wrong at once."""

    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)
