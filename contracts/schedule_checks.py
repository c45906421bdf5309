"""What terms must satisfy before a schedule is computed. All problems are found at once."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from decimal import Decimal
from itertools import pairwise

from contracts.day_count import FrequencyUnit
from contracts.schedule_periods import PeriodPlan
from contracts.schedule_terms import (
    BuyoutTiming,
    PaymentPattern,
    PaymentRounding,
    Problem,
    ScheduleTerms,
)
from eboks.money import GROSZ, ZERO

MAX_ROWS = 1_200  # a hundred years of months; longer is a mistake, not a lease
_MAX_AMOUNT = Decimal("999999999999.99")
_MAX_RATE = Decimal(100)
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_LONGEST_STEP = {FrequencyUnit.MONTH: 60, FrequencyUnit.WEEK: 52, FrequencyUnit.DAY: 366}


def check_terms(terms: ScheduleTerms) -> list[Problem]:
    """Every reason why these terms make no schedule; empty when they do."""
    return [
        *_check_amounts(terms),
        *_check_rows(terms),
        *_check_combinations(terms),
        *_check_dates(terms),
    ]


def _check_amounts(terms: ScheduleTerms) -> Iterator[Problem]:
    money = {
        "financed": (terms.financed,),
        "buyout": (terms.buyout,),
        "initial_fee": (terms.initial_fee,),
        "payment": (terms.payment or ZERO,),
        "fixed_amounts": terms.fixed_amounts,
        "disbursements": tuple(tranche.amount for tranche in terms.disbursements),
    }
    for name, amounts in money.items():
        if any(abs(a) <= _MAX_AMOUNT and a != a.quantize(GROSZ) for a in amounts):
            yield Problem(name, "kwota ma najwyżej dwa miejsca po przecinku")
    if not 0 < terms.financed <= _MAX_AMOUNT:
        yield Problem(
            "financed", "kapitał do finansowania musi być dodatni (do 999 999 999 999,99)"
        )
    if terms.buyout < 0:
        yield Problem("buyout", "wykup nie może być ujemny")
    elif terms.buyout > terms.financed > 0:
        yield Problem("buyout", "wykup nie może być wyższy od finansowanego kapitału")
    if terms.initial_fee < 0:
        yield Problem("initial_fee", "opłata wstępna nie może być ujemna")
    if terms.vat_pct is not None and not 0 <= terms.vat_pct <= _MAX_RATE:
        yield Problem("vat_pct", "stawka VAT musi być w zakresie 0–100 %")
    rates = [terms.annual_rate_pct, *(change.annual_rate_pct for change in terms.rate_changes)]
    if not all(0 <= rate <= _MAX_RATE for rate in rates):
        yield Problem("annual_rate_pct", "stopa roczna musi być w zakresie 0–100 %")
    if terms.payment is not None and terms.payment <= 0:
        yield Problem("payment", "ustalona rata musi być dodatnia")
    if any(factor < 0 for factor in terms.rate_factors):
        yield Problem("rate_factors", "czynniki odsetkowe nie mogą być ujemne")


def _check_rows(terms: ScheduleTerms) -> Iterator[Problem]:
    n = terms.n
    if n is None:
        if terms.payment is None:
            yield Problem("n", "podaj liczbę rat albo ustaloną ratę (payment)")
        if terms.buyout_timing is BuyoutTiming.AFTER_LAST:
            yield Problem("n", "wykup po ostatniej racie wymaga podania liczby rat")
    elif not 1 <= n <= MAX_ROWS:
        yield Problem("n", f"liczba rat musi być w zakresie 1–{MAX_ROWS}")
        return
    per_row: dict[str, Sized] = {
        "weights": terms.weights,
        "fixed_amounts": terms.fixed_amounts,
        "rate_factors": terms.rate_factors,
        "due_dates": terms.due_dates,
    }
    for name, values in per_row.items():
        if values and len(values) != n:
            expected = (
                "wymaga podania liczby rat" if n is None else f"różni się od liczby rat ({n})"
            )
            yield Problem(name, f"liczba pozycji ({len(values)}) {expected}")
    for name, amounts in (("weights", terms.weights), ("fixed_amounts", terms.fixed_amounts)):
        if any(not 0 <= amount <= _MAX_AMOUNT for amount in amounts):
            yield Problem(name, "pozycje nie mogą być ujemne ani większe niż 999 999 999 999,99")
    if n is not None and any(not 1 <= row <= n for row in terms.interest_only):
        yield Problem("interest_only", f"numery rat odsetkowych muszą być w zakresie 1–{n}")
    fixed_rows = {row for row, amount in enumerate(terms.fixed_amounts, 1) if amount}
    if terms.interest_only & fixed_rows:
        yield Problem("interest_only", "rata odsetkowa nie może mieć kwoty stałej")


def _check_combinations(terms: ScheduleTerms) -> Iterator[Problem]:
    patterned = bool(terms.weights or terms.fixed_amounts or terms.interest_only)
    level = terms.pattern is PaymentPattern.ANNUITY and not patterned
    if terms.payment is not None and not level:
        yield Problem("payment", "ustaloną ratę można podać tylko dla równych rat")
    if terms.payment_rounding is PaymentRounding.UNIT_UP and not level:
        yield Problem("payment_rounding", "zaokrąglenie w górę dotyczy tylko równych rat")
    if terms.adjust_payment and (not level or terms.payment is not None):
        yield Problem("adjust_payment", "wyrównanie raty dotyczy tylko równych rat wyliczanych")
    if terms.rate_factors and terms.rate_changes:
        yield Problem("rate_factors", "zmiana stopy wymaga stopy rocznej, nie gotowych czynników")


def _check_dates(terms: ScheduleTerms) -> Iterator[Problem]:
    longest = _LONGEST_STEP[terms.frequency.unit]
    if not 1 <= terms.frequency.count <= longest:
        unit = terms.frequency.unit
        yield Problem(
            "frequency", f"odstęp między ratami musi być w zakresie 1{unit}–{longest}{unit}"
        )
        return
    if terms.due_day is not None and not 1 <= terms.due_day <= 31:
        yield Problem("due_day", "dzień płatności musi być w zakresie 1–31")
        return
    if not _FIRST_YEAR <= terms.start_on.year <= _LAST_YEAR:
        yield Problem("start", f"data musi leżeć w latach {_FIRST_YEAR}–{_LAST_YEAR}")
        return
    plan = PeriodPlan(terms)
    rows = terms.n if terms.n is not None and 1 <= terms.n <= MAX_ROWS else 1
    if plan.due_on(rows).year > _LAST_YEAR:
        yield Problem("n", f"ostatni termin wypada po roku {_LAST_YEAR}")
        return
    if plan.first_due_on < terms.start_on:
        yield Problem("first_due", "pierwszy termin nie może być przed początkiem umowy")
    dates = terms.due_dates
    if any(later <= earlier for earlier, later in pairwise(dates)):
        yield Problem("due_dates", "terminy muszą rosnąć")
    if not terms.disbursements:
        return
    if any(tranche.amount <= 0 for tranche in terms.disbursements):
        yield Problem("disbursements", "transze muszą być dodatnie")
    if sum(tranche.amount for tranche in terms.disbursements) != terms.financed:
        yield Problem("disbursements", "suma transz różni się od finansowanego kapitału")
    if any(tranche.on < terms.start_on for tranche in terms.disbursements):
        yield Problem("disbursements", "transza nie może być wypłacona przed początkiem umowy")
    if terms.n is None:
        yield Problem("disbursements", "kilka transz wymaga podania liczby rat")
    elif 1 <= terms.n <= MAX_ROWS and any(
        tranche.on >= plan.due_on(terms.n) for tranche in terms.disbursements
    ):
        yield Problem("disbursements", "transza musi być wypłacona przed ostatnim terminem")
