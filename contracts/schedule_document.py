"""One JSON document in, one JSON result out: the whole of `manage.py build_schedule`.

A document is either the parameters themselves or a file that keeps them under `inputs`, with what
it says about the method under `convention` and a ready table under `expected`. Besides schedules,
the smaller calculations of the same files are answered: time value of money, interest factors,
VAT in PLN, compound index.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.schedule import build_schedule, reprice
from contracts.schedule_calculations import calculate
from contracts.schedule_changes import PlannedChange
from contracts.schedule_json import ScheduleRequest, read_request
from contracts.schedule_output import schedule_as_data
from contracts.schedule_payoff import InterestUntil, discounted_settlement, early_payoff
from contracts.schedule_terms import IndexMethod, InvalidTermsError, Problem, Schedule

_LETTERS = {
    "A": IndexMethod.REANNUITISE,
    "B": IndexMethod.KEEP_PRINCIPAL,
    "C": IndexMethod.KEEP_PAYMENT,
}


def parse_document(text: str) -> Any:
    """JSON text with every number as Decimal. Raises InvalidTermsError saying where it breaks."""
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"wiersz {error.lineno}, kolumna {error.colno}"
        raise _invalid("JSON", f"błąd składni ({where}): {error.msg}") from error
    except RecursionError as error:
        raise _invalid("JSON", "zbyt wiele zagnieżdżonych poziomów") from error


def evaluate(document: Any) -> dict[str, Any]:
    """The result for a parsed document. Raises InvalidTermsError with every problem at once."""
    inputs, kind = document, None
    if isinstance(document, dict) and "inputs" in document:
        kind = document.get("kind")
        inputs = document["inputs"]
        if isinstance(inputs, dict):
            inputs = {**_from_table(document), **_from_convention(document), **inputs}
    result = calculate(inputs, kind=kind if isinstance(kind, str) else None)
    if result is not None:
        return result
    if not isinstance(inputs, dict):
        raise _invalid("inputs", "oczekiwany obiekt JSON z parametrami umowy")
    request, problems = read_request(inputs, kind=kind if isinstance(kind, str) else None)
    if request is None:
        raise InvalidTermsError(problems)
    return _answer(request)


def _answer(request: ScheduleRequest) -> dict[str, Any]:
    schedule = build_schedule(request.terms)
    open_change: PlannedChange | None = None
    for change in request.changes:
        if change.method is None:
            open_change = change  # shown by all three methods beside the unchanged schedule
        else:
            schedule = _reprice(schedule, change, change.method)
    result = schedule_as_data(schedule, dated=request.dated)
    if open_change is not None:
        result["repriced"] = {
            letter: _repriced_rows(schedule, open_change, method, dated=request.dated)
            for letter, method in _LETTERS.items()
        }
    if request.payoff_on is not None:
        result["payoff"] = _payoff(schedule, request.payoff_on)
    if request.settle_after is not None:
        result["settlement"] = _settlement(schedule, request)
    result["ignored_fields"] = list(request.ignored)
    return result


def _reprice(schedule: Schedule, change: PlannedChange, method: IndexMethod) -> Schedule:
    return reprice(
        schedule,
        annual_rate_pct=change.annual_rate_pct,
        method=method,
        after_instalment=change.after_instalment,
        effective_on=change.effective_on,
    )


def _repriced_rows(
    schedule: Schedule, change: PlannedChange, method: IndexMethod, *, dated: bool
) -> dict[str, Any]:
    repriced = _reprice(schedule, change, method)
    pairs = zip(schedule.rows, repriced.rows, strict=False)
    kept = next((k for k, (old, new) in enumerate(pairs) if old != new), len(schedule.rows))
    if change.after_instalment is not None:
        kept = change.after_instalment
    data = schedule_as_data(repriced, dated=dated, first_row=kept + 1)
    return {"new_payment": data.pop("payment"), **data, "n_total": len(repriced.rows)}


def _payoff(schedule: Schedule, on: date) -> dict[str, Any]:
    try:
        payoffs = {until: early_payoff(schedule, on=on, until=until) for until in InterestUntil}
    except ValueError as error:
        reason = "dzień spłaty musi leżeć między początkiem umowy a ostatnim terminem"
        raise _invalid("payoff_date", reason) from error
    return {
        until.value: {
            "total": str(payoff.total),
            "principal": str(payoff.principal),
            "interest": str(payoff.interest),
        }
        for until, payoff in payoffs.items()
    }


def _settlement(schedule: Schedule, request: ScheduleRequest) -> list[dict[str, str]]:
    after = request.settle_after
    if after is None or not 0 <= after < len(schedule.rows):
        reason = f"numer raty musi być w zakresie 0–{len(schedule.rows) - 1}"
        raise _invalid("settle_after_instalment", reason)
    if not all(0 <= discount <= 100 for discount in request.discounts_pct):
        raise _invalid("discount_rates_pct", "stopa dyskonta musi być w zakresie 0–100 %")
    prices = {
        discount: discounted_settlement(schedule, after_instalment=after, discount_pct=discount)
        for discount in request.discounts_pct
    }
    return [{"discount_rate_pct": str(d), "total": str(price)} for d, price in prices.items()]


def _from_convention(document: Mapping[str, Any]) -> dict[str, Any]:
    """Options that a case file tells in words. Explicit fields of `inputs` go before them."""
    convention = document.get("convention")
    if not isinstance(convention, dict):
        return {}
    words = {name: str(text).casefold() for name, text in convention.items()}
    options: dict[str, Any] = {}
    if "adjust" in words:
        options["adjust_payment"] = True
    if any(
        words.get(name, "").startswith(("display only", "unrounded"))
        for name in ("rounding", "interest")
    ):
        options["amount_rounding"] = "display"
    if "up to a whole unit" in words.get("payment", ""):
        options["payment_rounding"] = "unit_up"
    return options


def _from_table(document: Mapping[str, Any]) -> dict[str, Any]:
    """Start and due dates of a ready table, for files whose `inputs` leave them out.

    Only dates are taken: where the periods lie is a parameter, the amounts are the answer.
    """
    inputs, expected = document["inputs"], document.get("expected")
    rows = expected.get("rows") if isinstance(expected, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return {}
    if "start" in inputs or "due_dates" in inputs or "first_due" in inputs:
        return {}
    due_dates = [row.get("due") for row in rows]
    if not rows or rows[0].get("period_from") is None or None in due_dates:
        return {}
    dates = {"start": rows[0]["period_from"]}
    return {**dates, "due_dates": due_dates} if len(rows) == inputs.get("n") else dates


def _invalid(field: str, reason: str) -> InvalidTermsError:
    return InvalidTermsError([Problem(field, reason)])


def _refuse(constant: str) -> Any:
    raise _invalid("JSON", f"{constant} nie jest liczbą")
