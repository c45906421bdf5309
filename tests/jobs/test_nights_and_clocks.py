"""FI-14: the night comes exactly once per business date whatever clocks do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial

import pytest
from django.conf import settings

from eboks import clock
from eboks.jobs import nights
from eboks.jobs.models import JobRun
from tests.jobs.conftest import warsaw

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
ONE = dt.timedelta(days=1)

NIGHTS = [
    pytest.param(dt.date(2026, 10, 25), id="half past two comes twice"),
    pytest.param(dt.date(2027, 3, 28), id="half past two never comes"),
    pytest.param(dt.date(2028, 2, 29), id="leap day"),
    pytest.param(dt.date(2027, 1, 1), id="new year"),
]


@pytest.mark.parametrize("day", NIGHTS)
def test_beat_fires_once_each_night(day):
    """The schedule itself, minute by minute through three days, as Celery asks it."""
    schedule = settings.CELERY_BEAT_SCHEDULE["night"]["schedule"]
    moment = (warsaw(day - ONE, 0)).astimezone(dt.UTC)
    end = warsaw(day + 2 * ONE, 0).astimezone(dt.UTC)
    schedule.nowfun = lambda: moment.astimezone(clock.WARSAW)
    fired, last = [], moment
    try:
        while moment < end:
            is_due, _again = schedule.is_due(last.astimezone(clock.WARSAW))
            if is_due:
                last = moment
                fired.append(moment.astimezone(clock.WARSAW).replace(tzinfo=None))
            moment += MINUTE
    finally:
        schedule.nowfun = None

    quarter_past_four = dt.time(4, 15)
    assert fired == [dt.datetime.combine(day + n * ONE, quarter_past_four) for n in (-1, 0, 1)]


@pytest.mark.parametrize("day", NIGHTS)
def test_sweeper_alone_makes_each_night_once(day, duties):
    ran: Counter[dt.date] = Counter()
    duties("a", lambda night: ran.update([night.on]))
    moment = warsaw(day - ONE, 4, 15).astimezone(dt.UTC)
    end = warsaw(day + ONE, 12).astimezone(dt.UTC)

    while moment < end:
        nights.run_due(now=partial(lambda at: at, moment))
        moment += 15 * MINUTE

    assert ran == {day - ONE: 1, day: 1, day + ONE: 1}
    assert JobRun.objects.count() == 3


def test_clock_that_jumps_back_or_a_day_ahead_repeats_nothing(duties):
    ran: Counter[dt.date] = Counter()
    duties("a", lambda night: ran.update([night.on]))
    day = dt.date(2026, 11, 22)
    at = warsaw(day, 4, 16)

    for moment in (at, at - 5 * MINUTE, at + ONE, at, at + ONE + MINUTE):
        nights.run_due(now=partial(lambda at: at, moment))

    assert ran == {day: 1, day + ONE: 1}
