"""How cells are written; quick checks agree with the validators."""

from __future__ import annotations

import calendar
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eboks.feeds.columns import (
    date,
    is_right_nip,
    is_right_nrb,
    parse_date,
    reason_of,
    text,
)
from eboks.portal.demo.identifiers import nrb
from eboks.tenancy.identifiers import validate_nip, validate_nrb

DIGITS = "0123456789"


@given(st.text(DIGITS, min_size=10, max_size=10))
def test_quick_nip_agrees_with_the_validator(value):
    assert is_right_nip(value) == (not reason_of(validate_nip, value))


@given(st.integers(0, 99_999_999), st.integers(0, 9_999), st.integers(0, 25), st.integers(1, 9))
def test_quick_account_check_agrees_with_the_validator(client, number, place, step):
    right = nrb(client, number)
    wrong = right[:place] + str((int(right[place]) + step) % 10) + right[place + 1 :]

    assert is_right_nrb(right)
    assert not reason_of(validate_nrb, right)
    assert is_right_nrb(wrong) == (not reason_of(validate_nrb, wrong))


def test_every_day_of_a_calendar_is_a_date_and_no_other():
    pattern = re.compile(date("on").pattern)
    for year in (1900, 2000, 2023, 2024, 2100, 2104):
        for month in range(14):
            for day in range(33):
                cell = f"{year}-{month:02d}-{day:02d}"
                real = 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
                assert bool(pattern.fullmatch(cell)) == real, cell


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)))
def test_dates_read_back(day):
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    ("cell", "good"),
    [
        ("abc", True),
        ('"a,b"', True),
        ('"a""b"', True),
        ('a"b', False),
        ('"a"b"', False),
        ("", False),
    ],
)
def test_quotes_follow_rfc_4180(cell, good):
    assert bool(re.fullmatch(text("name", 5).cell(), cell)) == good
