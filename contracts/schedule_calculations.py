"""The small calculations that stand beside schedules: time value, factors, VAT in PLN, index."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

from contracts.annuity import future_value, ipmt, pmt, ppmt, present_value
from contracts.compound_index import compound_rate
from contracts.day_count import DayCount, actual_fraction
from contracts.schedule_checks import MAX_ROWS
from contracts.schedule_fields import Fields, as_date, as_decimal
from contracts.schedule_terms import InvalidTermsError, Problem
from contracts.vat import vat_in_pln
from eboks.money import to_grosz

_CONTEXT = Context(prec=40)
_ZERO = Decimal(0)
_FACTOR_PLACES = Decimal("1E-12")
_PRODUCT = re.compile(r"[-+]?[\d.]+(?:[*/][\d.]+)*")
_FUNCTIONS = ("pmt", "ipmt", "ppmt", "pv", "fv")
_TIMES = {"0": False, "1": True, "end": False, "begin": True}


def calculate(inputs: Any, *, kind: str | None) -> dict[str, Any] | None:
    """The answer when `inputs` ask for one of these calculations, None when they do not.

    Raises InvalidTermsError with every problem.
    """
    if isinstance(inputs, list) or (isinstance(inputs, dict) and "nper" in inputs):
        return _time_values(inputs if isinstance(inputs, list) else [inputs], kind)
    if not isinstance(inputs, dict):
        return None
    fields = Fields(inputs)
    for name, answer in (
        ("nbp_table_a_rate", _vat_in_pln),
        ("points", _compound_rates),
        ("period_starts", _factors),
    ):
        if name in inputs:
            result = answer(fields)
            if fields.problems or result is None:
                raise InvalidTermsError(fields.problems)
            return {**result, "ignored_fields": fields.unused}
    return None


def _time_values(items: list[Any], kind: str | None) -> dict[str, Any]:
    default = kind if kind in _FUNCTIONS else None
    problems: list[Problem] = []
    exact: list[Decimal] = []
    if not items:
        problems.append(Problem("inputs", "pusta lista"))
    for position, item in enumerate(items, 1):
        if not isinstance(item, dict):
            problems.append(Problem(f"inputs[{position}]", "oczekiwany obiekt JSON"))
            continue
        fields = Fields(item)
        value = _time_value(fields, default)
        problems += [Problem(f"inputs[{position}].{p.field}", p.reason) for p in fields.problems]
        if value is not None:
            exact.append(value)
    if problems:
        raise InvalidTermsError(problems)
    return {
        # What is to be paid, as a positive amount; the signed figures are Excel's and numpy's.
        "values": [str(to_grosz(-value)) for value in exact],
        "signed_values": [str(+value) for value in exact],
    }


def _time_value(fields: Fields, default: str | None) -> Decimal | None:
    function = fields.choice({name: name for name in _FUNCTIONS}, "function", "fn")
    rate = _product(fields, "rate")
    nper = _whole(fields, "nper")
    per = _whole(fields, "per") if fields.has("per") else None
    pv, fv, payment = (_product(fields, name) for name in ("pv", "fv", "pmt"))
    in_advance = False
    name, when = fields.raw("type", "when")
    if when is not None:
        if str(when) not in _TIMES:
            fields.fail(name, "dozwolone wartości: 0, 1, end, begin")
        in_advance = _TIMES.get(str(when), False)
    function = function or default or ("pmt" if per is None else "ipmt")
    needed = {"rate": rate, "nper": nper}
    needed |= {"per": per} if function in ("ipmt", "ppmt") else {}
    needed |= {"pmt": payment} if function in ("pv", "fv") else {}
    for name, value in needed.items():
        if value is None and not fields.has(name):
            fields.fail(name, "brak wartości")
    if nper is not None and not 1 <= nper <= MAX_ROWS:
        fields.fail("nper", f"liczba okresów musi być w zakresie 1–{MAX_ROWS}")
    elif nper is not None and per is not None and not 1 <= per <= nper:
        fields.fail("per", f"numer okresu musi być w zakresie 1–{nper}")
    if rate is not None and not -1 < rate <= 1:
        fields.fail("rate", "stopa okresowa jest ułamkiem, np. 0.08/12")
    if fields.problems or rate is None or nper is None:
        return None
    now, later = pv or _ZERO, fv or _ZERO
    results: dict[str, Callable[[], Decimal]] = {
        "pmt": lambda: pmt(rate, nper, now, later, in_advance=in_advance),
        "ipmt": lambda: ipmt(rate, per or 0, nper, now, later, in_advance=in_advance),
        "ppmt": lambda: ppmt(rate, per or 0, nper, now, later, in_advance=in_advance),
        "pv": lambda: present_value(rate, nper, payment or _ZERO, later, in_advance=in_advance),
        "fv": lambda: future_value(rate, nper, payment or _ZERO, now, in_advance=in_advance),
    }
    return results[function]()


def _product(fields: Fields, name: str) -> Decimal | None:
    """A number, or a product such as "0.08/12" or "18*12"."""
    _, value = fields.raw(name)
    if value is None:
        return None
    text = str(value).replace(" ", "")
    try:
        if not _PRODUCT.fullmatch(text):
            return as_decimal(value)
        parts = re.split(r"([*/])", text)
        with localcontext(_CONTEXT):
            result = as_decimal(parts[0])
            for operator, operand in zip(parts[1::2], parts[2::2], strict=True):
                number = as_decimal(operand)
                if operator == "/" and not number:
                    raise ValueError("dzielenie przez zero")
                result = result * number if operator == "*" else result / number
            return result
    except ValueError as error:
        fields.fail(name, str(error))
        return None


def _whole(fields: Fields, name: str) -> int | None:
    value = _product(fields, name)
    if value is None:
        return None
    if value != value.to_integral_value() or abs(value) > 10**6:
        fields.fail(name, "oczekiwana liczba całkowita")
        return None
    return int(value)


def _vat_in_pln(fields: Fields) -> dict[str, Any] | None:
    net, vat_pct = fields.money("net"), fields.decimal("vat_pct")
    rate = fields.decimal("nbp_table_a_rate")
    for name, value in (("net", net), ("vat_pct", vat_pct)):
        if value is None and not fields.has(name):
            fields.fail(name, "brak wartości")
    if rate is not None and rate <= 0:
        fields.fail("nbp_table_a_rate", "kurs musi być dodatni")
    if vat_pct is not None and not 0 <= vat_pct <= 100:
        fields.fail("vat_pct", "stawka VAT musi być w zakresie 0–100 %")
    if fields.problems or net is None or vat_pct is None or rate is None:
        return None
    currency = str(fields.raw("currency")[1] or "EUR").casefold()
    result = vat_in_pln(net=net, vat_pct=vat_pct, rate=rate)
    return {
        f"vat_{currency}": str(result.vat),
        f"gross_{currency}": str(result.gross),
        "vat_pln": str(result.vat_pln),
        "vat_pln_alternative": str(result.vat_pln_from_net),
        "net_pln": str(result.net_pln),
    }


def _compound_rates(fields: Fields) -> dict[str, Any] | None:
    """Average rates implied by consecutive published values of an index."""

    def point(value: Any) -> tuple[Any, Decimal]:
        if not isinstance(value, Mapping):
            raise ValueError("oczekiwany obiekt z polami date i ci")
        index = as_decimal(value.get("ci"))
        if index <= 0:
            raise ValueError("wartość indeksu musi być dodatnia")
        return as_date(value.get("date")), index

    points = fields.items(point, "points") or []
    for position, (earlier, later) in enumerate(pairwise(points), 2):
        if later[0] <= earlier[0]:
            fields.fail(f"points[{position}]", "daty muszą rosnąć")
    if fields.problems:
        return None
    rates = [
        [start.isoformat(), end.isoformat(), str(compound_rate(low, high, (end - start).days))]
        for (start, low), (end, high) in pairwise(points)
    ]
    return {"implied_avg_rates": rates}


def _factors(fields: Fields) -> dict[str, Any] | None:
    """Interest factors of periods, 12 decimals, and the running sum fn of an annuity."""
    rate = fields.decimal("annual_rate_pct")
    starts, ends = fields.items(as_date, "period_starts"), fields.items(as_date, "period_ends")
    if rate is None:
        fields.fail("annual_rate_pct", "brak stopy rocznej")
    if starts is None or ends is None or len(starts) != len(ends):
        fields.fail("period_ends", "potrzebny koniec każdego okresu")
    elif any(end < start for start, end in zip(starts, ends, strict=True)):
        fields.fail("period_ends", "koniec okresu nie może być przed jego początkiem")
    if fields.problems or rate is None or starts is None or ends is None:
        return None
    result: dict[str, Any] = {}
    with localcontext(_CONTEXT):
        for name, day_count in (("act_365", DayCount.ACT_365F), ("act_act", DayCount.ACT_ACT)):
            factors = [
                rate * actual_fraction(day_count, start, end) / 100
                for start, end in zip(starts, ends, strict=True)
            ]
            result[name] = [_places(factor, _FACTOR_PLACES) for factor in factors]
            running, sums = _ZERO, []
            for factor in factors:
                running = 1 + running * (1 + factor)
                sums.append(_places(running, Decimal("1E-11")))
            result[f"fn_{name}"] = sums
    return result


def _places(value: Decimal, places: Decimal) -> str:
    return format(value.quantize(places, rounding=ROUND_HALF_UP), "f")
