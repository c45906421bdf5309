"""Values that count for a contract: published, worked out, or not known yet."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import pytest

from contracts.compound_index import compound_rate, next_index
from contracts.fixing_book import FixingBook, period_start
from contracts.models import IndexFixing
from contracts.rates import fixing_for
from eboks.clock import is_working_day
from tests import factories as f
from tests.contracts.published import case
from tests.contracts.reset_rows import AT, fix, rate

pytestmark = pytest.mark.django_db
LAST_DAY = "last_day_previous_month"


def d(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def at_reset(index, reset_on, rule=LAST_DAY, *, today="2026-12-31"):
    return FixingBook.read(through=d(today)).at_reset(index, rule, d(reset_on))


def working_days(first: str, end: str):
    day = d(first)
    while day < d(end):
        if is_working_day(day):
            yield day
        day += dt.timedelta(days=1)


def overnight(first: str, end: str, value="4.900"):
    """POLSTR and the compound rates made of it."""
    polstr = rate("POLSTR", kind="overnight")
    for months in (1, 3, 6):
        rate(f"POLSTR_{months}M", kind="compound", tenor_months=months, overnight=polstr)
    for n, day in enumerate(working_days(first, end)):
        fix("POLSTR", (str(day), str(Decimal(value) + Decimal(n % 7) / 100)))


def test_value_of_the_very_day_counts():
    fix("WIBOR_1M", ("2026-10-30", "4.10"), ("2026-11-27", "4.00"), ("2026-11-30", "3.95"))

    found = at_reset("WIBOR_1M", "2026-12-01")

    assert (found.value, found.on, found.source) == (
        Decimal("3.95"),
        d("2026-11-30"),
        "GPW Benchmark",
    )


def test_value_that_is_not_published_yet_is_waited_for():
    fix("WIBOR_1M", ("2026-11-27", "4.00"))

    assert at_reset("WIBOR_1M", "2026-12-01") is None


def test_later_value_proves_a_day_without_publication():
    fix("WIBOR_1M", ("2026-11-27", "4.00"), ("2026-12-01", "3.90"))

    assert at_reset("WIBOR_1M", "2026-12-01").on == d("2026-11-27")


def test_long_gap_is_no_day_without_publication():
    fix("WIBOR_1M", ("2026-11-20", "4.00"), ("2026-12-03", "3.90"))

    assert at_reset("WIBOR_1M", "2026-12-01") is None


def test_values_of_the_future_are_not_looked_at():
    fix("WIBOR_1M", ("2026-11-30", "3.95"))

    assert at_reset("WIBOR_1M", "2026-12-01", today="2026-11-29") is None


def test_mean_of_the_month_before():
    for n, day in enumerate(working_days("2026-10-30", "2026-12-02")):
        fix("WIBOR_1M", (str(day), str(Decimal("4.00") + n)))

    found = at_reset("WIBOR_1M", "2026-12-01", "mean_previous_month")

    november = list(working_days("2026-11-01", "2026-12-01"))
    assert len(november) == 20
    assert found.value == Decimal("14.5")  # 5.00 to 24.00
    assert found.on == d("2026-11-30")
    assert found.source == "GPW Benchmark, średnia z 20 notowań"


def test_mean_waits_for_the_month_to_be_whole():
    days = list(working_days("2026-11-01", "2026-12-02"))
    for day in [*days[:5], *days[8:]]:
        fix("WIBOR_1M", (str(day), "4.00"))

    assert at_reset("WIBOR_1M", "2026-12-01", "mean_previous_month") is None

    fix("WIBOR_1M", (str(days[5]), "4.10"))
    found = at_reset("WIBOR_1M", "2026-12-01", "mean_previous_month")
    assert found.value == Decimal("4.0056")  # 72.10 / 18, four places


def test_published_compound_rate_goes_before_a_computed_one():
    overnight("2026-08-01", "2026-12-01")
    fix("POLSTR_1M", ("2026-11-30", "4.80649"))

    assert at_reset("POLSTR_1M", "2026-12-01").value == Decimal("4.80649")


def test_compound_rate_is_computed_from_the_overnight_rate():
    overnight("2026-08-01", "2026-12-01")

    found = at_reset("POLSTR_3M", "2026-12-01")

    # 30 August is a Sunday: the period begins on Friday the 28th and ends on 30 November.
    level = start = Decimal("122.69608569")
    days = list(working_days("2026-08-28", "2026-12-01"))
    for day, following in itertools.pairwise(days):
        value = IndexFixing.objects.get(rate__code="POLSTR", on=day).value
        level = next_index(level, value, (following - day).days)
    by_levels = compound_rate(start, level, (days[-1] - days[0]).days)
    assert abs(found.value - by_levels) <= Decimal("0.00001")
    assert found.source == "obliczona z notowań POLSTR"
    assert found.on == d("2026-11-30")


def test_compound_rate_is_computed_from_levels_of_the_index():
    overnight("2026-10-01", "2026-10-01")
    fix("POLSTR", ("2026-10-30", "4.9"), compound_index=Decimal("122.00000000"))
    fix("POLSTR", ("2026-11-30", "4.9"), compound_index=Decimal("122.50000000"))

    found = at_reset("POLSTR_1M", "2026-12-01")

    assert found.value == compound_rate(Decimal(122), Decimal("122.5"), 31) == Decimal("4.82549")


def test_compound_rate_with_a_day_missing_is_not_guessed():
    overnight("2026-10-01", "2026-12-01")
    IndexFixing.objects.filter(rate__code="POLSTR", on="2026-11-12").delete()

    assert at_reset("POLSTR_1M", "2026-12-01") is None


def test_compound_period_begins_on_a_working_day():
    assert period_start(d("2025-10-08"), 1) == d("2025-09-08")
    assert period_start(d("2025-09-01"), 3) == d("2025-05-30")  # 1 June is a Sunday


def test_published_points_of_polstr_are_given_back_and_agree():
    overnight("2025-06-01", "2025-06-01")
    points = case("polstr-01-compound-index-consistency")["inputs"]["points"]
    for point in points:
        day, level = point["date"], Decimal(point["ci"])
        fix("POLSTR", (day, point["polstr_prev_business_day"][1]), compound_index=level)
        for months in (1, 3, 6):
            fix(f"POLSTR_{months}M", (day, point[f"comp_{months}m"]))

    found = [at_reset(f"POLSTR_{m}M", "2025-09-01", "day_1", today="2025-12-31") for m in (1, 3, 6)]

    assert [one.value for one in found] == [
        Decimal("4.80649"),
        Decimal("4.94693"),
        Decimal("5.23631"),
    ]
    rows = IndexFixing.objects.filter(compound_index__isnull=False)
    levels: dict[Any, Any] = dict(rows.values_list("on", "compound_index"))
    days = sorted(levels)
    implied = [
        compound_rate(levels[a], levels[b], (b - a).days).quantize(Decimal("0.0001"))
        for a, b in itertools.pairwise(days)
    ]
    assert [str(one) for one in implied] == ["5.0459", "4.8605", "4.8021", "4.5811"]


def test_contract_has_the_value_of_its_last_reset():
    fix("WIBOR_1M", ("2026-10-30", "4.10"), ("2026-11-30", "3.95"))
    contract = f.ContractFactory(reset_months=1)

    assert fixing_for(contract, d("2026-11-30")).value == Decimal("4.10")
    assert fixing_for(contract, d("2026-12-24")).value == Decimal("3.95")
    assert fixing_for(f.ContractFactory(handover_on=None), d("2026-12-24")) is None
    assert fixing_for(f.ContractFactory(reset_months=0), d("2026-12-24")) is None


def test_book_is_read_in_three_queries(django_assert_num_queries):
    fix("WIBOR_1M", ("2026-10-30", "4.10"), ("2026-11-30", "3.95"))

    with django_assert_num_queries(3):
        book = FixingBook.read(through=AT.date())
        for month in range(1, 13):
            book.at_reset("WIBOR_1M", LAST_DAY, dt.date(2026, month, 1))
