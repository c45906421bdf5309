"""Charts: what is drawn is what is in the table, to scale."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from eboks.ui import charts

TODAY = dt.date(2026, 11, 22)
PARTS = ["Część kapitałowa", "Część odsetkowa"]
amounts = st.decimals(min_value=0, max_value=10**7, places=2)


def months(*rows: list[int]) -> list[tuple[dt.date, list[Decimal]]]:
    return [
        (dt.date(2027, i + 1, 1), [Decimal(value) for value in row]) for i, row in enumerate(rows)
    ]


def bars(rows: list[tuple[dt.date, list[Decimal]]]) -> charts.BarChart:
    return charts.monthly_bars(id="c", title="Płatności", parts=PARTS, months=rows)


def test_heights_are_to_scale_and_stacked():
    chart = bars(months([3000, 1000], [1500, 500]))

    (low, high), (half, _rest) = (bar.segments for bar in chart.bars)
    assert float(low.y) + float(low.height) == pytest.approx(189, abs=0.2)
    assert float(high.y) + float(high.height) + 1 == pytest.approx(float(low.y), abs=0.2)
    assert float(half.height) + 1 == pytest.approx((float(low.height) + 1) / 2, abs=0.2)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=24))
def test_every_bar_stays_inside_the_axis(rows):
    chart = bars(
        [(dt.date(2027, 1, 1) + dt.timedelta(days=31 * i), list(r)) for i, r in enumerate(rows)]
    )

    tops = [float(part.y) for bar in chart.bars for part in bar.segments]
    assert all(9.9 <= top <= 190 for top in tops)
    assert 2 <= len(chart.grid) <= 6
    assert chart.totals.total == sum((sum(r, Decimal(0)) for r in rows), Decimal(0))


def test_nothing_to_pay_draws_no_bar_but_keeps_the_axis():
    chart = bars(months([0, 0]))

    assert chart.bars[0].segments == []
    assert chart.grid[0].text == "0"


def test_axis_speaks_thousands_only_when_it_must():
    assert bars(months([3000, 0])).unit == "zł miesięcznie"
    assert bars(months([30000, 0])).unit == "tys. zł miesięcznie"
    assert [mark.text for mark in bars(months([9000, 0])).grid][-1] == "10\u00a0000"
    assert [mark.text for mark in bars(months([10000, 0])).grid] == ["0", "2,5", "5", "7,5", "10"]


def test_description_names_the_most_the_least_and_the_sum():
    chart = bars(months([3000, 1000], [1500, 500]))

    assert chart.description == (
        "Najwięcej: 4\u00a0000,00\u00a0zł, styczeń 2027. "
        "Najmniej: 2\u00a0000,00\u00a0zł, luty 2027. Razem 6\u00a0000,00\u00a0zł."
    )


def schedule(count: int) -> list[tuple[dt.date, list[Decimal]]]:
    return [
        (dt.date(2026 + i // 12, i % 12 + 1, 10), [Decimal(2300 + i), Decimal(500 - i)])
        for i in range(count)
    ]


def test_schedule_pales_the_past_and_marks_today():
    chart = charts.schedule_bars(id="s", title="Raty", parts=PARTS, rows=schedule(35), today=TODAY)

    assert [bar.past for bar in chart.bars].count(True) == 11
    assert chart.today is not None
    before, after = chart.bars[10].segments[0], chart.bars[11].segments[0]
    assert float(before.x) < float(chart.today.x) < float(after.x)


def test_schedule_labels_do_not_collide():
    labels = charts.schedule_bars(
        id="s", title="Raty", parts=PARTS, rows=schedule(35), today=TODAY
    ).labels

    assert [label.text for label in labels] == ["sty 2026", "sty 2027", "sty 2028", "lis 2028"]
    wide = [float(label.x) for label in labels if not label.minor and label.anchor == "start"]
    assert all(two - one >= 118 for one, two in pairwise(wide))


def test_one_instalment_is_a_chart_too():
    chart = charts.schedule_bars(id="s", title="Raty", parts=PARTS, rows=schedule(1), today=TODAY)

    assert [label.text for label in chart.labels] == ["sty 2026"]


def test_template_shows_the_same_figures_as_a_table():
    html = render_to_string(
        "components/chart_bars.html", {"chart": bars(months([3000, 1000], [1500, 500]))}
    )

    assert 'aria-labelledby="c-title c-desc"' in html
    assert "3\u00a0000,00" in html
    assert "6\u00a0000,00" in html
    assert "style=" not in html


def test_template_leaves_the_table_to_a_page_that_has_one():
    html = render_to_string(
        "components/chart_bars.html", {"chart": bars(months([1, 1])), "table": False}
    )

    assert "<table" not in html


@pytest.mark.parametrize(
    ("parts", "rows", "words"),
    [
        (PARTS, [], "needs rows"),
        (["a", "b", "c", "d"], [(TODAY, [Decimal(1)] * 4)], "three parts"),
        (PARTS, [(TODAY, [Decimal(1)])], "1 amounts for 2"),
        (PARTS, [(TODAY, [Decimal(1), Decimal(-1)])], "below zero"),
    ],
)
def test_chart_refuses_what_it_cannot_draw(parts, rows, words):
    with pytest.raises(ValueError, match=words):
        charts.monthly_bars(id="c", title="x", parts=parts, months=rows)


def test_ring_is_a_share():
    assert charts.ring(done=12, total=48, label="rat").share == "25"
    assert charts.ring(done=0, total=0, label="rat").share == "0"
    with pytest.raises(ValueError, match="no share"):
        charts.ring(done=3, total=2, label="rat")
