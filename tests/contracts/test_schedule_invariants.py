"""Whatever the terms, the figures add up (domain spec 1.5).

Factors are computed here a second time, day by day: the engine is not compared with itself.
"""

import datetime as dt
from calendar import isleap
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from contracts.schedule import (
    BuyoutTiming,
    DayCount,
    Disbursement,
    Frequency,
    FrequencyUnit,
    IndexMethod,
    PaymentPattern,
    PaymentRounding,
    Product,
    ScheduleTerms,
    build_schedule,
    reprice,
)

GROSZ = Decimal("0.01")
EXACT = Context(prec=80)

amounts = st.decimals("1000", "10000000", places=2)
rates = st.decimals("0", "30", places=4)
counts = st.integers(1, 120)
starts = st.dates(dt.date(2019, 1, 1), dt.date(2031, 12, 31))


@st.composite
def terms(draw, *, plain=False):
    financed = draw(amounts)
    n = draw(counts)
    buyout = (financed * draw(st.integers(0, 60)) / 100).quantize(GROSZ)
    values = {
        "financed": financed,
        "n": n,
        "annual_rate_pct": draw(rates),
        "start_on": draw(starts),
        "buyout": buyout,
        "in_advance": draw(st.booleans()),
        "day_count": draw(st.sampled_from(DayCount)),
        "frequency": draw(st.sampled_from([Frequency(m) for m in (1, 2, 3, 6, 12)])),
        "vat_pct": draw(st.sampled_from([None, Decimal(23), Decimal(8)])),
    }
    assume(n * values["frequency"].count <= 600)
    if not plain:
        values["pattern"] = draw(st.sampled_from(PaymentPattern))
        values["buyout_timing"] = draw(st.sampled_from(BuyoutTiming))
        if draw(st.booleans()):
            weight = st.sampled_from([Decimal(w) for w in ("0", "0.5", "1", "1.25", "3")])
            values["weights"] = tuple(draw(st.lists(weight, min_size=n, max_size=n)))
        rows = st.sets(st.integers(1, n), max_size=n // 3)
        interest_only = frozenset(draw(rows))
        values["interest_only"] = interest_only
        if draw(st.booleans()):
            share = (financed - buyout) / (4 * n)
            fixed = [draw(st.sampled_from([Decimal(0), share])).quantize(GROSZ) for _ in range(n)]
            values["fixed_amounts"] = tuple(
                Decimal(0) if row in interest_only else amount
                for row, amount in enumerate(fixed, 1)
            )
    return ScheduleTerms(**values)


def factor(of, start, end):
    """Interest factor of a regular period, counted day by day."""
    rate = of.annual_rate_pct / 100
    if start == end:
        return Decimal(0)
    if of.day_count is DayCount.THIRTY_360:
        return rate * of.frequency.count / 12
    days = [start + dt.timedelta(days=k) for k in range(1, (end - start).days + 1)]
    if of.day_count is DayCount.ACT_ACT:
        leap = sum(isleap(day.year) for day in days)
        return rate * (Decimal(leap) / 366 + Decimal(len(days) - leap) / 365)
    year = {DayCount.ACT_365F: 365, DayCount.ACT_360: 360, DayCount.ACT_364: 364}[of.day_count]
    return rate * len(days) / year


def factors_of(schedule):
    due = [schedule.terms.start_on, *(row.nominal_due_on for row in schedule.rows)]
    return [factor(schedule.terms, a, b) for a, b in pairwise(due)]


def assert_adds_up(schedule):
    of = schedule.terms
    balance = of.financed
    for row in schedule.rows:
        assert row.payment == row.principal + row.interest
        assert row.balance == balance - row.principal
        assert row.gross == row.payment + row.vat
        for figure in (row.payment, row.interest, row.principal, row.balance, row.vat):
            assert figure.as_tuple().exponent == -2
        balance = row.balance
    last = schedule.rows[-1].balance
    assert sum(row.principal for row in schedule.rows) == of.financed - last
    if of.buyout_timing is BuyoutTiming.WITH_LAST:
        assert last == of.buyout
    if of.buyout:
        buyout = schedule.buyout_row
        assert buyout is not None
        assert buyout.payment == of.buyout == buyout.principal + buyout.interest
        assert buyout.principal == last


def assert_interest_is_of_the_balance(schedule):
    balance = schedule.terms.financed
    with localcontext(EXACT):
        for row, f in zip(schedule.rows, factors_of(schedule), strict=True):
            assert abs(row.interest - balance * f) <= Decimal("0.005") + Decimal("1E-20"), row.n
            balance = row.balance


def assert_worth_what_is_financed(schedule):
    """|sum R_k D_k + S_n D_n - C| <= 0.01 n."""
    with localcontext(EXACT):
        discount, worth = Decimal(1), Decimal(0)
        for row, f in zip(schedule.rows, factors_of(schedule), strict=True):
            discount /= 1 + f
            worth += row.payment * discount
        worth += schedule.rows[-1].balance * discount
        assert abs(worth - schedule.terms.financed) <= GROSZ * len(schedule.rows)


@given(terms())
@settings(max_examples=250, deadline=None)
def test_any_schedule_adds_up_and_is_worth_what_is_financed(of):
    schedule = build_schedule(of)
    assert len(schedule.rows) == of.n
    assert_adds_up(schedule)
    assert_interest_is_of_the_balance(schedule)
    assert_worth_what_is_financed(schedule)


@given(terms(plain=True))
@settings(max_examples=150, deadline=None)
@example(
    ScheduleTerms(
        financed=Decimal("90000.00"),
        n=1,
        annual_rate_pct=Decimal("6.5"),
        start_on=dt.date(2026, 1, 31),
    )
)
def test_an_annuity_is_level_but_for_the_last_row(of):
    schedule = build_schedule(of)
    assert {row.payment for row in schedule.rows[:-1]} <= {schedule.payment}
    with localcontext(EXACT):
        growth = Decimal(1)
        for f in factors_of(schedule):
            growth *= 1 + f
        gap = abs(schedule.rows[-1].payment - schedule.payment)
        assert gap <= GROSZ * len(schedule.rows) * growth


@given(terms(plain=True))
@settings(max_examples=50, deadline=None)
def test_vat_is_of_the_instalment_not_of_its_parts(of):
    for row in build_schedule(of).rows:
        exact = row.payment * (of.vat_pct or 0) / 100
        assert abs(row.vat - exact) <= Decimal("0.005")


@given(terms(), st.sampled_from([Product.FINANCIAL, Product.LOAN]))
@settings(max_examples=40, deadline=None)
def test_only_an_operating_lease_has_vat_in_its_rows(of, product):
    schedule = build_schedule(replace(of, product=product, vat_pct=Decimal(23)))
    assert {row.vat for row in schedule.rows} == {Decimal("0.00")}
    if product is Product.LOAN:
        assert schedule.upfront_vat is None
    else:
        base = sum(row.payment for row in schedule.rows) + of.buyout
        assert schedule.upfront_vat is not None
        assert schedule.upfront_vat.base == base
        assert abs(schedule.upfront_vat.vat - base * 23 / 100) <= Decimal("0.005")


@given(terms(plain=True))
@settings(max_examples=60, deadline=None)
def test_rounding_up_takes_a_whole_unit_and_never_more_rows(of):
    schedule = build_schedule(replace(of, payment_rounding=PaymentRounding.UNIT_UP))
    exact = build_schedule(of)
    assert schedule.payment == schedule.payment.to_integral_value()
    assert schedule.payment + Decimal("0.005") >= exact.payment > schedule.payment - 1 - GROSZ
    assert len(schedule.rows) <= of.n
    assert_adds_up(schedule)


@given(
    terms(),
    st.data(),
    rates,
    st.sampled_from([IndexMethod.REANNUITISE, IndexMethod.KEEP_PRINCIPAL]),
)
@settings(max_examples=120, deadline=None)
def test_a_repriced_schedule_keeps_the_past_and_adds_up(of, data, rate, method):
    before = build_schedule(of)
    after = data.draw(st.integers(0, of.n - 1))
    assume(before.rows[-1].nominal_due_on > of.start_on)
    if of.in_advance and after == 0:
        after = 1
    assume(after < of.n)
    changed = reprice(before, annual_rate_pct=rate, method=method, after_instalment=after)

    assert changed.rows[:after] == before.rows[:after]
    assert len(changed.rows) == of.n
    assert_adds_up(changed)
    if method is IndexMethod.KEEP_PRINCIPAL:
        assert [r.principal for r in changed.rows] == [r.principal for r in before.rows]
    past = before.rows[after - 1] if after else None
    balance = past.balance if past else of.financed
    start = past.nominal_due_on if past else of.start_on
    new = replace(of, annual_rate_pct=rate)
    for row in changed.rows[after:]:
        f = factor(new, start, row.nominal_due_on)
        assert abs(row.interest - balance * f) <= Decimal("0.005") + Decimal("1E-20"), row.n
        balance, start = row.balance, row.nominal_due_on


@given(terms(plain=True), rates, st.data())
@settings(max_examples=80, deadline=None)
def test_keeping_the_payment_repays_everything_whenever_it_covers_the_interest(of, rate, data):
    of = replace(of, in_advance=False, frequency=Frequency(1), day_count=DayCount.THIRTY_360)
    before = build_schedule(of)
    after = data.draw(st.integers(0, of.n - 1))
    balance = before.rows[after - 1].balance if after else of.financed
    # The worst case still repays a hundredth of the instalment: within the engine's row limit.
    assume(before.payment * Decimal("0.99") > balance * rate / 1200)
    changed = reprice(
        before, annual_rate_pct=rate, method=IndexMethod.KEEP_PAYMENT, after_instalment=after
    )
    assert {row.payment for row in changed.rows[after:-1]} <= {before.payment}
    assert changed.rows[-1].payment <= before.payment
    assert_adds_up(changed)


@given(
    st.lists(amounts, min_size=1, max_size=4),
    st.integers(4, 60),
    rates,
    starts,
    st.sampled_from(DayCount),
    st.data(),
)
@settings(max_examples=80, deadline=None)
def test_tranches_are_repaid_whenever_they_are_paid_out(tranches, n, rate, start, count, data):
    days = st.integers(0, 25 * (n - 1))
    paid_out = tuple(
        Disbursement(start + dt.timedelta(days=data.draw(days)), amount) for amount in tranches
    )
    schedule = build_schedule(
        ScheduleTerms(
            financed=sum(tranches),
            n=n,
            annual_rate_pct=rate,
            start_on=start,
            day_count=count,
            disbursements=paid_out,
        )
    )
    assert sum(row.principal for row in schedule.rows) == sum(tranches)
    balance, since = Decimal(0), start
    for row in schedule.rows:
        until = row.nominal_due_on
        begins = {since, start} if since == start else {None}
        joined = sum(t.amount for t in paid_out if (since < t.on <= until) or (t.on in begins))
        assert row.payment == row.principal + row.interest
        assert row.balance == balance + joined - row.principal
        balance, since = row.balance, until
    assert balance == 0


@given(amounts, st.integers(1, 120), rates, starts, st.integers(1, 26))
@settings(max_examples=60, deadline=None)
def test_weekly_instalments_add_up(financed, n, rate, start, weeks):
    of = ScheduleTerms(
        financed=financed,
        n=n,
        annual_rate_pct=rate,
        start_on=start,
        frequency=Frequency(weeks, FrequencyUnit.WEEK),
        day_count=DayCount.ACT_364,
    )
    schedule = build_schedule(of)
    assert_adds_up(schedule)
    assert_worth_what_is_financed(schedule)
    due = [start, *(row.nominal_due_on for row in schedule.rows)]
    gaps = {(b - a).days for a, b in pairwise(due)}
    assert gaps == {7 * weeks}
