"""Reads the parameters of a schedule from a JSON object; `docs/schedule.md` lists every field.

Missing fields take the defaults of `ScheduleTerms`. Problems are collected, not raised one by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from contracts.annuity import present_value
from contracts.day_count import DayCount, Frequency, FrequencyUnit, period_fraction
from contracts.schedule_changes import PlannedChange, read_changes
from contracts.schedule_checks import MAX_ROWS, check_terms
from contracts.schedule_fields import (
    Fields,
    as_date,
    as_day_count,
    as_decimal,
    as_integer,
    as_money,
)
from contracts.schedule_terms import (
    AmountRounding,
    BuyoutTiming,
    Disbursement,
    PaymentPattern,
    PaymentRounding,
    Problem,
    Product,
    ScheduleTerms,
)
from eboks.money import ZERO, to_grosz

# A schedule without dates needs some to count its periods; they are never shown.
_UNDATED_START = dt.date(2000, 1, 1)

_HUNDRED = Decimal(100)
_KINDS: dict[str, dict[str, Any]] = {
    "equal_principal": {"pattern": PaymentPattern.EQUAL_PRINCIPAL},
    "financial_lease": {"product": Product.FINANCIAL},
    "loan": {"product": Product.LOAN},
}
# Placeholders for fields that could not be read, so that the others are still checked; and the
# fields whose checks then mean nothing.
_PLACEHOLDERS: dict[str, Any] = {"financed": Decimal(1), "n": 1, "annual_rate_pct": ZERO}
_LEANS_ON = {
    "n": {"weights", "fixed_amounts", "interest_only", "due_dates", "rate_factors"},
    "financed": {"buyout"},
}
_ALWAYS_DOUBTFUL = {"disbursements"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """What a file asks for."""

    terms: ScheduleTerms
    dated: bool
    changes: tuple[PlannedChange, ...]
    payoff_on: dt.date | None
    settle_after: int | None
    discounts_pct: tuple[Decimal, ...]
    ignored: tuple[str, ...]


def read_request(
    data: Mapping[str, Any], *, kind: str | None = None
) -> tuple[ScheduleRequest | None, list[Problem]]:
    """The request in `data`, or every problem that keeps it from being one.

    `kind` is what the surrounding file says about the schedule (equal_principal,
    financial_lease, loan, ...); a `kind` inside `data` goes first.
    """
    reader = _Reader(Fields(data), kind)
    request = reader.read()
    problems = reader.fields.problems
    return (None if problems else request), problems


class _Reader:
    def __init__(self, fields: Fields, kind: str | None) -> None:
        self.fields = fields
        _, own_kind = fields.raw("kind")
        self.kind = str(own_kind or kind or "")

    def read(self) -> ScheduleRequest:
        fields = self.fields
        values: dict[str, Any] = {**_KINDS.get(self.kind, {})}
        for part in (self._calendar(), self._rows(), self._rounding()):
            values |= {name: value for name, value in part.items() if value is not None}
        values |= {name: v for name, v in self._capital(values).items() if v is not None}
        changes = read_changes(fields)
        payoff_on = fields.date("payoff_date")
        settle_after = fields.integer("settle_after_instalment")
        discounts = fields.items(as_decimal, "discount_rates_pct") or []
        if (discount := fields.decimal("discount_rate_pct")) is not None:
            discounts.append(discount)
        dated = "start_on" in values
        if not dated:
            self._refuse_dates(values, changes, payoff_on)
            values["start_on"] = _UNDATED_START
        terms = self._checked_terms(values)
        ignored = tuple(fields.unused)
        return ScheduleRequest(
            terms, dated, changes, payoff_on, settle_after, tuple(discounts or [ZERO]), ignored
        )

    def _checked_terms(self, values: dict[str, Any]) -> ScheduleTerms:
        reported = {problem.field.split("[")[0] for problem in self.fields.problems}
        if "financed" not in values and not reported & {"financed", "principal", "net_value"}:
            reason = "brak kapitału: podaj financed, principal, net_value albo disbursements"
            self.fields.fail("financed", reason)
            reported.add("financed")
        if "annual_rate_pct" not in values and not any("rate" in name for name in reported):
            if values.get("rate_factors"):
                values["annual_rate_pct"] = ZERO
            else:
                reason = "brak stopy: podaj annual_rate_pct albo index_rate_pct i margin_pct"
                self.fields.fail("annual_rate_pct", reason)
        for name, placeholder in _PLACEHOLDERS.items():
            if name not in values and (name != "n" or "n" in reported):
                values[name] = placeholder
                reported |= {name, *_LEANS_ON.get(name, ())}
        terms = ScheduleTerms(**{"n": None, **values})
        if reported:
            reported |= _ALWAYS_DOUBTFUL
        self.fields.problems += [p for p in check_terms(terms) if p.field not in reported]
        return terms

    # ------------------------------------------------------------------ capital, rate, buyout

    def _capital(self, values: dict[str, Any]) -> dict[str, Any]:
        fields = self.fields
        net_value = fields.money("net_value")
        fee = self._amount_or_share("initial_fee", net_value)
        disbursements = tuple(fields.items(_as_disbursement, "disbursements") or ())
        financed = fields.money("financed", "principal")
        if financed is None and disbursements:
            financed = sum((tranche.amount for tranche in disbursements), ZERO)
        if financed is None and net_value is not None:
            financed = net_value - (fee or ZERO)
        rate = self._rate()
        payment = fields.money("payment", "fixed_payment", "repayment_amount")
        if financed is None and rate is not None and not fields.has("financed", "principal"):
            financed = self._value_of_payments(payment, rate, values)
        buyout = self._amount_or_share("buyout", financed if net_value is None else net_value)
        return {
            "net_value": net_value,
            "initial_fee": fee,
            "financed": financed,
            "disbursements": disbursements,
            "start_on": values.get("start_on", disbursements[0].on if disbursements else None),
            "annual_rate_pct": rate,
            "payment": payment,
            "buyout": fields.money("balloon") if buyout is None else buyout,
            "product": fields.choice(_words(Product), "product"),
            "vat_pct": fields.decimal("vat_pct"),
        }

    def _amount_or_share(self, name: str, base: Decimal | None) -> Decimal | None:
        """An amount, or the percentage of `base`; the amount goes first, it is what was agreed."""
        amount = self.fields.money(name)
        percent = self.fields.decimal(f"{name}_pct")
        if amount is not None or percent is None:
            return amount
        if not 0 <= percent <= _HUNDRED:
            self.fields.fail(f"{name}_pct", "procent musi być w zakresie 0–100")
            return None
        if base is None:
            self.fields.fail(f"{name}_pct", "procent wymaga podania net_value")
            return None
        return to_grosz(base * percent / _HUNDRED)

    def _rate(self) -> Decimal | None:
        fields = self.fields
        rate = fields.decimal("annual_rate_pct")
        index, margin = fields.decimal("index_rate_pct"), fields.decimal("margin_pct")
        if index is None and margin is None:
            return rate
        total = (index or ZERO) + (margin or ZERO)
        if rate is None:
            return total
        if rate != total:
            fields.fail(
                "annual_rate_pct", f"{rate} różni się od sumy stopy bazowej i marży {total}"
            )
        return rate

    def _value_of_payments(
        self, payment: Decimal | None, rate: Decimal, values: dict[str, Any]
    ) -> Decimal | None:
        """Present value of the given instalments, when they are all that is given."""
        n = values.get("n")
        if payment is None or n is None or not 1 <= n <= MAX_ROWS or not 0 <= rate <= _HUNDRED:
            return None
        frequency: Frequency = values.get("frequency", Frequency(1))
        year = _UNDATED_START
        fraction = period_fraction(DayCount.THIRTY_360, frequency, year, frequency.step(year, 1, 1))
        in_advance = values.get("in_advance", False)
        return to_grosz(present_value(rate / 100 * fraction, n, -payment, in_advance=in_advance))

    # ------------------------------------------------------------------ dates and periods

    def _calendar(self) -> dict[str, Any]:
        fields = self.fields
        day_count, frequency = None, None
        name, value = fields.raw("day_count")
        if value is not None:
            try:
                day_count, frequency = as_day_count(value)
            except ValueError as error:
                fields.fail(name, str(error))
        return {
            "day_count": day_count,
            "frequency": fields.frequency("frequency") or frequency,
            "start_on": fields.date("start"),
            "first_due_on": fields.date("first_due"),
            "due_day": fields.integer("due_day"),
            "due_dates": tuple(fields.items(as_date, "due_dates") or ()),
            "in_advance": fields.boolean("in_advance"),
        }

    def _refuse_dates(
        self,
        values: dict[str, Any],
        changes: tuple[PlannedChange, ...],
        payoff_on: dt.date | None,
    ) -> None:
        """Without a start nothing that depends on the calendar can be told."""
        if self.fields.has("start"):
            return  # given but unreadable: reported already
        day_count = values.get("day_count", DayCount.THIRTY_360)
        needs = {
            "day_count": day_count is not DayCount.THIRTY_360 and not values.get("rate_factors"),
            "first_due": "first_due_on" in values,
            "due_day": "due_day" in values,
            "due_dates": bool(values.get("due_dates")),
            "rate_changes": any(change.effective_on for change in changes),
            "payoff_date": payoff_on is not None,
        }
        if values.get("frequency", Frequency(1)).unit is not FrequencyUnit.MONTH:
            needs["day_count"] = False  # periods of equal length need no calendar
        reasons = [name for name, needed in needs.items() if needed]
        if reasons:
            self.fields.fail("start", f"brak daty początku, której wymaga: {', '.join(reasons)}")

    # ------------------------------------------------------------------ rows

    def _rows(self) -> dict[str, Any]:
        fields = self.fields
        n = fields.integer("n")
        weights = self._per_row(n, "weights", default=Decimal(1), read=as_decimal)
        interest_only = set(fields.items(as_integer, "interest_only") or ())
        grace = fields.integer("grace")
        if grace is not None:
            if 0 <= grace <= MAX_ROWS:
                interest_only |= set(range(1, grace + 1))
            else:
                fields.fail("grace", f"liczba rat odsetkowych musi być w zakresie 0–{MAX_ROWS}")
        capitalised = set(fields.items(as_integer, "capitalised") or ())
        if capitalised and n is not None:
            if not all(1 <= row <= n for row in capitalised):
                fields.fail("capitalised", f"numery wierszy muszą być w zakresie 1–{n}")
            weights = weights or (Decimal(1),) * min(n, MAX_ROWS)
            weights = tuple(
                ZERO if row in capitalised else weight for row, weight in enumerate(weights, 1)
            )
        zero_is_interest = {"capitalise": False, "interest_only": True}
        if fields.choice(zero_is_interest, "zero_weight_rows"):
            interest_only |= {row for row, weight in enumerate(weights, 1) if not weight}
        return {
            "n": n,
            "weights": weights,
            "fixed_amounts": self._per_row(n, "fixed_amounts", default=ZERO, read=as_money),
            "interest_only": frozenset(interest_only),
            "rate_factors": tuple(fields.items(as_decimal, "rate_factors") or ()),
            "pattern": fields.choice(_words(PaymentPattern), "pattern"),
            "buyout_timing": fields.choice(_words(BuyoutTiming), "buyout_timing"),
        }

    def _per_row(
        self, n: int | None, name: str, *, default: Decimal, read: Any
    ) -> tuple[Decimal, ...]:
        """One value per row: a list (twelve values repeat every twelve rows), or an object from row
        number to value, the other rows having the default."""
        fields = self.fields
        _, value = fields.raw(name)
        if value is None or (n is not None and not 1 <= n <= MAX_ROWS):
            return ()
        if not isinstance(value, dict):
            values = tuple(fields.items(read, name) or ())
            if n is not None and len(values) == 12 < n:
                return tuple(values[row % 12] for row in range(n))
            return values
        if n is None:
            fields.fail(name, "wymaga podania liczby rat n")
            return ()
        rows = [default] * n
        for key, item in value.items():
            if not (key.isascii() and key.isdigit() and 1 <= int(key[:9]) <= n):
                fields.fail(f"{name}[{key}]", f"numer wiersza musi być w zakresie 1–{n}")
                continue
            try:
                rows[int(key) - 1] = read(item)
            except ValueError as error:
                fields.fail(f"{name}[{key}]", str(error))
        return tuple(rows)

    def _rounding(self) -> dict[str, Any]:
        fields = self.fields
        return {
            "payment_rounding": fields.choice(_words(PaymentRounding), "payment_rounding"),
            "amount_rounding": fields.choice(_words(AmountRounding), "amount_rounding"),
            "adjust_payment": fields.boolean("adjust_payment"),
        }


def _as_disbursement(value: Any) -> Disbursement:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError('oczekiwana para [data, kwota], np. ["2024-01-01", "100.00"]')
    return Disbursement(as_date(value[0]), as_money(value[1]))


def _words(choices: type[T]) -> dict[str, T]:
    return {str(choice): choice for choice in choices}  # type: ignore[attr-defined]
