"""Dates, hints and account numbers, word for word."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from eboks.ui import words

TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("pl", "22 listopada 2026"), ("en", "22 November 2026"), ("uk", "22 листопада 2026")],
)
def test_long_date_inflects_the_month(language, expected):
    with translation.override(language):
        assert words.long_date(TODAY) == expected


def test_moment_is_told_in_warsaw():
    late = dt.datetime(2026, 11, 21, 23, 21, tzinfo=dt.UTC)

    assert words.moment(late) == "22.11.2026, 00:21"
    assert words.short_date(late) == "22.11.2026"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "dziś"),
        (1, "jutro"),
        (2, "za 2 dni"),
        (18, "za 18 dni"),
        (21, "za 21 dni"),
        (-1, "wczoraj"),
        (-3, "3 dni temu"),
        (-22, "22 dni temu"),
    ],
)
def test_days_hint_speaks_polish(days, expected):
    with translation.override("pl"):
        assert words.days_hint(TODAY + dt.timedelta(days=days), TODAY) == expected


def test_month_names_for_axes_and_headings():
    assert [words.month_short(dt.date(2026, m, 1)) for m in (1, 2, 10, 11)] == [
        "sty",
        "lut",
        "paź",
        "lis",
    ]
    assert words.month_year(TODAY) == "listopad 2026"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("61109010140000071219812874", "61 1090 1014 0000 0712 1981 2874"),
        ("PL61109010140000071219812874", "PL61 1090 1014 0000 0712 1981 2874"),
        ("61 10901014 0000071219812874", "61 1090 1014 0000 0712 1981 2874"),
        ("DE89370400440532013000", "DE89370400440532013000"),
        ("", ""),
    ],
)
def test_nrb_is_grouped_as_printed(given, expected):
    assert words.nrb(given) == expected


def test_number_has_no_break_spaces():
    assert words.number(1234567) == "1\u00a0234\u00a0567"
