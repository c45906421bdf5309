import datetime as dt
import json
from pathlib import Path

import pytest
from django.utils import timezone

from eboks.clock import (
    WARSAW,
    add_months,
    effective_due_on,
    is_working_day,
    move_ahead,
    previous_working_day,
    today,
)

DUE_DATES = json.loads((Path(__file__).parent / "contracts/cases/due-dates.json").read_text())


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "date"),
    [
        (dt.datetime(2026, 6, 30, 21, 59, tzinfo=dt.UTC), "2026-06-30"),
        (dt.datetime(2026, 6, 30, 22, 0, tzinfo=dt.UTC), "2026-07-01"),  # summer: UTC+2
        (dt.datetime(2026, 12, 31, 22, 59, tzinfo=dt.UTC), "2026-12-31"),
        (dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC), "2027-01-01"),  # winter: UTC+1
        (dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC), "2026-03-29"),  # clocks go forward
        (dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), "2026-10-25"),  # clocks go back
        (dt.datetime(2026, 5, 1, 0, 0, tzinfo=WARSAW), "2026-05-01"),
    ],
)
def test_today_is_the_date_in_warsaw(moment, date):
    assert today(moment) == day(date)


def test_today_refuses_a_moment_without_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        today(dt.datetime(2026, 5, 1))  # noqa: DTZ001 -- the refusal under test


def test_today_without_a_moment_is_now(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC))
    assert today() == day("2026-11-22")


@pytest.mark.parametrize("case", DUE_DATES["cases"], ids=lambda case: case["nominal"])
def test_effective_due_on_follows_art_115_kc(case):
    assert effective_due_on(day(case["nominal"])) == day(case["effective"])


@pytest.mark.parametrize("year", sorted(DUE_DATES["holidays"]))
def test_working_days_know_every_statutory_holiday(year):
    listed = {day(text) for text in DUE_DATES["holidays"][year]}
    first = dt.date(int(year), 1, 1)
    days = {first + dt.timedelta(days=n) for n in range(365)}
    free = {date for date in days if date.weekday() < 5 and not is_working_day(date)}
    assert free == {date for date in listed if date.weekday() < 5}
    assert not any(is_working_day(date) for date in listed)


@pytest.mark.parametrize(
    ("nominal", "effective"),
    [
        ("2026-12-24", "2026-12-28"),  # Christmas Eve, two holidays, Sunday
        ("2024-12-24", "2024-12-24"),  # not yet a holiday
        ("2026-04-04", "2026-04-07"),  # Easter
        ("2026-08-15", "2026-08-17"),  # holiday on a Saturday
        ("2027-01-01", "2027-01-04"),
        ("2026-11-10", "2026-11-10"),
        ("2052-12-31", "2052-12-31"),
    ],
)
def test_effective_due_on_skips_runs_of_free_days(nominal, effective):
    assert effective_due_on(day(nominal)) == day(effective)


@pytest.mark.parametrize(
    ("date", "before"),
    [
        ("2026-11-23", "2026-11-20"),  # Monday -> Friday
        ("2026-11-24", "2026-11-23"),
        ("2026-11-12", "2026-11-10"),  # over Independence Day
        ("2025-12-29", "2025-12-23"),  # over Christmas with its new Eve
        ("2025-07-22", "2025-07-21"),
    ],
)
def test_previous_working_day_is_never_the_day_itself(date, before):
    assert previous_working_day(day(date)) == day(before)


@pytest.mark.parametrize(
    ("date", "months", "due_day", "result"),
    [
        ("2026-01-31", 1, None, "2026-02-28"),
        ("2028-01-31", 1, None, "2028-02-29"),  # leap year
        ("2026-02-28", 1, 31, "2026-03-31"),  # the due day comes back after February
        ("2026-02-28", 1, None, "2026-03-28"),
        ("2026-01-10", 12, None, "2027-01-10"),
        ("2026-11-30", 3, None, "2027-02-28"),
        ("2026-01-15", -1, None, "2025-12-15"),
        ("2026-03-31", -1, None, "2026-02-28"),
        ("2026-01-20", 0, 31, "2026-01-31"),
        ("2026-04-20", 0, 31, "2026-04-30"),
        ("2026-12-15", 1, 5, "2027-01-05"),
        ("2000-02-29", 1200, None, "2100-02-28"),  # 2100 is no leap year
    ],
)
def test_add_months_keeps_the_due_day_and_clamps(date, months, due_day, result):
    assert add_months(day(date), months, due_day) == day(result)


@pytest.mark.parametrize("due_day", [0, 32, -1])
def test_add_months_refuses_an_impossible_day(due_day):
    with pytest.raises(ValueError, match="1-31"):
        add_months(dt.date(2026, 1, 1), 1, due_day)


def test_demo_can_live_some_days_later(monkeypatch):
    monkeypatch.setattr(timezone, "now", timezone.now)  # put back afterwards
    before = timezone.now()

    move_ahead(7)

    assert timezone.now() - before >= dt.timedelta(days=7)
    assert today() == today(before + dt.timedelta(days=7))
